//! RDP servers on loopback that speak real bytes and fail on purpose.
//!
//! Each way to fail is one row of a table ([`faults`]): its id, what it is, what a right diagnosis
//! says of it, and the script that a server plays. [`start`] plays it until the [`Running`] server
//! is stopped or dropped. Nothing here diagnoses anything, and no sign-in ever succeeds (a diagnosis that needs one names any user).
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let fault = rdpwhy_lab::fault("ssh").expect("a fault of the table");
//! let running = rdpwhy_lab::start(fault, rdpwhy_lab::Options::default()).await?;
//! println!("diagnose {}", running.target);
//! running.stop().await;
//! # Ok::<(), rdpwhy_lab::LabError>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! To add a fault, add a row in `faults/`; to make a server do something new, add a word to
//! `script.rs` and the place that plays it.

mod act;
mod certificates;
mod conversation;
mod der;
mod dns;
mod door;
mod fault;
mod faults;
mod hello;
mod machine;
mod mcs;
mod negotiate;
mod nla;
mod ntlm;
mod published;
mod resolver;
mod script;
mod server;
mod services;
mod tls;
mod web;
mod wire;

pub use fault::{Expect, Fault, Kind, Outcome};
pub use faults::{fault, faults};
pub use server::{LabError, Options, Running, start};

/// The fault that `rdpwhy demo` shows when none is named: the host answers X.224 and then closes
/// after every ClientHello, which mstsc reports as 0x904 with the extended code 0x7.
pub const DEMO_DEFAULT: &str = "cert-family-close";

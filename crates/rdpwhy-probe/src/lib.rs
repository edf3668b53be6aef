//! The live connection: names, TCP, TLS, and the experiments.
//!
//! The only crate that opens sockets to a target. It carries out the scripts that `rdpwhy-wire`
//! writes, records every byte, and hands the recording back; it decides nothing.

pub mod checks;
mod converse;
mod http;
pub mod names;
mod remembered;
mod revocation;
mod run;
mod signin;
mod socket;
mod system;
mod tape;
pub mod this;
mod tls;
mod understand;

pub use remembered::certificate;
pub use run::{Limits, Patience, Run};
pub use signin::{Account, Credentials, Password, SIGN_IN, SignInPlan, domain_controller};
pub use system::{NoCoreDumps, route_to};
pub use tls::{TrustStore, random};
pub use understand::{clients, context, matrix, understand};

/// What stopped the probe from doing its work. A target that fails is no error: that is recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// A file with certificates to trust cannot be used.
    #[error("{path}: {reason}")]
    Trust {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The name of an account cannot be used.
    #[error("{0}")]
    Account(String),
    /// The client of this machine cannot be told.
    #[error("{0}")]
    Client(String),
}

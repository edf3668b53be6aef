//! RDP in bytes, without sockets: what to send on a connection, and what an answer means.
//!
//! No I/O, no clock, no C. A [`script::Script`] says what to send and wait for; whoever has a
//! socket carries it out and hands back a recorded connection; the readers here turn that into
//! words and facts. The same readers serve a live run, a recording and a test.

pub mod certificate;
pub mod clients;
pub mod credssp;
mod cursor;
mod der;
pub mod flight;
pub mod groups;
pub mod hello;
pub mod kerberos;
pub mod licensing;
pub mod matrix;
pub mod mcs;
pub mod ntlm;
pub mod onward;
pub mod peer;
pub mod profiles;
pub mod read;
pub mod revocation;
pub mod script;
pub mod security;
pub mod settings;
pub mod signatures;
pub mod signin;
pub mod simulate;
pub mod spnego;
pub mod suites;
pub mod tls;
pub mod version;
pub mod walk;
pub mod x224;

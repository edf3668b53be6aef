//! Whether a client and a server would agree on TLS, worked out without a network.
//!
//! Two [`Endpoint`]s, each a profile with changes, a description of one's own, or what was measured
//! on a live server, go in; a [`Simulation`] comes out: what they agree on, or the first thing that
//! fails, on which side, with the alert and the events of Windows. Whether the certificate is
//! trusted, its names and its dates are not part of it.

mod endpoint;
mod gap;
mod handshake;
mod overrides;
mod reason;

pub use endpoint::{CUSTOM, Endpoint, Measured};
pub use gap::{Gap, gap, names};
pub use handshake::{Simulation, Success, Warning, run};
pub use overrides::{CertificateChange, Fips, Overrides};
pub use reason::{Event, Outcome, Reason};

use crate::profiles::Role;

/// What is wrong with the description of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// There is no such profile.
    #[error("no profile is called \"{0}\"")]
    UnknownProfile(String),
    /// The profile cannot be on that side.
    #[error("{profile} is no {}", role.name())]
    NoSuchRole {
        /// The profile.
        profile: String,
        /// The side.
        role: Role,
    },
    /// The text is no JSON.
    #[error("not JSON: {0}")]
    NotJson(String),
    /// The JSON is no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A key that is not known.
    #[error("unknown key \"{key}\"; known are {known}")]
    UnknownKey {
        /// The key, `cert.` before it when it stands there.
        key: String,
        /// Those that are known there.
        known: String,
    },
    /// A value that does not belong under its key.
    #[error("{key}: {reason}")]
    Value {
        /// The key.
        key: String,
        /// What is wrong with the value.
        reason: String,
    },
}

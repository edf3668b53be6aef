//! What is remembered of certificates from one run to the next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A certificate that a target showed. Texts are those of the facts: escaped and bounded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    /// SHA-256 of its SubjectPublicKeyInfo, hexadecimal.
    pub spki_sha256: String,
    /// Serial number, hexadecimal; unique together with the issuer.
    pub serial: String,
    /// Issuer.
    pub issuer: String,
    /// Subject.
    pub subject: String,
    /// End of its validity, where the calendar holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
}

/// A certificate that a target showed, with the time over which it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The certificate.
    #[serde(flatten)]
    pub shown: Shown,
    /// The address that the target had when it was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The start of the first run that saw this certificate there.
    pub first: Timestamp,
    /// The start of the last run that did.
    pub last: Timestamp,
}

/// What was remembered when a run looked, as far as it concerns the run's target and key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// What the target showed before; absent where it was never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Known>,
    /// Other targets, HOST:PORT, that showed the same key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<String>,
}

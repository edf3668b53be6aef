//! The matrix: what a server accepts in TLS, as far as it was asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a server accepts in TLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsMatrix {
    /// Whether TLS came after an X.224 negotiation, or stands directly on the port.
    pub through: Through,
    /// Every version, lowest first.
    pub versions: Vec<TlsVersion>,
    /// Secure renegotiation (RFC 5746), where a version up to TLS 1.2 was seen.
    pub secure_renegotiation: Option<bool>,
    /// Extended master secret (RFC 7627), where a version from TLS 1.0 to 1.2 was seen.
    pub extended_master_secret: Option<bool>,
    /// How sessions up to TLS 1.2 can be resumed: `session-id`, `ticket`.
    pub resumption: Vec<String>,
    /// Certificates that were shown up to TLS 1.2, each once, by SHA-256 fingerprint.
    pub certificates: Vec<String>,
    /// What no server may do, in words.
    pub odd: Vec<String>,
    /// Connections that it took.
    pub connections: u32,
    /// Rounds in which they were made, each after answers of the one before; where it was counted.
    pub rounds: Option<u32>,
    /// Whether every question was answered.
    pub complete: bool,
}

/// What stands before TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Through {
    /// An X.224 negotiation ([MS-RDPBCGR] 1.3.1.2).
    X224,
    /// Nothing.
    Direct,
}

/// What a server accepts in one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsVersion {
    /// `TLS1.2`.
    pub version: String,
    /// Whether it is accepted; unknown where nothing answered.
    pub accepted: Option<bool>,
    /// How the first hello of a version that is not accepted was answered: `alert-70`, `closed`,
    /// `silent`, `cut-short`, `not-tls`, `TLS1.0` for a lower version in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Accepted suites, in the server's order where that decides.
    pub suites: Vec<TlsSuite>,
    /// Whose order decides.
    pub order: Order,
    /// Whether every suite was asked for, and the order where the server's decides.
    pub complete: bool,
    /// Accepted key-exchange groups by their registry names; `None` where they were not asked for.
    pub groups: Option<Vec<String>>,
    /// Signature schemes that the server can use, by their registry names; `None` where they were
    /// not asked for.
    pub signatures: Option<Vec<String>>,
}

/// A cipher suite that a server accepts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TlsSuite {
    /// `0xC030`.
    pub code: String,
    /// Name in the IANA registry.
    pub name: String,
    /// OpenSSL's name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openssl: Option<String>,
    /// Whether it is broken or prohibited.
    pub weak: bool,
    /// Size of the prime of its Diffie-Hellman exchange, in bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dh_bits: Option<u16>,
}

/// Whose order of suites decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The server's.
    Server,
    /// The client's.
    Client,
    /// It was not seen, or the answers contradict each other.
    Unknown,
}

/// What a client would get from a server whose matrix is known, or the first thing that fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientOutcome {
    /// The client's profile.
    pub profile: String,
    /// What the profile stands for.
    pub name: String,
    /// Whether the handshake would be completed.
    pub connects: bool,
    /// `ok`, or what fails, in one word.
    pub reason: String,
    /// The same in a sentence.
    pub meaning: String,
    /// What is missing, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
    /// The version that they come to.
    pub version: Option<String>,
    /// The suite that they come to.
    pub suite: Option<String>,
    /// The side that gives up.
    pub failing_side: Option<String>,
    /// The TLS alert that ends it, where it is known.
    pub alert: Option<u8>,
    /// What a Windows server logs: `id:alert:error state`, a question mark for what is not known.
    pub server_events: Vec<String>,
    /// What a Windows client logs.
    pub client_events: Vec<String>,
    /// What is worth knowing beside.
    pub warnings: Vec<String>,
}

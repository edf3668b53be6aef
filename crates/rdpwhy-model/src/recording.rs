//! What was really sent and received: the raw material of every diagnosis.
//!
//! A recording can be written to a file and read again; the reasoning over it gives the same
//! verdict then as it did live. Times are microseconds since the start of the run.

use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::revocation::Revocation;
use crate::seen::Remembered;
use crate::signin::SignIn;
use crate::text::{hex, unhex};

/// The name of the recording's format.
pub const SCHEMA: &str = "rdpwhy.recording/1";

/// Everything that one run saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// [`SCHEMA`].
    pub schema: String,
    /// What the user typed.
    pub input: String,
    /// The name or address that was asked for.
    pub host: String,
    /// The port that was asked for.
    pub port: u16,
    /// The client through whose eyes the run looked.
    pub client: String,
    /// What is different about that client: an object with the keys of `rdpwhy simulate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_json: Option<serde_json::Value>,
    /// When the run started.
    pub started: Timestamp,
    /// Questions to name servers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Lookup>,
    /// How this machine reaches the addresses, where the system says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Whether it was asked how sign-in stands, as far as that needs no account (`--nla`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nla: bool,
    /// As which kind of client the walk asked, where another than the default was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asks>,
    /// Whether it was asked what every client would get.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every_client: bool,
    /// Rounds in which the matrix of TLS was asked for, each after answers of the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matrix_rounds: Option<u32>,
    /// Every connection, in the order of their numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<Connection>,
    /// What the addresses say that the certificates name for their revocation; absent where nobody
    /// asked, empty where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Vec<Revocation>>,
    /// What earlier runs had seen of the target and its key; absent where nothing was remembered
    /// or no certificate was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remembered: Option<Remembered>,
    /// What became of signing in; absent where no account was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signin: Option<SignIn>,
}

/// The kind of security that a client asks for in the negotiation ([MS-RDPBCGR] 2.2.1.1.1).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// NLA and TLS, as Windows clients do.
    Nla,
    /// TLS without NLA.
    Tls,
    /// Standard RDP Security alone.
    Plain,
}

impl Asks {
    /// Its word, as the fact `client.asks` and the option `--as-…` have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nla => "nla",
            Self::Tls => "tls",
            Self::Plain => "plain",
        }
    }
}

/// One question about the name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lookup {
    /// Who was asked: `system`, or the address of a name server.
    pub server: String,
    /// The check that asked: `resolve` or `second-opinion`.
    pub check: String,
    /// How long the answer took.
    pub took_us: u64,
    /// What was answered.
    pub answer: LookupAnswer,
}

/// The answer of a resolver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LookupAnswer {
    /// The text was an address already.
    Literal(IpAddr),
    /// The addresses, in the order given.
    Addresses(Vec<IpAddr>),
    /// NXDOMAIN: there is no such name.
    NotFound,
    /// The name exists and has no address.
    NoAddress,
    /// RCODE 5.
    Refused,
    /// RCODE 2.
    ServerFailure,
    /// Nothing came back in time.
    NoAnswer,
    /// What came back was no DNS answer, or another code.
    Unreadable(String),
    /// The system's resolver failed and gave this text.
    Failed(String),
    /// The text cannot be a name.
    Invalid(String),
    /// No name server is configured.
    NoServer,
}

/// How this machine reaches an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// The address reached.
    pub to: IpAddr,
    /// The interface that carries the local address.
    pub interface: Option<String>,
    /// The router, when the address is not on a network of this machine.
    pub gateway: Option<IpAddr>,
    /// Whether the address is on a network that this machine is attached to.
    pub on_link: bool,
}

/// One TCP connection, or the attempt at one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Number within the run, from 1.
    pub id: u32,
    /// The check that made it.
    pub check: String,
    /// Where it went.
    pub to: SocketAddr,
    /// Our end of it, when there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<SocketAddr>,
    /// When the SYN was sent.
    pub started_us: u64,
    /// How connecting ended.
    pub connect: Connect,
    /// What was sent and received, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// How it ended.
    pub end: End,
}

/// How connecting ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Connect {
    /// The outcome in one word.
    pub outcome: ConnectOutcome,
    /// Microseconds from the SYN to the outcome.
    pub took_us: u64,
    /// The ICMP message that ended it, where the system tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icmp: Option<Icmp>,
    /// The system's words, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The outcome of connecting.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectOutcome {
    /// SYN-ACK.
    Connected,
    /// RST in answer to the SYN.
    Refused,
    /// ICMP port unreachable in answer to the SYN.
    PortUnreachable,
    /// ICMP: communication administratively prohibited.
    Prohibited,
    /// ICMP host unreachable, or no answer from the neighbour.
    HostUnreachable,
    /// ICMP net unreachable.
    NetUnreachable,
    /// This machine has no route there.
    NoRoute,
    /// This machine's own firewall or rights forbid it.
    DeniedHere,
    /// Reset while connecting, after the SYN-ACK.
    Reset,
    /// No answer within the deadline.
    Timeout,
    /// Anything else; the system's words say what.
    Failed,
}

impl ConnectOutcome {
    /// The word of the fact `tcp.outcome`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Refused => "refused",
            Self::PortUnreachable => "port-unreachable",
            Self::Prohibited => "prohibited",
            Self::HostUnreachable => "host-unreachable",
            Self::NetUnreachable => "net-unreachable",
            Self::NoRoute => "no-route",
            Self::DeniedHere => "denied-here",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Failed => "failed",
        }
    }
}

/// An ICMP or ICMPv6 error message (RFC 792, RFC 4443).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Icmp {
    /// Message type.
    pub kind: u8,
    /// Code within the type.
    pub code: u8,
    /// Who sent it.
    pub from: Option<IpAddr>,
}

/// Which part of the connection's ladder an event belongs to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before X.224, or instead of it: a PROXY header, or waiting for a greeting.
    Before,
    /// X.224 Connection Request and Confirm.
    Negotiate,
    /// The TLS handshake.
    Tls,
    /// CredSSP.
    Nla,
    /// MCS Connect Initial and Response.
    Mcs,
    /// MCS Attach User and Channel Joins.
    Channels,
    /// From the Client Info on: licensing.
    Licensing,
}

/// Something that happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at_us: u64,
    /// In which part.
    pub phase: Phase,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Bytes went out on the TCP connection.
    Sent(Bytes),
    /// Bytes came in on the TCP connection.
    Received(Bytes),
    /// Plain text went out inside TLS.
    SentInTls(Bytes),
    /// Plain text came in inside TLS.
    ReceivedInTls(Bytes),
    /// A TLS handshake was completed.
    Handshake(Handshake),
    /// A TLS handshake failed in our stack.
    HandshakeFailed(HandshakeFailed),
    /// Bytes of a sign-in went out inside TLS: only their number is kept.
    SentCut(u64),
    /// Bytes of a sign-in came in inside TLS: only their number is kept.
    ReceivedCut(u64),
}

/// Bytes, written as hexadecimal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        unhex(&text)
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("not hexadecimal"))
    }
}

/// A completed TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handshake {
    /// Version, in OpenSSL's spelling: `TLSv1.2`.
    pub version: String,
    /// Cipher suite, by its IANA name where there is one.
    pub suite: String,
    /// Key-exchange group, where the stack tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The certificates that the server sent, leaf first, DER.
    pub chain: Vec<Bytes>,
    /// Whether the chain leads to a trusted root.
    pub trust: Trust,
    /// Why it does not, in the stack's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_reason: Option<String>,
    /// Whether the signature of a leaf that names itself as issuer was made with its own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by_itself: Option<bool>,
}

/// Whether a chain leads to a root that this machine trusts, dates aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// It does.
    Trusted,
    /// The leaf signs itself and is not in the store.
    SelfSigned,
    /// An issuer is missing, or the chain ends at a root that is not in the store.
    UnknownIssuer,
    /// A signature in the chain is wrong.
    BadSignature,
    /// A certificate in the chain does what it may not: vouch for others, or for this name.
    BadChain,
    /// It could not be checked.
    NotChecked,
}

impl Trust {
    /// The word of the fact `cert.trust`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::SelfSigned => "self-signed",
            Self::UnknownIssuer => "unknown-issuer",
            Self::BadSignature => "bad-signature",
            Self::BadChain => "bad-chain",
            Self::NotChecked => "not-checked",
        }
    }
}

/// A handshake that our stack gave up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandshakeFailed {
    /// The alert that the server sent, when that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// The stack's words.
    pub reason: String,
    /// The certificates that had been seen by then, leaf first, DER.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<Bytes>,
}

/// How a connection ended, and in which part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// Who ended it and how.
    pub how: EndHow,
    /// In which part.
    pub phase: Phase,
    /// When.
    pub at_us: u64,
}

/// Who ended a connection and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EndHow {
    /// It never came to be.
    NotConnected,
    /// We had what we wanted and closed it.
    ByUs,
    /// The peer sent a FIN.
    Closed,
    /// The peer, or something in between, sent an RST.
    Reset,
    /// Nothing came within the deadline.
    TimedOut,
    /// The peer sent more than any answer may be long.
    Flood,
    /// What came cannot be read as what belongs there.
    Violation,
    /// The TLS stack ended it.
    HandshakeFailed,
    /// The run was stopped while it was under way.
    Interrupted,
}

impl Connection {
    /// All bytes received in a part of the connection, on the layer below TLS.
    pub fn received(&self, phase: Phase) -> Vec<u8> {
        self.gather(phase, |what| match what {
            What::Received(b) => Some(b),
            _ => None,
        })
    }

    /// All bytes received in a part of the connection, inside TLS.
    pub fn received_in_tls(&self, phase: Phase) -> Vec<u8> {
        self.gather(phase, |what| match what {
            What::ReceivedInTls(b) => Some(b),
            _ => None,
        })
    }

    fn gather(&self, phase: Phase, pick: fn(&What) -> Option<&Bytes>) -> Vec<u8> {
        let events = self.events.iter().filter(|e| e.phase == phase);
        events
            .filter_map(|e| pick(&e.what))
            .flat_map(|b| b.0.iter().copied())
            .collect()
    }

    /// The completed handshake, if there was one.
    pub fn handshake(&self) -> Option<&Handshake> {
        self.events.iter().find_map(|e| match &e.what {
            What::Handshake(h) => Some(h),
            _ => None,
        })
    }

    /// When the first byte of a part was sent.
    pub fn began_us(&self, phase: Phase) -> Option<u64> {
        let sent = |e: &&Event| {
            e.phase == phase
                && matches!(
                    e.what,
                    What::Sent(_) | What::SentInTls(_) | What::SentCut(_)
                )
        };
        self.events.iter().find(sent).map(|e| e.at_us)
    }

    /// When the last thing of a part happened.
    pub fn ended_us(&self, phase: Phase) -> Option<u64> {
        let last = self
            .events
            .iter()
            .rev()
            .find(|e| e.phase == phase)
            .map(|e| e.at_us);
        if self.end.phase == phase && self.end.how != EndHow::ByUs {
            Some(self.end.at_us)
        } else {
            last
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_survives_being_written() {
        let recording = Recording {
            schema: SCHEMA.to_owned(),
            input: "pc42".into(),
            host: "pc42".into(),
            port: 3389,
            client: "windows-11".into(),
            client_json: Some(serde_json::json!({ "versions": ["TLS1.2"] })),
            started: Timestamp::UNIX_EPOCH,
            lookups: vec![Lookup {
                server: "system".into(),
                check: "resolve".into(),
                took_us: 5,
                answer: LookupAnswer::NotFound,
            }],
            routes: vec![],
            nla: false,
            asks: None,
            every_client: false,
            matrix_rounds: None,
            connections: vec![Connection {
                id: 1,
                check: "walk".into(),
                to: ([127, 0, 0, 1], 3389).into(),
                local: None,
                started_us: 1,
                connect: Connect {
                    outcome: ConnectOutcome::Connected,
                    took_us: 2,
                    icmp: None,
                    error: None,
                },
                events: vec![Event {
                    at_us: 3,
                    phase: Phase::Negotiate,
                    what: What::Sent(Bytes(vec![3, 0])),
                }],
                end: End {
                    how: EndHow::Closed,
                    phase: Phase::Negotiate,
                    at_us: 9,
                },
            }],
            revocation: None,
            remembered: None,
            signin: None,
        };
        let text = serde_json::to_string(&recording).unwrap();
        assert_eq!(serde_json::from_str::<Recording>(&text).unwrap(), recording);
    }
}

//! What to do on a connection, as data: the probe carries scripts out, this crate writes them.

use rdpwhy_model::recording::{Connection, Phase};

/// The longest answer that is read in one piece; more is a flood.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// What to do next, from what has happened.
pub type Decide = Box<dyn FnOnce(&Connection) -> Vec<Act> + Send>;

/// One thing to do on a connection.
pub enum Act {
    /// Send bytes, inside TLS once that is up.
    Send(Phase, Vec<u8>),
    /// Send bytes without waiting for what comes before to be taken together with them: they get
    /// a segment of their own.
    SendApart(Phase, Vec<u8>),
    /// Send a PROXY protocol header for this connection.
    SendProxyHeader,
    /// Wait until a whole message has come.
    Receive(Phase, Framing),
    /// Wait for anything; silence for that many milliseconds is an answer too.
    Listen(Phase, u64),
    /// Do a TLS handshake.
    StartTls(Box<TlsOffer>),
    /// Decide what to do next from what has happened.
    Then(Decide),
}

/// How to know that a message has come whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A TPKT packet.
    Tpkt,
    /// A TLS record of a handshake that can be judged, or an alert.
    TlsAnswer,
    /// All that a TLS server sends in the clear before the client's turn, or an alert.
    TlsFlight,
    /// A DER element, as CredSSP sends it.
    Der,
    /// TPKT packets up to the one that decides the licence stage.
    Licence,
}

/// What a framing says about the bytes so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed {
    /// More must come.
    More,
    /// A whole message is there.
    Whole,
    /// It is none, and more bytes will not change that.
    Wrong,
}

impl Framing {
    /// Judges the bytes so far.
    pub fn judge(self, bytes: &[u8]) -> Framed {
        match self {
            Self::Tpkt => match crate::x224::packet_length(bytes) {
                Err(_) => Framed::Wrong,
                Ok(Some(n)) if bytes.len() >= n => Framed::Whole,
                Ok(_) => Framed::More,
            },
            Self::TlsAnswer => crate::tls::framed(bytes),
            Self::TlsFlight => crate::flight::framed(bytes),
            Self::Der => crate::credssp::framed(bytes),
            Self::Licence => crate::licensing::framed(bytes),
        }
    }
}

/// What to offer in a TLS handshake that our stack shall complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsOffer {
    /// Lowest version, as on the wire: 0x0301 is TLS 1.0.
    pub min: u16,
    /// Highest version.
    pub max: u16,
    /// Cipher suites in order of preference, by code.
    pub suites: Vec<u16>,
    /// Key-exchange groups in order of preference, by code.
    pub groups: Vec<u16>,
    /// Signature schemes in order of preference, by code; empty for the stack's own.
    pub signatures: Vec<u16>,
    /// The server name, unless it is an address or shall not be sent.
    pub server_name: Option<String>,
}

/// A script: what to do on one connection.
pub struct Script {
    /// The check it belongs to.
    pub check: &'static str,
    /// What to do, in order.
    pub acts: Vec<Act>,
    /// Largest segment to announce and send, where the default shall not be used.
    pub segment: Option<u32>,
}

impl Script {
    /// A script of that check.
    pub const fn new(check: &'static str, acts: Vec<Act>) -> Self {
        Self {
            check,
            acts,
            segment: None,
        }
    }
}

//! The stages of a connection, in the order in which a connection passes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A step of an RDP connection. The first one that fails is where the cause is looked for.
///
/// The order of the variants is the order of a connection ([MS-RDPBCGR] 1.3.1.1); `Udp`,
/// `Gateway`, `Client` and `Host` stand beside it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The name becomes addresses.
    Resolve,
    /// A TCP connection to an address and port.
    Tcp,
    /// X.224 Connection Request and Confirm, with the choice of the security protocol.
    Negotiate,
    /// The TLS handshake and the certificate.
    Tls,
    /// CredSSP: sign-in before the session.
    Nla,
    /// Basic settings exchange and channels (MCS, GCC).
    Mcs,
    /// The licensing exchange.
    Licensing,
    /// The logon on the host.
    Logon,
    /// The session after the logon.
    Session,
    /// The UDP side transport.
    Udp,
    /// The RD Gateway in front.
    Gateway,
    /// Found by looking at the client machine.
    Client,
    /// Found by looking at the host machine.
    Host,
}

impl Stage {
    /// The stages that a live connection climbs, in order.
    pub const LADDER: [Self; 9] = [
        Self::Resolve,
        Self::Tcp,
        Self::Negotiate,
        Self::Tls,
        Self::Nla,
        Self::Mcs,
        Self::Licensing,
        Self::Logon,
        Self::Session,
    ];

    /// The stage's name in the contract.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Negotiate => "negotiate",
            Self::Tls => "tls",
            Self::Nla => "nla",
            Self::Mcs => "mcs",
            Self::Licensing => "licensing",
            Self::Logon => "logon",
            Self::Session => "session",
            Self::Udp => "udp",
            Self::Gateway => "gateway",
            Self::Client => "client",
            Self::Host => "host",
        }
    }

    /// The stage of that name, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::LADDER
            .into_iter()
            .chain([Self::Udp, Self::Gateway, Self::Client, Self::Host])
            .find(|s| s.name() == name)
    }
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

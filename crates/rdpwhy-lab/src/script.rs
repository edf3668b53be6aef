//! The words of which a fault is made: what a server does at each exchange.
//!
//! A script is data. Every part has a `WINDOWS` value, which does what a Windows host does, and a
//! fault names only the part that differs.

use std::time::Duration;

use openssl::ssl::SslVersion;

use crate::certificates::Certificate;
use crate::machine::Machine;

/// What a server does from the name to the end of the basic settings exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// Whose names it shows.
    pub(crate) machine: Machine,
    /// What the lab's DNS server says of the target's name; `None` when the target is an address.
    pub(crate) zone: Option<Zone>,
    /// What a SYN meets.
    pub(crate) listen: Listen,
    /// What meets an accepted connection.
    pub(crate) entry: Entry,
    /// The negotiation of the security protocol.
    pub(crate) negotiate: Negotiate,
    /// The TLS handshake.
    pub(crate) tls: Tls,
    /// The sign-in before the session.
    pub(crate) nla: Nla,
    /// What is done instead of an MCS Connect Response.
    pub(crate) mcs: Option<Act>,
    /// What a client without an account is told after it introduced itself.
    pub(crate) licence: Licence,
    /// How long every answer takes.
    pub(crate) delay: Duration,
}

/// Something that is done in place of the answer that belongs there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// FIN.
    Close,
    /// RST.
    Reset,
    /// Nothing, until the client leaves.
    Silence,
    /// These bytes, then FIN.
    Say(&'static [u8]),
    /// These bytes, then nothing until the client leaves.
    SayAndWait(&'static [u8]),
    /// One of these bytes a second, then nothing until the client leaves.
    Drip(&'static [u8]),
    /// These bytes again and again, until the client leaves or a minute is over.
    Flood(&'static [u8]),
}

/// What the DNS server of the lab does with a question for the target's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// The right address.
    Good,
    /// A dead address of the same family first, then the right one.
    DeadFirst,
    /// A dead IPv6 address, and the right one.
    DeadIpv6,
    /// The name exists without any address.
    NoData,
    /// This response code ([RFC 1035] 4.1.1) and no data.
    Code(u8),
    /// No answer.
    Silent,
    /// An answer whose counts and pointers lie.
    Garbage,
}

/// What a SYN meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// A listener.
    Open,
    /// RST: nothing listens.
    Refused,
    /// Silence: the listener's queue is full.
    Full,
}

/// What meets an accepted connection, before its first byte is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    /// An RDP server.
    Rdp,
    /// An RDP server behind a load balancer whose every second connection goes to a dead machine.
    RdpEverySecond,
    /// An RDP server behind something that opens TLS first.
    RdpInsideTls,
    /// An RDP server that wants a PROXY header first.
    RdpAfterProxyHeader,
    /// Something that does this without waiting for a byte.
    AtOnce(Act),
    /// Another service: what it says first, and what it does with bytes that it cannot read.
    Service(&'static [u8], Act),
}

/// The answer to an X.224 Connection Request ([MS-RDPBCGR] 2.2.1.2).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Negotiate {
    /// Bits of the security protocols that are selected when they are asked for.
    pub(crate) allowed: u32,
    /// Whether a request without any of them gets plain RDP security.
    pub(crate) plain: bool,
    /// The failure code of all other requests; `None` selects plain RDP security for them.
    pub(crate) refusal: Option<u8>,
    /// Flags of RDP_NEG_RSP (2.2.1.2.1).
    pub(crate) flags: u8,
    /// What is done instead of an answer.
    pub(crate) instead: Option<Act>,
}

/// The flags of a current Windows: everything up to redirected authentication.
const CURRENT: u8 = 0x1f;

/// The TLS side of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tls {
    /// The lowest version.
    pub(crate) lowest: SslVersion,
    /// The highest version.
    pub(crate) highest: SslVersion,
    /// The suites up to TLS 1.2, in OpenSSL's words.
    pub(crate) suites: &'static str,
    /// The groups, in OpenSSL's words.
    pub(crate) groups: &'static str,
    /// Size of the prime of Diffie-Hellman suites, in bits; `None` leaves those suites unusable.
    pub(crate) prime: Option<u16>,
    /// Whether the server's own order of suites decides.
    pub(crate) own_order: bool,
    /// The certificate.
    pub(crate) certificate: Certificate,
    /// What is done instead of a ServerHello, and with which ClientHellos.
    pub(crate) instead: Option<(When, Act)>,
}

/// Which ClientHellos are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// All.
    Always,
    /// Those that offer this version in `supported_versions`.
    Offers(u16),
    /// Those whose record is larger than this many bytes.
    Larger(usize),
}

/// The CredSSP side of a server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nla {
    /// The mechanisms that it takes from a list without a token, by their identifiers in DER.
    pub(crate) mechanisms: &'static [&'static [u8]],
    /// The version in its TSRequests ([MS-CSSP] 2.2.1).
    pub(crate) version: u8,
    /// How many seconds the machine's clock is ahead.
    pub(crate) ahead: i32,
    /// What is done instead of a challenge.
    pub(crate) instead: Option<Act>,
    /// What an account gets.
    pub(crate) account: Account,
}

/// What an account gets in answer to its proof. None is ever accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Account {
    /// A TSRequest with this NTSTATUS.
    Refuse(u32),
    /// Something else.
    Do(Act),
    /// A proof of the certificate's key that is none.
    WrongProof,
}

/// STATUS_LOGON_FAILURE.
const LOGON_FAILURE: u32 = 0xc000_006d;

/// Kerberos as Windows names it first, 1.2.840.48018.1.2.2 ([MS-SPNG] 3.1.5).
pub(crate) const KERBEROS: &[u8] = &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2];
/// NEGOEX, 1.3.6.1.4.1.311.2.2.30.
pub(crate) const NEGOEX: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 30];
/// NTLM, 1.3.6.1.4.1.311.2.2.10 ([MS-SPNG] 1.9).
pub(crate) const NTLM: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];

/// What a host says to a client that introduced itself, in the licence stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Licence {
    /// STATUS_VALID_CLIENT ([MS-RDPBCGR] 2.2.1.12).
    NotNeeded,
    /// A licence request ([MS-RDPELE] 2.2.2.1), as a session host with a licence server sends it.
    Asked,
    /// A licensing error message with this code.
    Error(u32),
    /// A Set Error Info with this code (2.2.5.1.1), then a disconnect.
    ErrorInfo(u32),
    /// Something else.
    Instead(Act),
}

/// PROTOCOL_SSL ([MS-RDPBCGR] 2.2.1.1.1).
pub(crate) const SSL: u32 = 1;
/// PROTOCOL_HYBRID.
pub(crate) const HYBRID: u32 = 2;
/// PROTOCOL_HYBRID_EX.
pub(crate) const HYBRID_EX: u32 = 8;

impl Script {
    /// A Windows host as it comes: NLA required, its own certificate, reached by address.
    pub(crate) const WINDOWS: Self = Self {
        machine: Machine::PC42,
        zone: None,
        listen: Listen::Open,
        entry: Entry::Rdp,
        negotiate: Negotiate::NLA,
        tls: Tls::WINDOWS,
        nla: Nla::WINDOWS,
        mcs: None,
        licence: Licence::NotNeeded,
        delay: Duration::ZERO,
    };

    pub(crate) const fn machine(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    pub(crate) const fn zone(mut self, zone: Zone) -> Self {
        self.zone = Some(zone);
        self
    }

    pub(crate) const fn listen(mut self, listen: Listen) -> Self {
        self.listen = listen;
        self
    }

    pub(crate) const fn entry(mut self, entry: Entry) -> Self {
        self.entry = entry;
        self
    }

    pub(crate) const fn negotiate(mut self, negotiate: Negotiate) -> Self {
        self.negotiate = negotiate;
        self
    }

    pub(crate) const fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    pub(crate) const fn nla(mut self, nla: Nla) -> Self {
        self.nla = nla;
        self
    }

    pub(crate) const fn mcs(mut self, instead: Act) -> Self {
        self.mcs = Some(instead);
        self
    }

    pub(crate) const fn licence(mut self, licence: Licence) -> Self {
        self.licence = licence;
        self
    }

    pub(crate) const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Whether a client can come as far as a TLS handshake, so that a certificate is needed.
    pub(crate) fn reaches_tls(&self) -> bool {
        self.listen == Listen::Open
            && !matches!(self.entry, Entry::AtOnce(_) | Entry::Service(..))
            && !matches!(self.tls.instead, Some((When::Always, _)))
    }
}

impl Negotiate {
    /// NLA required (UserAuthentication 1): all else is told so.
    pub(crate) const NLA: Self = Self {
        allowed: HYBRID | HYBRID_EX,
        plain: false,
        refusal: Some(5),
        flags: CURRENT,
        instead: None,
    };
    /// NLA or TLS (SecurityLayer 2, UserAuthentication 0).
    pub(crate) const NLA_OR_TLS: Self = Self {
        allowed: SSL | HYBRID | HYBRID_EX,
        plain: false,
        refusal: Some(1),
        flags: CURRENT,
        instead: None,
    };
    /// TLS without NLA, as servers that are not Windows offer it.
    pub(crate) const TLS: Self = Self {
        allowed: SSL,
        plain: false,
        refusal: Some(1),
        flags: CURRENT,
        instead: None,
    };
    /// Plain RDP security (SecurityLayer 0): all else is refused.
    pub(crate) const PLAIN: Self = Self {
        allowed: 0,
        plain: true,
        refusal: Some(2),
        flags: CURRENT,
        instead: None,
    };
    /// Plain RDP security, selected whatever is asked for, as xrdp does it.
    pub(crate) const PLAIN_ALWAYS: Self = Self {
        allowed: 0,
        plain: true,
        refusal: None,
        flags: CURRENT,
        instead: None,
    };

    /// The same failure for every request.
    pub(crate) const fn failure(code: u8) -> Self {
        Self {
            allowed: 0,
            plain: false,
            refusal: Some(code),
            flags: CURRENT,
            instead: None,
        }
    }

    /// Something else than an answer.
    pub(crate) const fn instead(act: Act) -> Self {
        Self {
            instead: Some(act),
            ..Self::NLA
        }
    }
}

impl Tls {
    /// What Schannel accepts by default, in its order.
    pub(crate) const WINDOWS: Self = Self {
        lowest: SslVersion::TLS1,
        highest: SslVersion::TLS1_3,
        suites: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:\
                 ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:\
                 ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256:\
                 ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:\
                 ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:\
                 ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:\
                 AES256-GCM-SHA384:AES128-GCM-SHA256:\
                 AES256-SHA256:AES128-SHA256:AES256-SHA:AES128-SHA",
        groups: "X25519:P-256:P-384",
        prime: None,
        own_order: true,
        certificate: Certificate::WINDOWS,
        instead: None,
    };

    pub(crate) const fn versions(mut self, lowest: SslVersion, highest: SslVersion) -> Self {
        self.lowest = lowest;
        self.highest = highest;
        self
    }

    pub(crate) const fn suites(mut self, suites: &'static str) -> Self {
        self.suites = suites;
        self
    }

    pub(crate) const fn groups(mut self, groups: &'static str) -> Self {
        self.groups = groups;
        self
    }

    pub(crate) const fn prime(mut self, bits: u16) -> Self {
        self.prime = Some(bits);
        self
    }

    pub(crate) const fn clients_order(mut self) -> Self {
        self.own_order = false;
        self
    }

    pub(crate) const fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificate = certificate;
        self
    }

    pub(crate) const fn instead(mut self, when: When, act: Act) -> Self {
        self.instead = Some((when, act));
        self
    }
}

impl Nla {
    /// A patched Windows with a right clock.
    pub(crate) const WINDOWS: Self = Self {
        mechanisms: &[KERBEROS, NEGOEX, NTLM],
        version: 6,
        ahead: 0,
        instead: None,
        account: Account::Refuse(LOGON_FAILURE),
    };

    /// An account gets this.
    pub(crate) const fn account(account: Account) -> Self {
        Self {
            account,
            ..Self::WINDOWS
        }
    }

    /// Something else than a challenge.
    pub(crate) const fn instead(act: Act) -> Self {
        Self {
            instead: Some(act),
            ..Self::WINDOWS
        }
    }
}

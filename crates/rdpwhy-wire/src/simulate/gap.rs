//! The one thing that is missing: what one side has and the other does not.

use rdpwhy_model::text::shown;

use super::endpoint::Endpoint;
use super::handshake::{P256, Simulation, common_suites, needed_usage, schemes};
use super::reason::Reason;
use crate::profiles::KeyKind;
use crate::version::Version;
use crate::{groups, signatures, suites, version};

/// What keeps two endpoints apart, with what each of them has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The client has no version on.
    ClientVersions,
    /// The server has no version on.
    ServerVersions,
    /// The server's private key cannot be used.
    PrivateKey,
    /// No version in common.
    Versions {
        /// What the client offers.
        client: Vec<Version>,
        /// What the server accepts.
        server: Vec<Version>,
    },
    /// No suite in common for the version.
    Suites {
        /// What the client offers for it.
        client: Vec<u16>,
        /// What the server has for it.
        server: Vec<u16>,
    },
    /// The suites in common are for another kind of key.
    Key {
        /// The suites in common.
        suites: Vec<u16>,
        /// The kind of the server's key.
        key: Option<KeyKind>,
    },
    /// No group that both can use.
    Groups {
        /// What the client offers.
        client: Vec<u16>,
        /// What the server has.
        server: Vec<u16>,
        /// The curve of the server's key, where that counts as well.
        curve: Option<u16>,
    },
    /// No signature scheme that both can use.
    Signatures {
        /// What the client accepts.
        client: Vec<u16>,
        /// What the server's key could sign with.
        server: Vec<u16>,
    },
    /// The signature of TLS 1.0 and 1.1, which the chosen suite needs.
    LegacySignature,
    /// A DHE group that is too small.
    DhBits {
        /// The server's.
        server: u32,
        /// The least that the client accepts.
        least: u32,
    },
    /// An RSA key that is too small.
    KeyBits {
        /// The server's.
        server: u32,
        /// The least that the client accepts.
        least: u32,
    },
    /// A key usage that is not allowed.
    KeyUsage {
        /// What the suite needs.
        needed: &'static str,
        /// What the certificate allows.
        allowed: Vec<String>,
    },
    /// A signature on the certificate that the client did not offer.
    CertificateSignature {
        /// The scheme, as it was given.
        signature: String,
    },
}

impl Gap {
    /// What is missing, in words, for a handshake that came to `version`. Lists are cut after `most`
    /// entries.
    pub fn words(&self, version: Option<Version>, most: usize) -> String {
        let version = version.map(version_words).unwrap_or_default();
        match self {
            Self::ClientVersions => "The client must have a TLS version on.".to_owned(),
            Self::ServerVersions => "The server must have a TLS version on.".to_owned(),
            Self::PrivateKey => {
                "The server must have a certificate whose private key it can open.".to_owned()
            }
            Self::Versions { client, server } => format!(
                "A version that both have. The client offers {}; the server accepts {}.",
                version_list(client),
                version_list(server)
            ),
            Self::Suites { client, server } => format!(
                "A suite for {version} that both have. The client offers {}. The server has {}.",
                names(client, suites::name, most),
                names(server, suites::name, most)
            ),
            Self::Key { suites, key } => format!(
                "A suite for {}, or another certificate. In common are {}, which need another key.",
                key.map_or_else(
                    || "its key".to_owned(),
                    |k| format!("a key of kind {}", k.name())
                ),
                names(suites, suites::name, most)
            ),
            Self::Groups {
                client,
                server,
                curve,
            } => {
                let curve = curve
                    .map(|c| format!(" The server's key is on {}.", groups::name(c)))
                    .unwrap_or_default();
                format!(
                    "A group that both can use. The client offers {}; the server has {}.{curve}",
                    names(client, groups::name, most),
                    names(server, groups::name, most)
                )
            }
            Self::Signatures { client, server } => format!(
                "A signature scheme that both can use. The client accepts {}; the server's key signs with {}.",
                names(client, signatures::name, most),
                names(server, signatures::name, most)
            ),
            Self::LegacySignature => format!(
                "TLS 1.2 on the server, a suite with RSA key exchange before this one, or a client that still accepts that signature in {version}."
            ),
            Self::DhBits { server, least } => format!(
                "A DHE group of {least} bits or more (the server has {server}), or suites with ECDHE."
            ),
            Self::KeyBits { server, least } => {
                format!("A certificate with {least} bits or more; the server's has {server}.")
            }
            Self::KeyUsage { needed, allowed } => format!(
                "A certificate whose key usage has {needed}; the server's allows {}.",
                shown(&allowed.join(", "), 200)
            ),
            Self::CertificateSignature { signature } => format!(
                "A certificate signed in a way that the client offers; the server's is signed with {}.",
                shown(signature, 60)
            ),
        }
    }
}

/// A version as people write it: `TLS 1.2`.
fn version_words(version: Version) -> String {
    version::name(version).replacen("TLS", "TLS ", 1)
}

fn version_list(list: &[Version]) -> String {
    let words: Vec<String> = list.iter().map(|v| version_words(*v)).collect();
    words.join(", ")
}

/// A list of codes by their names, cut after `most` entries.
pub fn names(list: &[u16], name: fn(u16) -> String, most: usize) -> String {
    if list.is_empty() {
        return "none".to_owned();
    }
    let mut words: Vec<String> = list.iter().take(most).map(|c| name(*c)).collect();
    if list.len() > most {
        words.push(format!("and {} more", list.len() - most));
    }
    words.join(", ")
}

/// What keeps two endpoints apart. `None` when they agree.
pub fn gap(client: &Endpoint, server: &Endpoint, result: &Simulation) -> Option<Gap> {
    let version = result.version.unwrap_or(version::TLS12);
    let suite = result.code.and_then(suites::by_code);
    let certificate = suite.and_then(|s| server.certificate_for(s).ok().flatten());
    let codes = |side: &Endpoint| {
        let list = side.suites(version).unwrap_or_default();
        list.iter().map(|s| s.code).collect()
    };
    let common = || common_suites(client, server, version);
    let client_groups = || client.groups().unwrap_or_default().to_vec();
    Some(match result.reason {
        Reason::Ok => return None,
        Reason::NoEnabledProtocol => Gap::ClientVersions,
        Reason::ServerNoEnabledProtocol => Gap::ServerVersions,
        Reason::ServerCredentialUnusable => Gap::PrivateKey,
        Reason::NoCommonVersion => Gap::Versions {
            client: client.versions().to_vec(),
            server: server.versions().to_vec(),
        },
        Reason::NoSharedSuite => Gap::Suites {
            client: codes(client),
            server: codes(server),
        },
        Reason::CertTypeMismatch => Gap::Key {
            suites: common().iter().map(|s| s.code).collect(),
            key: server.certificate().map(|c| c.key),
        },
        Reason::NoCommonGroup => {
            let key = server.certificate().filter(|_| version != version::TLS13);
            Gap::Groups {
                client: client_groups(),
                server: server.groups().unwrap_or_default().to_vec(),
                curve: key
                    .filter(|c| c.key == KeyKind::Ecdsa)
                    .map(|c| c.curve.unwrap_or(P256)),
            }
        }
        Reason::NoCommonSignatureAlgorithm => {
            let usable = |s: &&&suites::Suite| server.certificate_for(s).is_ok();
            let common = common();
            let able = common.iter().find(usable).and_then(|s| {
                let certificate = server.certificate_for(s).ok().flatten();
                schemes(server, s, certificate, version)
            });
            let mut able = able.unwrap_or_default();
            able.retain(|s| server.signatures().is_empty() || server.signatures().contains(s));
            able.retain(|s| *s != 0);
            Gap::Signatures {
                client: client.signatures().to_vec(),
                server: able,
            }
        }
        Reason::LegacySignatureRefused => Gap::LegacySignature,
        Reason::DhTooSmall => Gap::DhBits {
            server: server.dh,
            least: client.min_dh,
        },
        Reason::CertKeyTooSmall => Gap::KeyBits {
            server: certificate.map_or(0, |c| c.bits),
            least: client.min_rsa,
        },
        Reason::KeyUsageViolation => Gap::KeyUsage {
            needed: suite.map_or("digitalSignature", needed_usage),
            allowed: certificate.map(|c| c.key_usage.clone()).unwrap_or_default(),
        },
        Reason::CertSignatureNotOffered => Gap::CertificateSignature {
            signature: certificate.map(|c| c.signature.clone()).unwrap_or_default(),
        },
    })
}

//! One side of a simulated handshake, with everything about it that was changed.

use std::collections::BTreeMap;

use rdpwhy_model::text::shown;

use super::SimulateError;
use super::handshake::P256;
use super::overrides::{CertificateChange, Fips, Overrides};
use crate::profiles::{self, BoundSuite, Certificate, KeyKind, Profile, Role, Stack};
use crate::suites::Suite;
use crate::version::{self, Version};
use crate::{groups, signatures, suites};

/// The name of an endpoint that has no profile: all that there is to it is said of it.
pub const CUSTOM: &str = "custom";

/// Groups that FIPS 140 allows: P-256, P-384, P-521.
const FIPS_GROUPS: [u16; 3] = [0x0017, 0x0018, 0x0019];
/// Ciphers that FIPS 140 does not allow begin so.
const NO_FIPS: [&str; 8] = [
    "RC4", "RC2", "IDEA", "CHACHA20", "NULL", "SEED", "CAMELLIA", "ARIA",
];
/// TLS_RSA_WITH_3DES_EDE_CBC_SHA.
const TRIPLE_DES: u16 = 0x000a;
/// SSL 2.0, which has no code among the others (RFC 6101 E).
const SSL2: Version = 0x0002;

/// One side of a simulated handshake.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent habits of an endpoint, each read by one rule"
)]
pub struct Endpoint {
    pub(super) stack: Stack,
    pub(super) versions: Vec<Version>,
    pub(super) disputed: Vec<Version>,
    suites: Suites,
    /// `None` when it is not known which a server accepts.
    pub(super) groups: Option<Vec<u16>>,
    /// Empty when they are not known.
    pub(super) signatures: Vec<u16>,
    pub(super) server_preference: bool,
    pub(super) ecdh_not_weaker_than_cert: bool,
    pub(super) enforces_key_usage: bool,
    pub(super) legacy_signatures: bool,
    pub(super) verifies_weak_key: bool,
    pub(super) security_level: Option<u32>,
    pub(super) min_rsa: u32,
    pub(super) min_dh: u32,
    pub(super) dh: u32,
    pub(super) hello_bytes: u32,
    pub(super) key_usable: bool,
    /// Of the releases for which the end of short keys of public authorities was announced.
    pub(super) refuses_short_public_keys: bool,
    certificates: Certificates,
}

/// The suites of an endpoint.
#[derive(Clone, Debug)]
enum Suites {
    /// One list for every version.
    Listed(Vec<BoundSuite>),
    /// A list for each version; an empty one says that only the version is known.
    Measured(BTreeMap<Version, Vec<u16>>),
}

/// The certificates of an endpoint.
#[derive(Clone, Debug)]
enum Certificates {
    /// The one that there is: only suites that fit its key can be used.
    Only(Certificate),
    /// Those that were seen. A suite that was measured can be used, whether or not the certificate
    /// for it was seen.
    Seen(Vec<Certificate>),
}

/// What was measured on a live server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// Its TLS library; [`Stack::Schannel`] makes the result name events of Windows.
    pub stack: Stack,
    /// Every version that it accepts, with the suites that it accepts there, in its order when
    /// [`Measured::server_preference`] holds. An empty list: the version is accepted and its
    /// suites were not measured.
    pub suites: BTreeMap<Version, Vec<u16>>,
    /// It chooses by its own order; otherwise by the client's.
    pub server_preference: bool,
    /// The groups that it accepts, in its order; `None` when they were not measured.
    pub groups: Option<Vec<u16>>,
    /// The schemes that its keys signed with; empty when they were not measured.
    pub signatures: Vec<u16>,
    /// The certificates that it showed, one for each kind of key. None: nothing about the
    /// certificate can make a client refuse.
    pub certificates: Vec<Certificate>,
    /// Bits of its DHE group; 0 when it was not seen.
    pub dh_bits: u32,
}

impl Endpoint {
    /// A profile, named by its id or short name, or [`CUSTOM`], on one side, with changes.
    ///
    /// # Errors
    /// When there is no such profile, when it cannot be on that side, or when a value of the
    /// changes is not known.
    pub fn new(name: &str, role: Role, changes: &Overrides) -> Result<Self, SimulateError> {
        if name == CUSTOM {
            return Self::build(None, role, changes);
        }
        let profile =
            profiles::find(name).ok_or_else(|| SimulateError::UnknownProfile(shown(name, 40)))?;
        Self::of(profile, role, changes)
    }

    /// A profile on one side, with changes.
    ///
    /// # Errors
    /// As [`Endpoint::new`].
    pub fn of(profile: &Profile, role: Role, changes: &Overrides) -> Result<Self, SimulateError> {
        if !profile.can_be(role) {
            return Err(SimulateError::NoSuchRole {
                profile: profile.id.clone(),
                role,
            });
        }
        Self::build(Some(profile), role, changes)
    }

    /// A server as it was measured. What was not measured is unknown, and fails nothing.
    pub fn measured(server: Measured) -> Self {
        Self {
            stack: server.stack,
            versions: server.suites.keys().copied().collect(),
            disputed: Vec::new(),
            suites: Suites::Measured(server.suites),
            groups: server.groups,
            signatures: server.signatures,
            server_preference: server.server_preference,
            ecdh_not_weaker_than_cert: server.stack == Stack::Schannel,
            enforces_key_usage: false,
            legacy_signatures: true,
            verifies_weak_key: false,
            security_level: None,
            min_rsa: 0,
            min_dh: 0,
            dh: server.dh_bits,
            hello_bytes: 0,
            key_usable: true,
            refuses_short_public_keys: false,
            certificates: Certificates::Seen(server.certificates),
        }
    }

    fn build(
        profile: Option<&Profile>,
        role: Role,
        changes: &Overrides,
    ) -> Result<Self, SimulateError> {
        let own_versions = profile.map(|p| p.versions(role).to_vec());
        let own_suites = profile.map(|p| p.suites.clone());
        let own_groups = profile.map(|p| p.groups.clone());
        let own_signatures = profile.map(|p| p.signatures.clone());
        let mut versions = list("versions", changes.versions.as_ref(), one_version)?
            .or(own_versions)
            .unwrap_or_default();
        let mut suites = list("suites", changes.suites.as_ref(), bound_suite)?
            .map(|found| found.into_iter().flatten().collect())
            .or(own_suites)
            .unwrap_or_default();
        let mut groups = list("groups", changes.groups.as_ref(), group)?
            .or(own_groups)
            .unwrap_or_default();
        let signatures = list(
            "signature_algorithms",
            changes.signature_algorithms.as_ref(),
            scheme,
        )?
        .or(own_signatures)
        .unwrap_or_default();

        let removed = list("suites_remove", changes.suites_remove.as_ref(), bound_suite)?;
        let removed: Vec<BoundSuite> = removed.unwrap_or_default().into_iter().flatten().collect();
        let not_strong = profile
            .filter(|_| changes.strong_crypto == Some(true))
            .map_or(&[][..], |p| &p.not_strong);
        suites.retain(|s: &BoundSuite| {
            !not_strong.contains(&s.code) && !removed.iter().any(|r| r.code == s.code)
        });
        let fips = changes.fips.unwrap_or(Fips::Off);
        if fips != Fips::Off {
            groups.retain(|g| FIPS_GROUPS.contains(g));
            suites.retain(|s| suites::by_code(s.code).is_some_and(allowed_by_fips));
        }
        if fips == Fips::TripleDesOnly {
            suites.retain(|s| s.code == TRIPLE_DES);
            if suites.is_empty() {
                suites.push(TRIPLE_DES.into());
            }
            versions.retain(|v| *v != version::TLS13);
        }

        let flag = |changed: Option<bool>, own: fn(&Profile) -> bool, otherwise| {
            changed.unwrap_or_else(|| profile.map_or(otherwise, own))
        };
        let number = |changed: Option<u32>, own: fn(&Profile) -> u32| {
            changed.unwrap_or_else(|| profile.map_or(0, own))
        };
        Ok(Self {
            stack: changes
                .stack
                .unwrap_or_else(|| profile.map_or(Stack::Unknown, |p| p.stack)),
            versions,
            // Whoever says which versions are on settles the dispute
            disputed: profile
                .filter(|_| changes.versions.is_none())
                .map(|p| p.disputed_versions.clone())
                .unwrap_or_default(),
            suites: Suites::Listed(suites),
            groups: Some(groups),
            signatures,
            server_preference: flag(changes.server_preference, |p| p.server_preference, false),
            ecdh_not_weaker_than_cert: flag(
                changes.ecdh_not_weaker_than_cert,
                |p| p.ecdh_not_weaker_than_cert,
                false,
            ),
            enforces_key_usage: flag(changes.enforces_key_usage, |p| p.enforces_key_usage, false),
            legacy_signatures: flag(
                changes.legacy_sha1md5_signatures,
                |p| p.legacy_sha1md5_signatures,
                true,
            ),
            verifies_weak_key: flag(changes.verifies_weak_key, |p| p.verifies_weak_key, false),
            security_level: changes
                .security_level
                .or_else(|| profile.and_then(|p| p.security_level)),
            min_rsa: number(changes.min_rsa_bits_client, |p| p.min_rsa_bits_client),
            min_dh: number(changes.min_dh_bits_client, |p| p.min_dh_bits_client),
            dh: number(changes.dh_bits_server, |p| p.dh_bits_server),
            hello_bytes: profile.map_or(0, |p| p.client_hello_bytes),
            key_usable: changes.private_key_usable.unwrap_or(true),
            refuses_short_public_keys: profile.is_some_and(|p| {
                let new = ["24H2", "25H2", "Server 2025"];
                p.os.iter().any(|os| new.iter().any(|n| os.contains(n)))
            }),
            certificates: Certificates::Only(certificate(profile, changes.cert.as_ref())?),
        })
    }

    /// The versions, as they were given.
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The suites for a version, in order. `None` when they were not measured.
    pub fn suites(&self, version: Version) -> Option<Vec<&'static Suite>> {
        let fitting = |code: u16| suites::by_code(code).filter(|s| s.fits(version));
        match &self.suites {
            Suites::Listed(list) => Some(list.iter().filter_map(|s| fitting(s.code)).collect()),
            Suites::Measured(each) => {
                let list = each.get(&version).filter(|list| !list.is_empty())?;
                Some(list.iter().filter_map(|code| fitting(*code)).collect())
            }
        }
    }

    /// Every suite that an endpoint has, for any version, in order.
    pub fn every_suite(&self) -> Vec<u16> {
        match &self.suites {
            Suites::Listed(list) => list.iter().map(|s| s.code).collect(),
            Suites::Measured(each) => {
                let mut all = Vec::new();
                for code in each.values().flatten() {
                    if !all.contains(code) {
                        all.push(*code);
                    }
                }
                all
            }
        }
    }

    /// The groups, in order; `None` when they were not measured.
    pub fn groups(&self) -> Option<&[u16]> {
        self.groups.as_deref()
    }

    /// The signature schemes, in order; empty when they are not known.
    pub fn signatures(&self) -> &[u16] {
        &self.signatures
    }

    /// The groups that can be used with a suite; `None` when they were not measured.
    pub(super) fn groups_for(&self, suite: u16) -> Option<&[u16]> {
        if let Suites::Listed(list) = &self.suites {
            // The last one of a suite that stands twice counts
            let bound = list.iter().rfind(|s| s.code == suite);
            if let Some(bound) = bound.filter(|s| !s.curves.is_empty()) {
                return Some(&bound.curves);
            }
        }
        self.groups.as_deref()
    }

    /// The certificate that a suite is used with. `Err` when none can be; `Ok(None)` when it was
    /// not seen.
    pub(super) fn certificate_for(&self, suite: &Suite) -> Result<Option<&Certificate>, ()> {
        match &self.certificates {
            Certificates::Only(c) if fits(suite, c) => Ok(Some(c)),
            Certificates::Only(_) => Err(()),
            Certificates::Seen(seen) => Ok(seen.iter().find(|c| fits(suite, c))),
        }
    }

    /// Whether this is a server as it was measured, of which not everything is known.
    pub(super) fn is_measured(&self) -> bool {
        matches!(self.suites, Suites::Measured(_))
    }

    /// The curve of an ECDSA key. Where nothing is said of it, a described key is on P-256, and
    /// that of a measured one is not known.
    pub(super) fn curve_of(&self, certificate: &Certificate) -> Option<u16> {
        let usual = (!self.is_measured()).then_some(P256);
        certificate.curve.or(usual)
    }

    /// The certificate, when there is but one.
    pub fn certificate(&self) -> Option<&Certificate> {
        match &self.certificates {
            Certificates::Only(c) => Some(c),
            Certificates::Seen(seen) => seen.first().filter(|_| seen.len() == 1),
        }
    }
}

/// Whether a server with that certificate can use a suite.
fn fits(suite: &Suite, certificate: &Certificate) -> bool {
    match suite.auth {
        "any" => true,
        "RSA" => {
            let decrypts = suite.key_exchange == "RSA";
            certificate.key == KeyKind::Rsa && !(decrypts && certificate.signs_only)
        }
        "ECDSA" => matches!(certificate.key, KeyKind::Ecdsa | KeyKind::Eddsa),
        "DSS" => certificate.key == KeyKind::Dsa,
        _ => false,
    }
}

fn allowed_by_fips(suite: &Suite) -> bool {
    suite.bits >= 112 && suite.mac != "MD5" && !NO_FIPS.iter().any(|n| suite.cipher.starts_with(n))
}

/// The certificate of a server: its own, or one that is described.
fn certificate(
    profile: Option<&Profile>,
    change: Option<&CertificateChange>,
) -> Result<Certificate, SimulateError> {
    let usual = Certificate {
        key: KeyKind::Rsa,
        bits: 2048,
        curve: None,
        signature: "rsa_pkcs1_sha256".to_owned(),
        key_usage: Vec::new(),
        self_signed: true,
        public_ca: false,
        signs_only: false,
    };
    let Some(change) = change else {
        return Ok(profile.and_then(|p| p.certificate.clone()).unwrap_or(usual));
    };
    let key = match change.key.as_deref() {
        None => KeyKind::Rsa,
        Some(name) => {
            KeyKind::by_name(name).ok_or_else(|| not_known("cert.key", "kind of key", name))?
        }
    };
    let curve = match change.curve.as_deref() {
        None => None,
        Some(name) => Some(group(name).ok_or_else(|| not_known("cert.curve", "curve", name))?),
    };
    Ok(Certificate {
        key,
        bits: change.bits.unwrap_or(usual.bits),
        curve,
        signature: change.signature.clone().unwrap_or(usual.signature),
        key_usage: change.key_usage.clone().unwrap_or_default(),
        self_signed: change.self_signed.unwrap_or(false),
        public_ca: change.public_ca.unwrap_or(false),
        signs_only: change.key_spec.as_deref() == Some("AT_SIGNATURE"),
    })
}

fn not_known(key: &str, what: &str, word: &str) -> SimulateError {
    SimulateError::Value {
        key: key.to_owned(),
        reason: format!("no {what} is called \"{}\"", shown(word, 60)),
    }
}

fn list<T>(
    key: &str,
    words: Option<&Vec<String>>,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<Vec<T>>, SimulateError> {
    let Some(words) = words else { return Ok(None) };
    let what = match key {
        "versions" => "version",
        "groups" => "group",
        "signature_algorithms" => "signature scheme",
        _ => "suite",
    };
    let read = |word: &String| read(word).ok_or_else(|| not_known(key, what, word));
    words.iter().map(read).collect::<Result<_, _>>().map(Some)
}

fn one_version(word: &str) -> Option<Version> {
    version::by_name(word).or_else(|| (word == version::name(SSL2)).then_some(SSL2))
}

/// A number such as `0x001D`.
fn code(word: &str) -> Option<u32> {
    let digits = word
        .strip_prefix("0x")
        .or_else(|| word.strip_prefix("0X"))?;
    u32::from_str_radix(digits, 16).ok()
}

/// `x25519`, or `0x001D x25519` as tables have it, or `0x001D` alone.
fn named(words: &str, by_name: impl Fn(&str) -> Option<u16>) -> Option<u16> {
    let last = words.split_whitespace().last()?;
    by_name(last).or_else(|| u16::try_from(code(last)?).ok())
}

fn group(words: &str) -> Option<u16> {
    named(words, |n| groups::by_name(n).map(|g| g.code))
}

fn scheme(words: &str) -> Option<u16> {
    named(words, |n| signatures::by_name(n).map(|s| s.code))
}

/// `0xC028 NAME curve curve`, or the number or the name alone. A suite of SSL 2.0 is known, and
/// gives none: RDP never speaks that version.
fn bound_suite(words: &str) -> Option<Vec<BoundSuite>> {
    let mut words = words.split_whitespace();
    let first = words.next()?;
    let suite = match code(first) {
        Some(0x01_0080 | 0x02_0080 | 0x06_0040 | 0x07_00c0) => return Some(Vec::new()),
        Some(code) => suites::by_code(u16::try_from(code).ok()?)?,
        None if first.starts_with("SSL_CK_") => return Some(Vec::new()),
        None => suites::all().iter().find(|s| s.name == first)?,
    };
    let mut curves = Vec::new();
    for word in words.filter(|w| *w != suite.name) {
        curves.push(groups::by_name(word)?.code);
    }
    Some(vec![BoundSuite {
        code: suite.code,
        curves,
    }])
}

//! The handshake itself: version, suite, group, signature, and what the client then refuses.
//!
//! The highest common version is taken, and no lower one is tried again. The server's or the
//! client's order picks the first suite that fits the version and the server's key, with a group
//! and a signature that both sides can use. Then come the client's own limits.

use serde::{Serialize, Serializer};

use super::endpoint::Endpoint;
use super::reason::{Event, Reason};
use crate::profiles::{Certificate, KeyKind, Role, Stack};
use crate::suites::Suite;
use crate::version::{self, TLS10, TLS11, TLS12, TLS13, Version};
use crate::{groups, signatures, suites};

/// P-256, which an ECDSA key is taken to be on when nothing is said of its curve.
pub(super) const P256: u16 = 0x0017;
/// A scheme that nobody has: what a key can sign with that no scheme of TLS 1.3 fits.
const NO_SCHEME: u16 = 0;
/// A ClientHello beyond this many bytes needs two segments on most paths.
const LARGE_HELLO: u32 = 1400;

/// The result of a simulated handshake. As JSON it is a flat object, names and numbers as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Simulation {
    /// Whether they agree.
    pub result: Success,
    /// Why they do not.
    pub reason: Reason,
    /// The version that they choose, when they come so far.
    #[serde(serialize_with = "version_name")]
    pub version: Option<Version>,
    /// The name of the suite that they choose, when they come so far.
    pub suite: Option<&'static str>,
    /// Its code, as `0xC030`.
    #[serde(serialize_with = "code_text")]
    pub code: Option<u16>,
    /// The groups that both can use with it, in the server's order; which of them a server of
    /// Windows takes is not known.
    #[serde(serialize_with = "group_names")]
    pub shared_groups: Vec<u16>,
    /// The side that gives up.
    pub failing_side: Option<Role>,
    /// The alert that it sends, where it is known (RFC 8446 6).
    pub alert: Option<u8>,
    /// Who sends it.
    pub alert_from: Option<Role>,
    /// What the server logs, when it is Windows.
    pub server_events: Vec<Event>,
    /// What the client logs, when it is Windows.
    pub client_events: Vec<Event>,
    /// What is worth knowing beside the result.
    pub warnings: Vec<Warning>,
}

/// Whether a handshake is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Success {
    /// It is.
    Ok,
    /// It is not.
    Fail,
}

/// What is worth knowing beside the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// The client's hello needs two segments on most paths, which some middleboxes drop.
    LargeClientHello,
    /// Sources contradict each other on whether this version is on.
    DisputedVersion,
    /// The suite is broken or prohibited.
    WeakSuite,
    /// TLS 1.0 or 1.1.
    OldVersion,
    /// The client completes the handshake, and then finds the server's key too short.
    WeakKeyReportedAfterHandshake,
    /// A public authority's certificate with a short key, whose end was announced.
    PublicCaKeyDeprecated,
    /// The certificate is signed with SHA-1, which the client did not offer: outcome not known.
    Sha1CertificateNotOffered,
}

impl Warning {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LargeClientHello => "large_client_hello",
            Self::DisputedVersion => "disputed_version",
            Self::WeakSuite => "weak_suite",
            Self::OldVersion => "old_version",
            Self::WeakKeyReportedAfterHandshake => "weak_key_reported_after_handshake",
            Self::PublicCaKeyDeprecated => "public_ca_key_deprecated",
            Self::Sha1CertificateNotOffered => "sha1_certificate_not_offered",
        }
    }
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to the field"
)]
fn version_name<S: Serializer>(version: &Option<Version>, s: S) -> Result<S::Ok, S::Error> {
    version.map(version::name).serialize(s)
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands a reference to the field"
)]
fn code_text<S: Serializer>(code: &Option<u16>, s: S) -> Result<S::Ok, S::Error> {
    code.map(|c| format!("0x{c:04X}")).serialize(s)
}

fn group_names<S: Serializer>(list: &[u16], s: S) -> Result<S::Ok, S::Error> {
    s.collect_seq(list.iter().map(|g| groups::name(*g)))
}

impl Simulation {
    /// Whether the handshake is completed.
    pub fn is_ok(&self) -> bool {
        self.result == Success::Ok
    }
}

/// What a server takes of what a client offers.
struct Choice {
    suite: &'static Suite,
    groups: Vec<u16>,
}

/// Simulates a handshake.
pub fn run(client: &Endpoint, server: &Endpoint) -> Simulation {
    let mut version = None;
    let mut choice = None;
    let reason = if !server.key_usable {
        Reason::ServerCredentialUnusable
    } else if client.versions.is_empty() {
        Reason::NoEnabledProtocol
    } else if server.versions.is_empty() {
        Reason::ServerNoEnabledProtocol
    } else {
        let common = client
            .versions
            .iter()
            .filter(|v| server.versions.contains(v));
        version = common.max().copied();
        match version.map(|v| (v, choose(client, server, v))) {
            None => Reason::NoCommonVersion,
            Some((_, Err(reason))) => reason,
            Some((v, Ok(chosen))) => {
                let refused = refused_by_client(client, server, chosen.suite, v);
                choice = Some(chosen);
                refused.unwrap_or(Reason::Ok)
            }
        }
    };
    conclude(client, server, version, choice, reason)
}

fn conclude(
    client: &Endpoint,
    server: &Endpoint,
    version: Option<Version>,
    choice: Option<Choice>,
    reason: Reason,
) -> Simulation {
    let completed = choice.as_ref().filter(|_| reason == Reason::Ok);
    let warnings = warnings(client, server, version.zip(completed.map(|c| c.suite)));
    let outcome = reason.outcome();
    // That Windows has a limit is documented; with which alert it refuses is not known
    let not_known = reason == Reason::CertKeyTooSmall && client.stack == Stack::Schannel;
    let alert = outcome.alert.filter(|_| !not_known);
    let of_windows = |side: &Endpoint, events: &[Event]| {
        if side.stack == Stack::Schannel {
            events.to_vec()
        } else {
            Vec::new()
        }
    };
    Simulation {
        result: if reason == Reason::Ok {
            Success::Ok
        } else {
            Success::Fail
        },
        reason,
        version,
        suite: choice.as_ref().map(|c| c.suite.name),
        code: choice.as_ref().map(|c| c.suite.code),
        shared_groups: choice.map(|c| c.groups).unwrap_or_default(),
        failing_side: outcome.failing_side,
        alert,
        alert_from: outcome.alert_from.filter(|_| alert.is_some()),
        server_events: if not_known {
            Vec::new()
        } else {
            of_windows(server, &outcome.server_events)
        },
        client_events: of_windows(client, &outcome.client_events),
        warnings,
    }
}

/// The suites that both have for a version, in the order of whoever decides.
pub(super) fn common_suites(
    client: &Endpoint,
    server: &Endpoint,
    version: Version,
) -> Vec<&'static Suite> {
    let theirs = client.suites(version).unwrap_or_default();
    // Not measured: the server may take any
    let Some(own) = server.suites(version) else {
        return theirs;
    };
    let (first, other) = if server.server_preference {
        (own, theirs)
    } else {
        (theirs, own)
    };
    first.into_iter().filter(|s| other.contains(s)).collect()
}

fn choose(client: &Endpoint, server: &Endpoint, version: Version) -> Result<Choice, Reason> {
    let common = common_suites(client, server, version);
    if common.is_empty() {
        return Err(Reason::NoSharedSuite);
    }
    let mut blocked = Reason::CertTypeMismatch;
    for suite in common {
        let Ok(certificate) = server.certificate_for(suite) else {
            continue;
        };
        let mut groups = Vec::new();
        if matches!(suite.key_exchange, "ECDHE" | "any") {
            let common = common_groups(client, server, suite, certificate, version);
            let Some(common) = common else {
                if blocked == Reason::CertTypeMismatch {
                    blocked = Reason::NoCommonGroup;
                }
                continue;
            };
            groups = common;
        }
        if matches!(suite.key_exchange, "ECDHE" | "DHE" | "any")
            && !can_sign(client, server, suite, certificate, version)
        {
            blocked = Reason::NoCommonSignatureAlgorithm;
            continue;
        }
        return Ok(Choice { suite, groups });
    }
    Err(blocked)
}

/// The strength that Windows compares a group with a key by; `None` for groups that it has not.
fn strength(group: u16) -> Option<u32> {
    match group {
        0x0017 | 0x001d | 0x11eb | 0x11ec => Some(256),
        0x0018 | 0x001e | 0x11ed => Some(384),
        0x0019 => Some(521),
        _ => None,
    }
}

/// The groups that both can use with a suite, in the server's order; an empty list when neither
/// side's are known. `None` when there is none.
fn common_groups(
    client: &Endpoint,
    server: &Endpoint,
    suite: &Suite,
    certificate: Option<&Certificate>,
    version: Version,
) -> Option<Vec<u16>> {
    let theirs = client.groups_for(suite.code).unwrap_or_default();
    let known = server.groups_for(suite.code);
    let both: Vec<u16> = known
        .unwrap_or(theirs)
        .iter()
        .copied()
        .filter(|g| theirs.is_empty() || theirs.contains(g))
        .filter(|g| groups::by_code(*g).is_none_or(|g| !g.finite_field()))
        .filter(|g| version == TLS13 || groups::by_code(*g).is_none_or(|g| !g.post_quantum()))
        .collect();
    if known.is_none() && theirs.is_empty() {
        return Some(both);
    }
    let mut usable = both;
    if let Some(c) = certificate.filter(|c| version != TLS13 && c.key == KeyKind::Ecdsa) {
        let curve = server.curve_of(c);
        // Before TLS 1.3 the list of groups is also the list of curves for keys (RFC 8422 5.1)
        let offered = client.groups.as_deref().unwrap_or_default();
        if curve.is_some_and(|curve| !offered.is_empty() && !offered.contains(&curve)) {
            return None;
        }
        if let Some(curve) = curve.filter(|_| server.ecdh_not_weaker_than_cert) {
            let least = strength(curve).unwrap_or(256);
            usable.retain(|g| strength(*g).unwrap_or(0) >= least);
        }
    }
    (!usable.is_empty()).then_some(usable)
}

/// The schemes that the server's key could sign a handshake with. `None` when the key is not known.
pub(super) fn schemes(
    server: &Endpoint,
    suite: &Suite,
    certificate: Option<&Certificate>,
    version: Version,
) -> Option<Vec<u16>> {
    let by_suite = match suite.auth {
        "RSA" => Some(KeyKind::Rsa),
        "ECDSA" => Some(KeyKind::Ecdsa),
        "DSS" => Some(KeyKind::Dsa),
        _ => None,
    };
    let of = |names: &[&str]| {
        let code = |n: &&str| signatures::by_name(n).map(|s| s.code);
        names.iter().filter_map(code).collect()
    };
    let pss = [
        "rsa_pss_rsae_sha256",
        "rsa_pss_rsae_sha384",
        "rsa_pss_rsae_sha512",
    ];
    let pkcs1 = [
        "rsa_pkcs1_sha1",
        "rsa_pkcs1_sha224",
        "rsa_pkcs1_sha256",
        "rsa_pkcs1_sha384",
        "rsa_pkcs1_sha512",
    ];
    let ecdsa13 = [
        "ecdsa_secp256r1_sha256",
        "ecdsa_secp384r1_sha384",
        "ecdsa_secp521r1_sha512",
    ];
    let key = certificate.map(|c| c.key).or(by_suite)?;
    Some(match key {
        KeyKind::Rsa if version == TLS13 => of(&pss),
        KeyKind::Rsa => of(&[&pss[..], &pkcs1].concat()),
        KeyKind::Ecdsa if version == TLS13 => match certificate.map(|c| c.curve) {
            // One scheme for each curve (RFC 8446 4.2.3)
            Some(Some(0x0017)) => of(&ecdsa13[..1]),
            Some(Some(0x0018)) => of(&ecdsa13[1..2]),
            Some(Some(0x0019)) => of(&ecdsa13[2..]),
            Some(None) if server.is_measured() => of(&ecdsa13),
            Some(_) => vec![NO_SCHEME],
            None => of(&ecdsa13),
        },
        KeyKind::Ecdsa => of(&[&ecdsa13[..], &["ecdsa_sha1", "ecdsa_sha224"]].concat()),
        KeyKind::Eddsa => of(&["ed25519", "ed448"]),
        KeyKind::Dsa => of(&["dsa_sha1", "dsa_sha256"]),
    })
}

/// Whether the server's key can sign in a way that the client accepts. Lists that are not known
/// fail nothing.
fn can_sign(
    client: &Endpoint,
    server: &Endpoint,
    suite: &Suite,
    certificate: Option<&Certificate>,
    version: Version,
) -> bool {
    if matches!(version, TLS10 | TLS11) {
        return true;
    }
    let Some(mut able) = schemes(server, suite, certificate, version) else {
        return true;
    };
    for side in [client, server] {
        if !side.signatures.is_empty() {
            able.retain(|s| side.signatures.contains(s));
        }
    }
    !able.is_empty()
}

/// Why a client refuses what the server chose.
fn refused_by_client(
    client: &Endpoint,
    server: &Endpoint,
    suite: &Suite,
    version: Version,
) -> Option<Reason> {
    let certificate = server.certificate_for(suite).ok().flatten();
    let rsa = certificate.is_some_and(|c| c.key == KeyKind::Rsa);
    let signed = matches!(suite.key_exchange, "ECDHE" | "DHE");
    let signs_with_rsa = rsa || (certificate.is_none() && suite.auth == "RSA");
    if matches!(version, TLS10 | TLS11) && signed && signs_with_rsa && !client.legacy_signatures {
        return Some(Reason::LegacySignatureRefused);
    }
    if suite.key_exchange == "DHE" && server.dh != 0 && server.dh < client.min_dh {
        return Some(Reason::DhTooSmall);
    }
    let certificate = certificate?;
    if client.enforces_key_usage
        && !certificate.key_usage.is_empty()
        && !certificate
            .key_usage
            .iter()
            .any(|u| u == needed_usage(suite))
    {
        return Some(Reason::KeyUsageViolation);
    }
    let looks = client.stack == Stack::Schannel || client.verifies_weak_key;
    if rsa && looks && certificate.bits < client.min_rsa {
        return Some(Reason::CertKeyTooSmall);
    }
    let strict = client.stack == Stack::Schannel && version == TLS12 && !certificate.self_signed;
    (strict && !offers_signature_of(client, certificate)).then_some(Reason::CertSignatureNotOffered)
}

/// The key usage bit that a suite needs (RFC 5246 7.4.2).
pub(super) fn needed_usage(suite: &Suite) -> &'static str {
    if suite.key_exchange == "RSA" {
        "keyEncipherment"
    } else {
        "digitalSignature"
    }
}

/// Whether a client offers the scheme that signed a certificate, or its schemes are not known.
fn offers_signature_of(client: &Endpoint, certificate: &Certificate) -> bool {
    let offered = |s: &u16| signatures::name(*s) == certificate.signature;
    client.signatures.is_empty() || client.signatures.iter().any(offered)
}

/// `agreed` is the version and the suite of a handshake that was completed.
fn warnings(
    client: &Endpoint,
    server: &Endpoint,
    agreed: Option<(Version, &'static Suite)>,
) -> Vec<Warning> {
    let mut out = Vec::new();
    if client.hello_bytes > LARGE_HELLO {
        out.push(Warning::LargeClientHello);
    }
    let Some((version, suite)) = agreed else {
        return out;
    };
    if client.disputed.contains(&version) || server.disputed.contains(&version) {
        out.push(Warning::DisputedVersion);
    }
    if suites::by_code(suite.code).is_some_and(|s| s.weak) {
        out.push(Warning::WeakSuite);
    }
    if matches!(version, TLS10 | TLS11) {
        out.push(Warning::OldVersion);
    }
    let Some(certificate) = server.certificate_for(suite).ok().flatten() else {
        return out;
    };
    if certificate.key == KeyKind::Rsa && certificate.bits < 2048 {
        if client
            .security_level
            .is_some_and(|level| level >= 2 || certificate.bits < 1024)
        {
            out.push(Warning::WeakKeyReportedAfterHandshake);
        }
        if certificate.public_ca && client.refuses_short_public_keys {
            out.push(Warning::PublicCaKeyDeprecated);
        }
    }
    if version == TLS12
        && certificate.signature.ends_with("sha1")
        && !offers_signature_of(client, certificate)
    {
        out.push(Warning::Sha1CertificateNotOffered);
    }
    out
}

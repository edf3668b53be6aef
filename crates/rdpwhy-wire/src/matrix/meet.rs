//! What each client would get from a server whose matrix is known: the simulation of a handshake,
//! with a server that was measured.

use std::collections::BTreeMap;

use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::matrix::{ClientOutcome, Order, TlsMatrix, TlsVersion};
use rdpwhy_model::recording::{Connection, Phase, Recording};

use crate::certificate::{self, Viewpoint};
use crate::profiles::{self, Certificate, KeyKind, Role, Stack};
use crate::read::Facts;
use crate::simulate::{Endpoint, Event, Measured, Overrides, SimulateError, Simulation, gap, run};
use crate::{flight, groups, signatures, suites, version};

/// The server as it was measured: its matrix, and the certificates that the connections show.
/// `windows` says that it may be one, so that the events of Windows are named.
pub fn server(matrix: &TlsMatrix, connections: &[Connection], windows: bool) -> Endpoint {
    let accepted = || matrix.versions.iter().filter(|v| v.accepted == Some(true));
    let suites: BTreeMap<u16, Vec<u16>> = accepted()
        .filter_map(|v| Some((version::by_name(&v.version)?, codes(v))))
        .collect();
    let orders = matrix.versions.iter().map(|v| v.order);
    let primes = accepted().flat_map(|v| v.suites.iter().filter_map(|s| s.dh_bits));
    let signatures = list(
        matrix,
        |v| v.signatures.as_ref(),
        |n| signatures::by_name(n).map(|s| s.code),
    );
    Endpoint::measured(Measured {
        stack: if windows {
            Stack::Schannel
        } else {
            Stack::Unknown
        },
        suites,
        server_preference: orders.into_iter().any(|o| o == Order::Server),
        groups: list(
            matrix,
            |v| v.groups.as_ref(),
            |n| groups::by_name(n).map(|g| g.code),
        ),
        signatures: signatures.unwrap_or_default(),
        certificates: certificates(connections),
        dh_bits: primes.min().map_or(0, u32::from),
    })
}

fn codes(v: &TlsVersion) -> Vec<u16> {
    let code = |s: &rdpwhy_model::matrix::TlsSuite| {
        u16::from_str_radix(s.code.trim_start_matches("0x"), 16).ok()
    };
    v.suites.iter().filter_map(code).collect()
}

/// Everything of one kind that was found in any version; `None` when a version was not asked.
fn list(
    matrix: &TlsMatrix,
    pick: fn(&TlsVersion) -> Option<&Vec<String>>,
    code: fn(&str) -> Option<u16>,
) -> Option<Vec<u16>> {
    let mut out = Vec::new();
    for v in matrix.versions.iter().rev() {
        let needed = codes(v).iter().any(|c| {
            suites::by_code(*c).is_some_and(|s| matches!(s.key_exchange, "any" | "ECDHE"))
        });
        let asked = version::by_name(&v.version).is_some_and(|v| v >= version::TLS12);
        match pick(v) {
            Some(names) => {
                let found = names.iter().filter_map(|n| code(n));
                let new: Vec<u16> = found.filter(|c| !out.contains(c)).collect();
                out.extend(new);
            }
            None if needed && asked => return None,
            None => {}
        }
    }
    (!out.is_empty()).then_some(out)
}

/// The certificates that the connections show, one for each kind of key.
fn certificates(connections: &[Connection]) -> Vec<Certificate> {
    let mut out: Vec<Certificate> = Vec::new();
    for c in connections {
        let shaken = c.handshake().and_then(|h| h.chain.first());
        let plain = || flight::read(&c.received(Phase::Tls)).chain.first().cloned();
        let leaf = shaken.map(|b| b.0.clone()).or_else(plain);
        let Some(read) = leaf.and_then(|der| read_certificate(&der)) else {
            continue;
        };
        if !out.iter().any(|known| known.key == read.key) {
            out.push(read);
        }
    }
    out
}

fn read_certificate(der: &[u8]) -> Option<Certificate> {
    // Neither the name nor the date matters to what is read here
    let facts = certificate::facts(&[der], Viewpoint { host: "", now: 0 });
    let get = |key| facts.iter().find(|(k, _)| *k == key).map(|(_, v)| v);
    let text = |key| match get(key) {
        Some(Value::Text(t)) => t.as_str(),
        _ => "",
    };
    let signature = text(FactKey::CertSignature);
    let key = match text(FactKey::CertKeyType) {
        "rsa" => KeyKind::Rsa,
        "ecdsa" => KeyKind::Ecdsa,
        _ if signature.starts_with("Ed") => KeyKind::Eddsa,
        _ => return None,
    };
    let bits = match get(FactKey::CertKeyBits) {
        Some(Value::Int(n)) => u32::try_from(*n).ok()?,
        _ => return None,
    };
    let curve = match text(FactKey::CertCurve) {
        "P-256" => Some("secp256r1"),
        "P-384" => Some("secp384r1"),
        "P-521" => Some("secp521r1"),
        "P-224" => Some("secp224r1"),
        "P-192" => Some("secp192r1"),
        other => Some(other),
    };
    let key_usage = match get(FactKey::CertKeyUsage) {
        Some(Value::List(l)) => l.clone(),
        _ => Vec::new(),
    };
    Some(Certificate {
        key,
        bits,
        curve: curve.and_then(groups::by_name).map(|g| g.code),
        signature: scheme(signature).to_owned(),
        key_usage,
        self_signed: get(FactKey::CertSelfSigned) == Some(&Value::Bool(true)),
        public_ca: false,
        signs_only: false,
    })
}

/// The scheme of a signature on a certificate, as TLS 1.2 names it.
fn scheme(signature: &str) -> &str {
    match signature {
        "md5WithRSA" => "rsa_pkcs1_md5",
        "sha1WithRSA" => "rsa_pkcs1_sha1",
        "sha256WithRSA" => "rsa_pkcs1_sha256",
        "sha384WithRSA" => "rsa_pkcs1_sha384",
        "sha512WithRSA" => "rsa_pkcs1_sha512",
        "sha256-RSASSA-PSS" => "rsa_pss_rsae_sha256",
        "sha384-RSASSA-PSS" => "rsa_pss_rsae_sha384",
        "sha512-RSASSA-PSS" => "rsa_pss_rsae_sha512",
        "sha1-ECDSA" => "ecdsa_sha1",
        "sha256-ECDSA" => "ecdsa_secp256r1_sha256",
        "sha384-ECDSA" => "ecdsa_secp384r1_sha384",
        "sha512-ECDSA" => "ecdsa_secp521r1_sha512",
        "Ed25519" => "ed25519",
        "Ed448" => "ed448",
        other => other,
    }
}

/// What every client that is known would get.
pub fn clients(server: &Endpoint) -> Vec<ClientOutcome> {
    let all = profiles::all().iter().filter(|p| p.can_be(Role::Client));
    all.filter_map(|p| {
        let client = Endpoint::of(p, Role::Client, &Overrides::default()).ok()?;
        let r = run(&client, server);
        let missing = gap(&client, server, &r).map(|g| g.words(r.version, usize::MAX));
        Some(outcome(&p.id, &p.name, &r, missing))
    })
    .collect()
}

/// Entries of a list in a fact.
const FEW: usize = 8;

fn outcome(id: &str, name: &str, r: &Simulation, missing: Option<String>) -> ClientOutcome {
    let events = |list: &[Event]| list.iter().map(|e| e.text().to_owned()).collect();
    ClientOutcome {
        profile: id.to_owned(),
        name: name.to_owned(),
        connects: r.is_ok(),
        reason: r.reason.name().to_owned(),
        meaning: r.reason.outcome().meaning.to_owned(),
        missing,
        version: r.version.map(version::name),
        suite: r.suite.map(str::to_owned),
        failing_side: r.failing_side.map(|s| s.name().to_owned()),
        alert: r.alert,
        server_events: events(&r.server_events),
        client_events: events(&r.client_events),
        warnings: r.warnings.iter().map(|w| w.name().to_owned()).collect(),
    }
}

/// What the client of a recording would get, as facts.
///
/// # Errors
/// When its client is not known.
pub fn own(recording: &Recording, server: &Endpoint) -> Result<Facts, SimulateError> {
    let changes = match &recording.client_json {
        Some(value) => Overrides::from_value(value)?,
        None => Overrides::default(),
    };
    let client = Endpoint::new(&recording.client, Role::Client, &changes)?;
    let r = run(&client, server);
    let mut out: Facts = vec![
        (FactKey::ClientMeets, r.is_ok().into()),
        (FactKey::ClientReason, r.reason.name().into()),
    ];
    if let Some(gap) = gap(&client, server, &r) {
        out.push((FactKey::ClientMissing, gap.words(r.version, FEW).into()));
    }
    if let Some(v) = r.version {
        out.push((FactKey::ClientVersion, version::name(v).into()));
    }
    if let Some(suite) = r.suite {
        out.push((FactKey::ClientSuite, suite.into()));
    }
    Ok(out)
}

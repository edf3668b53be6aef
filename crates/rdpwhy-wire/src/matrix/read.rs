//! From the connections of the matrix to what the server accepts, and to facts.

use std::collections::BTreeSet;

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::matrix::{Order, Through, TlsMatrix, TlsSuite, TlsVersion};
use rdpwhy_model::recording::{Connection, Phase};
use rdpwhy_model::text::hex;
use sha2::{Digest as _, Sha256};

use super::known::Known;
use super::{Answer, Asked, order, plan};
use crate::read::Facts;
use crate::version;
use crate::{groups, signatures, suites};

/// How many odd answers are told.
const MOST: usize = 20;
/// How many connections are read: no run makes more, and the time grows with the cube of it.
const CONNECTIONS: usize = 400;

/// What the connections of the matrix say; `None` when there are none.
/// `rounds` is how many rounds of questions it took, where that was counted.
pub fn read(connections: &[&Connection], rounds: Option<u32>) -> Option<TlsMatrix> {
    if connections.is_empty() {
        return None;
    }
    let within = connections.iter().take(CONNECTIONS);
    let asked: Vec<Asked> = within.filter_map(|c| Asked::of(c)).collect();
    let known = version::ALL.map(|v| Known::of(v, &asked, &[]));
    let orders = known.each_ref().map(order::whose);
    let old: Vec<&Known<'_>> = known.iter().filter(|k| k.is_old()).collect();
    let says = || old.iter().flat_map(|k| k.flights().map(|f| f.says));
    let any = |is: fn(&crate::flight::Says) -> bool| {
        says().next()?;
        Some(says().any(|s| is(&s)))
    };
    let tickets = known
        .iter()
        .filter(|k| k.is_old() && k.version > version::SSL3);
    let mut extended = tickets.flat_map(|k| k.flights().map(|f| f.says.extended_master_secret));
    let mut resumption = Vec::new();
    if any(|s| s.session) == Some(true) {
        resumption.push("session-id".to_owned());
    }
    if any(|s| s.ticket) == Some(true) {
        resumption.push("ticket".to_owned());
    }
    let leaves: BTreeSet<&Vec<u8>> = known
        .iter()
        .flat_map(Known::flights)
        .filter_map(|f| f.chain.first())
        .collect();
    let prints: BTreeSet<String> = leaves
        .into_iter()
        .map(|der| hex(&Sha256::digest(der)))
        .collect();
    let through = if connections
        .iter()
        .any(|c| c.began_us(Phase::Negotiate).is_some())
    {
        Through::X224
    } else {
        Through::Direct
    };
    let steady = super::turned(&asked).is_none();
    let complete = steady
        && asked.len() == connections.len()
        && asked.iter().all(Asked::is_answered)
        && plan::next(&asked, &[], name(&asked), 1).is_empty();
    Some(TlsMatrix {
        through,
        versions: known
            .iter()
            .zip(&orders)
            .map(|(k, o)| row(k, *o, steady))
            .collect(),
        secure_renegotiation: any(|s| s.secure_renegotiation),
        extended_master_secret: extended.next().map(|first| first || extended.any(|e| e)),
        resumption,
        certificates: prints.into_iter().collect(),
        // What does not speak TLS at all does nothing odd
        odd: match through {
            Through::Direct if asked.iter().all(Asked::is_no_tls) => Vec::new(),
            _ => odd(&asked),
        },
        connections: u32::try_from(connections.len()).unwrap_or(u32::MAX),
        rounds,
        complete,
    })
}

fn name(asked: &[Asked]) -> Option<&str> {
    asked.iter().find_map(|a| a.hello.server_name.as_deref())
}

fn row(k: &Known<'_>, order: Order, steady: bool) -> TlsVersion {
    let accepted = match k.first() {
        _ if !k.accepted.is_empty() => Some(true),
        None | Some(Answer::Silent | Answer::CutShort | Answer::Odd) => None,
        Some(_) => Some(false),
    };
    let refusal = (accepted == Some(false) || accepted.is_none())
        .then(|| k.first().map(word))
        .flatten();
    let (list, order, sure) = match (order, order::sorted(k)) {
        (Order::Server, Some(sorted)) => (sorted.list, Order::Server, sorted.open.is_empty()),
        // What contradicts itself is no order
        (Order::Server, None) => (k.accepted.clone(), Order::Unknown, true),
        (other, _) => (k.accepted.clone(), other, true),
    };
    let ephemeral = !k.ephemeral(false).is_empty() && k.version >= version::TLS12;
    let names = |part: Vec<u16>, name: fn(u16) -> String| part.into_iter().map(name).collect();
    let groups = k.groups().accepted;
    let schemes = k.schemes().accepted;
    TlsVersion {
        version: version::name(k.version),
        accepted,
        refusal,
        suites: list.into_iter().map(|s| suite(s, k)).collect(),
        order,
        complete: steady && (accepted == Some(false) || (k.is_complete() && sure)),
        groups: (ephemeral && !groups.is_empty()).then(|| names(groups, groups::name)),
        signatures: (ephemeral && !schemes.is_empty()).then(|| names(schemes, signatures::name)),
    }
}

fn word(answer: &Answer) -> String {
    match answer {
        Answer::Alert(code) => format!("alert-{code}"),
        Answer::Ended => "closed".to_owned(),
        Answer::Silent => "silent".to_owned(),
        Answer::CutShort => "cut-short".to_owned(),
        Answer::Odd => "not-tls".to_owned(),
        Answer::Chose(flight) => flight
            .hello
            .map_or_else(String::new, |h| version::name(h.version)),
    }
}

fn suite(code: u16, k: &Known<'_>) -> TlsSuite {
    let known = suites::by_code(code);
    TlsSuite {
        code: format!("0x{code:04X}"),
        name: suites::name(code),
        openssl: known.and_then(|s| s.openssl).map(str::to_owned),
        weak: known.is_some_and(|s| s.weak),
        dh_bits: k.dh_bits(code),
    }
}

/// What no server may do, in words.
fn odd(asked: &[Asked]) -> Vec<String> {
    let mut out = BTreeSet::new();
    for a in asked {
        let Answer::Chose(flight) = &a.answer else {
            if a.answer == Answer::Odd {
                out.insert(format!(
                    "answered a hello for {} with what is no answer in TLS",
                    version::name(a.hello.version)
                ));
            }
            continue;
        };
        let Some(hello) = flight.hello else { continue };
        out.extend(a.hello.not_offered(&hello));
        let (group, scheme) = (flight.exchange.group, flight.exchange.scheme);
        if let Some(g) = group.filter(|g| !a.hello.groups.is_empty() && !a.hello.groups.contains(g))
        {
            let chose = groups::name(g);
            out.insert(format!("used the group {chose}, which was not offered"));
        }
        if let Some(s) = scheme.filter(|s| !a.hello.signatures.contains(s)) {
            let chose = signatures::name(s);
            out.insert(format!("signed with {chose}, which was not offered"));
        }
    }
    out.into_iter().take(MOST).collect()
}

/// The facts of a matrix.
pub fn facts(matrix: &TlsMatrix) -> Facts {
    let accepted = |v: &&TlsVersion| v.accepted == Some(true);
    let named = |v: &TlsVersion| v.version.clone();
    let on: Vec<String> = matrix.versions.iter().filter(accepted).map(named).collect();
    let off = matrix.versions.iter().filter(|v| v.accepted == Some(false));
    let off: Vec<String> = off.map(named).collect();
    let of = |keep: fn(&TlsSuite) -> bool| -> Vec<String> {
        let line = |v: &TlsVersion, s: &TlsSuite| format!("{} {}", v.version, s.name);
        let versions = matrix.versions.iter().rev();
        versions
            .flat_map(|v| v.suites.iter().filter(|s| keep(s)).map(move |s| line(v, s)))
            .collect()
    };
    let join = |pick: fn(&TlsVersion) -> Option<&Vec<String>>| -> Option<Vec<String>> {
        let mut lists = matrix.versions.iter().rev().filter_map(pick).peekable();
        lists.peek()?;
        let mut out: Vec<String> = Vec::new();
        for name in lists.flatten() {
            if !out.contains(name) {
                out.push(name.clone());
            }
        }
        Some(out)
    };
    let weak = of(|s| s.weak);
    let any_old = on.iter().any(|v| v == "TLS1.0" || v == "TLS1.1");
    let mut out: Facts = vec![
        (FactKey::MatrixVersions, on.clone().into()),
        (FactKey::MatrixVersionsRefused, off.into()),
        (FactKey::MatrixOldVersions, any_old.into()),
        (FactKey::MatrixSsl3, on.iter().any(|v| v == "SSL3.0").into()),
        (FactKey::MatrixSuites, of(|_| true).into()),
        (FactKey::MatrixAnyWeak, (!weak.is_empty()).into()),
        (FactKey::MatrixWeakSuites, weak.into()),
        (FactKey::MatrixIsOdd, (!matrix.odd.is_empty()).into()),
        (FactKey::MatrixOdd, matrix.odd.clone().into()),
        (
            FactKey::MatrixConnections,
            i64::from(matrix.connections).into(),
        ),
        (FactKey::MatrixComplete, matrix.complete.into()),
    ];
    if let Some(rounds) = matrix.rounds {
        out.push((FactKey::MatrixRounds, i64::from(rounds).into()));
    }
    if let Some(groups) = join(|v| v.groups.as_ref()) {
        out.push((FactKey::MatrixGroups, groups.into()));
    }
    if let Some(schemes) = join(|v| v.signatures.as_ref()) {
        out.push((FactKey::MatrixSignatures, schemes.into()));
    }
    let order = matrix.versions.iter().rev().map(|v| v.order);
    let order = order.into_iter().find(|o| *o != Order::Unknown);
    if let Some(order) = order {
        let word = if order == Order::Server {
            "server"
        } else {
            "client"
        };
        out.push((FactKey::MatrixOrder, word.into()));
    }
    if let Some(secure) = matrix.secure_renegotiation {
        out.push((FactKey::MatrixSecureRenegotiation, secure.into()));
    }
    if let Some(bound) = matrix.extended_master_secret {
        out.push((FactKey::MatrixExtendedMasterSecret, bound.into()));
    }
    let primes = matrix.versions.iter().flat_map(|v| &v.suites);
    if let Some(bits) = primes.filter_map(|s| s.dh_bits).min() {
        out.push((FactKey::MatrixDhBits, i64::from(bits).into()));
    }
    out
}

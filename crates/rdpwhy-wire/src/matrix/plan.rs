//! What to ask next.

use rdpwhy_model::matrix::Order;

use super::known::Known;
use super::{Answer, Asked, every_group, every_scheme, every_suite, likely_suites, order};
use crate::hello::{Hello, Shares};
use crate::signatures;
use crate::version::{self, Version};

/// The longest list of suites in one hello: some servers do not stand longer ones.
const LONGEST: usize = 64;
/// The shortest list in the search for suites: shorter ones cost more connections than they save
/// time.
const SHORTEST: usize = 4;
/// Fewer groups or schemes than this are asked for in one lane.
const FEW: usize = 6;
/// The groups for which there are key shares.
const SHARED_GROUPS: [u16; 3] = [0x001d, 0x0017, 0x0018];
/// Schemes that are asked for one by one at once, because RDP certificates mostly allow them.
const LIKELY_SCHEMES: [u16; 3] = [0x0804, 0x0805, 0x0806];

/// The hellos to send now, at most `room`, beside those that are `pending`. None, where nothing
/// is pending, means that nothing more can be learned.
pub fn next(
    asked: &[Asked],
    pending: &[Hello],
    server_name: Option<&str>,
    room: usize,
) -> Vec<Hello> {
    let known = version::ALL.map(|v| Known::of(v, asked, pending));
    let named = |mut hello: Hello| {
        let sent = server_name.filter(|_| hello.version > version::SSL3);
        hello.server_name = sent.map(str::to_owned);
        // As it will be read again, or it would count as another question
        hello.shares = hello.shares_sent();
        hello
    };
    // Nothing is asked twice, so this comes to an end whatever the answers are
    let new = |h: &Hello| !asked.iter().any(|a| a.hello == *h) && !pending.contains(h);
    let fresh = |hellos: Vec<Hello>| -> Vec<Hello> {
        let mut out = Vec::new();
        for hello in hellos.into_iter().map(named).filter(new) {
            // Two searches may come to the same question
            if !out.contains(&hello) {
                out.push(hello);
            }
        }
        out
    };
    // What hangs on suites that were found already is asked beside the search for others
    let mut beside = fresh(beside(&known));
    let mut out = fresh(suites(&known, room - beside.len().min(room / 2)));
    out.truncate(room);
    beside.retain(|h| !out.contains(h));
    beside.truncate(room - out.len());
    out.extend(beside);
    if out.is_empty() {
        out = fresh(known.iter().flat_map(last).collect());
        out.truncate(room);
    }
    out
}

/// A hello that leaves no group and no scheme out.
pub(super) fn full(version: Version, mut suites: Vec<u16>, shares: Shares) -> Hello {
    // What servers mostly prefer stands last: one that takes it all the same has its own order
    suites.reverse();
    Hello {
        version,
        suites,
        groups: every_group(version).to_vec(),
        signatures: every_scheme(version).to_vec(),
        asks_more: version > version::SSL3,
        shares,
        ..Hello::default()
    }
}

/// The search for suites, in so many lanes as may run at once.
fn suites(known: &[Known<'_>], lanes: usize) -> Vec<Hello> {
    let fresh = known.iter().filter(|k| k.is_fresh());
    let fresh: Vec<Hello> = fresh
        .flat_map(|k| {
            let likely = likely_suites(k.version);
            let lists = likely.chunks(likely.len().div_ceil(lanes_of(k.version)).max(1));
            lists.map(|l| full(k.version, l.to_vec(), Shares::Asked))
        })
        .collect();
    if !fresh.is_empty() {
        return fresh;
    }
    let open: Vec<(&Known<'_>, Vec<u16>)> = known
        .iter()
        .filter(|k| k.is_open() && k.first().is_some())
        .map(|k| (k, k.to_ask()))
        .filter(|(_, unknown)| !unknown.is_empty())
        .collect();
    let all: usize = open.iter().map(|(_, unknown)| unknown.len()).sum();
    let mut out = Vec::new();
    for (k, unknown) in open {
        let share = lanes.max(1) * unknown.len() / all.max(1);
        let own = lanes_of(k.version).saturating_sub(k.searching());
        // Where nothing was accepted yet, long lists are refused in one go
        let share = if k.accepted.is_empty() {
            1
        } else {
            share.max(own)
        };
        let lanes = share.max(1).max(unknown.len().div_ceil(LONGEST));
        let length = unknown.len().div_ceil(lanes).max(SHORTEST);
        for part in unknown.chunks(length) {
            out.push(full(k.version, part.to_vec(), k.shares()));
        }
    }
    out
}

/// In how many lanes the suites of a version are searched, beside the other versions: most servers
/// have most to tell of TLS 1.2. Each lane ends with a list that is refused, and where two meet, the
/// server's order is to be asked for.
const fn lanes_of(version: Version) -> usize {
    if version == version::TLS12 { 3 } else { 1 }
}

/// Questions about versions of which some suites are known. What takes the most rounds comes first.
fn beside(known: &[Known<'_>]) -> Vec<Hello> {
    let open: Vec<&Known<'_>> = known.iter().filter(|k| k.is_open()).collect();
    let new: Vec<&Known<'_>> = open
        .iter()
        .copied()
        .rev()
        .filter(|k| k.version >= version::TLS12)
        .collect();
    let mut out = Vec::new();
    out.extend(new.iter().filter_map(|k| given_shares(k)));
    out.extend(new.iter().flat_map(|k| schemes(k)));
    out.extend(new.iter().flat_map(|k| groups(k)));
    out.extend(open.iter().flat_map(|k| preference(k)));
    out
}

/// A server may ask for a hello with a share in it, and some end the connection instead.
fn given_shares(k: &Known<'_>) -> Option<Hello> {
    let refused = matches!(k.first(), Some(Answer::Alert(_) | Answer::Ended));
    let so = k.version == version::TLS13 && k.accepted.is_empty() && refused && !k.tried_shares();
    so.then(|| full(k.version, every_suite(k.version).to_vec(), Shares::Given))
}

/// Whether the server's order decides, or the client's.
fn preference(k: &Known<'_>) -> Vec<Hello> {
    if order::whose(k) != Order::Unknown {
        return Vec::new();
    }
    let pairs = order::questions(k);
    pairs.iter().map(|p| exact(k, p)).collect()
}

/// A hello with these suites in this order.
fn exact(k: &Known<'_>, suites: &[u16]) -> Hello {
    let mut hello = full(k.version, Vec::new(), k.shares());
    hello.suites = suites.to_vec();
    hello
}

fn groups(k: &Known<'_>) -> Vec<Hello> {
    let suites = k.ephemeral(false);
    let part = k.groups();
    // With one of the certificate's own curve, a server may refuse every other before TLS 1.3
    let bound = k.is_old() && !suites.iter().any(|s| authenticated_by(*s, "RSA"));
    if suites.is_empty() || part.unknown.is_empty() || bound {
        return Vec::new();
    }
    let hellos = lanes(&part.unknown, k.asking_groups()).map(|groups| Hello {
        suites: suites.clone(),
        groups: groups.to_vec(),
        ..full(k.version, Vec::new(), k.shares())
    });
    hellos.collect()
}

/// Splits what is unknown, where so many hellos under way ask already. Each lane ends with a list
/// that is refused, so there are two at most.
fn lanes(unknown: &[u16], asking: usize) -> impl Iterator<Item = &[u16]> {
    let most: usize = if unknown.len() < FEW { 1 } else { 2 };
    let lanes = most.saturating_sub(asking);
    unknown
        .chunks(unknown.len().div_ceil(lanes.max(1)).max(1))
        .take(lanes)
}

fn authenticated_by(suite: u16, auth: &str) -> bool {
    crate::suites::by_code(suite).is_some_and(|s| s.auth == auth || s.auth == "any")
}

fn schemes(k: &Known<'_>) -> Vec<Hello> {
    let suites = k.ephemeral(true);
    let part = k.schemes();
    if suites.is_empty() || part.unknown.is_empty() {
        return Vec::new();
    }
    let hello = |signatures: Vec<u16>| Hello {
        suites: suites.clone(),
        signatures,
        ..full(k.version, Vec::new(), Shares::Asked)
    };
    if k.is_old() {
        let lanes = lanes(&part.unknown, k.asking_schemes());
        return lanes.map(|list| hello(list.to_vec())).collect();
    }
    // TLS 1.3 does not show the signature: one at a time, with shares, so that the server goes on
    let known = k.groups().accepted;
    let mut groups = SHARED_GROUPS.to_vec();
    groups.retain(|g| known.contains(g));
    if groups.is_empty() {
        return Vec::new();
    }
    let (likely, rest): (Vec<u16>, Vec<u16>) = part
        .unknown
        .iter()
        .partition(|s| LIKELY_SCHEMES.contains(s));
    let one_by_one = |list: &[u16]| -> Vec<Vec<u16>> { list.iter().map(|s| vec![*s]).collect() };
    let mut lists = one_by_one(&likely);
    let went_on = k.schemes_among();
    let within = |all: &[u16], some: &[u16]| some.iter().all(|s| all.contains(s));
    if went_on.iter().any(|l| within(l, &rest)) {
        for family in rest.chunk_by(|a, b| kind_of_key(*a) == kind_of_key(*b)) {
            let kind = family.first().map(|s| kind_of_key(*s));
            let alone = |l: &Vec<u16>| l.iter().all(|s| Some(kind_of_key(*s)) == kind);
            if went_on.iter().any(|l| alone(l) && within(l, family)) {
                lists.extend(one_by_one(family));
            } else {
                lists.push(family.to_vec());
            }
        }
    } else {
        lists.push(rest);
    }
    lists.retain(|l| !l.is_empty());
    lists.retain(|l| !k.asked_schemes(l));
    let with_shares = |list| Hello {
        groups: groups.clone(),
        shares: Shares::Given,
        ..hello(list)
    };
    lists.into_iter().map(with_shares).collect()
}

/// What key a scheme signs with, by how its name begins.
fn kind_of_key(scheme: u16) -> usize {
    let name = signatures::name(scheme);
    let kinds = [
        "ecdsa_secp",
        "ecdsa_brainpool",
        "ed",
        "rsa_pss_pss",
        "rsa",
        "mldsa",
    ];
    let kind = kinds.iter().position(|k| name.starts_with(k));
    kind.unwrap_or(kinds.len())
}

/// What is asked when all else is known: the places in the order that are still open.
fn last(k: &Known<'_>) -> Vec<Hello> {
    if !k.is_complete() || order::whose(k) != Order::Server {
        return Vec::new();
    }
    let Some(sorted) = order::sorted(k) else {
        return Vec::new();
    };
    if k.pairs().len() <= k.accepted.len() {
        // Neighbours, many at once. The one that is thought to win stands last
        let pairs = sorted.open.iter();
        return pairs.map(|[a, b]| exact(k, &[*b, *a])).collect();
    }
    // An order of its own kind: one place after the other takes fewer questions
    match sorted.front {
        front if front.len() > 1 => vec![exact(k, &front)],
        _ => Vec::new(),
    }
}

//! The matrix, asked of servers that exist only here: whatever such a server accepts is found, in
//! its order, and nothing else, with few connections.

mod hostile;

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use rdpwhy_model::matrix::{Order, TlsMatrix};
use rdpwhy_model::recording::{
    Bytes, Connect, ConnectOutcome, Connection, End, EndHow, Event, Phase, What,
};
use rdpwhy_wire::hello::{Hello, Shares};
use rdpwhy_wire::matrix::{self, Asked, plan};
use rdpwhy_wire::version::{self, Version};
use rdpwhy_wire::{groups, suites};

/// A server: what it accepts, and in which order.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) versions: Vec<Version>,
    pub(crate) suites: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) schemes: Vec<u16>,
    pub(crate) own_order: bool,
    /// Ends the connection where others send an alert.
    pub(crate) mute: bool,
    /// Sends a ServerHello for a lower version where the offered one is not accepted.
    pub(crate) lowers: bool,
}

const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

impl Server {
    /// What it sends in answer; nothing where it closes.
    pub(crate) fn answer(&self, hello: &Hello) -> Vec<u8> {
        let alert = |code: u8| {
            if self.mute {
                Vec::new()
            } else {
                vec![21, 3, 3, 0, 2, 2, code]
            }
        };
        let lower = self.versions.iter().filter(|v| **v < hello.version).max();
        let version = match (self.versions.contains(&hello.version), lower) {
            (true, _) => hello.version,
            (false, Some(lower)) if self.lowers && hello.version < version::TLS13 => *lower,
            _ => return alert(70),
        };
        let fits = |suite: &&u16| {
            let s = suites::by_code(**suite).unwrap();
            let fits = match s.versions.unwrap() {
                (version::TLS13, _) => version == version::TLS13,
                (min, _) => min <= version.max(version::TLS10) && version != version::TLS13,
            };
            fits && self.usable(**suite, version, hello)
        };
        let (mine, theirs) = (&self.suites, &hello.suites);
        let (first, other) = if self.own_order {
            (mine, theirs)
        } else {
            (theirs, mine)
        };
        let chosen = first.iter().filter(|s| other.contains(s)).find(fits);
        chosen.map_or_else(|| alert(40), |s| self.flight(*s, version, hello))
    }

    fn group(&self, version: Version, hello: &Hello) -> Option<u16> {
        let known = |g: &&u16| match groups::by_code(**g).unwrap().since {
            groups::Since::Old => version < version::TLS13,
            groups::Since::Always => true,
            groups::Since::New => version == version::TLS13,
        };
        let shared = self.groups.iter().filter(known);
        let mut shared = shared.filter(|g| hello.groups.contains(g));
        match version {
            version::TLS13 => shared.next().copied(),
            _ => shared
                .find(|g| !groups::by_code(**g).unwrap().finite_field())
                .copied(),
        }
    }

    fn scheme(&self, version: Version, hello: &Hello) -> Option<u16> {
        let mut shared = self.schemes.iter().filter(|s| hello.signatures.contains(s));
        match version {
            version::TLS12 => shared
                .find(|s| {
                    let name = rdpwhy_wire::signatures::name(**s);
                    !name.starts_with("mldsa") && !name.contains("tls13")
                })
                .copied(),
            version::TLS13 => shared
                .find(|s| rdpwhy_wire::signatures::by_code(**s).unwrap().tls13())
                .copied(),
            _ => Some(0),
        }
    }

    fn usable(&self, suite: u16, version: Version, hello: &Hello) -> bool {
        let s = suites::by_code(suite).unwrap();
        let group = s.key_exchange == "any" || s.key_exchange == "ECDHE";
        let group = !group || version == version::SSL3 || self.group(version, hello).is_some();
        let signs = matches!(s.key_exchange, "any" | "ECDHE" | "DHE") && s.auth != "anon";
        group && (!signs || self.scheme(version, hello).is_some())
    }

    fn flight(&self, suite: u16, version: Version, hello: &Hello) -> Vec<u8> {
        let retry = version == version::TLS13 && hello.shares == Shares::Asked;
        let mut body = version.min(version::TLS12).to_be_bytes().to_vec();
        body.extend(if retry { RETRY } else { [7; 32] });
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        let mut extensions = Vec::new();
        if version == version::TLS13 {
            let group = self.group(version, hello).unwrap();
            extensions.extend([0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 2]);
            extensions.extend(group.to_be_bytes());
        } else if version > version::SSL3 {
            extensions.extend([0xff, 1, 0, 1, 0]);
        }
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
        let mut messages = message(2, &body);
        if version < version::TLS13 {
            messages.extend(self.exchange(suite, version, hello));
            messages.extend(message(14, &[]));
        }
        let mut record = vec![22, 3, 3];
        record.extend(u16::try_from(messages.len()).unwrap().to_be_bytes());
        record.extend(messages);
        record
    }

    fn exchange(&self, suite: u16, version: Version, hello: &Hello) -> Vec<u8> {
        let s = suites::by_code(suite).unwrap();
        let mut body = match s.key_exchange {
            "ECDHE" => {
                let group = self.group(version, hello).unwrap_or(0x17);
                let mut body = vec![3];
                body.extend(group.to_be_bytes());
                body.extend([1, 4]);
                body
            }
            "DHE" => vec![0, 2, 0x80, 1, 0, 1, 2, 0, 1, 9],
            _ => return Vec::new(),
        };
        if version == version::TLS12 && s.auth != "anon" {
            body.extend(self.scheme(version, hello).unwrap().to_be_bytes());
        }
        body.extend([0, 0]);
        message(12, &body)
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 0];
    out.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    out.extend(body);
    out
}

/// A conversation as the probe records it.
pub(crate) fn connection(id: u32, hello: &Hello, answer: Vec<u8>) -> Connection {
    let at_us = u64::from(id) * 10;
    let event = |what| Event {
        at_us,
        phase: Phase::Tls,
        what,
    };
    let how = if answer.is_empty() {
        EndHow::Closed
    } else {
        EndHow::ByUs
    };
    let mut events = vec![event(What::Sent(Bytes(hello.record([7; 32]))))];
    if !answer.is_empty() {
        events.push(event(What::Received(Bytes(answer))));
    }
    Connection {
        id,
        check: matrix::CHECK.to_owned(),
        to: ([127, 0, 0, 1], 3389).into(),
        local: None,
        started_us: at_us,
        connect: Connect {
            outcome: ConnectOutcome::Connected,
            took_us: 1,
            icmp: None,
            error: None,
        },
        events,
        end: End {
            how,
            phase: Phase::Tls,
            at_us: at_us + 5,
        },
    }
}

/// Asks a server until nothing is left to ask, with answers that come in whatever order.
fn survey(server: &Server, order: &[Index]) -> (TlsMatrix, usize) {
    let mut asked: Vec<Asked> = Vec::new();
    let mut pending: Vec<Hello> = Vec::new();
    let mut made = Vec::new();
    loop {
        let new = plan::next(&asked, &pending, None, 8 - pending.len());
        pending.extend(new);
        if pending.is_empty() {
            break;
        }
        let pick = order
            .get(made.len() % order.len().max(1))
            .map_or(0, |i| i.index(pending.len()));
        let hello = pending.remove(pick);
        let id = u32::try_from(made.len()).unwrap();
        let c = connection(id, &hello, server.answer(&hello));
        asked.push(Asked::of(&c).unwrap());
        made.push(c);
        assert!(made.len() < 2000, "it does not come to an end");
    }
    let made: Vec<&Connection> = made.iter().collect();
    (matrix::read(&made, None).unwrap(), made.len())
}

fn every_suite() -> Vec<u16> {
    let real = |s: &&suites::Suite| s.versions.is_some() && s.key_exchange != "NULL";
    suites::all().iter().filter(real).map(|s| s.code).collect()
}

fn servers() -> impl Strategy<Value = Server> {
    let all = every_suite();
    let groups: Vec<u16> = groups::ALL.iter().map(|g| g.code).collect();
    let schemes: Vec<u16> = rdpwhy_wire::signatures::ALL
        .iter()
        .map(|s| s.code)
        .collect();
    let (groups_len, schemes_len) = (groups.len(), schemes.len());
    let most = all.len();
    (
        subsequence(version::ALL.to_vec(), 1..=5),
        prop_oneof![
            subsequence(all.clone(), 0..30),
            subsequence(all, 0..most / 8),
        ]
        .prop_shuffle(),
        subsequence(groups, 1..groups_len).prop_shuffle(),
        subsequence(schemes, 1..schemes_len).prop_shuffle(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(versions, suites, groups, schemes, own_order, mute, lowers)| Server {
                versions,
                suites,
                groups,
                schemes,
                own_order,
                mute,
                lowers,
            },
        )
}

/// What a server accepts in a version, in its order, as it follows from what it is.
fn truth(server: &Server, version: Version) -> Vec<u16> {
    if !server.versions.contains(&version) {
        return Vec::new();
    }
    let everything = Hello {
        version,
        suites: every_suite(),
        groups: groups::ALL.iter().map(|g| g.code).collect(),
        signatures: rdpwhy_wire::signatures::ALL
            .iter()
            .map(|s| s.code)
            .collect(),
        shares: Shares::Given,
        ..Hello::default()
    };
    let one = |s: &&u16| {
        let hello = Hello {
            suites: vec![**s],
            ..everything.clone()
        };
        let answer = server.answer(&hello);
        !answer.is_empty() && answer[0] == 22
    };
    server.suites.iter().filter(one).copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..crate::config() })]

    #[test]
    fn what_a_server_accepts_is_found_and_nothing_else(
        server in servers(),
        order in vec(any::<Index>(), 1..40),
    ) {
        let (found, connections) = survey(&server, &order);
        // A run makes no more, and no more are read
        prop_assume!(connections <= 400);
        prop_assert!(found.complete);
        prop_assert!(found.odd.is_empty(), "{:?}", found.odd);
        let mut all = 0;
        for (row, version) in found.versions.iter().zip(version::ALL) {
            let truth = truth(&server, version);
            all += truth.len();
            let codes: Vec<u16> = row
                .suites
                .iter()
                .map(|s| u16::from_str_radix(&s.code[2..], 16).unwrap())
                .collect();
            let sets = (codes.iter().collect::<BTreeSet<_>>(), truth.iter().collect());
            prop_assert_eq!(sets.0, sets.1, "{}", row.version);
            prop_assert_eq!(row.accepted == Some(true), !truth.is_empty());
            if row.order == Order::Server {
                prop_assert!(server.own_order);
                prop_assert_eq!(codes, truth, "order in {}", row.version);
            } else if row.order == Order::Client {
                prop_assert!(!server.own_order);
            } else {
                prop_assert!(truth.len() < 2, "two of them tell whose order it is");
            }
        }
        // Each suite, its place in the order, a share of what is refused, groups and schemes. Real
        // servers, whose suites come in families, take far less
        prop_assert!(connections <= 4 * all + 150, "{connections} connections for {all} suites");
    }

    /// Whatever comes back, asking ends, and within bounds.
    #[test]
    fn rubbish_ends_it(answers in vec(vec(any::<u8>(), 0..60), 1..20)) {
        let mut asked: Vec<Asked> = Vec::new();
        for n in 0..500 {
            let Some(hello) = plan::next(&asked, &[], Some("x"), 1).pop() else {
                return Ok(());
            };
            let answer = answers[n % answers.len()].clone();
            asked.extend(Asked::of(&connection(1, &hello, answer)));
            prop_assert!(n < 400, "it does not come to an end");
        }
    }
}

#[test]
fn a_windows_host_takes_few_connections() {
    let server = Server {
        versions: vec![version::TLS12, version::TLS13],
        suites: vec![
            0x1302, 0x1301, 0xc030, 0xc02f, 0xc028, 0xc027, 0xc014, 0xc013, 0x009d, 0x009c, 0x003d,
            0x003c, 0x0035, 0x002f,
        ],
        groups: vec![0x1d, 0x17, 0x18],
        schemes: vec![0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0201],
        own_order: true,
        mute: false,
        lowers: false,
    };
    let (found, connections) = survey(&server, &[]);
    assert!(connections <= 75, "{connections}");
    let [.., tls12, tls13] = found.versions.as_slice() else {
        panic!("no versions");
    };
    assert_eq!(
        tls12.groups.as_ref().unwrap(),
        &["x25519", "secp256r1", "secp384r1"]
    );
    assert_eq!(tls13.signatures.as_ref().unwrap().len(), 3);
    assert_eq!(found.secure_renegotiation, Some(true));
}

/// A server that chooses what was not offered is told of, and not asked on and on.
#[test]
fn what_was_not_offered_is_odd() {
    let server = Server {
        versions: vec![version::TLS12],
        suites: vec![0xc030],
        groups: vec![0x1d],
        schemes: vec![0x0804],
        own_order: true,
        mute: false,
        lowers: false,
    };
    let mut asked = Vec::new();
    let mut made = Vec::new();
    while let Some(hello) = plan::next(&asked, &[], None, 1).pop() {
        let everything = Hello {
            suites: vec![0xc030],
            groups: vec![0x1d],
            signatures: vec![0x0804],
            version: version::TLS12,
            ..Hello::default()
        };
        let c = connection(1, &hello, server.answer(&everything));
        asked.push(Asked::of(&c).unwrap());
        made.push(c);
    }
    let found = matrix::read(&made.iter().collect::<Vec<_>>(), None).unwrap();
    assert!(made.len() < 40, "{}", made.len());
    let said = found.odd.join("\n");
    assert!(said.contains("was not offered"), "{said}");
    assert!(said.contains("the highest offered"), "{said}");
}

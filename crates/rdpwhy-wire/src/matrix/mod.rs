//! The whole matrix of a server's TLS: versions by suites, groups, signature schemes, and the
//! order of preference. No cryptography: our own ClientHello, the server's answer read.
//!
//! A suite is found by offering a list and taking what the server chose off the list, until it
//! chooses nothing more. Which questions come next follows from the questions asked so far and
//! their answers alone ([`plan::next`]), and so does the result ([`read`]): a live run, a stopped
//! one and a recording are understood by the same code.

mod known;
pub mod meet;
mod order;
pub mod plan;
mod read;

use std::sync::OnceLock;

use rdpwhy_model::recording::{Connection, EndHow, Phase};

use crate::flight::{self, Flight};
use crate::hello::Hello;
use crate::script::{Framed, Framing};
use crate::version::{self, Version};
use crate::{groups, signatures, suites};

pub use read::{facts, read};

/// The check that the connections of the matrix belong to.
pub const CHECK: &str = "tls-matrix";

/// How many suites the first hello of a version offers.
const FIRST: usize = 60;

/// A hello and how it was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What was offered.
    pub hello: Hello,
    /// The answer.
    pub answer: Answer,
}

/// How a hello was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// With a ServerHello, and what followed it in the clear.
    Chose(Box<Flight>),
    /// With an alert: its description.
    Alert(u8),
    /// By an end of the connection without a word.
    Ended,
    /// Not at all in time.
    Silent,
    /// With the beginning of an answer in TLS, and no more of it.
    CutShort,
    /// With something that is no TLS, or cannot be read.
    Odd,
}

impl Asked {
    /// What a connection of the matrix asked and got; `None` when it did not come to a hello.
    pub fn of(connection: &Connection) -> Option<Self> {
        let hello = Hello::read(crate::read::sent(connection, Phase::Tls)?)?;
        let bytes = connection.received(Phase::Tls);
        let mut flight = flight::read(&bytes);
        // Hundreds of answers are kept, and only who answered is asked of them
        flight.chain.truncate(1);
        let more = Framing::TlsFlight.judge(&bytes) == Framed::More;
        let answer = match (&flight.hello, flight.alert, connection.end.how) {
            (Some(_), _, _) => Answer::Chose(Box::new(flight)),
            (None, Some(alert), _) => Answer::Alert(alert),
            (None, None, EndHow::Interrupted) => return None,
            (None, None, EndHow::Closed | EndHow::Reset) if bytes.is_empty() => Answer::Ended,
            (None, None, EndHow::TimedOut) if bytes.is_empty() => Answer::Silent,
            (None, None, EndHow::Closed | EndHow::Reset | EndHow::TimedOut) if more => {
                Answer::CutShort
            }
            _ => Answer::Odd,
        };
        Some(Self { hello, answer })
    }

    /// Whether the answer is none that a TLS server gives.
    pub fn is_no_tls(&self) -> bool {
        matches!(self.answer, Answer::Ended | Answer::Silent | Answer::Odd)
    }

    /// The suite that was chosen in the version that was offered.
    fn chosen(&self) -> Option<u16> {
        match &self.answer {
            Answer::Chose(flight) => flight
                .hello
                .filter(|h| h.version == self.hello.version)
                .map(|h| h.suite),
            _ => None,
        }
    }

    /// The flight of a server that chose the version that was offered.
    fn flight(&self) -> Option<&Flight> {
        match &self.answer {
            Answer::Chose(flight) if self.chosen().is_some() => Some(flight),
            _ => None,
        }
    }

    /// Whether the server said no to all of it.
    fn refused(&self) -> bool {
        matches!(self.answer, Answer::Alert(_) | Answer::Ended)
    }

    /// Whether the question was answered: by a choice, or by a no.
    pub fn is_answered(&self) -> bool {
        self.refused() || matches!(self.answer, Answer::Chose(_))
    }

    fn offers_every_group(&self) -> bool {
        self.hello.version == version::SSL3
            || self.hello.groups.len() >= every_group(self.hello.version).len()
    }

    fn offers_every_scheme(&self) -> bool {
        self.hello.version < version::TLS12
            || self.hello.signatures.len() >= every_scheme(self.hello.version).len()
    }
}

/// A hello for one version that leaves nothing out: every suite, group and signature scheme.
pub fn everything_in(version: Version) -> Hello {
    plan::full(
        version,
        every_suite(version).to_vec(),
        crate::hello::Shares::Asked,
    )
}

/// The hello by which to see, at the end, whether a server that answers no more hellos with a
/// choice still would: the last one that it chose from. `None` where nothing raises the doubt, as
/// when it sends alerts.
pub fn doubted(asked: &[Asked]) -> Option<&Hello> {
    let last = asked.iter().rposition(|a| a.chosen().is_some())?;
    let (before, after) = asked.split_at(last + 1);
    let ended = after.iter().any(|a| a.answer == Answer::Ended);
    before.last().filter(|_| ended).map(|a| &a.hello)
}

/// The hello from which a server first chose and that it later refused: it began to refuse, or
/// something before it did, and its other refusals mean nothing.
pub fn turned(asked: &[Asked]) -> Option<&Hello> {
    let later = |n: usize| asked.get(n + 1..).unwrap_or_default();
    let chose = asked
        .iter()
        .enumerate()
        .filter(|(_, a)| a.chosen().is_some());
    let mut turned = chose.filter(|(n, a)| {
        let mut again = later(*n).iter().filter(|b| b.hello == a.hello);
        again.any(Asked::refused)
    });
    turned.next().map(|(_, a)| &a.hello)
}

/// What there is to ask for in one version.
struct Everything {
    suites: Vec<u16>,
    likely: Vec<u16>,
    groups: Vec<u16>,
    schemes: Vec<u16>,
}

/// Made once: every question asks for it.
fn everything(version: Version) -> &'static Everything {
    static TABLE: OnceLock<[Everything; version::ALL.len()]> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        version::ALL.map(|v| {
            let suites = make_suites(v);
            Everything {
                likely: likely(&suites),
                suites,
                groups: make_groups(v),
                schemes: make_schemes(v),
            }
        })
    });
    let place = version::ALL.iter().position(|v| *v == version);
    &table[place.unwrap_or(0)]
}

/// Every suite that a server could choose in that version, in the order in which servers mostly
/// prefer them.
fn every_suite(version: Version) -> &'static [u16] {
    &everything(version).suites
}

/// The suites that servers mostly accept, so many as the first hello offers; in the same order.
fn likely_suites(version: Version) -> &'static [u16] {
    &everything(version).likely
}

/// Every group that a server could choose in that version.
fn every_group(version: Version) -> &'static [u16] {
    &everything(version).groups
}

/// Every signature scheme that a server could use in that version.
fn every_scheme(version: Version) -> &'static [u16] {
    &everything(version).schemes
}

fn make_suites(version: Version) -> Vec<u16> {
    let mut list: Vec<&suites::Suite> = suites::all()
        .iter()
        .filter(|s| s.key_exchange != "NULL")
        .filter(|s| match s.versions {
            None => false,
            Some(_) if version == version::TLS13 => s.tls13(),
            // Servers allow old suites beyond the version where the standard ends them, and new
            // ciphers in SSL 3.0
            Some((min, _)) => !s.tls13() && min <= version.max(version::TLS10),
        })
        .collect();
    list.sort_by_key(|s| preference(s));
    list.iter().map(|s| s.code).collect()
}

/// The place of a suite in the order in which servers mostly prefer them; lower is earlier.
/// OpenSSL sorts in this way, and the order of Windows differs little from it. The closer it comes,
/// the fewer questions about the order are left when the suites are known.
fn preference(s: &suites::Suite) -> impl Ord {
    let exchange = place(&["any", "ECDHE", "DHE", "RSA"], |k| k == s.key_exchange);
    let mac = place(&["AEAD", "SHA384", "SHA256", "SHA1"], |m| m == s.mac);
    let ciphers = ["_GCM", "CHACHA20", "CCM", "AES"];
    let camellia_or_aria = s.cipher.starts_with("CAMELLIA") || s.cipher.starts_with("ARIA");
    (
        s.cipher == "NULL",
        // ECDHE and DHE stand side by side, and so do the newer hashes
        if exchange == 2 { 1 } else { exchange },
        if mac == 2 { 1 } else { mac },
        // The key of 3DES is worth less than its length
        std::cmp::Reverse(if s.bits == 168 { 112 } else { s.bits }),
        s.auth == "anon",
        camellia_or_aria,
        place(&ciphers, |c| s.cipher.contains(c)),
        (exchange, place(&["any", "ECDSA", "RSA"], |a| a == s.auth)),
        !s.cipher.contains("CCM_8"),
        s.code,
    )
}

/// Where in the list it is; at the end where it is not.
fn place(list: &[&str], is: impl Fn(&str) -> bool) -> usize {
    list.iter().position(|x| is(x)).unwrap_or(list.len())
}

fn likely(suites: &[u16]) -> Vec<u16> {
    let mut list: Vec<&suites::Suite> = suites.iter().filter_map(|s| suites::by_code(*s)).collect();
    list.sort_by_key(|s| {
        let odd = !matches!(s.auth, "RSA" | "ECDSA" | "any");
        let common = s.cipher.starts_with("AES") || s.cipher.starts_with("CHACHA");
        (s.weak || odd, !common, s.cipher.contains("CCM"))
    });
    list.truncate(FIRST);
    list.sort_by_key(|s| preference(s));
    list.iter().map(|s| s.code).collect()
}

fn make_groups(version: Version) -> Vec<u16> {
    let fits = |g: &&groups::Group| match version {
        version::TLS13 => g.since != groups::Since::Old,
        version::SSL3 => false,
        // Before TLS 1.3, a server with its own prime ignores groups of numbers
        _ => g.since != groups::Since::New && !g.finite_field(),
    };
    groups::ALL.iter().filter(fits).map(|g| g.code).collect()
}

fn make_schemes(version: Version) -> Vec<u16> {
    let fits = |s: &&signatures::Scheme| match version {
        version::TLS13 => s.tls13(),
        version::TLS12 => !s.name.starts_with("mldsa") && !s.name.contains("tls13"),
        _ => false,
    };
    let all = signatures::ALL.iter();
    all.filter(fits).map(|s| s.code).collect()
}

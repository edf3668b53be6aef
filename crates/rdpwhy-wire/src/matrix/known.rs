//! What the answers so far say about one version.

use std::collections::BTreeSet;

use super::{Answer, Asked, every_group, every_scheme, every_suite};
use crate::hello::{Hello, Shares};
use crate::suites;
use crate::version::{self, Version};

/// What is known of one version.
pub(super) struct Known<'a> {
    pub(super) version: Version,
    asked: Vec<&'a Asked>,
    /// Hellos that are under way.
    pending: Vec<&'a Hello>,
    /// Suites that the server chose, in the order in which servers mostly prefer them.
    pub(super) accepted: Vec<u16>,
    refused: BTreeSet<u16>,
    /// A lower version was chosen in place of this one.
    lowered: bool,
}

/// How far one dimension of a version is known.
pub(super) struct Part {
    pub(super) accepted: Vec<u16>,
    /// Those of which nothing is known, and that no hello under way asks for.
    pub(super) unknown: Vec<u16>,
}

impl<'a> Known<'a> {
    pub(super) fn of(version: Version, all: &'a [Asked], pending: &'a [Hello]) -> Self {
        let asked: Vec<&Asked> = all.iter().filter(|a| a.hello.version == version).collect();
        let mut chosen = BTreeSet::new();
        let mut refused = BTreeSet::new();
        for a in &asked {
            if let Some(suite) = a.chosen() {
                chosen.insert(suite);
            } else if a.refused() && a.offers_every_group() && a.offers_every_scheme() {
                refused.extend(a.hello.suites.iter().copied());
            }
        }
        let lowered = asked
            .iter()
            .any(|a| matches!(&a.answer, Answer::Chose(_)) && a.chosen().is_none());
        // A hello for a higher version that was answered with this one tells of it too
        chosen.extend(all.iter().filter_map(|a| match &a.answer {
            Answer::Chose(f) if a.hello.version > version => {
                f.hello.filter(|h| h.version == version).map(|h| h.suite)
            }
            _ => None,
        }));
        let mut accepted = every_suite(version).to_vec();
        accepted.retain(|s| chosen.contains(s));
        // One that no table has was chosen all the same
        let strange = chosen.iter().filter(|s| !accepted.contains(s));
        let strange: Vec<u16> = strange.copied().collect();
        accepted.extend(strange);
        Self {
            version,
            asked,
            pending: pending.iter().filter(|h| h.version == version).collect(),
            accepted,
            refused,
            lowered,
        }
    }

    /// Whether nothing was asked yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.asked.is_empty() && self.pending.is_empty()
    }

    /// The answer to the first hello of this version.
    pub(super) fn first(&self) -> Option<&Answer> {
        self.asked.first().map(|a| &a.answer)
    }

    /// Whether asking on makes sense. A server that says that it is the version is believed, and
    /// one that chooses what was not offered, or does not answer, is left alone.
    pub(super) fn is_open(&self) -> bool {
        let mute = self.asked.iter().filter(|a| !a.is_answered()).count();
        let strange = |a: &&Asked| a.chosen().is_some_and(|s| !a.hello.suites.contains(&s));
        let by_version = self.accepted.is_empty() && self.first() == Some(&Answer::Alert(70));
        let enough = if self.accepted.is_empty() { 1 } else { 2 };
        let over = self.lowered || by_version || self.asked.iter().any(strange);
        !over && mute < enough
    }

    /// Suites of which nothing is known yet, likely ones first.
    fn unknown(&self) -> Vec<u16> {
        let known = |s: &u16| self.accepted.contains(s) || self.refused.contains(s);
        let all = every_suite(self.version).iter();
        all.copied().filter(|s| !known(s)).collect()
    }

    /// The hellos under way that search for suites.
    fn searches(&self) -> impl Iterator<Item = &&'a Hello> {
        let (groups, schemes) = (every_group(self.version), every_scheme(self.version));
        self.pending
            .iter()
            .filter(|h| h.groups.len() >= groups.len() && h.signatures.len() >= schemes.len())
    }

    /// In how many lanes suites are searched just now.
    pub(super) fn searching(&self) -> usize {
        self.searches().filter(|h| h.suites.len() > 2).count()
    }

    /// Those of them that no hello under way asks for.
    pub(super) fn to_ask(&self) -> Vec<u16> {
        let under_way: BTreeSet<u16> = self.searches().flat_map(|h| h.suites.clone()).collect();
        let mut list = self.unknown();
        list.retain(|s| !under_way.contains(s));
        list
    }

    /// Whether all suites are known.
    pub(super) fn is_complete(&self) -> bool {
        self.is_open() && self.unknown().is_empty()
    }

    /// Accepted suites whose key exchange takes a group on a curve, and a signature where `signed`.
    pub(super) fn ephemeral(&self, signed: bool) -> Vec<u16> {
        let fits = |s: &&u16| {
            suites::by_code(**s).is_some_and(|s| match s.key_exchange {
                "any" => true,
                "ECDHE" => !signed || s.auth != "anon",
                "DHE" => signed && matches!(s.auth, "RSA" | "DSS"),
                _ => false,
            })
        };
        self.accepted.iter().filter(fits).copied().collect()
    }

    /// Key shares as they worked for this version.
    pub(super) fn shares(&self) -> Shares {
        let works = |a: &&&Asked| a.chosen().is_some();
        let seen = self.asked.iter().filter(works);
        let worked = |shares| seen.clone().any(|a| a.hello.shares == shares);
        if worked(Shares::Given) && !worked(Shares::Asked) {
            Shares::Given
        } else {
            Shares::Asked
        }
    }

    /// Whether a hello with key shares was tried.
    pub(super) fn tried_shares(&self) -> bool {
        let hellos = self.asked.iter().map(|a| &a.hello);
        let mut all = hellos.chain(self.pending.iter().copied());
        all.any(|h| h.shares == Shares::Given)
    }

    /// The groups, in the order of the table.
    pub(super) fn groups(&self) -> Part {
        let all = every_group(self.version);
        let seen = self.asked.iter().filter_map(|a| a.flight());
        let chosen: BTreeSet<u16> = seen.filter_map(|f| f.exchange.group).collect();
        let mut refused = BTreeSet::new();
        for a in &self.asked {
            if a.refused() && !a.offers_every_group() && a.offers_every_scheme() {
                refused.extend(a.hello.groups.iter().copied());
            }
            // A server that answers with none of what was offered ignores the list
            let group = a.flight().and_then(|f| f.exchange.group);
            if group.is_some_and(|g| !a.hello.groups.contains(&g)) {
                refused.extend(all.iter().copied());
            }
        }
        let partial = |h: &&&Hello| h.groups.len() < all.len();
        let pending = self.pending.iter().filter(partial);
        let pending = pending.flat_map(|h| h.groups.clone()).collect();
        part(all, &chosen, &refused, &pending)
    }

    /// How many hellos under way ask for groups.
    pub(super) fn asking_groups(&self) -> usize {
        let all = every_group(self.version).len();
        let schemes = every_scheme(self.version).len();
        let partial = |h: &&&Hello| h.groups.len() < all && h.signatures.len() >= schemes;
        self.pending.iter().filter(partial).count()
    }

    /// How many hellos under way ask for signature schemes.
    pub(super) fn asking_schemes(&self) -> usize {
        let all = every_scheme(self.version).len();
        let partial = |h: &&&Hello| h.signatures.len() < all;
        self.pending.iter().filter(partial).count()
    }

    /// The signature schemes, in the order of the table.
    pub(super) fn schemes(&self) -> Part {
        let all = every_scheme(self.version);
        let mut chosen = BTreeSet::new();
        let mut refused = BTreeSet::new();
        for a in &self.asked {
            let partial = !a.offers_every_scheme();
            if partial && a.refused() {
                refused.extend(a.hello.signatures.iter().copied());
            }
            let Some(flight) = a.flight() else { continue };
            let retry = flight.hello.is_some_and(|h| h.retry);
            if let Some(scheme) = flight.exchange.scheme {
                chosen.insert(scheme);
                if partial && !a.hello.signatures.contains(&scheme) {
                    refused.extend(all.iter().copied());
                }
            } else if let ([one], false, true) = (a.hello.signatures.as_slice(), retry, partial) {
                // TLS 1.3 hides the signature: that it goes on with the only one offered says it
                chosen.insert(*one);
            }
        }
        let partial = |h: &&&Hello| h.signatures.len() < all.len();
        let pending = self.pending.iter().filter(partial);
        let pending = pending.flat_map(|h| h.signatures.clone()).collect();
        part(all, &chosen, &refused, &pending)
    }

    /// Whether a hello with exactly these schemes was answered.
    pub(super) fn asked_schemes(&self, schemes: &[u16]) -> bool {
        self.asked.iter().any(|a| a.hello.signatures == schemes)
    }

    /// Lists of several schemes with which the server went on, though not saying with which.
    pub(super) fn schemes_among(&self) -> Vec<Vec<u16>> {
        let went_on = |a: &&&Asked| {
            !a.offers_every_scheme() && a.hello.signatures.len() > 1 && a.flight().is_some()
        };
        let lists = self.asked.iter().filter(went_on);
        lists.map(|a| a.hello.signatures.clone()).collect()
    }

    /// Every pair of a chosen suite and one that was offered beside it and is accepted too.
    pub(super) fn preferred(&self) -> BTreeSet<(u16, u16)> {
        let mut out = BTreeSet::new();
        let accepted: BTreeSet<u16> = self.accepted.iter().copied().collect();
        for a in &self.asked {
            let full = a.offers_every_group() && a.offers_every_scheme();
            if let Some(chosen) = a.chosen().filter(|_| full) {
                let others = a.hello.suites.iter().filter(|s| **s != chosen);
                let others = others.filter(|s| accepted.contains(s));
                out.extend(others.map(|s| (chosen, *s)));
            }
        }
        out
    }

    /// Whether the server chose, in every hello, the first suite that it accepts.
    pub(super) fn follows_client(&self) -> bool {
        let full = |a: &&&Asked| a.offers_every_group() && a.offers_every_scheme();
        let mut chosen = self
            .asked
            .iter()
            .filter(full)
            .filter_map(|a| Some((a, a.chosen()?)));
        chosen.all(|(a, chosen)| {
            let first = a.hello.suites.iter().find(|s| self.accepted.contains(s));
            first == Some(&chosen)
        })
    }

    /// Every hello with two suites only, and what was chosen, as far as it was answered.
    pub(super) fn pairs(&self) -> Vec<([u16; 2], Option<u16>)> {
        let full = |a: &&&Asked| a.offers_every_group() && a.offers_every_scheme();
        let two = |hello: &Hello| {
            let pair = <[u16; 2]>::try_from(hello.suites.as_slice()).ok()?;
            let known = pair.iter().all(|s| self.accepted.contains(s));
            known.then_some(pair)
        };
        let asked = self.asked.iter().filter(full);
        let asked = asked.filter_map(|a| Some((two(&a.hello)?, a.chosen())));
        let pending = self.pending.iter().filter_map(|h| Some((two(h)?, None)));
        asked.chain(pending).collect()
    }

    /// Every flight in this version.
    pub(super) fn flights(&self) -> impl Iterator<Item = &crate::flight::Flight> {
        self.asked.iter().filter_map(|a| a.flight())
    }

    /// The size of the prime with that suite, in bits.
    pub(super) fn dh_bits(&self, suite: u16) -> Option<u16> {
        let of_suite = self
            .flights()
            .filter(|f| f.hello.is_some_and(|h| h.suite == suite));
        of_suite.filter_map(|f| f.exchange.dh_bits).min()
    }

    /// Whether it is an old version, in which the server's certificate travels in the clear.
    pub(super) fn is_old(&self) -> bool {
        self.version < version::TLS13
    }
}

fn part(
    all: &[u16],
    chosen: &BTreeSet<u16>,
    refused: &BTreeSet<u16>,
    pending: &BTreeSet<u16>,
) -> Part {
    let mut accepted = all.to_vec();
    accepted.retain(|g| chosen.contains(g));
    let strange: Vec<u16> = chosen
        .iter()
        .copied()
        .filter(|g| !all.contains(g))
        .collect();
    accepted.extend(strange);
    let unknown = all
        .iter()
        .copied()
        .filter(|g| ![chosen, refused, pending].iter().any(|set| set.contains(g)))
        .collect();
    Part { accepted, unknown }
}

//! The walk down the ladder: the first thing that is done, and alone.

use std::net::{IpAddr, SocketAddr};

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::{Asks, ConnectOutcome, Connection, Lookup, LookupAnswer};
use rdpwhy_model::{Stage, Value};
use rdpwhy_wire::read::{self, Facts};
use rdpwhy_wire::script::Script;
use rdpwhy_wire::walk;

use super::Context;

/// Name of the walk in reports.
pub const WALK: &str = "walk";
/// Name of the connects to the other addresses of the name, beside the walk.
pub const REACH: &str = "reach";

/// The walk of the client, as far as it goes without an account.
pub fn script(check: &'static str, c: &Context<'_>) -> Script {
    let plan = walk::Plan {
        protocols: Some(c.protocols()),
        offer: c.offer(),
        last: if c.onward {
            Stage::Licensing
        } else {
            Stage::Mcs
        },
    };
    walk::script(check, plan)
}

/// A connection to another address of the name: is it reachable at all?
pub fn reach() -> Script {
    Script::new(REACH, Vec::new())
}

/// What the lookups say.
pub fn read_lookups(lookups: &[Lookup]) -> Facts {
    let mut out = Facts::new();
    let system = lookups.iter().find(|l| l.check == crate::names::RESOLVE);
    let addresses = system.map(|l| addresses(&l.answer)).unwrap_or_default();
    if let Some(l) = system {
        out.push((FactKey::ResolveOutcome, word(&l.answer, true).into()));
        out.push((FactKey::ResolveAddresses, texts(&addresses).into()));
    }
    let servers: Vec<&Lookup> = lookups
        .iter()
        .filter(|l| l.check == crate::names::SECOND_OPINION)
        .collect();
    // The server whose answer says most speaks for all: one that answers beats one that does not
    let Some(best) = servers.iter().min_by_key(|l| rank(&l.answer)) else {
        return out;
    };
    let asked: Vec<String> = servers.iter().map(|l| l.server.clone()).collect();
    out.push((FactKey::ResolveServers, asked.into()));
    out.push((
        FactKey::ResolveServerAnswer,
        word(&best.answer, false).into(),
    ));
    let given = self::addresses(&best.answer);
    out.push((FactKey::ResolveServerAddresses, texts(&given).into()));
    if let Some(Lookup {
        answer: LookupAnswer::Addresses(_),
        ..
    }) = system
    {
        let told: Vec<Vec<IpAddr>> = servers
            .iter()
            .filter(|l| !matches!(l.answer, LookupAnswer::NoAnswer | LookupAnswer::NoServer))
            .map(|l| self::addresses(&l.answer))
            .collect();
        if !told.is_empty() {
            let agrees = |given: &Vec<IpAddr>| {
                given.len() == addresses.len() && given.iter().all(|a| addresses.contains(a))
            };
            out.push((FactKey::ResolveServersAgree, told.iter().all(agrees).into()));
        }
    }
    out
}

/// The addresses in an answer.
pub fn addresses(answer: &LookupAnswer) -> Vec<IpAddr> {
    match answer {
        LookupAnswer::Literal(ip) => vec![*ip],
        LookupAnswer::Addresses(list) => list.clone(),
        _ => Vec::new(),
    }
}

fn texts(addresses: &[IpAddr]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

fn word(answer: &LookupAnswer, system: bool) -> &'static str {
    match answer {
        LookupAnswer::Literal(_) if system => "literal",
        LookupAnswer::Literal(_) | LookupAnswer::Addresses(_) => "addresses",
        LookupAnswer::NotFound => "not-found",
        LookupAnswer::NoAddress => "no-address",
        LookupAnswer::Refused => "refused",
        LookupAnswer::ServerFailure => "server-failure",
        LookupAnswer::NoAnswer => "no-answer",
        LookupAnswer::Unreadable(_) | LookupAnswer::Failed(_) if system => "failed",
        LookupAnswer::Invalid(_) if system => "invalid-name",
        LookupAnswer::NoServer => {
            if system {
                "failed"
            } else {
                "no-server"
            }
        }
        _ => "unreadable",
    }
}

const fn rank(answer: &LookupAnswer) -> u8 {
    match answer {
        LookupAnswer::Literal(_) | LookupAnswer::Addresses(_) => 0,
        LookupAnswer::NotFound => 1,
        LookupAnswer::NoAddress => 2,
        LookupAnswer::Refused => 3,
        LookupAnswer::ServerFailure => 4,
        LookupAnswer::Unreadable(_) | LookupAnswer::Failed(_) | LookupAnswer::Invalid(_) => 5,
        LookupAnswer::NoAnswer => 6,
        LookupAnswer::NoServer => 7,
    }
}

/// The connection that speaks for the host: the first address in the system's order that
/// connects, and where none does the one whose answer says most.
pub fn speaker<'a>(connections: &[&'a Connection], addresses: &[IpAddr]) -> Option<&'a Connection> {
    let place = |c: &&&Connection| {
        let order = addresses
            .iter()
            .position(|a| *a == c.to.ip())
            .unwrap_or(usize::MAX);
        (weight(c.connect.outcome), order)
    };
    connections.iter().min_by_key(place).copied()
}

const fn weight(outcome: ConnectOutcome) -> u8 {
    match outcome {
        ConnectOutcome::Connected => 0,
        // An answer of the host says more than one of a router, and that more than silence
        ConnectOutcome::Refused | ConnectOutcome::Reset => 1,
        ConnectOutcome::PortUnreachable | ConnectOutcome::Prohibited => 2,
        ConnectOutcome::HostUnreachable => 3,
        ConnectOutcome::Timeout => 4,
        ConnectOutcome::NetUnreachable => 5,
        ConnectOutcome::DeniedHere => 6,
        ConnectOutcome::NoRoute => 7,
        ConnectOutcome::Failed => 8,
    }
}

/// What the first connections say: reaching every address, and the walk on one of them.
pub fn read(context: &Context<'_>, connections: &[&Connection]) -> Facts {
    let mut out = Facts::new();
    let Some(c) = speaker(connections, context.addresses) else {
        return out;
    };
    let outcome = c.connect.outcome;
    let mut put = |key, value: Value| out.push((key, value));
    put(FactKey::TcpOutcome, outcome.word().into());
    put(FactKey::TcpAddress, c.to.to_string().into());
    put(FactKey::TcpLoopback, c.to.ip().is_loopback().into());
    if let Some(local) = c.local {
        put(FactKey::TcpLocal, local.to_string().into());
    }
    if outcome == ConnectOutcome::Connected {
        put(
            FactKey::TcpRoundTripUs,
            i64::try_from(c.connect.took_us).unwrap_or(i64::MAX).into(),
        );
    }
    if let Some(icmp) = &c.connect.icmp {
        put(
            FactKey::TcpIcmp,
            format!("type {} code {}", icmp.kind, icmp.code).into(),
        );
        if let Some(from) = icmp.from {
            let who = if from == c.to.ip() { "host" } else { "router" };
            put(FactKey::TcpIcmpFrom, who.into());
        }
    }
    let dead = dead(connections);
    if outcome == ConnectOutcome::Connected && !dead.is_empty() {
        let good_v4 = connected(connections).any(|c| c.to.is_ipv4());
        let good_v6 = connected(connections).any(|c| c.to.is_ipv6());
        let family = match (
            dead.iter().all(|d| d.to.is_ipv6()),
            dead.iter().all(|d| d.to.is_ipv4()),
        ) {
            (true, _) if !good_v6 => "ipv6",
            (_, true) if !good_v4 => "ipv4",
            _ => "same",
        };
        put(FactKey::TcpDeadFamily, family.into());
    }
    let dead: Vec<String> = dead.iter().map(|c| c.to.ip().to_string()).collect();
    put(FactKey::TcpDead, dead.into());
    if let Some(walked) = connections
        .iter()
        .find(|c| c.check == WALK && c.to == walked_to(connections, c))
    {
        out.push((FactKey::WalkEnd, read::outcome(walked).into()));
        let said = read::walk(walked, context.view());
        // What such a client asks for is what an experiment asks for otherwise
        let also = match context.asks {
            Asks::Nla => None,
            Asks::Tls => Some(FactKey::NegSslOnly),
            Asks::Plain => Some(FactKey::NegPlain),
        };
        let answer = said.iter().find(|(k, _)| *k == FactKey::NegAnswer);
        out.extend(also.zip(answer.map(|(_, v)| v.clone())));
        out.extend(said);
    }
    out
}

/// The walk goes on where it connected; there is only one such connection.
fn walked_to(connections: &[&Connection], fallback: &Connection) -> SocketAddr {
    let walked = connected(connections).find(|c| c.check == WALK);
    walked.map_or(fallback.to, |c| c.to)
}

fn connected<'a>(connections: &'a [&Connection]) -> impl Iterator<Item = &'a Connection> {
    connections
        .iter()
        .copied()
        .filter(|c| c.connect.outcome == ConnectOutcome::Connected)
}

/// Addresses that failed. One that this machine has no route to is none: every system tries the
/// next one at once.
fn dead<'a>(connections: &[&'a Connection]) -> Vec<&'a Connection> {
    let good: Vec<SocketAddr> = connected(connections).map(|c| c.to).collect();
    let fails = |c: &&&Connection| {
        !matches!(
            c.connect.outcome,
            ConnectOutcome::Connected | ConnectOutcome::NoRoute
        ) && !good.contains(&c.to)
    };
    connections.iter().filter(fails).copied().collect()
}

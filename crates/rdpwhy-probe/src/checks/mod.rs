//! The checks: the walk down the ladder, and the experiments that change one factor of it.
//!
//! One file each. To add one: write the file with its [`Check`], and name it in [`ALL`].

use std::net::{IpAddr, SocketAddr};

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::{Asks, Connection};
use rdpwhy_model::{FactSet, Stage, Value};
use rdpwhy_wire::certificate::Viewpoint;
use rdpwhy_wire::clients::Client;
use rdpwhy_wire::read::Facts;
use rdpwhy_wire::script::{Script, TlsOffer};
use rdpwhy_wire::simulate;

mod after_proxy;
mod again;
mod greeting;
mod hybrid_only;
mod inside_tls;
mod no_sni;
mod old_client;
mod old_suite;
mod other_addresses;
mod other_ports;
mod plain_only;
mod rdsaad;
mod rdstls;
mod sign_in_each;
mod sign_in_list;
mod small_segments;
mod ssl_only;
mod tls10_only;
mod tls12_only;
mod tls13_every_group;
mod tls_garbage;
mod tls_large_hello;
mod tls_partial_hello;
mod tls_small_hello;
mod tls_split_hello;
mod tls_wide;
mod tls_wide_groups;
pub mod walk;

/// Every experiment. The order is the order in which they start when several are wanted.
pub const ALL: &[&Check] = &[
    &other_ports::CHECK,
    &again::CHECK,
    &greeting::CHECK,
    &old_client::CHECK,
    &plain_only::CHECK,
    &ssl_only::CHECK,
    &hybrid_only::CHECK,
    &inside_tls::CHECK,
    &after_proxy::CHECK,
    &tls12_only::CHECK,
    &tls_wide::CHECK,
    &tls_small_hello::CHECK,
    &small_segments::CHECK,
    &tls_partial_hello::CHECK,
    &tls_garbage::CHECK,
    &tls_split_hello::CHECK,
    &tls_large_hello::CHECK,
    &tls_wide_groups::CHECK,
    &tls13_every_group::CHECK,
    &old_suite::CHECK,
    &tls10_only::CHECK,
    &no_sni::CHECK,
    &other_addresses::CHECK,
    &rdstls::CHECK,
    &rdsaad::CHECK,
    &sign_in_list::CHECK,
    &sign_in_each::CHECK,
];

/// What `--nla` wants to know: each has a check that yields it, or follows from such.
pub const SIGN_IN: [FactKey; 7] = [
    FactKey::NegSslOnly,
    FactKey::NegPlain,
    FactKey::NegHybridOnly,
    FactKey::NegRdstls,
    FactKey::NegRdsaad,
    FactKey::NlaSpnego,
    FactKey::NlaMechanisms,
];

/// A question to a host: what it asks, what it costs, and what can be learned.
pub struct Check {
    /// Name, as it stands in reports.
    pub id: &'static str,
    /// The stage that it asks about.
    pub stage: Stage,
    /// What it asks, for people.
    pub question: &'static str,
    /// Connections that it makes at most.
    pub connections: u32,
    /// The facts that it may give; it gives no others.
    pub yields: &'static [FactKey],
    /// Whether it makes sense, as far as is known.
    pub applies: fn(&Context<'_>) -> bool,
    /// What to do, on which addresses. All of them may run at the same time.
    pub scripts: fn(&Context<'_>) -> Vec<(SocketAddr, Script)>,
    /// What the connections say.
    pub read: fn(&Context<'_>, &[&Connection]) -> Facts,
}

/// What a check knows when it is planned or read.
pub struct Context<'a> {
    /// The name or address that was asked for.
    pub host: &'a str,
    /// The port that was asked for.
    pub port: u16,
    /// Every address of the host, in the order in which the system tries them.
    pub addresses: &'a [IpAddr],
    /// The address that the walk used.
    pub address: IpAddr,
    /// Through whose eyes.
    pub client: Client,
    /// Which security the client asks for.
    pub asks: Asks,
    /// Whether the walk goes on to the licence stage where a host lets a client so far.
    pub onward: bool,
    /// Whether everything about sign-in is asked that needs no account.
    pub nla: bool,
    /// Seconds since 1970 at the start of the run.
    pub started: i64,
    /// Bytes that make this run's hand-made hellos its own.
    pub random: [u8; 32],
    /// What is known so far.
    pub facts: &'a FactSet,
}

impl Context<'_> {
    /// The target's address and port.
    pub fn target(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// The baseline offer of the client.
    pub fn offer(&self) -> TlsOffer {
        // mstsc sends no server name for an address (RFC 6066 3 forbids it)
        let name = self
            .host
            .parse::<IpAddr>()
            .is_err()
            .then(|| self.host.trim_end_matches('.'));
        self.client.offer(name)
    }

    /// The protocols that the client asks for in the negotiation, as flags of RDP_NEG_REQ.
    pub fn protocols(&self) -> u32 {
        rdpwhy_wire::walk::protocols(self.asks)
    }

    /// How certificates and clocks are judged.
    pub fn view(&self) -> Viewpoint<'_> {
        Viewpoint {
            host: self.host,
            now: self.started,
        }
    }

    fn word(&self, key: FactKey) -> &str {
        self.facts.text(key).unwrap_or_default()
    }

    /// How long to wait for something that may never come, in milliseconds: so many round trips
    /// of this path, and a while for the host itself.
    fn patience_ms(&self, round_trips: u64, host: u64) -> u64 {
        let us = self.facts.int(FactKey::TcpRoundTripUs).unwrap_or(0);
        let round_trip = u64::try_from(us / 1000).unwrap_or(0).min(1000);
        round_trip * round_trips + host
    }

    /// A client that offers CredSSP is given it.
    fn nla_offered(&self) -> bool {
        let chosen = |key| matches!(self.word(key), "selected-hybrid" | "selected-hybrid-ex");
        chosen(FactKey::NegHybridOnly) || (self.asks == Asks::Nla && chosen(FactKey::NegAnswer))
    }

    /// Which mechanisms the host takes is of interest: that was asked for, or CredSSP fails.
    fn doubts_mechanisms(&self) -> bool {
        let fails = ["no-ntlm", "closed", "reset", "error-code"];
        self.nla_offered() && (self.nla || fails.contains(&self.word(FactKey::NlaAnswer)))
    }

    /// The host answered the negotiation with TLS or CredSSP.
    pub fn chose_tls(&self) -> bool {
        matches!(
            self.word(FactKey::NegAnswer),
            "selected-ssl" | "selected-hybrid" | "selected-hybrid-ex"
        )
    }

    fn connected(&self) -> bool {
        self.word(FactKey::TcpOutcome) == "connected"
    }
}

/// One fact, where a check gives one.
fn one(key: FactKey, value: impl Into<Value>) -> Facts {
    vec![(key, value.into())]
}

/// The fact of a TLS experiment: the word of its one connection.
fn tls_word(key: FactKey, connections: &[&Connection]) -> Facts {
    connections
        .first()
        .map(|c| one(key, rdpwhy_wire::read::tls(c)))
        .unwrap_or_default()
}

/// What a host chose that the client does not offer, as a fact.
fn missing(what: &str, chosen: &str, offered: &[u16], name: fn(u16) -> String) -> (FactKey, Value) {
    let list = simulate::names(offered, name, FEW);
    let text = format!("the {what} {chosen}; the client offers {list}");
    (FactKey::TlsMissing, text.into())
}

/// Entries of a list in a sentence.
const FEW: usize = 8;

/// The fact of a negotiation experiment: the word of its one connection.
fn negotiation_word(key: FactKey, connections: &[&Connection]) -> Facts {
    connections
        .first()
        .map(|c| one(key, rdpwhy_wire::read::negotiation(c)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_is_its_own_and_gives_something() {
        for (i, check) in ALL.iter().enumerate() {
            assert!(
                !check.yields.is_empty() && check.connections > 0,
                "{}",
                check.id
            );
            assert!(!check.question.is_empty(), "{}", check.id);
            assert!(
                ALL[..i].iter().all(|c| c.id != check.id),
                "{} stands twice",
                check.id
            );
        }
    }

    #[test]
    fn all_of_them_together_stay_within_the_limit() {
        let sum: u32 = ALL.iter().map(|c| c.connections).sum();
        assert!(sum + 8 <= 60, "{sum} connections and the walk");
    }
}

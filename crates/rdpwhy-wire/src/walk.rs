//! The walk down the ladder: what a client does, as far as it goes without an account.

use rdpwhy_model::Stage;
use rdpwhy_model::recording::{Asks, Connection, Phase};

use crate::script::{Act, Framing, Script, TlsOffer};
use crate::x224::{self, Answer, Confirm};
use crate::{credssp, mcs, ntlm, onward, spnego};

/// What a walk asks for.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Flags of RDP_NEG_REQ; `None` for a client that does not negotiate.
    pub protocols: Option<u32>,
    /// What to offer in TLS.
    pub offer: TlsOffer,
    /// The last stage to go through.
    pub last: Stage,
}

/// The protocols that a Windows client asks for: TLS, CredSSP, and CredSSP with the Early User
/// Authorization Result.
pub const BASELINE: u32 = x224::SSL | x224::HYBRID | x224::HYBRID_EX;

/// What a client of that kind asks for.
pub const fn protocols(asks: Asks) -> u32 {
    match asks {
        Asks::Nla => BASELINE,
        Asks::Tls => x224::SSL,
        Asks::Plain => 0,
    }
}

/// Negotiates, does TLS where that was chosen, then CredSSP up to the host's challenge, or the
/// basic settings exchange where the host lets a client so far without signing in. Where the plan
/// goes to the licence stage, such a client goes on to it.
pub fn script(check: &'static str, plan: Plan) -> Script {
    let mut acts = negotiate(plan.protocols);
    if plan.last > Stage::Negotiate {
        acts.push(Act::Then(Box::new(move |c| after_confirm(c, plan))));
    }
    Script::new(check, acts)
}

/// The Connection Request and the wait for its answer.
pub fn negotiate(protocols: Option<u32>) -> Vec<Act> {
    vec![
        Act::Send(Phase::Negotiate, x224::connection_request(protocols)),
        Act::Receive(Phase::Negotiate, Framing::Tpkt),
    ]
}

/// Negotiates and then does something else, if the host chose TLS.
pub fn after_negotiation(check: &'static str, protocols: u32, then: Vec<Act>) -> Script {
    let mut acts = negotiate(Some(protocols));
    acts.push(Act::Then(Box::new(move |c| {
        if wants_tls(c) { then } else { Vec::new() }
    })));
    Script::new(check, acts)
}

/// The protocol that the host chose, if it chose one.
pub fn selected(connection: &Connection) -> Option<u32> {
    match x224::read_answer(&connection.received(Phase::Negotiate)) {
        Answer::Confirm(Confirm::Response { selected, .. }) => Some(selected),
        Answer::Confirm(Confirm::NoStructure) => Some(0),
        _ => None,
    }
}

fn wants_tls(connection: &Connection) -> bool {
    selected(connection).is_some_and(|s| s != 0)
}

fn after_confirm(connection: &Connection, plan: Plan) -> Vec<Act> {
    let Some(selected) = selected(connection) else {
        return Vec::new();
    };
    if selected == 0 {
        return if plan.last >= Stage::Mcs {
            settings(0, plan.last)
        } else {
            Vec::new()
        };
    }
    let mut acts = vec![Act::StartTls(Box::new(plan.offer))];
    if selected & (x224::HYBRID | x224::HYBRID_EX) != 0 {
        if plan.last >= Stage::Nla {
            acts.extend(credentials());
        }
    } else if selected == x224::SSL && plan.last >= Stage::Mcs {
        acts.extend(settings(selected, plan.last));
    }
    acts
}

/// Negotiates, does TLS, and then sends the host a list of mechanisms to sign in with, if it chose
/// CredSSP. It names no user, so it counts as no attempt to sign in.
pub fn mechanisms(
    check: &'static str,
    offer: TlsOffer,
    list: &'static [spnego::Mechanism],
) -> Script {
    let mut acts = negotiate(Some(BASELINE));
    acts.push(Act::Then(Box::new(move |c| {
        if selected(c).is_none_or(|s| s & (x224::HYBRID | x224::HYBRID_EX) == 0) {
            return Vec::new();
        }
        vec![
            Act::StartTls(Box::new(offer)),
            Act::Send(Phase::Nla, credssp::request(&spnego::list(list))),
            Act::Receive(Phase::Nla, Framing::Der),
        ]
    })));
    Script::new(check, acts)
}

/// The first CredSSP message. It names no user, so it counts as no attempt to sign in.
fn credentials() -> Vec<Act> {
    vec![
        Act::Send(Phase::Nla, credssp::request(&ntlm::negotiate())),
        Act::Receive(Phase::Nla, Framing::Der),
    ]
}

fn settings(selected: u32, last: Stage) -> Vec<Act> {
    let mut acts = vec![
        Act::Send(Phase::Mcs, mcs::connect_initial(selected)),
        Act::Receive(Phase::Mcs, Framing::Tpkt),
    ];
    if last >= Stage::Licensing {
        acts.push(Act::Then(Box::new(onward::after_settings)));
    }
    acts
}

//! A client without CredSSP: does the host insist on NLA?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::Script;
use rdpwhy_wire::{walk, x224};

use super::{Check, negotiation_word};

pub(super) const CHECK: Check = Check {
    id: "tls-without-nla",
    stage: Stage::Negotiate,
    question: "does it let a client in without NLA?",
    connections: 1,
    yields: &[FactKey::NegSslOnly],
    applies: |c| c.connected(),
    scripts: |c| {
        vec![(
            c.target(),
            Script::new("tls-without-nla", walk::negotiate(Some(x224::SSL))),
        )]
    },
    read: |_, connections| negotiation_word(FactKey::NegSslOnly, connections),
};

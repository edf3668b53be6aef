//! A client that offers Standard RDP Security and nothing else.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::Script;
use rdpwhy_wire::walk;

use super::{Check, negotiation_word};

pub(super) const CHECK: Check = Check {
    id: "plain-only",
    stage: Stage::Negotiate,
    question: "does it accept plain RDP security?",
    connections: 1,
    yields: &[FactKey::NegPlain],
    applies: |c| c.connected(),
    scripts: |c| {
        vec![(
            c.target(),
            Script::new("plain-only", walk::negotiate(Some(0))),
        )]
    },
    read: |_, connections| negotiation_word(FactKey::NegPlain, connections),
};

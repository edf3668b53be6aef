//! A client that knows CredSSP but not its extended form (before Windows 8).

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::Script;
use rdpwhy_wire::{walk, x224};

use super::{Check, negotiation_word};

pub(super) const CHECK: Check = Check {
    id: "nla-without-ex",
    stage: Stage::Negotiate,
    question: "does it accept CredSSP without the extension?",
    connections: 1,
    yields: &[FactKey::NegHybridOnly],
    applies: |c| c.connected(),
    scripts: |c| {
        vec![(
            c.target(),
            Script::new(
                "nla-without-ex",
                walk::negotiate(Some(x224::SSL | x224::HYBRID)),
            ),
        )]
    },
    read: |_, connections| negotiation_word(FactKey::NegHybridOnly, connections),
};

//! Connect and say nothing: a server that speaks first, or one that closes on everybody.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::{Act, Script};

use super::{Check, one};

pub(super) const CHECK: Check = Check {
    id: "greeting",
    stage: Stage::Negotiate,
    question: "what does it do when nothing is sent?",
    connections: 1,
    yields: &[FactKey::Greeting],
    applies: |c| c.connected(),
    scripts: |c| {
        let acts = vec![Act::Listen(Phase::Before, c.patience_ms(6, 300))];
        vec![(c.target(), Script::new("greeting", acts))]
    },
    read: |_, connections| {
        let word =
            connections
                .first()
                .map(|c| match rdpwhy_wire::read::reaction(c, Phase::Before) {
                    "waits" => "silent",
                    "disconnect" => "speaks",
                    word => word,
                });
        word.map(|w| one(FactKey::Greeting, w)).unwrap_or_default()
    },
};

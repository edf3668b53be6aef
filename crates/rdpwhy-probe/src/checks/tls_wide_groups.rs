//! The client's suites with every key-exchange group that is known.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::{Act, Framing, TlsOffer};
use rdpwhy_wire::{tls, walk};

use super::{Check, tls_word};

pub(super) const CHECK: Check = Check {
    id: "every-group",
    stage: Stage::Tls,
    question: "does it need a group that the client lacks?",
    connections: 1,
    yields: &[FactKey::TlsWideGroups],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let groups = tls::EVERY_GROUP.to_vec();
        let offer = TlsOffer {
            max: 0x0303,
            groups,
            ..c.offer()
        };
        let hello = tls::client_hello(&offer, 0, c.random);
        vec![(
            c.target(),
            walk::after_negotiation(
                "every-group",
                vec![
                    Act::Send(Phase::Tls, hello),
                    Act::Receive(Phase::Tls, Framing::TlsAnswer),
                ],
            ),
        )]
    },
    read: |_, connections| tls_word(FactKey::TlsWideGroups, connections),
};

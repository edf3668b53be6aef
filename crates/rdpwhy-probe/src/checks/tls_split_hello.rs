//! The ClientHello with its first byte in a segment of its own: who looks at single packets?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::{Act, Framing, TlsOffer};
use rdpwhy_wire::{tls, walk};

use super::{Check, tls_word};

pub(super) const CHECK: Check = Check {
    id: "split-hello",
    stage: Stage::Tls,
    question: "does it work when the ClientHello is split?",
    connections: 1,
    yields: &[FactKey::TlsSplitHello],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = TlsOffer {
            max: 0x0303,
            ..c.offer()
        };
        let mut hello = tls::client_hello(&offer, 0, c.random);
        let rest = hello.split_off(1);
        vec![(
            c.target(),
            walk::after_negotiation(
                "split-hello",
                c.protocols(),
                vec![
                    Act::SendApart(Phase::Tls, hello),
                    Act::Send(Phase::Tls, rest),
                    Act::Receive(Phase::Tls, Framing::TlsAnswer),
                ],
            ),
        )]
    },
    read: |_, connections| tls_word(FactKey::TlsSplitHello, connections),
};

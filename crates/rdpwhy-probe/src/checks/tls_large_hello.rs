//! A ClientHello of more than one full segment: does something on the way read only the first?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::{Act, Framing, TlsOffer};
use rdpwhy_wire::{tls, walk};

use super::{Check, tls_word};

/// More than an Ethernet segment holds, whatever stands around it.
const PADDING: usize = 1600;

pub(super) const CHECK: Check = Check {
    id: "large-hello",
    stage: Stage::Tls,
    question: "does a large ClientHello get an answer?",
    connections: 1,
    yields: &[FactKey::TlsLargeHello],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let hello = tls::client_hello(
            &TlsOffer {
                max: 0x0303,
                ..c.offer()
            },
            PADDING,
            c.random,
        );
        vec![(
            c.target(),
            walk::after_negotiation(
                "large-hello",
                c.protocols(),
                vec![
                    Act::Send(Phase::Tls, hello),
                    Act::Receive(Phase::Tls, Framing::TlsAnswer),
                ],
            ),
        )]
    },
    read: |_, connections| tls_word(FactKey::TlsLargeHello, connections),
};

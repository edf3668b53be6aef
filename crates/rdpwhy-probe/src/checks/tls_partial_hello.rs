//! The first half of a ClientHello. A TLS server must wait for the rest of the record; a device
//! that goes by the first bytes of a packet does not.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::Act;
use rdpwhy_wire::{tls, walk};

use super::{Check, one};

pub(super) const CHECK: Check = Check {
    id: "half-hello",
    stage: Stage::Tls,
    question: "who reacts to half a ClientHello?",
    connections: 1,
    yields: &[FactKey::TlsPartialHello],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let mut hello = tls::client_hello(&tls::everything(None), 0, c.random);
        hello.truncate(hello.len() / 2);
        let acts = vec![
            Act::Send(Phase::Tls, hello),
            Act::Listen(Phase::Tls, c.patience_ms(3, 150)),
        ];
        vec![(
            c.target(),
            walk::after_negotiation("half-hello", c.protocols(), acts),
        )]
    },
    read: |_, connections| {
        let word = connections
            .first()
            .map(|c| rdpwhy_wire::read::reaction(c, Phase::Tls));
        word.map(|w| one(FactKey::TlsPartialHello, w))
            .unwrap_or_default()
    },
};

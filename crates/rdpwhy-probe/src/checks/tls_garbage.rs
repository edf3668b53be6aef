//! Bytes that are no TLS where the ClientHello belongs: does it end every connection, or those
//! with TLS in them?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::Act;
use rdpwhy_wire::walk;

use super::{Check, one};

pub(super) const CHECK: Check = Check {
    id: "no-tls-after-x224",
    stage: Stage::Tls,
    question: "what does it do with bytes that are no TLS?",
    connections: 1,
    yields: &[FactKey::TlsGarbage],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        // The first byte of no TLS record, and not of TPKT either
        let acts = vec![
            Act::Send(Phase::Tls, vec![0x2a; 64]),
            Act::Listen(Phase::Tls, c.patience_ms(3, 150)),
        ];
        vec![(
            c.target(),
            walk::after_negotiation("no-tls-after-x224", c.protocols(), acts),
        )]
    },
    read: |_, connections| {
        let word = connections
            .first()
            .map(|c| rdpwhy_wire::read::reaction(c, Phase::Tls));
        word.map(|w| one(FactKey::TlsGarbage, w))
            .unwrap_or_default()
    },
};

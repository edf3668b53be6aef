//! The same client with TLS 1.0 only, as an old host may need it.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::{Act, TlsOffer};
use rdpwhy_wire::walk;

use super::{Check, tls_word};

pub(super) const CHECK: Check = Check {
    id: "tls10-only",
    stage: Stage::Tls,
    question: "does TLS 1.0 alone work?",
    connections: 1,
    yields: &[FactKey::TlsOnly10],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = TlsOffer {
            min: 0x0301,
            max: 0x0301,
            ..c.offer()
        };
        let act = Act::StartTls(Box::new(offer));
        let script = walk::after_negotiation("tls10-only", c.protocols(), vec![act]);
        vec![(c.target(), script)]
    },
    read: |_, connections| tls_word(FactKey::TlsOnly10, connections),
};

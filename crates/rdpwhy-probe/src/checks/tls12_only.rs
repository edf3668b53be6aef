//! The same client with TLS 1.2 only: is it the version, or TLS 1.3 in particular?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::{Act, TlsOffer};
use rdpwhy_wire::walk;

use super::{Check, tls_word};

pub(super) const CHECK: Check = Check {
    id: "tls12-only",
    stage: Stage::Tls,
    question: "does TLS 1.2 alone work?",
    connections: 1,
    yields: &[FactKey::TlsOnly12],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = TlsOffer {
            min: 0x0303,
            max: 0x0303,
            ..c.offer()
        };
        let act = Act::StartTls(Box::new(offer));
        let script = walk::after_negotiation("tls12-only", c.protocols(), vec![act]);
        vec![(c.target(), script)]
    },
    read: |_, connections| tls_word(FactKey::TlsOnly12, connections),
};

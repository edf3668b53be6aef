//! One old suite, which nearly every host has: is it the choice of suites?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::{Act, TlsOffer};
use rdpwhy_wire::walk;

use super::{Check, tls_word};

/// TLS_RSA_WITH_AES_128_CBC_SHA (RFC 5246 A.5).
const OLD_SUITE: u16 = 0x002f;

pub(super) const CHECK: Check = Check {
    id: "one-old-suite",
    stage: Stage::Tls,
    question: "does the oldest usual suite work?",
    connections: 1,
    yields: &[FactKey::TlsOldSuite],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = TlsOffer {
            min: 0x0301,
            max: 0x0303,
            suites: vec![OLD_SUITE],
            ..c.offer()
        };
        let act = Act::StartTls(Box::new(offer));
        let script = walk::after_negotiation("one-old-suite", c.protocols(), vec![act]);
        vec![(c.target(), script)]
    },
    read: |_, connections| tls_word(FactKey::TlsOldSuite, connections),
};

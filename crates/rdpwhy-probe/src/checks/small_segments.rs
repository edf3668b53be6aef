//! The same handshake in small TCP segments: do large packets vanish on the way?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::Act;
use rdpwhy_wire::walk;

use super::{Check, tls_word};

/// Bytes per segment: fits the smallest path that any network of today has (RFC 8200: 1280, old
/// links: 576), with room for the headers.
const SEGMENT: u32 = 480;

pub(super) const CHECK: Check = Check {
    id: "small-segments",
    stage: Stage::Tls,
    question: "does it work with small segments?",
    connections: 1,
    yields: &[FactKey::TlsSmallSegments],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = c.offer();
        let act = Act::StartTls(Box::new(offer));
        let mut script = walk::after_negotiation("small-segments", c.protocols(), vec![act]);
        script.segment = Some(SEGMENT);
        vec![(c.target(), script)]
    },
    read: |_, connections| tls_word(FactKey::TlsSmallSegments, connections),
};

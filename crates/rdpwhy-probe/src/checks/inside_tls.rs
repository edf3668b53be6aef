//! TLS at once, and X.224 inside it: RDP behind a TLS terminator, or a listener that takes TLS
//! without negotiation ([MS-RDPBCGR] 5.4.2.2, direct approach).

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::read::{self, Facts};
use rdpwhy_wire::script::{Act, Script};
use rdpwhy_wire::walk;

use super::Check;

pub(super) const CHECK: Check = Check {
    id: "tls-at-once",
    stage: Stage::Negotiate,
    question: "does it speak TLS at once, with RDP inside?",
    connections: 1,
    yields: &[FactKey::TlsDirect, FactKey::NegInsideTls],
    applies: |c| c.connected(),
    scripts: |c| {
        let mut acts = vec![Act::StartTls(Box::new(c.offer()))];
        acts.extend(walk::negotiate(Some(c.protocols())));
        vec![(c.target(), Script::new("tls-at-once", acts))]
    },
    read: |_, connections| {
        let Some(c) = connections.first() else {
            return Facts::new();
        };
        let inside = if c.handshake().is_some() {
            read::negotiation(c)
        } else {
            "unreached".into()
        };
        vec![
            (FactKey::TlsDirect, read::tls(c).into()),
            (FactKey::NegInsideTls, inside.into()),
        ]
    },
};

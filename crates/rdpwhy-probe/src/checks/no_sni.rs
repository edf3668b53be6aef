//! The same handshake without the server name: does a proxy choose by name?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::{Act, TlsOffer};
use rdpwhy_wire::walk;

use super::{Check, tls_word};

pub(super) const CHECK: Check = Check {
    id: "no-server-name",
    stage: Stage::Tls,
    question: "does it work without the server name?",
    connections: 1,
    yields: &[FactKey::TlsNoSni],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = TlsOffer {
            server_name: None,
            ..c.offer()
        };
        let act = Act::StartTls(Box::new(offer));
        let script = walk::after_negotiation("no-server-name", c.protocols(), vec![act]);
        vec![(c.target(), script)]
    },
    read: |_, connections| tls_word(FactKey::TlsNoSni, connections),
};

//! A PROXY protocol header before X.224: a listener that expects to stand behind a balancer.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::{Act, Script};
use rdpwhy_wire::walk;

use super::{Check, negotiation_word};

pub(super) const CHECK: Check = Check {
    id: "proxy-header",
    stage: Stage::Negotiate,
    question: "does it answer after a PROXY protocol header?",
    connections: 1,
    yields: &[FactKey::NegAfterProxy],
    applies: |c| c.connected(),
    scripts: |c| {
        let mut acts = vec![Act::SendProxyHeader];
        acts.extend(walk::negotiate(Some(c.protocols())));
        vec![(c.target(), Script::new("proxy-header", acts))]
    },
    read: |_, connections| negotiation_word(FactKey::NegAfterProxy, connections),
};

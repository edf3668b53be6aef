//! An old client: a Connection Request without any negotiation data.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::Script;
use rdpwhy_wire::walk;

use super::{Check, negotiation_word};

pub(super) const CHECK: Check = Check {
    id: "old-client",
    stage: Stage::Negotiate,
    question: "does it answer a client that does not negotiate?",
    connections: 1,
    yields: &[FactKey::NegOldClient],
    applies: |c| c.connected(),
    scripts: |c| vec![(c.target(), Script::new("old-client", walk::negotiate(None)))],
    read: |_, connections| negotiation_word(FactKey::NegOldClient, connections),
};

//! A client that comes with the token of a redirection ([MS-RDPBCGR] 5.4.5.3): does the host take
//! RDSTLS?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::Script;
use rdpwhy_wire::{walk, x224};

use super::{Check, negotiation_word};

pub(super) const CHECK: Check = Check {
    id: "rdstls",
    stage: Stage::Negotiate,
    question: "does it take clients that were redirected (RDSTLS)?",
    connections: 1,
    yields: &[FactKey::NegRdstls],
    applies: |c| c.nla && c.connected(),
    scripts: |c| {
        vec![(
            c.target(),
            Script::new("rdstls", walk::negotiate(Some(x224::RDSTLS))),
        )]
    },
    read: |_, connections| negotiation_word(FactKey::NegRdstls, connections),
};

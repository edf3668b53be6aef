//! A client that signs in with an Entra account on a web page ([MS-RDPBCGR] 5.4.5.4): does the
//! host take RDSAAD?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::script::Script;
use rdpwhy_wire::{walk, x224};

use super::{Check, negotiation_word};

pub(super) const CHECK: Check = Check {
    id: "rdsaad",
    stage: Stage::Negotiate,
    question: "does it take sign-in with an Entra account (RDSAAD)?",
    connections: 1,
    yields: &[FactKey::NegRdsaad],
    applies: |c| c.nla && c.connected(),
    scripts: |c| {
        vec![(
            c.target(),
            Script::new("rdsaad", walk::negotiate(Some(x224::RDSAAD))),
        )]
    },
    read: |_, connections| negotiation_word(FactKey::NegRdsaad, connections),
};

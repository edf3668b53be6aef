//! A list of every mechanism to sign in with, and no token of any: which does the host choose?
//! No user is named, so it is no attempt to sign in.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::read::{self, Facts};
use rdpwhy_wire::spnego::{Answer, Mechanism};
use rdpwhy_wire::walk;

use super::Check;

pub(super) const CHECK: Check = Check {
    id: "sign-in-list",
    stage: Stage::Nla,
    question: "which mechanism to sign in with does it choose?",
    connections: 1,
    yields: &[
        FactKey::NlaSpnego,
        FactKey::NlaFirstChoice,
        FactKey::NlaMechanisms,
    ],
    applies: |c| c.doubts_mechanisms(),
    scripts: |c| {
        let script = walk::mechanisms("sign-in-list", c.offer(), &Mechanism::ALL);
        vec![(c.target(), script)]
    },
    read: |_, connections| {
        let Some(c) = connections.first() else {
            return Facts::new();
        };
        let mut facts = vec![(FactKey::NlaSpnego, read::spnego_word(c).into())];
        match read::spnego(c) {
            Some(Answer::Chosen(Some(m))) => {
                facts.push((FactKey::NlaFirstChoice, m.name().into()));
            }
            Some(Answer::List(list)) => {
                let mut names: Vec<String> = list.iter().map(|m| m.name().to_owned()).collect();
                names.dedup();
                facts.push((FactKey::NlaMechanisms, names.into()));
            }
            _ => {}
        }
        facts
    },
};

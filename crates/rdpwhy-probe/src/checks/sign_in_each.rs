//! Each mechanism to sign in with by itself, where the host chooses from a list: which others does
//! it take than its first choice? No user is named, so it is no attempt to sign in.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Connection;
use rdpwhy_wire::read;
use rdpwhy_wire::spnego::{Answer, Mechanism};
use rdpwhy_wire::walk;

use super::Check;

/// What is asked for at once, with its name: Kerberos goes by two identifiers.
const QUESTIONS: [(&str, &[Mechanism]); 3] = [
    (
        "Kerberos",
        &[Mechanism::KerberosMicrosoft, Mechanism::Kerberos],
    ),
    ("NEGOEX", &[Mechanism::NegoEx]),
    ("NTLM", &[Mechanism::Ntlm]),
];

pub(super) const CHECK: Check = Check {
    id: "sign-in-each",
    stage: Stage::Nla,
    question: "which mechanisms to sign in with does it take besides?",
    connections: 3,
    yields: &[FactKey::NlaMechanisms, FactKey::NlaMechanismsRefused],
    // A host that answers no list with a choice would not do so with a shorter one
    applies: |c| c.doubts_mechanisms() && c.word(FactKey::NlaSpnego) == "chosen",
    scripts: |c| {
        let first = c.word(FactKey::NlaFirstChoice);
        let others = QUESTIONS.iter().filter(|(name, _)| *name != first);
        others
            .map(|(_, list)| {
                let script = walk::mechanisms("sign-in-each", c.offer(), list);
                (c.target(), script)
            })
            .collect()
    },
    read: |context, connections| {
        let mut taken = vec![context.word(FactKey::NlaFirstChoice).to_owned()];
        taken.retain(|name| !name.is_empty());
        let mut refused = Vec::new();
        for c in connections {
            let Some(name) = asked_for(c) else { continue };
            match read::spnego(c) {
                Some(Answer::Chosen(Some(m))) if m.name() == name => taken.push(name.to_owned()),
                // A host that breaks off has refused it too; silence says nothing
                Some(_) => refused.push(name.to_owned()),
                None if read::spnego_word(c) == "error-code" => refused.push(name.to_owned()),
                None => {}
            }
        }
        taken.sort_unstable();
        refused.sort_unstable();
        vec![
            (FactKey::NlaMechanisms, taken.into()),
            (FactKey::NlaMechanismsRefused, refused.into()),
        ]
    },
};

/// What a connection asked for, by the list that it sent.
fn asked_for(c: &Connection) -> Option<&'static str> {
    let sent = read::spnego_asked(c);
    let question = QUESTIONS.iter().find(|(_, list)| sent == **list);
    question.map(|(name, _)| *name)
}

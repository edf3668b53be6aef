//! The client's suites with every key-exchange group that is known.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::{Act, Framing, TlsOffer};
use rdpwhy_wire::{flight, groups, tls, walk};

use super::{Check, missing, tls_word};

pub(super) const CHECK: Check = Check {
    id: "every-group",
    stage: Stage::Tls,
    question: "does it need a group that the client lacks?",
    connections: 1,
    yields: &[FactKey::TlsWideGroups, FactKey::TlsMissing],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let groups = tls::EVERY_GROUP.to_vec();
        let offer = TlsOffer {
            max: 0x0303,
            groups,
            ..c.offer()
        };
        let hello = tls::client_hello(&offer, 0, c.random);
        vec![(
            c.target(),
            walk::after_negotiation(
                "every-group",
                c.protocols(),
                vec![
                    Act::Send(Phase::Tls, hello),
                    Act::Receive(Phase::Tls, Framing::TlsFlight),
                ],
            ),
        )]
    },
    read: |context, connections| {
        let mut facts = tls_word(FactKey::TlsWideGroups, connections);
        let said = connections
            .first()
            .map(|c| flight::read(&c.received(Phase::Tls)));
        let own = &context.client.groups;
        if let Some(group) = said.and_then(|s| s.exchange.group)
            && !own.contains(&group)
        {
            facts.push(missing("group", &groups::name(group), own, groups::name));
        }
        facts
    },
};

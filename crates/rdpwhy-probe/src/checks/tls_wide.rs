//! A ClientHello with every suite, group and version up to TLS 1.2: is there anything at all that
//! the host accepts, and would the client have had it?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::{Act, Framing};
use rdpwhy_wire::{suites, tls, walk};

use super::{Check, missing, tls_word};

pub(super) const CHECK: Check = Check {
    id: "every-suite",
    stage: Stage::Tls,
    question: "does it accept any suite at all?",
    connections: 1,
    yields: &[
        FactKey::TlsWide,
        FactKey::TlsWideSuite,
        FactKey::TlsWideSuiteOffered,
        FactKey::TlsMissing,
    ],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = tls::everything(c.offer().server_name.as_deref());
        let hello = tls::client_hello(&offer, 0, c.random);
        let acts = vec![
            Act::Send(Phase::Tls, hello),
            Act::Receive(Phase::Tls, Framing::TlsAnswer),
        ];
        vec![(
            c.target(),
            walk::after_negotiation("every-suite", c.protocols(), acts),
        )]
    },
    read: |context, connections| {
        let mut facts = tls_word(FactKey::TlsWide, connections);
        let said = connections
            .first()
            .map(|c| tls::read(&c.received(Phase::Tls)));
        if let Some(hello) = said.and_then(|s| s.hello) {
            let offered = context.client.suites.contains(&hello.suite);
            let suite = suites::name(hello.suite);
            if !offered {
                let own = &context.client.suites;
                facts.push(missing("suite", &suite, own, suites::name));
            }
            facts.push((FactKey::TlsWideSuite, suite.into()));
            facts.push((FactKey::TlsWideSuiteOffered, offered.into()));
        }
        facts
    },
};

//! A ClientHello for TLS 1.3 with every suite and every group, post-quantum ones too, and without a
//! key share: a server that agrees names its suite and its group in its request for one.

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::hello::Hello;
use rdpwhy_wire::script::{Act, Framing};
use rdpwhy_wire::{flight, groups, matrix, suites, version, walk};

use super::{Check, missing, tls_word};

pub(super) const CHECK: Check = Check {
    id: "every-group-of-tls13",
    stage: Stage::Tls,
    question: "does it accept any group in TLS 1.3?",
    connections: 1,
    yields: &[
        FactKey::TlsWide13,
        FactKey::TlsWide13Offered,
        FactKey::TlsWide13Suite,
        FactKey::TlsWide13SuiteOffered,
        FactKey::TlsWide13Group,
        FactKey::TlsWide13GroupOffered,
        FactKey::TlsMissing,
    ],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let hello = Hello {
            server_name: c.offer().server_name,
            ..matrix::everything_in(version::TLS13)
        };
        let acts = vec![
            Act::Send(Phase::Tls, hello.record(c.random)),
            Act::Receive(Phase::Tls, Framing::TlsFlight),
        ];
        let script = walk::after_negotiation("every-group-of-tls13", c.protocols(), acts);
        vec![(c.target(), script)]
    },
    read: |context, connections| {
        let mut facts = tls_word(FactKey::TlsWide13, connections);
        let client = &context.client;
        let offered = client.versions.contains(&version::TLS13);
        facts.push((FactKey::TlsWide13Offered, offered.into()));
        let said = connections
            .first()
            .map(|c| flight::read(&c.received(Phase::Tls)));
        let Some(said) = said else { return facts };
        let tls13 = said.hello.filter(|h| h.version == version::TLS13);
        let Some(hello) = tls13 else { return facts };
        let offered = client.suites.contains(&hello.suite);
        let suite = suites::name(hello.suite);
        if !offered {
            facts.push(missing("suite", &suite, &client.suites, suites::name));
        }
        facts.push((FactKey::TlsWide13Suite, suite.into()));
        facts.push((FactKey::TlsWide13SuiteOffered, offered.into()));
        if let Some(group) = said.exchange.group {
            let offered = client.groups.contains(&group);
            let name = groups::name(group);
            if !offered {
                facts.push(missing("group", &name, &client.groups, groups::name));
            }
            facts.push((FactKey::TlsWide13Group, name.into()));
            facts.push((FactKey::TlsWide13GroupOffered, offered.into()));
        }
        facts
    },
};

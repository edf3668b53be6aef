//! A very small ClientHello: is it the size, on the way or at the host?

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::Phase;
use rdpwhy_wire::script::{Act, Framing, TlsOffer};
use rdpwhy_wire::{tls, walk};

use super::{Check, tls_word};

/// One suite of each kind, so that most hosts find one of theirs: ECDHE with RSA and ECDSA in GCM,
/// RSA in GCM and CBC, ECDHE in CBC, 3DES.
const SUITES: [u16; 9] = [
    0xc02f, 0xc02b, 0xc030, 0xc02c, 0x009c, 0x003c, 0x002f, 0xc014, 0x000a,
];

pub(super) const CHECK: Check = Check {
    id: "small-hello",
    stage: Stage::Tls,
    question: "does a small ClientHello get an answer?",
    connections: 1,
    yields: &[FactKey::TlsSmallHello],
    applies: |c| c.chose_tls(),
    scripts: |c| {
        let offer = TlsOffer {
            min: 0x0301,
            max: 0x0303,
            suites: SUITES.to_vec(),
            groups: vec![0x0017],
            signatures: vec![0x0401, 0x0403, 0x0201, 0x0804],
            server_name: None,
        };
        let hello = tls::client_hello(&offer, 0, c.random);
        vec![(
            c.target(),
            walk::after_negotiation(
                "small-hello",
                c.protocols(),
                vec![
                    Act::Send(Phase::Tls, hello),
                    Act::Receive(Phase::Tls, Framing::TlsAnswer),
                ],
            ),
        )]
    },
    read: |_, connections| tls_word(FactKey::TlsSmallHello, connections),
};

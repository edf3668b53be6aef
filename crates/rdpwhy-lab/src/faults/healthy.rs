//! Servers to which a client connects, so that a tool that sees faults everywhere is found out.

use std::time::Duration;

use openssl::ssl::SslVersion;

use crate::certificates::{Certificate, Key};
use crate::fault::{Fault, healthy};
use crate::machine::Machine;
use crate::script::{Licence, Negotiate, Script, Tls, Zone};

pub(super) const ROWS: &[Fault] = &[
    healthy(
        "healthy-nla",
        "Windows as it comes: NLA, own certificate",
        Script::WINDOWS,
    ),
    healthy(
        "healthy-tls",
        "TLS without NLA, as xrdp offers it",
        Script::WINDOWS.negotiate(Negotiate::TLS),
    ),
    healthy(
        "healthy-either",
        "NLA or TLS, as the client likes it",
        Script::WINDOWS.negotiate(Negotiate::NLA_OR_TLS),
    ),
    healthy(
        "healthy-tls12",
        "A Windows Server 2016, up to TLS 1.2",
        Script::WINDOWS
            .machine(Machine::PC42.build(14393))
            .tls(Tls::WINDOWS.versions(SslVersion::TLS1, SslVersion::TLS1_2)),
    ),
    healthy(
        "healthy-company",
        "Reached by name, with a certificate of the company's authority",
        Script::WINDOWS
            .zone(Zone::Good)
            .tls(Tls::WINDOWS.certificate(Certificate::COMPANY)),
    ),
    healthy(
        "healthy-ecdsa",
        "A certificate with an ECDSA key",
        Script::WINDOWS
            .zone(Zone::Good)
            .tls(Tls::WINDOWS.certificate(Certificate {
                key: Key::P256,
                ..Certificate::COMPANY
            })),
    ),
    healthy(
        "healthy-renews-soon",
        "A certificate of Windows' own that ends in 10 days, before which Windows renews it",
        Script::WINDOWS
            .zone(Zone::Good)
            .tls(Tls::WINDOWS.certificate(Certificate {
                from: -173,
                until: 10,
                ..Certificate::WINDOWS
            })),
    ),
    healthy(
        "healthy-session-host",
        "A session host without NLA that asks for a licence",
        Script::WINDOWS
            .negotiate(Negotiate::TLS)
            .licence(Licence::Asked),
    )
    .asking_about_sign_in(),
    healthy(
        "slow-but-healthy",
        "Every answer takes 300 ms, and all of them come",
        Script::WINDOWS.delay(Duration::from_millis(300)),
    ),
];

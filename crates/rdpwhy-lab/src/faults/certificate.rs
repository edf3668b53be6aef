//! Certificates of every bad kind, on a host that is reached by name and otherwise healthy.

use rdpwhy_model::Stage::Tls as Stage;

use crate::certificates::{Certificate, Digest, Issuer, Key, Usage};
use crate::fault::{Fault, connectable, faulty};
use crate::script::{Script, Tls, Zone};

const OWN: Certificate = Certificate::WINDOWS;
const COMPANY: Certificate = Certificate::COMPANY;

const fn host(certificate: Certificate) -> Script {
    Script::WINDOWS
        .zone(Zone::Good)
        .tls(Tls::WINDOWS.certificate(certificate))
}

pub(super) const ROWS: &[Fault] = &[
    faulty(
        "cert-expired-selfsigned",
        "The host's own certificate has expired",
        Stage,
        connectable(&["selfsigned-cert-expired"]),
        host(Certificate {
            from: -185,
            until: -3,
            ..OWN
        }),
    ),
    faulty(
        "cert-expired-ca",
        "The company's certificate has expired",
        Stage,
        connectable(&["ca-cert-expired-or-replaced"]),
        host(Certificate {
            from: -368,
            until: -3,
            ..COMPANY
        }),
    ),
    faulty(
        "cert-not-yet-valid",
        "The certificate is not valid yet",
        Stage,
        connectable(&["clock-wrong-cert-not-yet-valid"]),
        host(Certificate {
            from: 3,
            until: 185,
            ..OWN
        }),
    ),
    faulty(
        "cert-wrong-name",
        "The certificate is for another name",
        Stage,
        connectable(&["cert-name-mismatch"]),
        host(Certificate {
            name: Some("oldname.lab.example"),
            ..COMPANY
        }),
    ),
    faulty(
        "cert-sha1",
        "The certificate is signed with SHA-1",
        Stage,
        connectable(&["cert-weak"]),
        host(Certificate {
            digest: Digest::Sha1,
            ..OWN
        }),
    ),
    faulty(
        "cert-rsa1024",
        "The certificate has an RSA key of 1024 bits",
        Stage,
        connectable(&["cert-weak"]),
        host(Certificate {
            key: Key::Rsa1024,
            ..OWN
        }),
    ),
    faulty(
        "cert-eku-client",
        "The certificate is for clients only",
        Stage,
        connectable(&["configured-cert-wrong-usage"]),
        host(Certificate {
            usage: Usage::Client,
            ..COMPANY
        }),
    ),
    faulty(
        "cert-no-intermediate",
        "The certificate of the issuing authority is not sent",
        Stage,
        connectable(&["cert-chain-incomplete"]),
        host(Certificate {
            issuer: Issuer::MissingIntermediate,
            ..COMPANY
        }),
    ),
    faulty(
        "cert-chain-expired",
        "The certificate of the issuing authority has expired",
        Stage,
        connectable(&["cert-chain-expired"]),
        host(Certificate {
            issuer: Issuer::ExpiredIntermediate,
            ..COMPANY
        }),
    ),
];

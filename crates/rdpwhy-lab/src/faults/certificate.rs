//! Certificates of every bad kind, on a host that is reached by name and otherwise healthy.

use rdpwhy_model::Stage::Tls as Stage;

use crate::certificates::{Certificate, Digest, Issuer, Key, KeyUse, Names, Sent, Serial, Usage};
use crate::fault::{Expect, Fault, connectable, faulty, undetermined};
use crate::script::{Script, Tls, Zone};

const OWN: Certificate = Certificate::WINDOWS;
const COMPANY: Certificate = Certificate::COMPANY;

const fn host(certificate: Certificate) -> Script {
    Script::WINDOWS
        .zone(Zone::Good)
        .tls(Tls::WINDOWS.certificate(certificate))
}

/// A certificate that connects all the same, and what is to be said of it.
const fn found(
    id: &'static str,
    title: &'static str,
    findings: &'static [&'static str],
    certificate: Certificate,
) -> Fault {
    row(id, title, connectable(findings), certificate)
}

const fn row(id: &'static str, title: &'static str, expect: Expect, c: Certificate) -> Fault {
    faulty(id, title, Stage, expect, host(c))
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
    found(
        "cert-expires-soon",
        "The company's certificate expires in 10 days",
        &["ca-cert-expired-or-replaced"],
        Certificate {
            from: -355,
            until: 10,
            ..COMPANY
        },
    ),
    found(
        "cert-eku-rdp-only",
        "The certificate has Microsoft's usage for Remote Desktop alone",
        &["configured-cert-wrong-usage"],
        Certificate {
            usage: Usage::RemoteDesktop,
            ..COMPANY
        },
    ),
    found(
        "cert-no-digital-signature",
        "A company certificate whose key usage lacks digitalSignature",
        &["cert-key-usage"],
        Certificate {
            key_usage: KeyUse::Windows,
            ..COMPANY
        },
    ),
    found(
        "cert-key-usage-ca",
        "A company certificate whose key may sign certificates and nothing else",
        &["cert-key-usage"],
        Certificate {
            key_usage: KeyUse::Authority,
            ..COMPANY
        },
    ),
    found(
        "cert-md5",
        "The certificate is signed with MD5",
        &["cert-weak"],
        Certificate {
            digest: Digest::Md5,
            ..OWN
        },
    ),
    found(
        "cert-p521",
        "The certificate has an ECDSA key on P-521",
        &["cert-rare-curve"],
        Certificate {
            key: Key::P521,
            ..COMPANY
        },
    ),
    found(
        "cert-leaf-is-ca",
        "The host shows a certificate that is an authority's",
        &["cert-leaf-is-ca"],
        Certificate {
            ca: true,
            ..COMPANY
        },
    ),
    found(
        "cert-issuer-not-ca",
        "The issuer's certificate is not an authority's",
        &["cert-issuer-not-allowed"],
        Certificate {
            issuer: Issuer::NoAuthority,
            ..COMPANY
        },
    ),
    found(
        "cert-path-too-long",
        "An authority vouches for another one and may not",
        &["cert-issuer-not-allowed"],
        Certificate {
            issuer: Issuer::TooDeep,
            ..COMPANY
        },
    ),
    found(
        "cert-name-constraints",
        "The authority may vouch for another domain only",
        &["cert-issuer-not-allowed"],
        Certificate {
            issuer: Issuer::OtherDomain,
            ..COMPANY
        },
    ),
    found(
        "cert-root-expired",
        "The root that is sent has expired",
        &["cert-root-expired"],
        Certificate {
            issuer: Issuer::ExpiredRoot,
            ..COMPANY
        },
    ),
    found(
        "cert-wrong-order",
        "The certificates are sent in the wrong order",
        &["cert-chain-disorder"],
        Certificate {
            issuer: Issuer::Intermediate,
            sent: Sent::RootFirst,
            ..COMPANY
        },
    ),
    found(
        "cert-unrelated",
        "A certificate is sent that does not belong to the chain",
        &["cert-chain-disorder"],
        Certificate {
            issuer: Issuer::Intermediate,
            sent: Sent::Unrelated(1),
            ..COMPANY
        },
    ),
    found(
        "cert-chain-long",
        "20 certificates are sent that do not belong to the chain",
        &["cert-chain-disorder"],
        Certificate {
            sent: Sent::Unrelated(20),
            ..COMPANY
        },
    ),
    found(
        "cert-self-signed-by-name",
        "The certificate names itself as issuer and is signed with another key",
        &["cert-self-signed-by-name"],
        Certificate {
            issuer: Issuer::ItselfByName,
            ..OWN
        },
    ),
    found(
        "cert-forged",
        "The certificate names an authority that did not sign it",
        &["cert-bad-signature"],
        Certificate {
            issuer: Issuer::Forged,
            ..COMPANY
        },
    ),
    found(
        "cert-no-name",
        "The certificate has neither a subject nor alternative names",
        &["cert-no-name"],
        Certificate {
            name: Some(""),
            names: Names::None,
            ..COMPANY
        },
    ),
    found(
        "cert-odd-names",
        "The names of the certificate hold NUL and marks that turn the direction",
        &["cert-odd-names"],
        Certificate {
            name: Some("pc42.lab.example\0\u{202e}elpmaxe"),
            names: Names::Dns(&["pc42.lab.example\0.elsewhere.example", "pc42.lab.example"]),
            ..COMPANY
        },
    ),
    found(
        "cert-negative-serial",
        "The certificate has a negative serial number",
        &["cert-serial"],
        Certificate {
            serial: Serial::Negative,
            ..COMPANY
        },
    ),
    found(
        "cert-address-only",
        "The certificate covers another address and no name",
        &["cert-name-mismatch"],
        Certificate {
            name: Some("Remote Desktop"),
            names: Names::Address,
            ..COMPANY
        },
    ),
    found(
        "cert-wildcard-deep",
        "The wildcard of the certificate stands for one label, and the name has two",
        &["cert-name-mismatch"],
        Certificate {
            name: Some("*.example"),
            names: Names::Dns(&["*.example"]),
            ..COMPANY
        },
    ),
    found(
        "cert-long-life",
        "The certificate is valid for ten years",
        &["cert-long-validity"],
        Certificate {
            from: -30,
            until: 3620,
            ..COMPANY
        },
    ),
    row(
        "cert-unreadable-second",
        "The second certificate that is sent is none",
        undetermined(&["cert-unreadable"]),
        Certificate {
            sent: Sent::Rubbish,
            ..COMPANY
        },
    ),
    row(
        "cert-chain-huge",
        "A thousand certificates are sent, more than TLS libraries take",
        undetermined(&["cert-chain-too-large"]),
        Certificate {
            sent: Sent::Unrelated(1000),
            ..COMPANY
        },
    ),
    row(
        "cert-rsa65536",
        "The certificate has an RSA key of 65,536 bits",
        undetermined(&["cert-key-too-large"]),
        Certificate {
            key: Key::Rsa65536,
            ..COMPANY
        },
    ),
];

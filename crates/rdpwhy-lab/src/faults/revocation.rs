//! Certificates whose authority has something to say of them, or should have: seen only by whoever
//! asks (`--revocation`), on a host that is otherwise healthy.

use rdpwhy_model::Stage::Tls as Stage;

use crate::certificates::Certificate;
use crate::fault::{Fault, connectable, faulty, healthy};
use crate::published::{List, Published};
use crate::script::{Script, Tls, Zone};

const fn host(published: Published) -> Script {
    let certificate = Certificate {
        published: Some(published),
        ..Certificate::COMPANY
    };
    Script::WINDOWS
        .zone(Zone::Good)
        .tls(Tls::WINDOWS.certificate(certificate))
}

const fn row(
    id: &'static str,
    title: &'static str,
    cause: &'static [&'static str],
    published: Published,
) -> Fault {
    faulty(id, title, Stage, connectable(cause), host(published)).asking_for_revocation()
}

const REVOKED: &[&str] = &["cert-revoked"];
const UNREACHABLE: &[&str] = &["cert-revocation-unreachable"];
const UNUSABLE: &[&str] = &["cert-revocation-unusable"];

pub(super) const HEALTHY: &[Fault] = &[
    healthy(
        "healthy-crl",
        "The authority's list does not name the certificate",
        host(Published::List(List::Good)),
    )
    .asking_for_revocation(),
    healthy(
        "healthy-ocsp",
        "The authority's responder says that the certificate is good",
        host(Published::Responder { revoked: false }),
    )
    .asking_for_revocation(),
];

pub(super) const ROWS: &[Fault] = &[
    row(
        "cert-revoked-crl",
        "The certificate is revoked, by the authority's list",
        REVOKED,
        Published::List(List::Revoked),
    ),
    row(
        "cert-revoked-ocsp",
        "The certificate is revoked, by the authority's responder",
        REVOKED,
        Published::Responder { revoked: true },
    ),
    row(
        "crl-unreachable",
        "Nobody listens at the address of the revocation list",
        UNREACHABLE,
        Published::Nobody,
    ),
    row(
        "crl-stale",
        "The revocation list should have been renewed three days ago",
        UNUSABLE,
        Published::List(List::Stale),
    ),
    row(
        "crl-other-authority",
        "The revocation list is that of another authority",
        UNUSABLE,
        Published::List(List::OtherAuthority),
    ),
    row(
        "crl-forged",
        "The revocation list names the certificate, and somebody else signed it",
        UNUSABLE,
        Published::List(List::Forged),
    ),
    row(
        "crl-garbage",
        "At the address of the revocation list lies a page",
        UNUSABLE,
        Published::Page,
    ),
    row(
        "crl-flood",
        "The revocation list never ends",
        UNUSABLE,
        Published::Endless,
    ),
];

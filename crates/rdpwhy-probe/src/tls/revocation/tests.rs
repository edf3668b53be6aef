//! An authority of these tests, its lists, and what is read from them.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, CrlNumber, SubjectKeyIdentifier,
};
use openssl::x509::{X509Builder, X509CrlBuilder, X509Name, X509RevokedBuilder};

use super::*;

const NOW: i64 = 1_790_000_000;
const DAY: i64 = 86_400;

struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn name(text: &str) -> X509Name {
    let mut builder = X509Name::builder().unwrap();
    builder.append_entry_by_nid(Nid::COMMONNAME, text).unwrap();
    builder.build()
}

fn number(n: u32) -> openssl::asn1::Asn1Integer {
    BigNum::from_u32(n).unwrap().to_asn1_integer().unwrap()
}

fn at(seconds: i64) -> Asn1Time {
    Asn1Time::from_unix(seconds).unwrap()
}

fn blank(subject: &str, issuer: &str, serial: u32, key: &PKey<Private>) -> X509Builder {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&number(serial)).unwrap();
    builder.set_subject_name(&name(subject)).unwrap();
    builder.set_issuer_name(&name(issuer)).unwrap();
    builder.set_not_before(&at(NOW - DAY)).unwrap();
    builder.set_not_after(&at(NOW + DAY)).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
}

impl Authority {
    fn new(subject: &str) -> Self {
        let key = key();
        let mut builder = blank(subject, subject, 1, &key);
        let ca = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(ca).unwrap();
        let own = {
            let context = builder.x509v3_context(None, None);
            SubjectKeyIdentifier::new().build(&context).unwrap()
        };
        builder.append_extension(own).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        let certificate = builder.build();
        Self { certificate, key }
    }

    fn issue(&self, serial: u32) -> Link {
        let mut builder = X509::builder().unwrap();
        let own = key();
        let issuer = self.certificate.subject_name();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&number(serial)).unwrap();
        builder.set_subject_name(&name("pc42")).unwrap();
        builder.set_issuer_name(issuer).unwrap();
        builder.set_not_before(&at(NOW - DAY)).unwrap();
        builder.set_not_after(&at(NOW + DAY)).unwrap();
        builder.set_pubkey(&own).unwrap();
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        let der = builder.build().to_der().unwrap();
        let root = self.certificate.to_der().unwrap();
        let trust = TrustStore::new(&[] as &[&str]).unwrap();
        links(&[&der, &root], &trust).remove(0).unwrap()
    }

    fn list(&self, serials: &[u32], (from, until): (i64, i64)) -> Vec<u8> {
        let mut builder = X509CrlBuilder::new().unwrap();
        let issuer = self.certificate.subject_name();
        builder.set_issuer_name(issuer).unwrap();
        builder.set_last_update(&at(from)).unwrap();
        builder.set_next_update(&at(until)).unwrap();
        let beside = X509::builder().unwrap();
        let context = beside.x509v3_context(Some(&self.certificate), None);
        let above = AuthorityKeyIdentifier::new()
            .keyid(true)
            .build(&context)
            .unwrap();
        builder.append_extension(above).unwrap();
        let count = CrlNumber::new(BigNum::from_u32(1).unwrap()).unwrap();
        builder.append_extension(count.build().unwrap()).unwrap();
        for serial in serials {
            let mut entry = X509RevokedBuilder::new().unwrap();
            entry.set_serial_number(&number(*serial)).unwrap();
            entry.set_revocation_date(&at(NOW - 3600)).unwrap();
            builder.add_revoked(entry.build()).unwrap();
        }
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        builder.build().unwrap().to_der().unwrap()
    }
}

const FRESH: (i64, i64) = (NOW - DAY, NOW + DAY);

fn says(link: &Link, list: &[u8]) -> Answer {
    link.by_list(list, NOW, |l| {
        rdpwhy_wire::revocation::covers(l, &[], false)
    })
}

#[test]
fn a_list_says_good_or_revoked() {
    let authority = Authority::new("CA");
    let link = authority.issue(4711);
    assert_eq!(says(&link, &authority.list(&[5, 6], FRESH)), Answer::Good);
    let revoked = Answer::Revoked {
        when: Some(time(NOW - 3600)),
        reason: None,
    };
    assert_eq!(says(&link, &authority.list(&[5, 4711], FRESH)), revoked);
    // An old list cannot say that all is well, but what it revokes stays revoked
    let old = (NOW - 9 * DAY, NOW - 2 * DAY);
    let stale = Answer::Stale(time(NOW - 2 * DAY));
    assert_eq!(says(&link, &authority.list(&[5], old)), stale);
    assert_eq!(says(&link, &authority.list(&[4711], old)), revoked);
    let early = (NOW + DAY, NOW + 2 * DAY);
    assert_eq!(
        says(&link, &authority.list(&[5], early)),
        Answer::NotYetValid
    );
}

#[test]
fn only_the_issuer_may_say_it() {
    let authority = Authority::new("CA");
    let link = authority.issue(4711);
    let impostor = Authority::new("CA").list(&[4711], FRESH);
    assert_eq!(says(&link, &impostor), Answer::BadSignature);
    let other = Authority::new("Other CA").list(&[4711], FRESH);
    assert_eq!(says(&link, &other), Answer::OtherIssuer);
    let mut changed = authority.list(&[5], FRESH);
    let place = changed.len() - 5;
    changed[place] ^= 1;
    assert_ne!(says(&link, &changed), Answer::Good);
    let alone = Link {
        issuer: None,
        ..link
    };
    let list = authority.list(&[4711], FRESH);
    assert_eq!(says(&alone, &list), Answer::NoIssuer);
    assert!(alone.question().is_none());
    assert_eq!(alone.by_responder(&[], NOW), Answer::NoIssuer);
}

#[test]
fn a_list_in_pem_is_read_and_asks_for_no_password() {
    let authority = Authority::new("CA");
    let link = authority.issue(4711);
    let der = authority.list(&[5], FRESH);
    let pem = X509Crl::from_der(&der).unwrap().to_pem().unwrap();
    assert_eq!(says(&link, &pem), Answer::Good);
    let locked = b"-----BEGIN X509 CRL-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,00\n\nAAAA\n-----END X509 CRL-----\n";
    assert!(matches!(says(&link, locked), Answer::Unreadable(_)));
}

#[test]
fn rubbish_is_said_to_be_rubbish() {
    let authority = Authority::new("CA");
    let link = authority.issue(4711);
    for rubbish in [
        &b""[..],
        b"<html>",
        b"\x30\x84\xff\xff\xff\xff",
        &[0x30; 500],
    ] {
        assert!(matches!(says(&link, rubbish), Answer::Unreadable(_)));
        let answer = link.by_responder(rubbish, NOW);
        assert!(matches!(answer, Answer::Unreadable(_)), "{answer:?}");
    }
    // tryLater (RFC 6960 4.2.1)
    let later = link.by_responder(&[0x30, 3, 0x0a, 1, 3], NOW);
    assert!(matches!(later, Answer::Refused(_)), "{later:?}");
    assert!(link.question().is_some_and(|q| !q.is_empty()));
}

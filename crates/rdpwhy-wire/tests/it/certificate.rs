//! Certificates, with whatever a stranger may write into them.

use proptest::collection::vec;
use proptest::prelude::*;
use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::certificate::{Viewpoint, facts};
use rdpwhy_wire::read::Facts;

use crate::made::{self, COMMON_NAME, Certificate, Key};
use crate::{bytes, damaged, wire};

const VIEW: Viewpoint<'_> = Viewpoint {
    host: "pc42.corp.example",
    now: 1_780_000_000,
};

pub(crate) fn of(certificate: &Certificate) -> Facts {
    facts(&[&certificate.der()], VIEW)
}

pub(crate) fn value(facts: &Facts, key: FactKey) -> &Value {
    let found = facts.iter().find(|f| f.0 == key);
    &found.expect("the fact").1
}

/// A certificate full of text that is chosen to do harm.
fn certificates() -> impl Strategy<Value = Certificate> {
    let text = || "[\\x00-\\x1fa-z.*\\x7f-\\u{9f}\u{202e}\u{200b}]{0,40}";
    let kind = || prop_oneof![Just(COMMON_NAME.to_vec()), vec(any::<u8>(), 1..9)];
    // UTF8String, PrintableString, T61String, IA5String, BMPString, OCTET STRING
    let tag = || prop::sample::select(vec![0x0cu8, 0x13, 0x14, 0x16, 0x1e, 0x04]);
    let attribute = move || (kind(), tag(), text().prop_map(String::into_bytes));
    let name = prop_oneof![
        text().prop_map(|t| (0x82u8, t.into_bytes())),
        prop_oneof![
            vec(any::<u8>(), 4),
            vec(any::<u8>(), 16),
            vec(any::<u8>(), 0..6)
        ]
        .prop_map(|b| (0x87u8, b)),
        (0x80u8..0x89, bytes()),
    ];
    let key = prop_oneof![
        vec(any::<u8>(), 0..300).prop_map(Key::Rsa),
        vec(any::<u8>(), 0..140).prop_map(Key::Ec),
    ];
    (
        vec(attribute(), 0..4),
        vec(attribute(), 0..4),
        vec(name, 0..130),
        vec(vec(any::<u8>(), 1..20), 0..5),
        vec(any::<u8>(), 1..20),
        key,
    )
        .prop_map(
            |(subject, issuer, names, usages, signature, key)| Certificate {
                subject,
                issuer,
                names,
                usages,
                signature,
                key,
                ..Certificate::of("x")
            },
        )
}

#[test]
fn the_addresses_that_it_names_are_kept_fit_to_show() {
    let list = |texts: &[&str]| Value::List(texts.iter().map(|t| (*t).to_owned()).collect());
    let certificate = Certificate {
        more: vec![
            made::crl_at(b"http://pki.example/ca.crl"),
            made::access_at(&[
                (1, b"http://ocsp.example/\x1b"),
                (2, b"ldap:///CN=CA?cACertificate"),
                (3, b"http://elsewhere.example/"),
            ]),
        ],
        ..Certificate::of("pc42")
    };
    let facts = of(&certificate);
    let crl = list(&["http://pki.example/ca.crl"]);
    assert_eq!(value(&facts, FactKey::CertCrlUrls), &crl);
    let ocsp = list(&["http://ocsp.example/\\u{1b}"]);
    assert_eq!(value(&facts, FactKey::CertOcspUrls), &ocsp);
    let issuer = list(&["ldap:///CN=CA?cACertificate"]);
    assert_eq!(value(&facts, FactKey::CertIssuerUrls), &issuer);
    assert_eq!(
        value(&facts, FactKey::CertSerial),
        &Value::Text("01".into())
    );
    let none = of(&Certificate::of("pc42"));
    assert_eq!(value(&none, FactKey::CertCrlUrls), &list(&[]));
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn a_certificate_of_one_name_says_it(name in "[a-z][a-z0-9-]{0,30}\\.corp\\.example") {
        let facts = of(&Certificate::of(&name));
        prop_assert_eq!(value(&facts, FactKey::CertNames), &Value::List(vec![name.clone()]));
        prop_assert_eq!(value(&facts, FactKey::CertSubject), &Value::Text(format!("CN={name}")));
        prop_assert_eq!(
            value(&facts, FactKey::CertNameMatches), &Value::Bool(name == VIEW.host)
        );
    }

    #[test]
    fn any_text_in_it_comes_out_fit_to_show(certificate in certificates()) {
        wire::chain(&certificate.der());
    }

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::chain(&bytes);
    }

    #[test]
    fn any_damage(bytes in damaged(certificates().prop_map(|c| c.der()))) {
        wire::chain(&bytes);
    }

    #[test]
    fn the_size_of_an_rsa_key_is_that_of_its_modulus(first in 1u8.., length in 1usize..520) {
        let mut modulus = vec![first];
        modulus.resize(length, 0x5a);
        if first & 0x80 != 0 {
            modulus.insert(0, 0); // or it would be negative
        }
        let certificate = Certificate { key: Key::Rsa(modulus), ..Certificate::of("x") };
        let bits = i64::try_from(length * 8).unwrap() - i64::from(first.leading_zeros());
        let facts = of(&certificate);
        prop_assert_eq!(value(&facts, FactKey::CertKeyBits), &Value::Int(bits));
    }
}

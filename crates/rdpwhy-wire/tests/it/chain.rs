//! Chains: what belongs together, who may vouch for whom, and what is odd in a certificate.

use proptest::collection::vec;
use proptest::prelude::*;
use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::certificate::{Viewpoint, facts};
use rdpwhy_wire::read::Facts;

use crate::certificate::{of, value};
use crate::damaged;
use crate::made::{self, Certificate, Key};

const VIEW: Viewpoint<'_> = Viewpoint {
    host: "pc42.corp.example",
    now: 1_770_000_000,
};

/// A host's certificate, an authority's and a root's.
fn three() -> [Certificate; 3] {
    let root = Certificate {
        more: vec![made::authority(None)],
        ..Certificate::of("root")
    };
    let middle = Certificate {
        more: vec![made::authority(Some(0))],
        ..Certificate::below("middle", &root)
    };
    let leaf = Certificate {
        names: vec![(0x82, b"pc42.corp.example".to_vec())],
        ..Certificate::below("pc42", &middle)
    };
    [leaf, middle, root]
}

fn chain(certificates: &[&Certificate]) -> Facts {
    let ders: Vec<Vec<u8>> = certificates.iter().map(|c| c.der()).collect();
    let ders: Vec<&[u8]> = ders.iter().map(Vec::as_slice).collect();
    facts(&ders, VIEW)
}

fn known(facts: &Facts, key: FactKey) -> bool {
    facts.iter().any(|f| f.0 == key)
}

fn truth(facts: &Facts, key: FactKey) -> bool {
    *value(facts, key) == Value::Bool(true)
}

#[test]
fn a_good_chain_has_nothing_to_complain_about() {
    let [leaf, middle, root] = three();
    let facts = chain(&[&leaf, &middle, &root]);
    for key in [
        FactKey::CertChainInOrder,
        FactKey::CertIssuerSent,
        FactKey::CertRootSent,
    ] {
        assert!(truth(&facts, key), "{key}");
    }
    for key in [
        FactKey::CertIssuerNotCa,
        FactKey::CertPathTooLong,
        FactKey::CertRootExpired,
        FactKey::CertIntermediateExpired,
    ] {
        assert!(!truth(&facts, key), "{key}");
    }
    assert!(!known(&facts, FactKey::CertUnrelated));
    assert!(!known(&facts, FactKey::CertOutsideConstraints));
    let Value::List(lines) = value(&facts, FactKey::CertChain) else {
        panic!("no list");
    };
    assert_eq!(
        lines[2],
        "3. CN=root, issued by itself; valid until 2026-07-02, 149 days left"
    );
}

#[test]
fn order_strangers_and_repetitions_are_told_apart() {
    let [leaf, middle, root] = three();
    let disorder = chain(&[&leaf, &root, &middle]);
    assert!(!truth(&disorder, FactKey::CertChainInOrder));
    assert!(truth(&disorder, FactKey::CertIssuerSent));
    let stranger = Certificate::of("stranger");
    let with = chain(&[&leaf, &stranger, &middle, &middle]);
    assert!(truth(&with, FactKey::CertChainInOrder));
    let strangers = Value::List(vec!["CN=stranger".into()]);
    assert_eq!(value(&with, FactKey::CertUnrelated), &strangers);
    assert_eq!(value(&with, FactKey::CertChainDuplicates), &Value::Int(1));
    let alone = chain(&[&leaf]);
    assert!(!truth(&alone, FactKey::CertIssuerSent));
}

#[test]
fn who_may_not_vouch_is_found() {
    let [leaf, middle, root] = three();
    let ordinary = Certificate {
        more: Vec::new(),
        ..middle.clone()
    };
    let facts = chain(&[&leaf, &ordinary]);
    assert!(truth(&facts, FactKey::CertIssuerNotCa));
    // An authority's key that may sign revocation lists only
    let no_sign = Certificate {
        more: vec![made::authority(None), made::key_usage(0x02)],
        ..middle.clone()
    };
    assert!(truth(&chain(&[&leaf, &no_sign]), FactKey::CertIssuerNotCa));
    let deeper = Certificate {
        more: vec![made::authority(None)],
        ..Certificate::below("deeper", &middle)
    };
    let leaf = Certificate::below("pc42", &deeper);
    let facts = chain(&[&leaf, &deeper, &middle, &root]);
    assert!(truth(&facts, FactKey::CertPathTooLong));
    assert!(!truth(&facts, FactKey::CertIssuerNotCa));
}

#[test]
fn name_constraints_on_dns_names_are_judged() {
    let [leaf, middle, _] = three();
    for (kind, base, outside) in [
        (0, &b"corp.example"[..], false),
        (0, b".corp.example", false),
        (0, b"PC42.corp.example", false),
        (0, b"p.example", true),
        (0, b"rp.example", true),
        (1, b"corp.example", true),
        (1, b"other.example", false),
    ] {
        let middle = Certificate {
            more: vec![made::authority(None), made::constraint(kind, base)],
            ..middle.clone()
        };
        let facts = chain(&[&leaf, &middle]);
        let base = String::from_utf8_lossy(base);
        assert_eq!(
            truth(&facts, FactKey::CertOutsideConstraints),
            outside,
            "{kind} {base}"
        );
    }
}

/// The dates, whatever their form, never keep the rest from being read, and the reason for what
/// cannot be read is given with its place.
#[test]
fn odd_dates_and_places_that_cannot_be_read() {
    fn utc(text: &[u8]) -> (u8, &[u8]) {
        (0x17, text)
    }
    fn general(text: &[u8]) -> (u8, &[u8]) {
        (0x18, text)
    }
    let dated = |from: (u8, &[u8]), to: (u8, &[u8])| Certificate {
        validity: [from, to].map(|(tag, text)| (tag, text.to_vec())),
        ..Certificate::of("x")
    };
    let word = |c: &Certificate| value(&of(c), FactKey::CertDates).to_string();
    let (early, late) = (b"260101000000Z", b"270101000000Z");
    assert_eq!(word(&dated(utc(early), utc(late))), "ordinary");
    assert_eq!(word(&dated(utc(late), utc(early))), "end-before-start");
    let before = general(b"19600101000000Z");
    assert_eq!(word(&dated(before, utc(late))), "before-1970");
    let never = general(b"99991231235959Z");
    assert_eq!(word(&dated(utc(early), never)), "without-end");

    let broken = dated(general(b"20269901000000Z"), utc(late));
    let facts = chain(&[&broken, &Certificate::of("y")]);
    assert!(!known(&facts, FactKey::CertSubject));
    let Value::List(places) = value(&facts, FactKey::CertUnreadable) else {
        panic!("no list");
    };
    assert_eq!(places.len(), 1);
    assert!(places[0].starts_with("certificate 1: "), "{places:?}");
    let facts = chain(&[&Certificate::of("y"), &broken]);
    assert!(known(&facts, FactKey::CertSubject));
    assert!(known(&facts, FactKey::CertUnreadable));
}

#[test]
fn broken_extensions_are_named_and_the_rest_is_read() {
    let certificate = Certificate {
        more: vec![made::extension(19, &[0x30, 0x05, 0x01])],
        ..Certificate::of("x")
    };
    let facts = of(&certificate);
    let said = Value::List(vec![
        "certificate 1: extension 2.5.29.19 cannot be read".into(),
    ]);
    assert_eq!(value(&facts, FactKey::CertUnreadable), &said);
    assert!(known(&facts, FactKey::CertSubject));
}

#[test]
fn versions_serials_exponents_and_large_keys() {
    let first = Certificate {
        version: None,
        usages: Vec::new(),
        ..Certificate::of("x")
    };
    assert_eq!(value(&of(&first), FactKey::CertVersion), &Value::Int(1));
    assert_eq!(
        value(&of(&Certificate::of("x")), FactKey::CertVersion),
        &Value::Int(3)
    );
    let negative = Certificate {
        serial: vec![0x80],
        ..Certificate::of("x")
    };
    let facts = of(&negative);
    assert_eq!(value(&facts, FactKey::CertSerial).to_string(), "-80");
    assert_eq!(
        value(&facts, FactKey::CertSerialForm).to_string(),
        "negative"
    );
    let even = Certificate {
        exponent: vec![4],
        ..Certificate::of("x")
    };
    assert!(truth(&of(&even), FactKey::CertOddExponent));
    let mut modulus = vec![0xff; 8193];
    modulus[0] = 0;
    let large = Certificate {
        key: Key::Rsa(modulus),
        ..Certificate::of("x")
    };
    assert_eq!(
        value(&of(&large), FactKey::CertKeyBits),
        &Value::Int(65_536)
    );
}

/// mstsc and RFC 6125 look at different names where the alternative names are addresses alone.
#[test]
fn the_names_that_mstsc_compares_are_its_own() {
    let certificate = Certificate {
        names: vec![(0x87, vec![10, 0, 0, 5])],
        ..Certificate::of("pc42.corp.example")
    };
    let der = certificate.der();
    let for_host = |host| facts(&[&der], Viewpoint { host, now: 0 });
    let by_name = for_host("pc42.corp.example");
    assert!(!truth(&by_name, FactKey::CertNameMatches));
    assert!(truth(&by_name, FactKey::CertMstscNameMatches));
    assert!(truth(&by_name, FactKey::CertCommonNameMatches));
    let by_address = for_host("10.0.0.5");
    assert!(truth(&by_address, FactKey::CertNameMatches));
    assert!(truth(&by_address, FactKey::CertMstscNameMatches));
    let by_other = for_host("10.0.0.6");
    assert!(!truth(&by_other, FactKey::CertMstscNameMatches));
}

#[test]
fn key_usage_says_what_the_key_may_do() {
    let with = |bits| Certificate {
        more: vec![made::key_usage(bits)],
        ..Certificate::of("x")
    };
    let windows = of(&with(0x30));
    assert!(!truth(&windows, FactKey::CertMaySign));
    assert!(truth(&windows, FactKey::CertMayEncipher));
    let names = Value::List(vec!["keyEncipherment".into(), "dataEncipherment".into()]);
    assert_eq!(value(&windows, FactKey::CertKeyUsage), &names);
    let without = of(&Certificate::of("x"));
    assert!(truth(&without, FactKey::CertMaySign) && truth(&without, FactKey::CertMayEncipher));
}

#[test]
fn of_ten_thousand_the_first_are_judged() {
    let der = Certificate::of("x").der();
    let facts = facts(&vec![der.as_slice(); 10_000], VIEW);
    assert_eq!(value(&facts, FactKey::CertChainLength), &Value::Int(10_000));
    assert_eq!(value(&facts, FactKey::CertChainJudged), &Value::Int(16));
    let Value::List(lines) = value(&facts, FactKey::CertChain) else {
        panic!("no list");
    };
    assert_eq!(lines.len(), 16);
    assert_eq!(lines[15], "16. the same as 1");
}

proptest! {
    #![proptest_config(crate::config())]

    /// Certificates that are damaged and name each other in any way.
    #[test]
    fn any_mixture_is_judged(
        links in vec((0usize..4, 0usize..4, any::<bool>(), any::<u8>()), 1..20),
        cut in damaged(Just(three()[1].der())),
        place in any::<prop::sample::Index>(),
    ) {
        let mut ders: Vec<Vec<u8>> = links
            .iter()
            .map(|(own, issuer, ca, limit)| {
                let by = Certificate::of(&format!("a{issuer}"));
                let more = if *ca { vec![made::authority(Some(limit & 0x7f))] } else { Vec::new() };
                Certificate { more, ..Certificate::below(&format!("a{own}"), &by) }.der()
            })
            .collect();
        let at = place.index(ders.len());
        ders[at] = cut;
        let ders: Vec<&[u8]> = ders.iter().map(Vec::as_slice).collect();
        let facts = facts(&ders, VIEW);
        crate::wire::sane(&facts);
        prop_assert!(known(&facts, FactKey::CertChain));
    }
}

//! What these tests and fuzzing found, one small case each, where a name says more than a file
//! under `fuzz/regressions/`.

use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::certificate::{Viewpoint, facts};

use crate::certificate::{of, value};
use crate::made::{COMMON_NAME, Certificate, Key};

/// A name that would set the title of a terminal, turn its text red and reverse it.
const HARM: &str = "a\u{1b}]0;x\u{7}\u{1b}[31m\u{202e}b";
/// The same, fit to show.
const SHOWN: &str = "a\\u{1b}]0;x\\u{7}\\u{1b}[31m\\u{202e}b";

fn text(t: &str) -> Value {
    Value::Text(t.to_owned())
}

#[test]
fn terminal_escapes_in_names_come_out_escaped() {
    let common_name = of(&Certificate::of(HARM));
    let subject = text(&format!("CN={SHOWN}"));
    assert_eq!(value(&common_name, FactKey::CertSubject), &subject);
    assert_eq!(value(&common_name, FactKey::CertIssuer), &subject);
    let names = Value::List(vec![SHOWN.to_owned()]);
    assert_eq!(value(&common_name, FactKey::CertNames), &names);

    let mut alternative = Certificate::of("pc42");
    alternative.names = vec![(0x82, b"a\x1b[2Jb".to_vec())];
    let names = Value::List(vec!["a\\u{1b}[2Jb".to_owned()]);
    assert_eq!(value(&of(&alternative), FactKey::CertNames), &names);
}

/// What is compared is the name itself, not the form in which it is shown, and all of them are.
#[test]
fn a_name_beyond_those_that_are_shown_still_counts() {
    let mut certificate = Certificate::of("x");
    certificate.names = (0..500)
        .map(|n| (0x82, format!("pc{n}.corp.example").into_bytes()))
        .collect();
    let facts = facts(
        &[&certificate.der()],
        Viewpoint {
            host: "pc499.corp.example",
            now: 0,
        },
    );
    assert_eq!(value(&facts, FactKey::CertNameMatches), &Value::Bool(true));
    let Value::List(names) = value(&facts, FactKey::CertNames) else {
        panic!("no list");
    };
    assert_eq!(names.len(), 100);
    assert_eq!(names[99], "… and 401 more");
}

#[test]
fn a_name_in_two_byte_characters_is_a_name() {
    let mut certificate = Certificate::of("x");
    let units = "büro-pc".encode_utf16().flat_map(u16::to_be_bytes);
    certificate.subject = vec![(COMMON_NAME.to_vec(), 0x1e, units.collect())];
    let names = Value::List(vec!["büro-pc".to_owned()]);
    assert_eq!(value(&of(&certificate), FactKey::CertNames), &names);
}

#[test]
fn a_key_on_p521_has_521_bits() {
    let mut point = vec![4];
    point.extend([1; 132]);
    let certificate = Certificate {
        key: Key::Ec(point),
        ..Certificate::of("x")
    };
    let facts = of(&certificate);
    assert_eq!(value(&facts, FactKey::CertKey), &text("ECDSA 521 bits"));
}

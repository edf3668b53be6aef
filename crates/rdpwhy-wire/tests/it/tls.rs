//! ClientHellos taken apart by a parser of their own, and what servers answer.

use proptest::collection::vec;
use proptest::prelude::*;
use rdpwhy_wire::script::{Framed, Framing, TlsOffer};
use rdpwhy_wire::tls::{self, ServerHello};

use crate::{bytes, damaged, made, wire};

/// What stands in a ClientHello (RFC 8446 4.1.2, RFC 6066 3, RFC 8422 5.1, RFC 7685 3).
#[derive(Debug, Default, PartialEq, Eq)]
struct Hello {
    version: u16,
    random: Vec<u8>,
    suites: Vec<u16>,
    server_name: Option<String>,
    groups: Vec<u16>,
    signatures: Vec<u16>,
    padding: usize,
}

/// Takes `n` bytes off the front.
fn take<'a>(rest: &mut &'a [u8], n: usize) -> &'a [u8] {
    let (head, tail) = rest.split_at(n);
    *rest = tail;
    head
}

/// Takes a block off the front whose length stands before it in `width` bytes.
fn block<'a>(rest: &mut &'a [u8], width: usize) -> &'a [u8] {
    let n = take(rest, width)
        .iter()
        .fold(0, |n, b| n << 8 | usize::from(*b));
    take(rest, n)
}

fn codes(list: &[u8]) -> Vec<u16> {
    assert!(list.len().is_multiple_of(2));
    list.chunks(2)
        .map(|c| u16::from_be_bytes([c[0], c[1]]))
        .collect()
}

/// A list that is all there is in its extension.
fn only(mut data: &[u8]) -> &[u8] {
    let list = block(&mut data, 2);
    assert!(data.is_empty(), "{} bytes after the list", data.len());
    list
}

/// Reads one ClientHello in one record; panics where a length does not agree with the bytes.
fn read_hello(mut record: &[u8]) -> Hello {
    assert_eq!(
        take(&mut record, 3),
        [22, 3, 1],
        "a handshake record of TLS 1.0"
    );
    let mut message = block(&mut record, 2);
    assert!(record.is_empty(), "{} bytes after the record", record.len());
    assert!(message.len() <= 1 << 14, "longer than a record may be");
    assert_eq!(take(&mut message, 1), [1], "a ClientHello");
    let mut body = block(&mut message, 3);
    assert!(
        message.is_empty(),
        "{} bytes after the hello",
        message.len()
    );

    let mut hello = Hello {
        version: codes(take(&mut body, 2))[0],
        random: take(&mut body, 32).to_vec(),
        ..Hello::default()
    };
    assert!(block(&mut body, 1).is_empty(), "a session to resume");
    hello.suites = codes(block(&mut body, 2));
    assert_eq!(block(&mut body, 1), [0], "compression");
    if body.is_empty() {
        return hello;
    }
    let mut extensions = block(&mut body, 2);
    assert!(body.is_empty(), "{} bytes after the extensions", body.len());
    let mut seen = Vec::new();
    while !extensions.is_empty() {
        let kind = codes(take(&mut extensions, 2))[0];
        assert!(!seen.contains(&kind), "extension {kind} twice");
        seen.push(kind);
        let data = block(&mut extensions, 2);
        match kind {
            0 => {
                let mut list = only(data);
                assert_eq!(take(&mut list, 1), [0], "a host name");
                hello.server_name = Some(String::from_utf8(only(list).to_vec()).unwrap());
            }
            10 => hello.groups = codes(only(data)),
            11 => assert_eq!(data, [1, 0], "point formats"),
            13 => hello.signatures = codes(only(data)),
            21 => {
                assert!(data.iter().all(|b| *b == 0));
                hello.padding = data.len();
            }
            other => panic!("extension {other}"),
        }
    }
    assert_eq!(seen.contains(&10), seen.contains(&11));
    hello
}

fn offers() -> impl Strategy<Value = TlsOffer> {
    (
        prop::sample::select(vec![0x0301u16, 0x0302, 0x0303, 0x0304]),
        vec(any::<u16>(), 0..400),
        vec(any::<u16>(), 0..64),
        vec(any::<u16>(), 0..40),
        proptest::option::of("[a-z0-9.-]{1,253}"),
    )
        .prop_map(|(max, suites, groups, signatures, server_name)| TlsOffer {
            min: 0x0301,
            max,
            suites,
            groups,
            signatures,
            server_name,
        })
}

/// A ServerHello's message, and what it says.
fn server_hellos() -> impl Strategy<Value = (Vec<u8>, ServerHello)> {
    let supported = proptest::option::of(any::<u16>());
    (any::<u16>(), any::<[u8; 32]>(), any::<u16>(), supported).prop_map(
        |(version, random, suite, supported)| {
            // supported_versions (RFC 8446 4.2.1), behind an extension that is of no interest
            let extensions = supported.map_or_else(Vec::new, |s| {
                let [high, low] = s.to_be_bytes();
                vec![0xff, 0x01, 0, 1, 0, 0, 0x2b, 0, 2, high, low]
            });
            let says = ServerHello {
                version: supported.unwrap_or(version),
                suite,
                retry: false,
            };
            (
                made::server_hello(version, random, suite, &extensions),
                says,
            )
        },
    )
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn a_client_hello_holds_what_was_offered(
        offer in offers(), padding in 0usize..8000, random in any::<[u8; 32]>()
    ) {
        let read = read_hello(&tls::client_hello(&offer, padding, random));
        let version = offer.max.min(0x0303);
        prop_assert_eq!(read.version, version);
        prop_assert_eq!(read.random, random);
        let (scsv, suites) = read.suites.split_last().unwrap();
        prop_assert_eq!(*scsv, 0x00ff);
        prop_assert_eq!(suites, &offer.suites);
        prop_assert_eq!(read.server_name, offer.server_name);
        prop_assert_eq!(read.groups, offer.groups);
        if version < 0x0303 {
            prop_assert!(read.signatures.is_empty());
        } else if offer.signatures.is_empty() {
            prop_assert!(!read.signatures.is_empty());
        } else {
            prop_assert_eq!(read.signatures, offer.signatures);
        }
        prop_assert_eq!(read.padding, padding);
    }

    #[test]
    fn a_server_hello_is_read_back_in_whatever_records(
        (message, says) in server_hellos(), most in 1usize..60, next in bytes()
    ) {
        let flight = made::records(&message, most);
        for n in 0..flight.len() {
            prop_assert_eq!(tls::read(&flight[..n]).hello, None);
            prop_assert_eq!(Framing::TlsAnswer.judge(&flight[..n]), Framed::More);
        }
        prop_assert_eq!(tls::read(&flight).hello, Some(says));
        prop_assert_eq!(Framing::TlsAnswer.judge(&flight), Framed::Whole);
        let followed = [flight, next].concat();
        prop_assert_eq!(tls::read(&followed).hello, Some(says));
    }

    #[test]
    fn an_alert_is_read_back(level in any::<u8>(), description in any::<u8>()) {
        let record = made::alert(level, description);
        prop_assert_eq!(tls::read(&record).alert, Some((level, description)));
        for n in 0..record.len() {
            prop_assert_eq!(tls::read(&record[..n]).alert, None);
            prop_assert_eq!(Framing::TlsAnswer.judge(&record[..n]), Framed::More);
        }
    }

    /// RFC 6066 3: a server that knows no such name may warn and go on.
    #[test]
    fn a_warning_about_the_name_ends_nothing((message, says) in server_hellos()) {
        let warning = made::alert(1, 112);
        prop_assert_eq!(Framing::TlsAnswer.judge(&warning), Framed::More);
        let flight = [warning, made::records(&message, 9000)].concat();
        let said = tls::read(&flight);
        prop_assert_eq!((said.hello, said.alert), (Some(says), None));
        let failed = [made::alert(1, 112), made::alert(2, 40)].concat();
        prop_assert_eq!(tls::read(&failed).alert, Some((2, 40)));
    }

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::server_flight(&bytes);
    }

    #[test]
    fn any_records(records in vec((20u8..24, vec(any::<u8>(), 0..40)), 0..6)) {
        let flight: Vec<u8> = records.iter().flat_map(|(k, b)| made::record(*k, b)).collect();
        wire::server_flight(&flight);
    }

    #[test]
    fn any_damage(bytes in damaged(server_hellos().prop_map(|h| made::records(&h.0, 50)))) {
        wire::server_flight(&bytes);
    }
}

/// The offers that the checks make of every client: none is too long for a record.
#[test]
fn the_hellos_of_every_client_are_well_formed() {
    let name = "a".repeat(253);
    for client in rdpwhy_wire::clients::all() {
        for padding in [0, 1600] {
            let offer = client.offer(Some(&name));
            let read = read_hello(&tls::client_hello(&offer, padding, [7; 32]));
            assert_eq!(read.padding, padding, "{}", client.id);
        }
    }
    let read = read_hello(&tls::client_hello(&tls::everything(None), 0, [7; 32]));
    assert_eq!(read.groups, tls::EVERY_GROUP);
}

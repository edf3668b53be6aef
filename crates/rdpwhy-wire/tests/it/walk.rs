//! Recorded connections with anything in any phase, and any end.

use proptest::collection::vec;
use proptest::prelude::*;
use rdpwhy_model::recording::Bytes;
use rdpwhy_wire::certificate::Viewpoint;

use crate::made::{self, Certificate, Challenge};
use crate::{bytes, damaged, wire};

const PHASES: u8 = 5;

/// An event as `wire::connection` takes it: phase and kind in one byte, a time, a block.
fn event(phase: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![phase + PHASES * kind, 3];
    out.extend(u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(body);
    out
}

fn block(body: &[u8]) -> Vec<u8> {
    let n = u16::try_from(body.len()).unwrap_or(u16::MAX);
    [&n.to_le_bytes(), body].concat()
}

/// A message of a host in the phase to which it belongs.
fn honest() -> impl Strategy<Value = (u8, Vec<u8>)> {
    let challenge = Challenge::default()
        .name(1, "PC42")
        .name(3, "pc42.corp.example")
        .clock(134_000_000_000_000_000);
    let hello = made::server_hello(0x0303, [7; 32], 0xc030, &[]);
    prop::sample::select(vec![
        (1, made::confirm(0x1234, &made::negotiated(2, 0x1f, 8))),
        (1, made::confirm(0, &made::negotiated(3, 0, 5))),
        (1, made::confirm(0x1234, &[])),
        (1, made::ultimatum()),
        (1, b"SSH-2.0-\x1b]0;x\x07\r\n".to_vec()),
        (2, made::records(&hello, 4000)),
        (2, made::alert(2, 40)),
        (2, made::ultimatum()),
        (3, made::ts_request(6, Some(&challenge.message()), None)),
        (3, made::ts_request(6, None, Some(0xc000_006d))),
        (4, made::connect_response(0, 0x0008_0004, 34)),
        (4, made::connect_response(5, 0x0008_0004, 34)),
        (4, made::ultimatum()),
    ])
}

/// An exchange: something sent, and something received, plainly or inside TLS.
fn exchange() -> impl Strategy<Value = Vec<u8>> {
    let message = prop_oneof![
        4 => honest(),
        2 => honest().prop_flat_map(|(p, m)| (Just(p), damaged(Just(m)))),
        1 => (0..PHASES, bytes()),
    ];
    (message, any::<bool>(), any::<bool>()).prop_map(|((phase, message), asked, inside)| {
        let kind = if inside { 2 } else { 0 };
        let mut out = Vec::new();
        if asked {
            out.extend(event(phase, kind, b"?"));
        }
        out.extend(event(phase, kind + 1, &message));
        out
    })
}

/// A handshake, completed or not, with text and certificates of a stranger.
fn handshake() -> impl Strategy<Value = Vec<u8>> {
    let text = || "[\\x00-\\x1fA-Z_0-9\u{202e}]{0,200}";
    let version = prop_oneof![Just("TLSv1.2".to_owned()), text()];
    (
        any::<bool>(),
        any::<u8>(),
        version,
        text(),
        text(),
        0usize..3,
    )
        .prop_map(|(completed, first, version, suite, group, certificates)| {
            let mut body = vec![first];
            let texts = [version, suite, group];
            let texts = if completed { &texts[..] } else { &texts[..1] };
            body.extend(texts.iter().flat_map(|t| block(t.as_bytes())));
            for _ in 0..certificates {
                body.extend(block(&Certificate::of("pc42.corp.example").der()));
            }
            event(2, if completed { 4 } else { 5 }, &body)
        })
}

fn connections() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![3 => exchange(), 1 => handshake()];
    (any::<[u8; 4]>(), vec(part, 0..7))
        .prop_map(|(ends, parts)| [&ends[..], &parts.concat()].concat())
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn any_connection(bytes in connections()) {
        wire::walk(&bytes);
    }

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::walk(&bytes);
    }

    #[test]
    fn any_host_that_was_asked_for(bytes in connections(), host in "\\PC{0,40}", now in any::<i64>()) {
        let connection = wire::connection(&bytes);
        wire::reading(&connection, Viewpoint { host: &host, now });
    }

    #[test]
    fn any_greeting(bytes in bytes()) {
        wire::greeting(&bytes);
    }
}

/// The way from bytes to a connection loses nothing: what these tests vary is what is read.
#[test]
fn a_connection_is_made_as_written() {
    let bytes = [
        &[0, 1, 2, 9][..],
        &event(1, 0, b"ask"),
        &event(1, 1, b"answer"),
    ]
    .concat();
    let connection = wire::connection(&bytes);
    assert_eq!(connection.events.len(), 2);
    let phase = connection.events[1].phase;
    assert_eq!(Bytes(connection.received(phase)), Bytes(b"answer".to_vec()));
    assert_eq!(connection.began_us(phase), Some(3000));
}

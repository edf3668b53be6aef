//! The Connection Request and its answers.

use proptest::prelude::*;
use rdpwhy_wire::script::{Framed, Framing};
use rdpwhy_wire::x224::{self, Answer, Confirm};

use crate::{bytes, damaged, made, wire};

/// The flags that a Connection Request asks for, by RFC 1006 6, X.224 13.3 and [MS-RDPBCGR]
/// 2.2.1.1.1; every length must agree with the bytes.
fn requested(packet: &[u8]) -> Option<u32> {
    let [3, 0, high, low, tpdu @ ..] = packet else {
        panic!("no TPKT header: {packet:?}");
    };
    assert_eq!(
        usize::from(u16::from_be_bytes([*high, *low])),
        packet.len(),
        "TPKT length"
    );
    let [indicator, rest @ ..] = tpdu else {
        panic!("no TPDU");
    };
    assert_eq!(usize::from(*indicator), rest.len(), "length indicator");
    // CR, no destination yet, source 0, class 0
    let [0xe0, 0, 0, 0, 0, 0, structure @ ..] = rest else {
        panic!("no Connection Request: {rest:?}");
    };
    match *structure {
        [] => None,
        [1, 0, 8, 0, a, b, c, d] => Some(u32::from_le_bytes([a, b, c, d])),
        _ => panic!("no RDP_NEG_REQ: {structure:?}"),
    }
}

/// A Connection Confirm and what it says.
fn confirms() -> impl Strategy<Value = (Vec<u8>, u16, Confirm)> {
    let structure = prop_oneof![
        Just((Vec::new(), Confirm::NoStructure)),
        (any::<u8>(), any::<u32>()).prop_map(|(flags, selected)| (
            made::negotiated(2, flags, selected),
            Confirm::Response { flags, selected }
        )),
        (any::<u8>(), any::<u32>())
            .prop_map(|(flags, code)| (made::negotiated(3, flags, code), Confirm::Failure(code))),
    ];
    (any::<u16>(), structure).prop_map(|(reference, (structure, says))| {
        (made::confirm(reference, &structure), reference, says)
    })
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn a_request_is_read_back(flags in any::<Option<u32>>()) {
        prop_assert_eq!(requested(&x224::connection_request(flags)), flags);
    }

    #[test]
    fn a_confirm_is_read_back((packet, reference, says) in confirms(), next in bytes()) {
        prop_assert_eq!(x224::read_answer(&packet), Answer::Confirm(says));
        prop_assert_eq!(x224::source_reference(&packet), Some(reference));
        let followed = [packet, next].concat();
        prop_assert_eq!(x224::read_answer(&followed), Answer::Confirm(says));
    }

    #[test]
    fn a_part_of_a_confirm_asks_for_more((packet, ..) in confirms()) {
        for n in 0..packet.len() {
            prop_assert_eq!(x224::read_answer(&packet[..n]), Answer::Incomplete);
            prop_assert_eq!(Framing::Tpkt.judge(&packet[..n]), Framed::More);
        }
        prop_assert_eq!(Framing::Tpkt.judge(&packet), Framed::Whole);
    }

    #[test]
    fn other_structures_are_named_malformed(kind in 4u8.., flags in any::<u8>(), value in any::<u32>()) {
        let packet = made::confirm(0x1234, &made::negotiated(kind, flags, value));
        prop_assert!(matches!(x224::read_answer(&packet), Answer::Malformed(_)));
    }

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::confirm(&bytes);
    }

    #[test]
    fn any_packet(tpdu in bytes()) {
        wire::confirm(&made::tpkt(&tpdu));
    }

    #[test]
    fn any_damage(bytes in damaged(confirms().prop_map(|c| c.0))) {
        wire::confirm(&bytes);
    }
}

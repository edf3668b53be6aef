//! The basic settings exchange.

use ironrdp_core::decode;
use ironrdp_pdu::mcs::ConnectInitial;
use ironrdp_pdu::x224::{X224, X224Data};
use proptest::prelude::*;
use rdpwhy_wire::mcs::{self, Answer};
use rdpwhy_wire::script::{Framed, Framing};
use rdpwhy_wire::x224;

use crate::{bytes, damaged, made, wire};

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn our_settings_state_the_protocol_that_was_chosen(selected in any::<u32>()) {
        let packet = mcs::connect_initial(selected);
        prop_assert_eq!(x224::packet_length(&packet), Ok(Some(packet.len())));
        let X224(X224Data { data }) = decode(&packet).unwrap();
        let initial: ConnectInitial = decode(&data).unwrap();
        let core = &initial.conference_create_request.gcc_blocks().core;
        let stated = core.optional_data.server_selected_protocol.map(|p| p.bits());
        prop_assert_eq!(stated, Some(selected));
    }

    #[test]
    fn a_response_is_read_back(version in any::<u32>(), channels in any::<u16>(), next in bytes()) {
        let packet = made::connect_response(0, version, channels);
        let says = Answer::Response {
            version,
            encryption_method: 0,
            encryption_level: Some(0),
            max_channels: Some(u32::from(channels)),
        };
        prop_assert_eq!(mcs::read_answer(&packet), says.clone());
        let followed = [&packet[..], &next].concat();
        prop_assert_eq!(mcs::read_answer(&followed), says);
        for n in 0..packet.len() {
            prop_assert_eq!(mcs::read_answer(&packet[..n]), Answer::Malformed);
            prop_assert_eq!(Framing::Tpkt.judge(&packet[..n]), Framed::More);
        }
    }

    #[test]
    fn a_refusal_is_read_back(code in 1u8..) {
        let packet = made::connect_response(code, 0x0008_0004, 34);
        prop_assert_eq!(mcs::read_answer(&packet), Answer::Refused(code));
    }

    /// Only an MCS PDU in a packet is one, whatever stands at the same place in something else.
    #[test]
    fn text_is_no_answer(text in "[ -~\r\n]{0,80}") {
        prop_assert_eq!(mcs::read_answer(text.as_bytes()), Answer::Malformed);
    }

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::connect_response(&bytes);
        wire::connect_response(&made::data(&bytes));
    }

    #[test]
    fn any_damage(bytes in damaged(Just(made::connect_response(0, 0x0008_0004, 34)))) {
        wire::connect_response(&bytes);
    }
}

#[test]
fn an_ultimatum_is_a_disconnect() {
    assert_eq!(mcs::read_answer(&made::ultimatum()), Answer::Disconnect);
}

//! TSRequests, ours and a host's.

use proptest::collection::vec;
use proptest::prelude::*;
use rdpwhy_wire::credssp::{self, TsRequest};
use rdpwhy_wire::script::{Framed, Framing};

use crate::{bytes, damaged, made, wire};

/// A host's message, and what it says.
fn messages() -> impl Strategy<Value = (Vec<u8>, TsRequest)> {
    let token = proptest::option::of(vec(any::<u8>(), 0..400));
    (0u8..0x80, token, proptest::option::of(any::<u32>())).prop_map(|(version, token, error)| {
        let message = made::ts_request(version, token.as_deref(), error);
        let says = TsRequest {
            version: Some(i64::from(version)),
            token,
            error_code: error,
            pub_key_auth: None,
        };
        (message, says)
    })
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn a_token_is_read_back(token in vec(any::<u8>(), 0..60_000)) {
        let message = credssp::request(&token);
        let read = credssp::read(&message).unwrap();
        prop_assert_eq!(read.token, Some(token));
        prop_assert_eq!(Framing::Der.judge(&message), Framed::Whole);
    }

    #[test]
    fn a_hosts_message_is_read_back((message, says) in messages(), next in bytes()) {
        prop_assert_eq!(credssp::read(&message), Some(says.clone()));
        let followed = [message, next].concat();
        prop_assert_eq!(credssp::read(&followed), Some(says));
    }

    #[test]
    fn a_part_of_a_message_asks_for_more((message, _) in messages()) {
        for n in 0..message.len() {
            prop_assert_eq!(credssp::read(&message[..n]), None);
            prop_assert_eq!(Framing::Der.judge(&message[..n]), Framed::More);
        }
        prop_assert_eq!(Framing::Der.judge(&message), Framed::Whole);
    }

    #[test]
    fn ntlm_is_found_wherever_it_stands(before in vec(0u8..0x40, 0..60), after in bytes()) {
        let token = [&before, &b"NTLMSSP\0"[..], &after].concat();
        prop_assert_eq!(credssp::ntlm_in(&token), Some(&token[before.len()..]));
    }

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::ts_request(&bytes);
    }

    #[test]
    fn any_damage(bytes in damaged(messages().prop_map(|m| m.0))) {
        wire::ts_request(&bytes);
    }
}

//! What comes after a host's settings: its mechanisms to sign in with, its key, its words on
//! licences.

use proptest::prelude::*;

use crate::{bytes, damaged, made, wire};

/// A Send Data Indication of any data, as one packet.
fn indications() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        Just(vec![0x80, 0, 0, 0, 0xff, 3, 16, 0]),
        Just(vec![0x88, 0, 0, 0]),
        Just(vec![
            22, 0, 0x17, 0, 0xea, 3, 0xea, 3, 1, 0, 0, 1, 4, 0, 47, 0, 0, 0
        ]),
        Just(vec![0x08, 0x08, 0, 0]),
        Just(Vec::new()),
    ];
    (head, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(head, tail)| {
        let data = [head, tail].concat();
        let mut pdu = vec![0x68, 0, 1, 3, 0xeb, 0x70];
        pdu.push(u8::try_from(data.len()).unwrap());
        pdu.extend(data);
        made::data(&pdu)
    })
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::mechanisms(&bytes);
        wire::onward(&bytes);
    }

    #[test]
    fn any_words_of_a_host(packets in proptest::collection::vec(indications(), 0..4)) {
        wire::onward(&packets.concat());
    }

    #[test]
    fn any_damaged_settings(
        bytes in damaged(prop_oneof![Just(1u32), Just(2), Just(8), Just(0x10)]
            .prop_map(made::encrypted_response))
    ) {
        wire::onward(&bytes);
    }

    #[test]
    fn any_damaged_list(bytes in damaged(Just(rdpwhy_wire::spnego::list(
        &rdpwhy_wire::spnego::Mechanism::ALL
    )))) {
        wire::mechanisms(&bytes);
    }
}

//! What a CHALLENGE says.

use proptest::prelude::*;
use rdpwhy_wire::ntlm::{self, Challenge};

use crate::{bytes, damaged, made, wire};

/// A CHALLENGE, and what it says.
fn challenges() -> impl Strategy<Value = (Vec<u8>, Challenge)> {
    let names = proptest::array::uniform5("\\PC{0,20}");
    let version = (any::<u8>(), any::<u8>(), any::<u16>());
    (names, version, any::<u64>()).prop_map(|(names, version, clock)| {
        let mut challenge = made::Challenge {
            version,
            ..made::Challenge::default()
        };
        for (id, name) in (1..).zip(&names) {
            challenge = challenge.name(id, name);
        }
        let [computer, domain, dns_computer, dns_domain, dns_tree] = names.map(Some);
        let says = Challenge {
            computer,
            domain,
            dns_computer,
            dns_domain,
            dns_tree,
            version: Some(version),
            timestamp: Some(clock),
        };
        (challenge.clock(clock).message(), says)
    })
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn a_challenge_is_read_back((message, says) in challenges()) {
        prop_assert_eq!(ntlm::read_challenge(&message), Some(says));
    }

    #[test]
    fn any_bytes(bytes in bytes()) {
        wire::challenge(&bytes);
        wire::challenge(&[&b"NTLMSSP\0\x02\0\0\0"[..], &bytes].concat());
    }

    #[test]
    fn any_damage(bytes in damaged(challenges().prop_map(|c| c.0))) {
        wire::challenge(&bytes);
    }

    /// A clock is a time or none, never a panic.
    #[test]
    fn any_clock(filetime in any::<u64>()) {
        let seconds = ntlm::unix_seconds(filetime).unwrap();
        prop_assert!(wire::printable(&rdpwhy_model::text::time(seconds)));
    }
}

#[test]
fn our_own_message_is_no_challenge() {
    assert_eq!(ntlm::read_challenge(&ntlm::negotiate()), None);
}

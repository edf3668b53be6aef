//! Kerberos messages, whole and broken.

use proptest::prelude::*;
use rdpwhy_wire::kerberos::{self, Message};

use crate::{bytes, damaged};

/// A KRB-ERROR of Samba: KDC_ERR_CLIENT_REVOKED for a disabled account.
const REVOKED: &str = "7e81d03081cda003020105a10302011ea411180f32303236313132353137323034305aa505020308f93da603020112a70a1b084c41422e54455354a81e301ca00302010aa11530131b1164697361626c6564404c41422e54455354a90a1b084c41422e54455354aa1d301ba003020102a11430121b066b72627467741b084c41422e54455354ac4b04493047302ea103020113a227042530233021a003020112a1121b104c41422e5445535464697361626c6564a2060404000010003015a103020103a20e040c720000c00000000001000000";
/// One of a locked account, which has data and no NTSTATUS in it.
const LOCKED: &str = "7e81b53081b2a003020105a10302011ea411180f32303236313132353137323033355aa505020306b604a603020112a70a1b084c41422e54455354a81c301aa00302010aa11330111b0f6c6f636b6564404c41422e54455354a90a1b084c41422e54455354aa1d301ba003020102a11430121b066b72627467741b084c41422e54455354ac320430302e302ca103020113a22504233021301fa003020112a1101b0e4c41422e544553546c6f636b6564a206040400001000";

fn unhex(text: &str) -> Vec<u8> {
    rdpwhy_model::text::unhex(text).unwrap()
}

#[test]
fn a_real_refusal_tells_its_status() {
    let status = |text| match kerberos::read(&unhex(text)) {
        Some(Message::Error(e)) => (e.code, e.ntstatus, e.time.is_some()),
        other => panic!("{other:?}"),
    };
    assert_eq!(status(REVOKED), (18, Some(0xc000_0072), true));
    assert_eq!(status(LOCKED), (18, None, true));
}

proptest! {
    #![proptest_config(crate::config())]

    #[test]
    fn broken_messages_are_no_end(broken in damaged(Just(unhex(REVOKED))), other in bytes()) {
        let _ = kerberos::read(&broken);
        let _ = kerberos::read(&other);
    }
}

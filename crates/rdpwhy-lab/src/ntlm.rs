//! The NTLM challenge of a host ([MS-NLMP] 2.2.1.2): it tells the host's names, its build and its
//! clock to anybody who asks.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::machine::Machine;

/// What every message starts with.
pub(crate) const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
/// MessageType of a NEGOTIATE_MESSAGE (2.2.1.1).
pub(crate) const NEGOTIATE: u8 = 1;

/// Seconds from 1601 to 1970.
const FILETIME_EPOCH: u64 = 11_644_473_600;

/// NTLMSSP_REQUEST_TARGET, NTLM, ALWAYS_SIGN, TARGET_TYPE_DOMAIN, EXTENDED_SESSIONSECURITY and
/// TARGET_INFO (2.2.2.5): what a domain member always sets.
const ALWAYS: u32 = 0x0089_8204;
/// UNICODE, SIGN, SEAL, VERSION, 128, KEY_EXCH and 56: granted when asked for.
const GRANTED: u32 = 0xe200_0031;

/// The offset of the payload: everything before it has a fixed size.
const PAYLOAD: usize = 56;

/// The challenge of `machine` to a NEGOTIATE_MESSAGE, with a clock that is `ahead` seconds off.
pub(crate) fn challenge(
    negotiate: &[u8],
    machine: &Machine,
    ahead: i32,
    nonce: [u8; 8],
) -> Vec<u8> {
    let asked = negotiate
        .get(12..16)
        .and_then(|b| b.try_into().ok())
        .map_or(0, u32::from_le_bytes);
    let flags = asked & GRANTED | ALWAYS | 1;
    let target = utf16(machine.domain);
    let info = target_info(machine, ahead);

    let mut out = SIGNATURE.to_vec();
    out.extend(2u32.to_le_bytes());
    out.extend(field(target.len(), PAYLOAD));
    out.extend(flags.to_le_bytes());
    out.extend(nonce);
    out.extend([0; 8]);
    out.extend(field(info.len(), PAYLOAD + target.len()));
    // VERSION (2.2.2.10): 10.0, the build, revision 15.
    out.extend([10, 0]);
    out.extend(machine.build.to_le_bytes());
    out.extend([0, 0, 0, 15]);
    out.extend(target);
    out.extend(info);
    out
}

/// The AV pairs (2.2.2.1) in the order of Windows.
fn target_info(machine: &Machine, ahead: i32) -> Vec<u8> {
    let mut out = Vec::new();
    for (id, text) in [
        (2u16, machine.domain),
        (1, machine.computer),
        (4, machine.dns_domain),
        (3, machine.host),
        (5, machine.dns_domain),
    ] {
        let value = utf16(text);
        out.extend(id.to_le_bytes());
        out.extend(short(value.len()).to_le_bytes());
        out.extend(value);
    }
    out.extend([7, 0, 8, 0]);
    out.extend(filetime(ahead).to_le_bytes());
    out.extend([0; 4]);
    out
}

/// The FILETIME of now, so many seconds off.
fn filetime(ahead: i32) -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = (now.as_secs() + FILETIME_EPOCH).saturating_add_signed(i64::from(ahead));
    seconds * 10_000_000 + u64::from(now.subsec_nanos() / 100)
}

/// Length, maximum length and offset of a payload.
fn field(length: usize, offset: usize) -> Vec<u8> {
    let mut out = short(length).to_le_bytes().repeat(2);
    out.extend(short(offset).to_le_bytes());
    out.extend([0, 0]);
    out
}

/// Sizes of the lab's own short names.
fn short(size: usize) -> u16 {
    u16::try_from(size).unwrap_or(0)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_has_the_layout_of_the_specification() {
        let mut negotiate = SIGNATURE.to_vec();
        // The flags that mstsc sends.
        negotiate.extend([1, 0, 0, 0, 0xb7, 0x82, 0x08, 0xe2]);
        let message = challenge(&negotiate, &Machine::PC42, 0, [9; 8]);
        assert_eq!(message[..12], *b"NTLMSSP\0\x02\0\0\0");
        assert_eq!(message[12..20], [6, 0, 6, 0, 56, 0, 0, 0]);
        assert_eq!(message[20..24], 0xe289_8235u32.to_le_bytes());
        assert_eq!(message[24..32], [9; 8]);
        assert_eq!(message[48..56], [10, 0, 0x7c, 0x4f, 0, 0, 0, 15]);
        assert_eq!(message[56..62], *b"L\0A\0B\0");
        let offset = usize::from(message[44]);
        assert_eq!(offset, 62);
        let length = usize::from(u16::from_le_bytes([message[40], message[41]]));
        assert_eq!(message.len(), offset + length);
        assert_eq!(message[offset..offset + 4], [2, 0, 6, 0]);
        assert_eq!(message[message.len() - 4..], [0; 4]);
    }
}

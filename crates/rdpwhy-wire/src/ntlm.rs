//! NTLM without an account: the NEGOTIATE message and what a CHALLENGE tells about the host
//! ([MS-NLMP] 2.2.1.1 and 2.2.1.2).

use crate::cursor::Cursor;

/// A NEGOTIATE message that asks for everything a host tells without an account: unicode, the
/// target's names, its version. It names no user, so it counts as no attempt to sign in.
pub fn negotiate() -> Vec<u8> {
    // UNICODE, OEM, REQUEST_TARGET, SIGN, SEAL, NTLM, ALWAYS_SIGN, EXTENDED_SESSIONSECURITY,
    // TARGET_INFO, VERSION, 128, KEY_EXCH, 56
    const FLAGS: u32 = 0xe288_8237;
    let mut out = b"NTLMSSP\0".to_vec();
    out.extend(1u32.to_le_bytes());
    out.extend(FLAGS.to_le_bytes());
    out.extend([0; 16]); // no domain, no workstation
    // Version: Windows 10.0, build 26100, NTLM revision 15 ([MS-NLMP] 2.2.2.10)
    out.extend([10, 0]);
    out.extend(26100u16.to_le_bytes());
    out.extend([0, 0, 0, 15]);
    out
}

/// What a CHALLENGE message says about the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    /// NetBIOS name of the computer.
    pub computer: Option<String>,
    /// NetBIOS name of its domain; the computer's own when it is in none.
    pub domain: Option<String>,
    /// DNS name of the computer.
    pub dns_computer: Option<String>,
    /// DNS name of the domain.
    pub dns_domain: Option<String>,
    /// DNS name of the forest.
    pub dns_tree: Option<String>,
    /// Major version, minor version, build.
    pub version: Option<(u8, u8, u16)>,
    /// The host's clock: 100 ns since 1601.
    pub timestamp: Option<u64>,
}

/// Whether a CHALLENGE can be answered so that the rest is protected: it is one, and grants UNICODE,
/// SIGN, SEAL, EXTENDED_SESSIONSECURITY, TARGET_INFO, 128 and KEY_EXCH ([MS-NLMP] 2.2.2.5).
pub fn can_be_answered(message: &[u8]) -> bool {
    const NEEDED: u32 = 0x6088_0031;
    let flags = message.get(20..24).and_then(|b| b.try_into().ok());
    read_challenge(message).is_some()
        && flags.is_some_and(|f| u32::from_le_bytes(f) & NEEDED == NEEDED)
}

/// Reads a CHALLENGE message. `None` when the bytes are none.
pub fn read_challenge(message: &[u8]) -> Option<Challenge> {
    let mut c = Cursor::new(message);
    if c.take(8)? != b"NTLMSSP\0" || c.u32_le()? != 2 {
        return None;
    }
    let _target_name = c.take(8)?;
    let flags = c.u32_le()?;
    let _challenge_and_reserved = c.take(16)?;
    let (info_length, _, info_offset) = (c.u16_le()?, c.u16_le()?, c.u32_le()?);
    let mut out = Challenge::default();
    if flags & 0x0200_0000 != 0
        && let (Some(major), Some(minor), Some(build)) = (c.u8(), c.u8(), c.u16_le())
    {
        out.version = Some((major, minor, build));
    }
    let start = usize::try_from(info_offset).ok()?;
    let Some(info) = message
        .get(start..)
        .and_then(|t| t.get(..usize::from(info_length)))
    else {
        return None; // a client would not accept offsets that point nowhere
    };
    let mut pairs = Cursor::new(info);
    // [MS-NLMP] 2.2.2.1: id, length, value; id 0 ends the list
    while let (Some(id @ 1..), Some(length)) = (pairs.u16_le(), pairs.u16_le()) {
        let Some(value) = pairs.take(usize::from(length)) else {
            break;
        };
        match id {
            1 => out.computer = Some(utf16(value)),
            2 => out.domain = Some(utf16(value)),
            3 => out.dns_computer = Some(utf16(value)),
            4 => out.dns_domain = Some(utf16(value)),
            5 => out.dns_tree = Some(utf16(value)),
            7 => out.timestamp = Cursor::new(value).u64_le(),
            _ => {}
        }
    }
    Some(out)
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes
        .chunks_exact(2)
        .map(|p| u16::from_le_bytes([p[0], p[1]]));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Seconds since 1970 of a Windows file time; `None` when it is out of any sense.
pub fn unix_seconds(filetime: u64) -> Option<i64> {
    let seconds = i64::try_from(filetime / 10_000_000).ok()?;
    seconds.checked_sub(11_644_473_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The CHALLENGE of [MS-NLMP] 4.2.4.3, with its names.
    #[test]
    fn the_specifications_challenge() {
        let bytes = rdpwhy_model::text::unhex(
            "4e544c4d53535000020000000c000c003800000033828ae2\
             0123456789abcdef00000000000000002400240044000000\
             0600701700000000\
             5300650072007600650072000\
             2000c0044006f006d00610069006e0001000c0053006500720076006500720000000000",
        )
        .unwrap();
        let c = read_challenge(&bytes).unwrap();
        assert_eq!(c.computer.as_deref(), Some("Server"));
        assert_eq!(c.domain.as_deref(), Some("Domain"));
        assert_eq!(c.version, Some((6, 0, 6000)));
        for n in 0..bytes.len() {
            let _ = read_challenge(&bytes[..n]);
        }
    }

    #[test]
    fn file_times() {
        assert_eq!(unix_seconds(116_444_736_000_000_000), Some(0));
        assert_eq!(unix_seconds(0), Some(-11_644_473_600));
    }
}

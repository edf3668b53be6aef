//! What a host says after the channels and the Client Info: the licensing PDUs ([MS-RDPELE]
//! 2.2.2, [MS-RDPBCGR] 2.2.1.12), a Set Error Info, or the beginning of a session.

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::{Connection, EndHow, Phase};

use crate::cursor::Cursor;
use crate::onward::{self, ENCRYPT, domain_pdus, received};
use crate::read::Facts;
use crate::script::Framed;
use crate::security::Opener;
use crate::settings::Settings;
use crate::x224::packet_length;

/// Packets that a host may send before it comes to the point.
const PATIENCE: usize = 16;
/// `SEC_LICENSE_PKT` ([MS-RDPBCGR] 2.2.8.1.1.2.1).
const LICENSE_PKT: u16 = 0x0080;
/// `SEC_SECURE_CHECKSUM`.
const SECURE_CHECKSUM: u16 = 0x0800;

/// A message of the host after the Client Info.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A licensing message by its type; with the error code where it is an alert.
    Licence(u8, Option<u32>),
    /// A Set Error Info with another code than "no error" (2.2.5.1.1).
    ErrorInfo(u32),
    /// A Demand Active: the session begins, with or without a licence.
    Session,
    /// A Disconnect Provider Ultimatum.
    Disconnect,
    /// Something that says nothing about licences.
    Other,
    /// Encrypted, and it cannot be opened; or too short for what it says that it is.
    Unreadable,
}

/// `ERROR_ALERT` ([MS-RDPBCGR] 2.2.1.12.1.1).
const ERROR_ALERT: u8 = 0xff;
/// `LICENSE_REQUEST` ([MS-RDPELE] 2.2.2.1).
const LICENSE_REQUEST: u8 = 1;
/// `STATUS_VALID_CLIENT`: no licence is needed, or the one that was shown will do.
const VALID_CLIENT: u32 = 7;

/// Whether every channel that was asked for was granted. The first PDU is the Attach User Confirm.
pub(crate) fn channels_joined(bytes: &[u8]) -> bool {
    let mut pdus = domain_pdus(bytes).skip(1).peekable();
    pdus.peek().is_some()
        // choice 15, with a channel, result rt-successful (T.125 7)
        && pdus.all(|p| matches!(p, [0x3e, 0, ..]))
}

/// Whether a message has come that decides, or the most that is waited for.
pub(crate) fn framed(bytes: &[u8]) -> Framed {
    let mut rest = bytes;
    for _ in 0..PATIENCE {
        let length = match packet_length(rest) {
            Ok(Some(length)) => length,
            Ok(None) => return Framed::More,
            Err(_) => return Framed::Wrong,
        };
        let Some((packet, after)) = rest.split_at_checked(length) else {
            return Framed::More;
        };
        rest = after;
        // What is encrypted cannot be looked into here; nothing but an answer is, at this point
        if domain_pdus(packet)
            .next()
            .is_some_and(|p| said(p, None) != Said::Other)
        {
            return Framed::Whole;
        }
    }
    Framed::Wrong
}

/// What one MCS PDU says.
fn said(pdu: &[u8], opener: Option<&mut Opener>) -> Said {
    match pdu.first().map(|first| first >> 2) {
        Some(8) => Said::Disconnect,
        // Send Data Indication: initiator, channel, priority, then the length in PER
        Some(26) => match payload(pdu) {
            Some(data) => data_said(data, opener),
            None => Said::Unreadable,
        },
        _ => Said::Other,
    }
}

fn payload(pdu: &[u8]) -> Option<&[u8]> {
    let mut c = Cursor::new(pdu);
    let _choice_initiator_channel_priority = c.take(6)?;
    let first = c.u8()?;
    let length = if first & 0x80 == 0 {
        usize::from(first)
    } else {
        usize::from(first & 0x7f) << 8 | usize::from(c.u8()?)
    };
    c.take(length)
}

fn data_said(data: &[u8], opener: Option<&mut Opener>) -> Said {
    // Under TLS what belongs to a session has no security header
    if let Some(said) = shared(data) {
        return said;
    }
    let mut c = Cursor::new(data);
    let (Some(flags), Some(_high)) = (c.u16_le(), c.u16_le()) else {
        return Said::Unreadable;
    };
    let mut rest = c.rest().to_vec();
    if flags & ENCRYPT != 0 {
        let salted = flags & SECURE_CHECKSUM != 0;
        match opener.and_then(|o| o.open(&rest, salted)) {
            Some(open) => rest = open,
            None => return Said::Unreadable,
        }
    }
    if flags & LICENSE_PKT != 0 {
        return licence(&rest).unwrap_or(Said::Unreadable);
    }
    shared(&rest).unwrap_or(Said::Other)
}

fn licence(bytes: &[u8]) -> Option<Said> {
    let mut c = Cursor::new(bytes);
    let (kind, _flags, _size) = (c.u8()?, c.u8()?, c.u16_le()?);
    let code = match kind {
        ERROR_ALERT => Some(c.u32_le()?),
        _ => None,
    };
    Some(Said::Licence(kind, code))
}

/// A Share Control PDU (2.2.8.1.1.1.1), which is told by a length that is its own and a version
/// that is always the same.
fn shared(bytes: &[u8]) -> Option<Said> {
    const DEMAND_ACTIVE: u16 = 1;
    const DATA: u16 = 7;
    const SET_ERROR_INFO: u8 = 47;
    let mut c = Cursor::new(bytes);
    let (length, kind, _source) = (c.u16_le()?, c.u16_le()?, c.u16_le()?);
    if usize::from(length) != bytes.len() || kind & 0xfff0 != 0x10 {
        return None;
    }
    match kind & 0xf {
        DEMAND_ACTIVE => Some(Said::Session),
        DATA => {
            // shareId, padding, streamId, length; then the type, and compression
            let _head = c.take(8)?;
            let kind = c.u8()?;
            let _compression = c.take(3)?;
            match (kind, c.u32_le()) {
                (SET_ERROR_INFO, Some(code)) if code != 0 => Some(Said::ErrorInfo(code)),
                _ => Some(Said::Other),
            }
        }
        _ => Some(Said::Other),
    }
}

/// Every message of the host after the Client Info.
pub fn read(c: &Connection) -> Vec<Said> {
    let settings = Settings::read(&received(c, Phase::Mcs)).unwrap_or_default();
    let mut opener = onward::keys(&settings).map(|k| k.opener());
    domain_pdus(&received(c, Phase::Licensing))
        .take(PATIENCE * 2)
        .map(|p| said(p, opener.as_mut()))
        .collect()
}

/// Whether the host asks for a licence.
pub(crate) fn asked(c: &Connection) -> bool {
    matches!(
        read(c).iter().find(|s| **s != Said::Other),
        Some(Said::Licence(LICENSE_REQUEST, _))
    )
}

/// Whether the host refused, so that more of its words may follow.
pub(crate) fn refused(c: &Connection) -> bool {
    read(c)
        .iter()
        .any(|s| matches!(s, Said::Licence(ERROR_ALERT, Some(code)) if *code != VALID_CLIENT))
}

/// The word of the fact `mcs.channels` for a connection that went so far.
pub(crate) fn channels_word(c: &Connection) -> &'static str {
    let bytes = received(c, Phase::Channels);
    if c.began_us(Phase::Licensing).is_some() {
        return "joined";
    }
    let mut pdus = domain_pdus(&bytes).peekable();
    if pdus.peek().is_none() && bytes.is_empty() {
        return crate::read::ended(c, "silent");
    }
    match pdus.last() {
        Some([first, ..]) if first >> 2 == 8 => "disconnect",
        // Attach User Confirm and Channel Join Confirm with another result than success
        Some([first, result, ..])
            if matches!(first >> 2, 11 | 15) && (first & 1 != 0 || result & 0xe0 != 0) =>
        {
            "refused"
        }
        Some([0x2e | 0x3e, ..]) => crate::read::ended(c, "silent"),
        _ if c.end.how == EndHow::Flood => "flood",
        _ => "malformed",
    }
}

/// The word of the fact `licensing.answer`.
pub(crate) fn word(c: &Connection) -> &'static str {
    let said = read(c);
    let mut asked = None;
    for s in &said {
        return match s {
            // What comes after it says more, where something comes
            Said::Licence(LICENSE_REQUEST, _) => {
                asked = Some("license-request");
                continue;
            }
            Said::Licence(ERROR_ALERT, Some(VALID_CLIENT)) => "valid-client",
            Said::Licence(ERROR_ALERT, _) => "error",
            Said::Licence(2, _) => "platform-challenge",
            Said::Licence(3, _) => "new-license",
            Said::Licence(4, _) => "upgrade-license",
            Said::Licence(..) | Said::Unreadable => "malformed",
            Said::ErrorInfo(_) => "error-info",
            Said::Session => "none",
            Said::Disconnect => "disconnect",
            Said::Other => continue,
        };
    }
    if let Some(word) = asked {
        word
    } else if c.end.how == EndHow::Flood {
        "flood"
    } else if received(c, Phase::Licensing).is_empty() || !said.is_empty() {
        crate::read::ended(c, "silent")
    } else {
        "malformed"
    }
}

/// What the connection says after the host's settings.
pub(crate) fn facts(c: &Connection, out: &mut Facts) {
    if c.began_us(Phase::Channels).is_some() {
        out.push((FactKey::McsChannels, channels_word(c).into()));
    }
    if c.began_us(Phase::Licensing).is_none() {
        return;
    }
    out.push((FactKey::LicensingAnswer, word(c).into()));
    for s in read(c) {
        match s {
            Said::Licence(ERROR_ALERT, Some(code)) => {
                out.push((FactKey::LicensingErrorCode, format!("0x{code:08X}").into()));
            }
            Said::ErrorInfo(code) => {
                out.push((FactKey::SessionErrorInfo, format!("0x{code:08X}").into()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Send Data Indication of the server to the I/O channel, as a TPKT packet.
    fn indication(data: &[u8]) -> Vec<u8> {
        let mut out = vec![
            3,
            0,
            0,
            u8::try_from(data.len() + 15).unwrap(),
            2,
            0xf0,
            0x80,
        ];
        out.extend([
            0x68,
            0,
            1,
            3,
            0xeb,
            0x70,
            0x80,
            u8::try_from(data.len()).unwrap(),
        ]);
        out.extend(data);
        out
    }

    fn said_by(bytes: &[u8]) -> Said {
        said(domain_pdus(bytes).next().unwrap(), None)
    }

    /// [MS-RDPBCGR] 4.1.12: the licence error that lets a client in.
    #[test]
    fn a_valid_client() {
        let alert = [
            0x80, 0, 0, 0, 0xff, 3, 0x10, 0, 7, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0,
        ];
        let bytes = indication(&alert);
        assert_eq!(said_by(&bytes), Said::Licence(ERROR_ALERT, Some(7)));
        for n in 0..bytes.len() {
            assert_eq!(framed(&bytes[..n]), Framed::More, "{n} bytes");
        }
        assert_eq!(framed(&bytes), Framed::Whole);
        assert_eq!(said_by(&indication(&alert[..6])), Said::Unreadable);
    }

    #[test]
    fn a_set_error_info_with_and_without_a_security_header() {
        let bare = [
            22, 0, 0x17, 0, 0xea, 3, 0xea, 3, 1, 0, 0, 1, 4, 0, 47, 0, 0, 0, 1, 1, 0, 0,
        ];
        assert_eq!(said_by(&indication(&bare)), Said::ErrorInfo(0x101));
        let headed = [&[0, 0, 0, 0][..], &bare].concat();
        assert_eq!(said_by(&indication(&headed)), Said::ErrorInfo(0x101));
        // "No error" is none, and another message is waited for
        let mut none = bare;
        none[18..].fill(0);
        assert_eq!(framed(&indication(&none)), Framed::More);
        assert_eq!(said_by(&indication(&none)), Said::Other);
    }

    #[test]
    fn what_is_no_answer() {
        assert_eq!(framed(b"HTTP/1.1"), Framed::Wrong);
        assert_eq!(framed(&indication(&[0; 4]).repeat(PATIENCE)), Framed::Wrong);
        assert_eq!(
            framed(&[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80]),
            Framed::Whole
        );
    }

    #[test]
    fn channels_are_joined_when_each_is_granted() {
        let pdu = |p: &[u8]| {
            [
                &[3, 0, 0, 7 + u8::try_from(p.len()).unwrap(), 2, 0xf0, 0x80],
                p,
            ]
            .concat()
        };
        let attach = pdu(&[0x2e, 0, 0, 6]);
        let good = pdu(&[0x3e, 0, 0, 6, 3, 0xeb, 3, 0xeb]);
        let bad = pdu(&[0x3e, 0x20, 0, 6, 3, 0xeb, 3, 0xeb]);
        assert!(!channels_joined(&attach));
        assert!(channels_joined(&[&attach[..], &good, &good].concat()));
        assert!(!channels_joined(&[attach, good, bad].concat()));
    }
}

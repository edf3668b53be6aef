//! TPKT (RFC 1006) and the X.224 Connection Request and Confirm with the negotiation of the
//! security protocol ([MS-RDPBCGR] 2.2.1.1 and 2.2.1.2).
//!
//! Ours rather than a library's, since a diagnosis needs what libraries fold together: a confirm
//! without a response structure, unknown failure codes, and an old client's request.

use crate::cursor::Cursor;

/// `PROTOCOL_SSL`, TLS ([MS-RDPBCGR] 2.2.1.1.1).
pub const SSL: u32 = 0x01;
/// `PROTOCOL_HYBRID`, CredSSP.
pub const HYBRID: u32 = 0x02;
/// `PROTOCOL_RDSTLS`.
pub const RDSTLS: u32 = 0x04;
/// `PROTOCOL_HYBRID_EX`, CredSSP with the Early User Authorization Result.
pub const HYBRID_EX: u32 = 0x08;
/// `PROTOCOL_RDSAAD`.
pub const RDSAAD: u32 = 0x10;

/// A Connection Request. `protocols` are the flags of RDP_NEG_REQ; `None` leaves the structure
/// out, as clients before RDP 5.2 do.
pub fn connection_request(protocols: Option<u32>) -> Vec<u8> {
    let mut tpdu = vec![0xe0, 0, 0, 0, 0, 0];
    if let Some(flags) = protocols {
        // type RDP_NEG_REQ, flags 0, length 8
        tpdu.extend([0x01, 0x00, 0x08, 0x00]);
        tpdu.extend(flags.to_le_bytes());
    }
    let li = u8::try_from(tpdu.len()).unwrap_or(u8::MAX);
    let total = u16::try_from(tpdu.len() + 5).unwrap_or(u16::MAX);
    let mut out = vec![0x03, 0x00];
    out.extend(total.to_be_bytes());
    out.push(li);
    out.extend(tpdu);
    out
}

/// What stands in a Connection Confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// No negotiation structure at all: the host does not negotiate, Standard RDP Security.
    NoStructure,
    /// RDP_NEG_RSP.
    Response {
        /// Flags of the response.
        flags: u8,
        /// `selectedProtocol`.
        selected: u32,
    },
    /// RDP_NEG_FAILURE with its code, known or not.
    Failure(u32),
}

/// An answer to a Connection Request, as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A Connection Confirm.
    Confirm(Confirm),
    /// An MCS Disconnect Provider Ultimatum, with its reason where it can be read
    /// (T.125, [MS-RDPBCGR] 2.2.1.15 shows one).
    Disconnect,
    /// A TPKT packet that holds something else; what was expected instead of what.
    Malformed(&'static str),
    /// Not TPKT: another protocol.
    NotRdp,
    /// Nothing, or less than can be judged.
    Incomplete,
}

/// Length of the TPKT packet at the start of the bytes: `Ok(None)` when more bytes are needed.
///
/// # Errors
/// When the bytes are no TPKT header.
pub fn packet_length(bytes: &[u8]) -> Result<Option<usize>, NotTpkt> {
    match *bytes {
        [] | [0x03] => Ok(None),
        [0x03, 0x00, ..] => match *bytes {
            [_, _, hi, lo, ..] => {
                let n = usize::from(u16::from_be_bytes([hi, lo]));
                // RFC 1006: four bytes of header and at least a TPDU of three
                if n < 7 { Err(NotTpkt) } else { Ok(Some(n)) }
            }
            _ => Ok(None),
        },
        _ => Err(NotTpkt),
    }
}

/// The bytes do not begin a TPKT packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a TPKT packet")]
pub struct NotTpkt;

/// The source reference of a Connection Confirm (X.224 13.4): the server's choice, which the
/// libraries make differently.
pub fn source_reference(bytes: &[u8]) -> Option<u16> {
    match (read_answer(bytes), bytes.get(8..10)) {
        (Answer::Confirm(_), Some([hi, lo])) => Some(u16::from_be_bytes([*hi, *lo])),
        _ => None,
    }
}

/// Reads what a peer answered to a Connection Request.
pub fn read_answer(bytes: &[u8]) -> Answer {
    // What follows the packet is none of the answer
    let packet = match packet_length(bytes) {
        Err(NotTpkt) => return Answer::NotRdp,
        Ok(None) => return Answer::Incomplete,
        Ok(Some(n)) => match bytes.get(..n) {
            Some(packet) => packet,
            None => return Answer::Incomplete,
        },
    };
    let mut c = Cursor::new(packet);
    let _header = c.take(4);
    let (Some(li), Some(code)) = (c.u8(), c.u8()) else {
        return Answer::Incomplete;
    };
    match code & 0xf0 {
        0xd0 => {}
        // Data TPDU: the first MCS PDU in it tells whether it is a disconnect (choice 8)
        0xf0 => {
            let _eot = c.u8();
            return match c.u8() {
                Some(pdu) if pdu >> 2 == 8 => Answer::Disconnect,
                _ => Answer::Malformed("a data TPDU where a Connection Confirm belongs"),
            };
        }
        0x80 => return Answer::Disconnect, // X.224 Disconnect Request
        _ => return Answer::Malformed("another TPDU where a Connection Confirm belongs"),
    }
    let Some(_references_and_class) = c.take(5) else {
        return Answer::Malformed("Connection Confirm cut short");
    };
    // The length indicator counts what follows it, six bytes of which are the fixed part
    let Some(extra) = usize::from(li).checked_sub(6) else {
        return Answer::Malformed("length indicator too small for a Connection Confirm");
    };
    if extra == 0 {
        return Answer::Confirm(Confirm::NoStructure);
    }
    let Some(structure) = c.take(extra) else {
        return Answer::Malformed("length indicator beyond the end of the packet");
    };
    let mut s = Cursor::new(structure);
    let fields = (s.u8(), s.u8(), s.u16_le(), s.u32_le());
    match fields {
        (Some(0x02), Some(flags), Some(_), Some(selected)) => {
            Answer::Confirm(Confirm::Response { flags, selected })
        }
        (Some(0x03), Some(_), Some(_), Some(code)) => Answer::Confirm(Confirm::Failure(code)),
        (_, _, _, None) => Answer::Malformed("negotiation structure cut short"),
        _ => Answer::Malformed("unknown negotiation structure"),
    }
}

/// The word of the negotiation facts for an answer.
pub fn word(answer: &Answer) -> String {
    match answer {
        Answer::Confirm(Confirm::NoStructure) => "no-response-structure".into(),
        Answer::Confirm(Confirm::Response { selected, .. }) => match *selected {
            0 => "selected-rdp",
            SSL => "selected-ssl",
            HYBRID => "selected-hybrid",
            HYBRID_EX => "selected-hybrid-ex",
            RDSTLS => "selected-rdstls",
            RDSAAD => "selected-rdsaad",
            _ => "selected-other",
        }
        .into(),
        Answer::Confirm(Confirm::Failure(code)) => format!("failure-{code}"),
        Answer::Disconnect => "disconnect".into(),
        Answer::Malformed(_) | Answer::Incomplete => "malformed".into(),
        Answer::NotRdp => "not-rdp".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [MS-RDPBCGR] 4.1.1 without the cookie: a request for TLS.
    #[test]
    fn request_as_the_specification_has_it() {
        let expected = [
            0x03, 0, 0, 0x13, 0x0e, 0xe0, 0, 0, 0, 0, 0, 0x01, 0x00, 0x08, 0x00, 0x01, 0, 0, 0,
        ];
        assert_eq!(connection_request(Some(SSL)), expected);
        assert_eq!(
            connection_request(None),
            [3, 0, 0, 0x0b, 0x06, 0xe0, 0, 0, 0, 0, 0]
        );
    }

    /// [MS-RDPBCGR] 4.1.2.
    #[test]
    fn confirm_as_the_specification_has_it() {
        let bytes = [
            0x03, 0, 0, 0x13, 0x0e, 0xd0, 0, 0, 0x12, 0x34, 0, 0x02, 0x00, 0x08, 0, 0, 0, 0, 0,
        ];
        let expected = Confirm::Response {
            flags: 0,
            selected: 0,
        };
        assert_eq!(read_answer(&bytes), Answer::Confirm(expected));
        for n in 0..bytes.len() {
            assert_eq!(read_answer(&bytes[..n]), Answer::Incomplete, "{n} bytes");
        }
    }

    #[test]
    fn what_libraries_fold_together_stays_apart() {
        let bare = [3, 0, 0, 0x0b, 0x06, 0xd0, 0, 0, 0x12, 0x34, 0];
        assert_eq!(read_answer(&bare), Answer::Confirm(Confirm::NoStructure));
        let failure = [
            3, 0, 0, 0x13, 0x0e, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 99, 0, 0, 0,
        ];
        assert_eq!(read_answer(&failure), Answer::Confirm(Confirm::Failure(99)));
        let ultimatum = [3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80];
        assert_eq!(read_answer(&ultimatum), Answer::Disconnect);
        assert_eq!(read_answer(b"SSH-2.0-x"), Answer::NotRdp);
        assert_eq!(read_answer(&[3, 0, 0, 1]), Answer::NotRdp);
    }

    #[test]
    fn a_packet_ends_where_it_says() {
        let response = [0x02, 0x00, 0x08, 0, 1, 0, 0, 0];
        for (length, indicator) in [(7, 6), (7, 14), (11, 14)] {
            let mut bytes = vec![3, 0, 0, length, indicator, 0xd0, 0, 0, 0x12, 0x34, 0];
            bytes.extend(response);
            let answer = read_answer(&bytes);
            assert!(matches!(answer, Answer::Malformed(_)), "{answer:?}");
            assert_eq!(source_reference(&bytes), None);
        }
    }
}

//! The X.224 Connection Request and Confirm ([MS-RDPBCGR] 2.2.1.1 and 2.2.1.2), from the server's
//! side.

use std::io;

use crate::script::{HYBRID, HYBRID_EX, Negotiate, SSL};
use crate::wire::Wire;

/// Larger requests than this are not read.
const LARGEST: usize = 4096;

/// What the client asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// A Connection Request without negotiation data.
    Bare,
    /// One with these bits of security protocols.
    Protocols(u32),
}

impl Request {
    /// What the server repeats in its core data (clientRequestedProtocols, 2.2.1.4.2).
    pub(crate) fn protocols(self) -> u32 {
        match self {
            Self::Bare => 0,
            Self::Protocols(bits) => bits,
        }
    }
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// This Connection Confirm, and the conversation goes on under that protocol.
    Selected(Vec<u8>, u32),
    /// This Connection Confirm, and the conversation is over.
    Refused(Vec<u8>),
    /// A close without a word, as those get who could not read a failure.
    Close,
}

/// Reads a TPKT ([RFC 1006] section 6); `None` when there is none, or when it is not one that a
/// server would wait for.
pub(crate) async fn read_tpkt(wire: &mut Wire) -> io::Result<Option<Vec<u8>>> {
    let mut packet = Vec::new();
    if !wire.fill(&mut packet, 4).await? {
        return Ok(None);
    }
    let length = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
    if packet[0] != 3 || !(7..=LARGEST).contains(&length) {
        return Ok(None);
    }
    Ok(wire.fill(&mut packet, length - 4).await?.then_some(packet))
}

/// The request in a TPKT, if it is a Connection Request.
pub(crate) fn request(packet: &[u8]) -> Option<Request> {
    if *packet.get(5)? & 0xf0 != 0xe0 {
        return None;
    }
    let mut rest = packet.get(11..)?;
    // A cookie or routing token may stand before the negotiation data; it ends with CR LF.
    if let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        rest = &rest[end + 2..];
    }
    match rest {
        [1, _, 8, 0, protocols @ ..] => Some(Request::Protocols(u32::from_le_bytes(
            protocols.get(..4)?.try_into().ok()?,
        ))),
        _ => Some(Request::Bare),
    }
}

/// The answer of a server with that policy.
pub(crate) fn reply(policy: &Negotiate, request: Request) -> Reply {
    let Request::Protocols(asked) = request else {
        return match (policy.plain, policy.refusal) {
            (true, _) => Reply::Selected(confirm(&[]), 0),
            // A client that knows no negotiation cannot read a failure either.
            (false, _) => Reply::Close,
        };
    };
    let common = asked & policy.allowed;
    for protocol in [HYBRID_EX, HYBRID, SSL] {
        if common & protocol != 0 {
            return Reply::Selected(confirm(&structure(2, policy.flags, protocol)), protocol);
        }
    }
    match policy.refusal {
        Some(code) if asked != 0 || !policy.plain => {
            Reply::Refused(confirm(&structure(3, 0, u32::from(code))))
        }
        _ => Reply::Selected(confirm(&structure(2, policy.flags, 0)), 0),
    }
}

/// RDP_NEG_RSP (type 2, 2.2.1.2.1) or RDP_NEG_FAILURE (type 3, 2.2.1.2.2).
fn structure(kind: u8, flags: u8, value: u32) -> Vec<u8> {
    let mut out = vec![kind, flags, 8, 0];
    out.extend_from_slice(&value.to_le_bytes());
    out
}

/// An X.224 Connection Confirm with the source reference that Windows uses.
fn confirm(data: &[u8]) -> Vec<u8> {
    // Only `structure` makes the data, so both lengths fit a byte.
    let length = u8::try_from(data.len()).unwrap_or(0);
    let mut out = vec![3, 0, 0, 11 + length, 6 + length, 0xd0, 0, 0, 0x12, 0x34, 0];
    out.extend_from_slice(data);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(policy: &Negotiate, asked: u32) -> Result<u32, u8> {
        match reply(policy, Request::Protocols(asked)) {
            Reply::Selected(bytes, protocol) => {
                assert_eq!(bytes[..12], [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2]);
                assert_eq!(bytes[12..], [0x1f, 8, 0, bytes[15], 0, 0, 0]);
                assert_eq!(u32::from(bytes[15]), protocol);
                Ok(protocol)
            }
            Reply::Refused(bytes) => {
                assert_eq!(
                    bytes[..15],
                    [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 3, 0, 8, 0]
                );
                Err(bytes[15])
            }
            Reply::Close => panic!("a request with negotiation data is always answered"),
        }
    }

    #[test]
    fn the_matrix_is_that_of_windows() {
        let rows = [
            (
                Negotiate::NLA,
                [Err(5), Err(5), Ok(2), Ok(2), Ok(8), Err(5)],
            ),
            (
                Negotiate::NLA_OR_TLS,
                [Err(1), Ok(1), Ok(2), Ok(2), Ok(8), Err(1)],
            ),
            (
                Negotiate::TLS,
                [Err(1), Ok(1), Err(1), Ok(1), Ok(1), Err(1)],
            ),
            (
                Negotiate::PLAIN,
                [Ok(0), Err(2), Err(2), Err(2), Err(2), Err(2)],
            ),
            (
                Negotiate::PLAIN_ALWAYS,
                [Ok(0), Ok(0), Ok(0), Ok(0), Ok(0), Ok(0)],
            ),
            (Negotiate::failure(3), [Err(3); 6]),
        ];
        for (policy, expected) in rows {
            assert_eq!(
                [0, 1, 2, 3, 11, 16].map(|asked| select(&policy, asked)),
                expected
            );
        }
    }

    #[test]
    fn a_bare_request_gets_a_bare_confirm_or_none() {
        let bare = vec![3, 0, 0, 11, 6, 0xd0, 0, 0, 0x12, 0x34, 0];
        assert_eq!(
            reply(&Negotiate::PLAIN, Request::Bare),
            Reply::Selected(bare, 0)
        );
        assert_eq!(reply(&Negotiate::NLA, Request::Bare), Reply::Close);
    }

    #[test]
    fn requests_are_read_with_and_without_a_cookie() {
        let mut packet = vec![3, 0, 0, 11, 6, 0xe0, 0, 0, 0, 0, 0];
        assert_eq!(request(&packet), Some(Request::Bare));
        let data = [1, 0, 8, 0, 11, 0, 0, 0];
        let plain = [packet.as_slice(), &data].concat();
        assert_eq!(request(&plain), Some(Request::Protocols(11)));
        packet.extend_from_slice(b"Cookie: mstshash=a\r\n");
        assert_eq!(request(&packet), Some(Request::Bare));
        packet.extend_from_slice(&data);
        assert_eq!(request(&packet), Some(Request::Protocols(11)));
        assert_eq!(request(&[3, 0, 0, 7, 2, 0xf0, 0x80]), None);
    }
}

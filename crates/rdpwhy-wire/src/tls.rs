//! TLS on the wire without cryptography: hand-made ClientHellos, and what a server answers
//! (RFC 5246, RFC 8446).

use crate::cursor::Cursor;
use crate::hello::Hello;
use crate::script::{Framed, TlsOffer};

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
/// The random of a HelloRetryRequest (RFC 8446 4.1.3).
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// Every group for which a TLS 1.2 server may be configured.
pub const EVERY_GROUP: [u16; 29] = [
    0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x001a, 0x001b, 0x001c, 0x0016, 0x0015, 0x0014, 0x0013,
    0x0012, 0x0011, 0x0010, 0x000f, 0x000e, 0x000d, 0x000c, 0x000b, 0x000a, 0x0009, 0x0008, 0x0007,
    0x0100, 0x0101, 0x0102, 0x0103, 0x0104,
];

/// Signature schemes that any RDP server may need, old ones included.
const EVERY_SIGNATURE: [u16; 16] = [
    0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0403, 0x0503, 0x0603, 0x0301, 0x0303, 0x0201,
    0x0203, 0x0202, 0x0402, 0x0101,
];

/// A ClientHello as one TLS record, for versions up to TLS 1.2. `padding` adds a padding extension
/// (RFC 7685) of that many bytes. `random` makes the hello unlike others.
///
/// A hello that offers TLS 1.3 is not made here: without a key share no server could complete it,
/// and completed handshakes are the TLS library's work.
pub fn client_hello(offer: &TlsOffer, padding: usize, random: [u8; 32]) -> Vec<u8> {
    let signatures = if offer.signatures.is_empty() {
        EVERY_SIGNATURE.to_vec()
    } else {
        offer.signatures.clone()
    };
    let hello = Hello {
        version: offer.max.min(0x0303),
        suites: offer.suites.clone(),
        groups: offer.groups.clone(),
        signatures,
        server_name: offer.server_name.clone(),
        padding,
        ..Hello::default()
    };
    hello.record(random)
}

/// An offer for [`client_hello`] that leaves nothing out.
pub fn everything(server_name: Option<&str>) -> TlsOffer {
    TlsOffer {
        min: 0x0301,
        max: 0x0303,
        suites: crate::suites::with_certificate(),
        groups: EVERY_GROUP.to_vec(),
        signatures: EVERY_SIGNATURE.to_vec(),
        server_name: server_name.map(str::to_owned),
    }
}

/// The warning of a server that does not know the name it was asked for, and may go on all the
/// same (RFC 6066 3).
const NAME_UNKNOWN: (u8, u8) = (1, 112);

/// What a server said first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerSaid {
    /// The bytes are TLS records.
    pub tls: bool,
    /// The first ServerHello.
    pub hello: Option<ServerHello>,
    /// The alert in the clear that ended it: level and description.
    pub alert: Option<(u8, u8)>,
}

/// A ServerHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerHello {
    /// Version chosen, as on the wire; TLS 1.3 stands in an extension and is 0x0304 here.
    pub version: u16,
    /// Suite chosen.
    pub suite: u16,
    /// It asks for another hello.
    pub retry: bool,
}

impl ServerSaid {
    /// Whether an alert ended it.
    fn is_ended(&self) -> bool {
        self.alert.is_some_and(ends)
    }
}

/// Whether an alert ends a handshake, as all but one do.
fn ends(alert: (u8, u8)) -> bool {
    alert != NAME_UNKNOWN
}

/// Reads what a server sent in answer to a ClientHello, up to an alert that ends it.
pub fn read(bytes: &[u8]) -> ServerSaid {
    let mut said = ServerSaid::default();
    let mut handshake = Vec::new();
    let mut c = Cursor::new(bytes);
    while let (Some(kind), Some(version)) = (c.u8(), c.u16()) {
        if !matches!(kind, CHANGE_CIPHER_SPEC..=APPLICATION_DATA) || version >> 8 != 3 {
            break;
        }
        said.tls = true;
        let Some(body) = c.block16() else { break };
        match kind {
            ALERT => {
                if let [level, description] = *body
                    && matches!(said.alert, None | Some(NAME_UNKNOWN))
                {
                    said.alert = Some((level, description));
                }
                // Whatever follows would be read or not, as it happens to arrive
                if said.is_ended() {
                    break;
                }
            }
            HANDSHAKE if said.hello.is_none() => {
                handshake.extend(body);
                said.hello = server_hello(&handshake);
            }
            _ => {}
        }
    }
    if said.hello.is_some() && said.alert == Some(NAME_UNKNOWN) {
        said.alert = None;
    }
    said
}

/// The handshake messages in the clear, without their records, up to an alert that ends them; the
/// last may be cut short.
pub(crate) fn plain_handshake(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut c = Cursor::new(bytes);
    // What follows a ChangeCipherSpec is encrypted, whatever it calls itself
    while let (Some(kind @ (ALERT | HANDSHAKE)), Some(version), Some(length)) =
        (c.u8(), c.u16(), c.u16())
        && version >> 8 == 3
    {
        let body = c.take(usize::from(length)).unwrap_or_else(|| c.rest());
        match *body {
            _ if kind == HANDSHAKE => out.extend(body),
            [level, description] if ends((level, description)) => break,
            _ => {}
        }
    }
    out
}

/// The certificates of a list, as far as they are there whole (RFC 5246 7.4.2).
pub(crate) fn certificate_list(mut list: Cursor<'_>) -> impl Iterator<Item = Vec<u8>> {
    std::iter::from_fn(move || {
        let n = list.u24()?;
        Some(list.take(n)?.to_vec())
    })
}

fn server_hello(handshake: &[u8]) -> Option<ServerHello> {
    let mut c = Cursor::new(handshake);
    if c.u8()? != SERVER_HELLO {
        return None;
    }
    let length = c.u24()?;
    let mut b = Cursor::new(c.take(length)?);
    let mut version = b.u16()?;
    let retry = b.take(32)? == RETRY;
    let _session = b.block8()?;
    let suite = b.u16()?;
    let _compression = b.u8()?;
    let mut extensions = Cursor::new(b.block16().unwrap_or_default());
    while let (Some(kind), Some(data)) = (extensions.u16(), extensions.block16()) {
        if let (0x002b, [hi, lo]) = (kind, data) {
            version = u16::from_be_bytes([*hi, *lo]);
        }
    }
    Some(ServerHello {
        version,
        suite,
        retry,
    })
}

/// The certificates that a server sends in the clear, as every version before TLS 1.3 does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentChain {
    /// The certificates that came whole, DER, leaf first.
    pub certificates: Vec<Vec<u8>>,
    /// Size of the list of them that the message announces, in bytes.
    pub announced: usize,
    /// The whole message came.
    pub whole: bool,
}

/// Reads the Certificate message (RFC 5246 7.4.2) of what a server sent. `None` when there is
/// none in the clear: it was not sent, or is encrypted.
pub fn sent_chain(bytes: &[u8]) -> Option<SentChain> {
    let handshake = plain_handshake(bytes);
    let mut c = Cursor::new(&handshake);
    loop {
        let kind = c.u8()?;
        let length = c.u24()?;
        if kind != CERTIFICATE {
            c.take(length)?;
            continue;
        }
        let body = c.take(length);
        let mut chain = SentChain {
            whole: body.is_some(),
            ..SentChain::default()
        };
        let mut list = Cursor::new(body.unwrap_or_else(|| c.rest()));
        chain.announced = list.u24()?;
        chain.certificates = certificate_list(list).collect();
        return Some(chain);
    }
}

/// Whether the bytes so far hold a ServerHello or an alert that ends it.
pub(crate) fn framed(bytes: &[u8]) -> Framed {
    let said = read(bytes);
    if said.hello.is_some() || said.is_ended() {
        Framed::Whole
    } else if said.tls || bytes.len() < 3 {
        Framed::More
    } else {
        Framed::Wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::put_block16;

    fn hello(suite: u16) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
        message.extend(body);
        let mut record = vec![22, 3, 3];
        put_block16(&mut record, &message);
        record
    }

    #[test]
    fn reads_a_server_hello_whole_or_in_pieces() {
        let bytes = hello(0xc030);
        let said = read(&bytes);
        let expected = ServerHello {
            version: 0x0303,
            suite: 0xc030,
            retry: false,
        };
        assert_eq!(said.hello, Some(expected));
        for n in 0..bytes.len() {
            assert_eq!(read(&bytes[..n]).hello, None);
            assert_eq!(framed(&bytes[..n]), Framed::More, "{n}");
        }
        assert_eq!(framed(&bytes), Framed::Whole);
    }

    #[test]
    fn reads_an_alert_and_knows_what_is_no_tls() {
        assert_eq!(read(&[21, 3, 1, 0, 2, 2, 70]).alert, Some((2, 70)));
        assert_eq!(framed(&[3, 0, 0, 9, 2, 0xf0]), Framed::Wrong);
        assert!(!read(b"HTTP/1.1").tls);
    }

    /// Whether the hello comes in the same segment as the warning must not matter.
    #[test]
    fn a_warning_about_the_name_is_waited_out() {
        let warning = [21, 3, 3, 0, 2, 1, 112];
        assert_eq!(framed(&warning), Framed::More);
        assert_eq!(read(&warning).alert, Some((1, 112)));
        let both = [&warning[..], &hello(0xc030)].concat();
        let said = read(&both);
        assert!(said.hello.is_some() && said.alert.is_none());
        let fatal = [&warning[..], &[21, 3, 3, 0, 2, 2, 40]].concat();
        assert_eq!(read(&fatal).alert, Some((2, 40)));
    }

    /// Whether a hello behind it comes in the same segment must not matter either.
    #[test]
    fn an_alert_ends_it() {
        let alert = [21, 3, 3, 0, 2, 2, 112];
        let more = [&alert[..], &hello(0xc030)].concat();
        assert_eq!(framed(&alert), Framed::Whole);
        assert_eq!(read(&more), read(&alert));
        assert_eq!(plain_handshake(&more), plain_handshake(&alert));
    }

    /// A ServerHello, a Certificate with these, and what is cut off after `keep` bytes.
    fn flight(certificates: &[&[u8]], keep: usize) -> Vec<u8> {
        let block = |bytes: &[u8]| {
            let n = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            [&n[1..], bytes].concat()
        };
        let list: Vec<u8> = certificates.iter().flat_map(|c| block(c)).collect();
        let message = [&[11u8][..], &block(&block(&list))].concat();
        let mut out = hello(0xc030);
        for part in message.chunks(7) {
            out.extend([22, 3, 3]);
            put_block16(&mut out, part);
        }
        out.truncate(out.len() - keep);
        out
    }

    #[test]
    fn certificates_in_the_clear_are_found_in_pieces() {
        let first = [1u8; 40];
        let whole = sent_chain(&flight(&[&first, b"second"], 0)).unwrap();
        assert!(whole.whole && whole.announced == 3 + 40 + 3 + 6);
        assert_eq!(whole.certificates, [&first[..], b"second"]);
        let cut = sent_chain(&flight(&[&first, b"second"], 3)).unwrap();
        assert!(!cut.whole && cut.announced == 52);
        assert_eq!(cut.certificates, [&first[..]]);
        let bytes = flight(&[&first], 0);
        assert_eq!(sent_chain(&hello(0xc030)), None);
        for n in 0..bytes.len() {
            assert!(sent_chain(&bytes[..n]).is_none_or(|c| !c.whole));
        }
        let encrypted = [&hello(0x1302)[..], &[20, 3, 3, 0, 1, 1], &bytes].concat();
        assert_eq!(sent_chain(&encrypted), None);
    }

    #[test]
    fn a_small_hello_is_small_and_a_padded_one_is_not() {
        let mut offer = everything(None);
        offer.suites = vec![0xc02f, 0xc02b, 0x009c, 0x002f];
        offer.groups = vec![0x0017];
        offer.signatures = vec![0x0401, 0x0403, 0x0201];
        assert!(client_hello(&offer, 0, [1; 32]).len() < 150);
        assert!(client_hello(&offer, 1500, [1; 32]).len() > 1500);
    }
}

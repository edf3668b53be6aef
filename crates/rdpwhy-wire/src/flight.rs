//! What a server sends in the clear after a ClientHello: its ServerHello, and up to TLS 1.2 its
//! certificates and its half of the key exchange (RFC 5246 7.4, RFC 8422 5.4, RFC 8446 4.1.3).

use crate::cursor::Cursor;
use crate::script::Framed;
use crate::tls;
use crate::version::{self, Version};

const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const SERVER_HELLO_DONE: u8 = 14;
/// named_curve in ECParameters (RFC 8422 5.4).
const NAMED_CURVE: u8 = 3;
/// How many certificates of a chain are kept.
const MOST_CERTIFICATES: usize = 16;

/// What a server sent first, as far as it is in the clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flight {
    /// The ServerHello.
    pub hello: Option<tls::ServerHello>,
    /// What the server said beside its choice.
    pub says: Says,
    /// The certificates, leaf first, DER; at most sixteen. Up to TLS 1.2.
    pub chain: Vec<Vec<u8>>,
    /// The key exchange that it signs, up to TLS 1.2; the group alone in TLS 1.3.
    pub exchange: Exchange,
    /// The alert in the clear that ended it: its description.
    pub alert: Option<u8>,
    /// Whether nothing more is to come in the clear.
    pub done: bool,
}

/// What stands in a ServerHello beside version and suite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an extension of its own, there or not"
)]
pub struct Says {
    /// Secure renegotiation is supported (RFC 5746).
    pub secure_renegotiation: bool,
    /// The master secret is bound to the handshake (RFC 7627).
    pub extended_master_secret: bool,
    /// It will hand out a session ticket (RFC 5077).
    pub ticket: bool,
    /// It keeps the session under an identifier of its own.
    pub session: bool,
}

/// The server's half of a key exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The key-exchange group, by code.
    pub group: Option<u16>,
    /// Size of the prime of a Diffie-Hellman exchange, in bits.
    pub dh_bits: Option<u16>,
    /// The signature scheme, by code; TLS 1.2.
    pub scheme: Option<u16>,
}

/// Reads what a server sent in answer to a ClientHello.
pub fn read(bytes: &[u8]) -> Flight {
    let said = tls::read(bytes);
    let mut flight = Flight {
        hello: said.hello,
        alert: said.alert.map(|a| a.1),
        ..Flight::default()
    };
    let plain = tls::plain_handshake(bytes);
    let mut c = Cursor::new(&plain);
    // What follows in TLS 1.3 is encrypted
    let short = flight.hello.is_some_and(|h| h.version >= version::TLS13);
    while let Some((kind, body)) = message(&mut c) {
        match kind {
            SERVER_HELLO => {
                read_hello(body, &mut flight);
                flight.done |= short;
            }
            CERTIFICATE => flight.chain = certificates(body),
            SERVER_KEY_EXCHANGE => {
                if let Some(hello) = flight.hello {
                    flight.exchange =
                        exchange(body, hello.version, hello.suite).unwrap_or_default();
                }
            }
            SERVER_HELLO_DONE => flight.done = true,
            _ => {}
        }
        if flight.done {
            break;
        }
    }
    flight.done |= short;
    // One that comes later ended something else
    flight.alert = flight.alert.filter(|_| !flight.done);
    flight
}

/// Whether the bytes so far hold all that comes in the clear, or an alert that ends it.
pub(crate) fn framed(bytes: &[u8]) -> Framed {
    match tls::framed(bytes) {
        Framed::Whole if !ends(bytes) => Framed::More,
        judged => judged,
    }
}

fn ends(bytes: &[u8]) -> bool {
    let flight = read(bytes);
    flight.done || flight.alert.is_some()
}

fn message<'a>(c: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    let kind = c.u8()?;
    let length = c.u24()?;
    Some((kind, c.take(length)?))
}

fn read_hello(body: &[u8], flight: &mut Flight) {
    let mut c = Cursor::new(body);
    let mut parts = || {
        c.take(2 + 32)?;
        let session = c.block8()?;
        c.take(2 + 1)?;
        Some((session, c.block16().unwrap_or_default()))
    };
    let Some((session, extensions)) = parts() else {
        return;
    };
    let tls13 = flight.hello.is_some_and(|h| h.version >= version::TLS13);
    flight.says.session = !session.is_empty() && !tls13;
    let mut e = Cursor::new(extensions);
    while let (Some(kind), Some(data)) = (e.u16(), e.block16()) {
        match kind {
            0xff01 => flight.says.secure_renegotiation = true,
            0x0017 => flight.says.extended_master_secret = true,
            0x0023 => flight.says.ticket = true,
            // key_share: the group, with a share or in a request for one
            0x0033 => flight.exchange.group = Cursor::new(data).u16(),
            _ => {}
        }
    }
}

fn certificates(body: &[u8]) -> Vec<Vec<u8>> {
    let mut c = Cursor::new(body);
    let Some(list) = c.u24().and_then(|n| c.take(n)) else {
        return Vec::new();
    };
    tls::certificate_list(Cursor::new(list))
        .take(MOST_CERTIFICATES)
        .collect()
}

/// Reads a ServerKeyExchange, whose form depends on the suite.
fn exchange(body: &[u8], version: Version, suite: u16) -> Option<Exchange> {
    let suite = crate::suites::by_code(suite)?;
    let mut out = Exchange::default();
    let mut c = Cursor::new(body);
    match suite.key_exchange {
        "ECDHE" | "ECDH" => {
            if c.u8()? != NAMED_CURVE {
                return None;
            }
            out.group = Some(c.u16()?);
            c.block8()?; // the point
        }
        "DHE" | "DH" => {
            out.dh_bits = Some(bits(c.block16()?));
            c.block16()?; // the generator
            c.block16()?; // the server's share
        }
        _ => return None,
    }
    if version == version::TLS12 && suite.auth != "anon" {
        out.scheme = c.u16();
    }
    Some(out)
}

/// How many bits a number has.
fn bits(number: &[u8]) -> u16 {
    let digits: Vec<u8> = number.iter().copied().skip_while(|b| *b == 0).collect();
    let zeros = digits.first().map_or(0, |b| b.leading_zeros());
    let all = u32::try_from(digits.len()).unwrap_or(0) * 8;
    u16::try_from(all.saturating_sub(zeros)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::put_block16;

    fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![kind, 0];
        put_block16(&mut message, body);
        message
    }

    fn record(messages: &[u8]) -> Vec<u8> {
        let mut out = vec![22, 3, 3];
        put_block16(&mut out, messages);
        out
    }

    fn server_hello(suite: u16, extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([4, 1, 2, 3, 4]);
        body.extend(suite.to_be_bytes());
        body.push(0);
        put_block16(&mut body, extensions);
        handshake(SERVER_HELLO, &body)
    }

    #[test]
    fn reads_a_whole_flight_however_it_is_cut() {
        let mut curve = vec![3, 0, 0x18, 3, 4, 5, 6, 4, 1];
        put_block16(&mut curve, &[9; 64]);
        let messages = [
            server_hello(0xc030, &[0xff, 1, 0, 1, 0, 0, 0x17, 0, 0, 0, 0x23, 0, 0]),
            handshake(CERTIFICATE, &[0, 0, 8, 0, 0, 2, 48, 0, 0, 0, 0]),
            handshake(SERVER_KEY_EXCHANGE, &curve),
            handshake(SERVER_HELLO_DONE, &[]),
        ]
        .concat();
        let whole = record(&messages);
        let (head, tail) = messages.split_at(50);
        for bytes in [whole.clone(), [record(head), record(tail)].concat()] {
            let flight = read(&bytes);
            assert_eq!(flight.hello.map(|h| h.suite), Some(0xc030));
            assert_eq!(
                flight.says,
                Says {
                    secure_renegotiation: true,
                    extended_master_secret: true,
                    ticket: true,
                    session: true
                }
            );
            assert_eq!(flight.chain, [vec![48, 0], vec![]]);
            assert_eq!(flight.exchange.group, Some(0x18));
            assert_eq!(flight.exchange.scheme, Some(0x0401));
            assert!(flight.done);
            assert_eq!(framed(&bytes), Framed::Whole);
        }
        for n in 0..whole.len() {
            assert_eq!(framed(&whole[..n]), Framed::More, "{n}");
        }
    }

    #[test]
    fn reads_the_size_of_a_prime() {
        let mut body = Vec::new();
        let mut prime = vec![0; 129];
        prime[1] = 0x80;
        put_block16(&mut body, &prime);
        put_block16(&mut body, &[2]);
        put_block16(&mut body, &[1; 128]);
        let read = exchange(&body, version::TLS10, 0x0033).unwrap();
        assert_eq!((read.dh_bits, read.scheme), (Some(1024), None));
        assert!(exchange(&body, version::TLS10, 0xc030).is_none());
    }

    #[test]
    fn a_request_for_a_share_names_the_group() {
        let messages = server_hello(0x1302, &[0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 2, 0x11, 0xec]);
        let flight = read(&record(&messages));
        assert_eq!(flight.exchange.group, Some(0x11ec));
        assert!(flight.done && !flight.says.session);
    }
}

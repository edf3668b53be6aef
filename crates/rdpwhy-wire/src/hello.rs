//! The ClientHello: made by hand, and read again from a recording (RFC 5246 7.4.1.2, RFC 8446
//! 4.1.2).

use crate::cursor::{Cursor, put_block16};
use crate::suites;
use crate::tls::ServerHello;
use crate::version::{self, Version};

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0x0000;
const GROUPS: u16 = 0x000a;
const POINT_FORMATS: u16 = 0x000b;
const SIGNATURES: u16 = 0x000d;
const PADDING: u16 = 0x0015;
const EXTENDED_MASTER_SECRET: u16 = 0x0017;
const SESSION_TICKET: u16 = 0x0023;
const SUPPORTED_VERSIONS: u16 = 0x002b;
const EXCHANGE_MODES: u16 = 0x002d;
const KEY_SHARE: u16 = 0x0033;
/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 3.3).
const RENEGOTIATION: u16 = 0x00ff;

/// A ClientHello that is made by hand. It offers one version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The version offered.
    pub version: Version,
    /// Cipher suites by code, in order; the signal for secure renegotiation is added.
    pub suites: Vec<u16>,
    /// Key-exchange groups by code, in order.
    pub groups: Vec<u16>,
    /// Signature schemes by code, in order; TLS 1.2 and later.
    pub signatures: Vec<u16>,
    /// The server name, unless none shall be sent.
    pub server_name: Option<String>,
    /// Bytes of padding (RFC 7685).
    pub padding: usize,
    /// Whether to ask what a server can do beside: extended master secret (RFC 7627) and session
    /// tickets (RFC 5077).
    pub asks_more: bool,
    /// Key shares for TLS 1.3.
    pub shares: Shares,
}

/// The key shares of a TLS 1.3 hello (RFC 8446 4.2.8). Nobody who sends them could complete the
/// handshake: they are for looking.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shares {
    /// None at all: a server that agrees asks for one, and so names its suite and its group.
    #[default]
    Asked,
    /// The base points of X25519, P-256 and P-384, where they are among the groups: a server that
    /// agrees answers with its ServerHello.
    Given,
}

/// The base points (RFC 7748 4.1, SEC 2 2.4.2 and 2.5.1), as key shares.
const POINTS: [(u16, &[u8]); 3] = [
    (0x001d, &{
        let mut point = [0; 32];
        point[0] = 9;
        point
    }),
    (
        0x0017,
        b"\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\
          \xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\
          \x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5",
    ),
    (
        0x0018,
        b"\x04\xaa\x87\xca\x22\xbe\x8b\x05\x37\x8e\xb1\xc7\x1e\xf3\x20\xad\x74\x6e\x1d\x3b\x62\x8b\
          \xa7\x9b\x98\x59\xf7\x41\xe0\x82\x54\x2a\x38\x55\x02\xf2\x5d\xbf\x55\x29\x6c\x3a\x54\x5e\
          \x38\x72\x76\x0a\xb7\x36\x17\xde\x4a\x96\x26\x2c\x6f\x5d\x9e\x98\xbf\x92\x92\xdc\x29\xf8\
          \xf4\x1d\xbd\x28\x9a\x14\x7c\xe9\xda\x31\x13\xb5\xf0\xb8\xc0\x0a\x60\xb1\xce\x1d\x7e\x81\
          \x9d\x7a\x43\x1d\x7c\x90\xea\x0e\x5f",
    ),
];

impl Hello {
    /// The hello as one TLS record. `random` makes it unlike others.
    pub fn record(&self, random: [u8; 32]) -> Vec<u8> {
        let tls13 = self.version >= version::TLS13;
        let mut body = self.version.min(version::TLS12).to_be_bytes().to_vec();
        body.extend(random);
        if tls13 {
            // As clients do it for the sake of devices on the way (RFC 8446 D.4)
            body.push(32);
            body.extend(random.iter().rev());
        } else {
            body.push(0); // no session to resume
        }
        // Some hosts drop hellos without the signal (RFC 5746)
        let codes = self.suites.iter().copied().chain([RENEGOTIATION]);
        put_block16(&mut body, &bytes_of(codes));
        body.extend([1, 0]); // null compression
        let extensions = self.extensions();
        if !extensions.is_empty() {
            put_block16(&mut body, &extensions);
        }

        let mut message = vec![CLIENT_HELLO];
        let length = u32::try_from(body.len()).unwrap_or(0).to_be_bytes();
        message.extend(&length[1..]);
        message.extend(body);
        // The record says TLS 1.0, as every client's first record does (RFC 5246 E.1), and SSL 3.0
        // in a hello that knows nothing else
        let minor = u8::from(self.version > version::SSL3);
        let mut record = vec![HANDSHAKE, 0x03, minor];
        put_block16(&mut record, &message);
        record
    }

    fn extensions(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.version <= version::SSL3 {
            return out; // SSL 3.0 has none, and old servers cannot stand them
        }
        let tls13 = self.version >= version::TLS13;
        let mut put = |kind: u16, data: &[u8]| {
            out.extend(kind.to_be_bytes());
            put_block16(&mut out, data);
        };
        if let Some(name) = &self.server_name {
            let mut entry = vec![0];
            put_block16(&mut entry, name.as_bytes());
            put(SERVER_NAME, &in_block(&entry));
        }
        if !self.groups.is_empty() {
            put(GROUPS, &in_block(&bytes_of(self.groups.iter().copied())));
            if !tls13 {
                put(POINT_FORMATS, &[1, 0]); // uncompressed
            }
        }
        if self.version >= version::TLS12 && !self.signatures.is_empty() {
            let codes = bytes_of(self.signatures.iter().copied());
            put(SIGNATURES, &in_block(&codes));
        }
        if self.asks_more && !tls13 {
            put(EXTENDED_MASTER_SECRET, &[]);
            put(SESSION_TICKET, &[]);
        }
        if tls13 {
            let [hi, lo] = self.version.to_be_bytes();
            put(SUPPORTED_VERSIONS, &[2, hi, lo]);
            put(EXCHANGE_MODES, &[1, 1]); // psk_dhe_ke, as clients send it
            put(KEY_SHARE, &in_block(&self.key_shares()));
        }
        if self.padding > 0 {
            put(PADDING, &vec![0; self.padding]);
        }
        out
    }

    /// The key shares as they are sent: none are given where there is a point of none of the groups.
    pub fn shares_sent(&self) -> Shares {
        let has_point = POINTS.iter().any(|(g, _)| self.groups.contains(g));
        if has_point && self.version >= version::TLS13 {
            self.shares
        } else {
            Shares::Asked
        }
    }

    fn key_shares(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.shares == Shares::Given {
            for (group, point) in POINTS.iter().filter(|(g, _)| self.groups.contains(g)) {
                out.extend(group.to_be_bytes());
                put_block16(&mut out, point);
            }
        }
        out
    }

    /// Reads a hello; `None` when the bytes are none. Of several versions, the highest that is known
    /// is kept.
    pub fn read(record: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(record);
        if c.u8()? != HANDSHAKE {
            return None;
        }
        c.u16()?;
        let mut message = Cursor::new(c.block16()?);
        if message.u8()? != CLIENT_HELLO {
            return None;
        }
        let length = message.u24()?;
        let mut body = Cursor::new(message.take(length)?);
        let mut hello = Self {
            version: body.u16()?,
            ..Self::default()
        };
        body.take(32)?;
        body.block8()?; // session
        hello.suites = codes_in(body.block16()?);
        hello.suites.retain(|c| *c != RENEGOTIATION);
        body.block8()?; // compression
        let mut extensions = Cursor::new(body.block16().unwrap_or_default());
        while let (Some(kind), Some(data)) = (extensions.u16(), extensions.block16()) {
            let list = || Cursor::new(data).block16().unwrap_or_default();
            match (kind, data) {
                (SERVER_NAME, _) => {
                    let mut entry = Cursor::new(list());
                    entry.u8()?;
                    hello.server_name = String::from_utf8(entry.block16()?.to_vec()).ok();
                }
                (GROUPS, _) => hello.groups = codes_in(list()),
                (SIGNATURES, _) => hello.signatures = codes_in(list()),
                (PADDING, _) => hello.padding = data.len(),
                (EXTENDED_MASTER_SECRET, _) => hello.asks_more = true,
                (SUPPORTED_VERSIONS, _) => {
                    let listed = codes_in(Cursor::new(data).block8().unwrap_or_default());
                    let known = listed.into_iter().filter(|v| version::ALL.contains(v));
                    hello.version = known.max()?;
                    hello.asks_more = true;
                }
                (KEY_SHARE, _) if !list().is_empty() => hello.shares = Shares::Given,
                _ => {}
            }
        }
        Some(hello)
    }
}

impl Hello {
    /// What of a server's choice was not offered, in words.
    pub fn not_offered(&self, chosen: &ServerHello) -> Option<String> {
        let offered = version::name(self.version);
        let suite = || suites::name(chosen.suite);
        if !version::ALL.contains(&chosen.version) {
            let chose = version::name(chosen.version);
            return Some(format!("chose {chose}, which is no version of TLS"));
        }
        if chosen.version > self.version {
            let chose = version::name(chosen.version);
            return Some(format!(
                "chose {chose} where {offered} was the highest offered"
            ));
        }
        if !self.suites.contains(&chosen.suite) {
            return Some(format!(
                "chose {}, which was not offered, in {offered}",
                suite()
            ));
        }
        // Servers that go beyond the version where the standard ends an old suite do no harm
        let tls13 = chosen.version == version::TLS13;
        let known = suites::by_code(chosen.suite);
        known.is_some_and(|s| s.tls13() != tls13).then(|| {
            format!(
                "chose {}, which does not exist in {}",
                suite(),
                version::name(chosen.version)
            )
        })
    }
}

fn bytes_of(codes: impl Iterator<Item = u16>) -> Vec<u8> {
    codes.flat_map(u16::to_be_bytes).collect()
}

fn codes_in(list: &[u8]) -> Vec<u16> {
    list.chunks_exact(2)
        .map(|c| u16::from_be_bytes([c[0], c[1]]))
        .collect()
}

fn in_block(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_block16(&mut out, data);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_can_be_read_again() {
        for version in version::ALL {
            let old = version == version::SSL3;
            let hello = Hello {
                version,
                suites: vec![0xc030, 0x002f],
                groups: if old { vec![] } else { vec![0x001d, 0x0017] },
                signatures: if version >= version::TLS12 {
                    vec![0x0804]
                } else {
                    vec![]
                },
                server_name: (!old).then(|| "pc42.corp.example".to_owned()),
                padding: 0,
                asks_more: !old,
                shares: if version == version::TLS13 {
                    Shares::Given
                } else {
                    Shares::Asked
                },
            };
            let record = hello.record([7; 32]);
            assert_eq!(Hello::read(&record), Some(hello));
            for n in 0..record.len() {
                assert_eq!(Hello::read(&record[..n]), None, "{n}");
            }
        }
    }

    #[test]
    fn key_shares_have_the_length_of_their_group() {
        let lengths: Vec<usize> = POINTS.iter().map(|(_, p)| p.len()).collect();
        assert_eq!(lengths, [32, 65, 97]);
    }
}

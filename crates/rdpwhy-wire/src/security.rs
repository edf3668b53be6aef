//! Standard RDP Security, as far as it takes to reach the licence stage of a host without TLS: the
//! host's key, the exchange of the client's random, and the session keys ([MS-RDPBCGR] 5.3).
//!
//! It protects nothing of ours, since nothing secret is sent: no user name and no password. That
//! is why the client's random is always the same one, and why a recording can be read again.
//! FIPS (5.3.6.2) is not spoken.

use md5::Md5;
use num_bigint::BigUint;
use rc4::{KeyInit as _, Rc4, StreamCipher as _};
use sha1::{Digest as _, Sha1};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::cursor::Cursor;

/// `ENCRYPTION_METHOD_40BIT` ([MS-RDPBCGR] 2.2.1.4.3).
pub const BITS_40: u32 = 0x01;
/// `ENCRYPTION_METHOD_128BIT`.
pub const BITS_128: u32 = 0x02;
/// `ENCRYPTION_METHOD_56BIT`.
pub const BITS_56: u32 = 0x08;
/// `ENCRYPTION_METHOD_FIPS`.
pub const FIPS: u32 = 0x10;

/// The client's random. No secret hangs on it, and who reads a recording needs it.
pub const CLIENT_RANDOM: [u8; 32] = *b"rdpwhy sends no secret with this";

/// The longest modulus that is calculated with, in bytes: 8192 bits.
const LONGEST: usize = 1024;
/// Zeros behind a modulus and behind what was encrypted with it (5.3.4.1, 2.2.1.10.1).
const PADDING: usize = 8;

/// An RSA key of a host, for Standard RDP Security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    modulus: Vec<u8>,
    exponent: u32,
}

impl PublicKey {
    /// The key in a server certificate (2.2.1.4.3.1): a proprietary one, or the leaf of an X.509
    /// chain. `None` when there is none that can be calculated with.
    pub fn in_certificate(certificate: &[u8]) -> Option<Self> {
        let mut c = Cursor::new(certificate);
        // The highest bit says whether the certificate is a temporary one
        match c.u32_le()? & 0x7fff_ffff {
            1 => proprietary(&mut c),
            2 => leaf(&mut c),
            _ => None,
        }
        .filter(Self::usable)
    }

    fn usable(&self) -> bool {
        (CLIENT_RANDOM.len()..=LONGEST).contains(&self.modulus.len())
            // Smaller than the random, it could not carry it
            && self.modulus.iter().skip(CLIENT_RANDOM.len()).any(|b| *b != 0)
            && self.exponent > 1
    }

    /// Size of the modulus, in bits.
    pub fn bits(&self) -> u64 {
        BigUint::from_bytes_le(&self.modulus).bits()
    }

    /// The client's random, encrypted, as it stands in a Security Exchange PDU (5.3.4.1): little
    /// endian, as long as the modulus, zeros behind it.
    pub fn encrypt(&self, random: [u8; 32]) -> Vec<u8> {
        let modulus = BigUint::from_bytes_le(&self.modulus);
        let power = BigUint::from_bytes_le(&random).modpow(&BigUint::from(self.exponent), &modulus);
        let mut out = power.to_bytes_le();
        out.resize(self.modulus.len() + PADDING, 0);
        out
    }
}

/// PROPRIETARYSERVERCERTIFICATE behind its version (2.2.1.4.3.1.1).
fn proprietary(c: &mut Cursor<'_>) -> Option<PublicKey> {
    let _algorithms = c.take(8)?;
    let kind = c.u16_le()?;
    let length = c.u16_le()?;
    let mut blob = Cursor::new(c.take(usize::from(length))?);
    let (magic, size) = (blob.u32_le()?, blob.u32_le()?);
    let _bits_and_longest_datum = blob.take(8)?;
    let exponent = blob.u32_le()?;
    // BB_RSA_KEY_BLOB, and "RSA1"
    if kind != 6 || magic != 0x3141_5352 {
        return None;
    }
    let size = usize::try_from(size).ok()?.checked_sub(PADDING)?;
    let modulus = blob.take(size)?.to_vec();
    Some(PublicKey { modulus, exponent })
}

/// The last certificate of a chain, which is the host's own (2.2.1.4.3.1, [MS-RDPELE] 2.2.1.4.2).
/// These name odd algorithms for the key, so only its bits are looked at.
fn leaf(c: &mut Cursor<'_>) -> Option<PublicKey> {
    let count = c.u32_le()?;
    // [MS-RDPELE]: 2 to 200 certificates
    if !(1..=200).contains(&count) {
        return None;
    }
    let mut last = &[][..];
    for _ in 0..count {
        let length = c.u32_le()?;
        last = c.take(usize::try_from(length).ok()?)?;
    }
    let (_, certificate) = X509Certificate::from_der(last).ok()?;
    let key = certificate.public_key().subject_public_key.data.as_ref();
    let (_, rsa) = x509_parser::public_key::RSAPublicKey::from_der(key).ok()?;
    let exponent = u32::try_from(rsa.try_exponent().ok()?).ok()?;
    let mut modulus: Vec<u8> = rsa
        .modulus
        .iter()
        .copied()
        .skip_while(|b| *b == 0)
        .collect();
    modulus.reverse();
    Some(PublicKey { modulus, exponent })
}

/// The keys of a session (5.3.5.1), those of the client's point of view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    mac: Vec<u8>,
    to_host: Vec<u8>,
    from_host: Vec<u8>,
}

impl Keys {
    /// Derives them. `None` for a method that does not encrypt with RC4, or a host's random that
    /// is too short.
    pub fn derive(method: u32, client: &[u8; 32], server: &[u8]) -> Option<Self> {
        let server: &[u8; 32] = server.get(..32)?.try_into().ok()?;
        let first: Vec<u8> = [client.get(..24)?, server.get(..24)?].concat();
        let salted = |secret: &[u8], letters: [&[u8]; 3]| -> Vec<u8> {
            let one = |i: &[u8]| {
                let inner = Sha1::new()
                    .chain_update(i)
                    .chain_update(secret)
                    .chain_update(client)
                    .chain_update(server)
                    .finalize();
                Md5::new()
                    .chain_update(secret)
                    .chain_update(inner)
                    .finalize()
            };
            letters.iter().flat_map(|l| one(l)).collect()
        };
        let master = salted(&first, [b"A", b"BB", b"CCC"]);
        let blob = salted(&master, [b"X", b"YY", b"ZZZ"]);
        let last = |key: &[u8]| -> Vec<u8> {
            let hash = Md5::new().chain_update(key);
            hash.chain_update(client)
                .chain_update(server)
                .finalize()
                .to_vec()
        };
        let mac = blob.get(..16)?.to_vec();
        let keys = Self {
            mac,
            from_host: last(blob.get(16..32)?),
            to_host: last(blob.get(32..48)?),
        };
        let salt: &[u8] = match method {
            BITS_128 => return Some(keys),
            BITS_56 => &SALT[..1],
            BITS_40 => &SALT,
            _ => return None,
        };
        let weak = |key: Vec<u8>| shortened(salt, &key);
        Some(Self {
            mac: weak(keys.mac),
            to_host: weak(keys.to_host),
            from_host: weak(keys.from_host),
        })
    }

    /// Encrypts the first message to the host, and puts its signature before it (5.3.6.1).
    pub fn seal_first(&self, data: &[u8]) -> Vec<u8> {
        let mut out = signature(&self.mac, data).to_vec();
        let mut body = data.to_vec();
        cipher(&self.to_host, &mut body);
        out.extend(body);
        out
    }

    /// What opens the messages of the host, in the order in which they came.
    pub fn opener(&self) -> Opener {
        Opener {
            mac: self.mac.clone(),
            cipher: Rc4::new_from_slice(&self.from_host).ok(),
        }
    }
}

/// Opens the messages of a host.
pub struct Opener {
    mac: Vec<u8>,
    cipher: Option<Rc4>,
}

impl Opener {
    /// The plain text behind a signature of eight bytes. `None` when it is too short, or when the
    /// signature is of something else. A salted signature (5.3.6.1.1) is not verified.
    pub fn open(&mut self, sealed: &[u8], salted: bool) -> Option<Vec<u8>> {
        let (said, body) = sealed.split_at_checked(8)?;
        let mut body = body.to_vec();
        self.cipher.as_mut()?.apply_keystream(&mut body);
        (salted || signature(&self.mac, &body) == *said).then_some(body)
    }
}

/// The known beginning of keys that are cut to 40 or 56 bits (5.3.5.1).
const SALT: [u8; 3] = [0xd1, 0x26, 0x9e];

fn shortened(salt: &[u8], key: &[u8]) -> Vec<u8> {
    let mut key = key.get(..8).unwrap_or_default().to_vec();
    for (at, known) in key.iter_mut().zip(salt) {
        *at = *known;
    }
    key
}

fn cipher(key: &[u8], data: &mut [u8]) {
    // The keys here have 8 or 16 bytes, and RC4 takes 1 to 256
    if let Ok(mut rc4) = Rc4::new_from_slice(key) {
        rc4.apply_keystream(data);
    }
}

/// The signature of plain text (5.3.6.1): the first eight bytes.
fn signature(mac: &[u8], data: &[u8]) -> [u8; 8] {
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes();
    let inner = Sha1::new()
        .chain_update(mac)
        .chain_update([0x36; 40])
        .chain_update(length)
        .chain_update(data)
        .finalize();
    let outer = Md5::new()
        .chain_update(mac)
        .chain_update([0x5c; 48])
        .chain_update(inner)
        .finalize();
    std::array::from_fn(|i| outer.get(i).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key blob with this modulus, little endian.
    fn certificate(modulus: &[u8], exponent: u32) -> Vec<u8> {
        let mut blob = b"RSA1".to_vec();
        let size = u32::try_from(modulus.len() + PADDING).unwrap();
        blob.extend(size.to_le_bytes());
        blob.extend([0; 8]);
        blob.extend(exponent.to_le_bytes());
        blob.extend(modulus);
        blob.extend([0; PADDING]);
        let mut out = vec![1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 6, 0];
        out.extend(u16::try_from(blob.len()).unwrap().to_le_bytes());
        out.extend(blob);
        out
    }

    #[test]
    fn rsa_is_a_power_modulo() {
        // A modulus of 64 bytes, 2^511 + 111: checked against another way to calculate
        let mut modulus = vec![0; 64];
        modulus[0] = 111;
        modulus[63] = 0x80;
        let key = PublicKey::in_certificate(&certificate(&modulus, 3)).unwrap();
        assert_eq!(key.bits(), 512);
        let sealed = key.encrypt(CLIENT_RANDOM);
        assert_eq!(sealed.len(), 72);
        assert_eq!(sealed[64..], [0; 8]);
        let m = BigUint::from_bytes_le(&CLIENT_RANDOM);
        let n = BigUint::from_bytes_le(&modulus);
        assert_eq!(BigUint::from_bytes_le(&sealed), &m * &m * &m % n);
    }

    #[test]
    fn keys_that_are_none() {
        let good = certificate(&[0x81; 64], 65537);
        assert!(PublicKey::in_certificate(&good).is_some());
        for n in 0..good.len() - PADDING {
            assert_eq!(PublicKey::in_certificate(&good[..n]), None, "{n} bytes");
        }
        assert_eq!(PublicKey::in_certificate(&certificate(&[0; 64], 3)), None);
        assert_eq!(PublicKey::in_certificate(&certificate(&[9; 16], 3)), None);
        assert_eq!(PublicKey::in_certificate(&certificate(&[9; 64], 0)), None);
        let endless = [2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(PublicKey::in_certificate(&endless), None);
    }

    #[test]
    fn a_message_opens_with_the_keys_that_sealed_it() {
        for (method, length) in [(BITS_40, 8), (BITS_56, 8), (BITS_128, 16)] {
            let keys = Keys::derive(method, &CLIENT_RANDOM, &[7; 32]).unwrap();
            assert_eq!(keys.mac.len(), length);
            let sealed = keys.seal_first(b"a message");
            assert_ne!(&sealed[8..], b"a message");
            let mut host = Opener {
                mac: keys.mac.clone(),
                cipher: Rc4::new_from_slice(&keys.to_host).ok(),
            };
            assert_eq!(host.open(&sealed, false).unwrap(), b"a message");
            // The key stream went on, so the same bytes are another message now
            assert_eq!(host.open(&sealed, false), None);
        }
        assert_eq!(Keys::derive(FIPS, &CLIENT_RANDOM, &[7; 32]), None);
        assert_eq!(Keys::derive(BITS_128, &CLIENT_RANDOM, &[7; 31]), None);
    }

    #[test]
    fn short_keys_begin_as_the_specification_says() {
        let keys = Keys::derive(BITS_40, &CLIENT_RANDOM, &[7; 32]).unwrap();
        for key in [keys.mac, keys.to_host, keys.from_host] {
            assert_eq!(key[..3], SALT);
        }
    }
}

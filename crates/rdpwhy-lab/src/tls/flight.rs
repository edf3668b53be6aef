//! A server's first flight in TLS 1.2 ([RFC 5246] 7.4), with certificates that no library would
//! send. A client judges the Certificate message as it comes, so there is no need to finish.

use openssl::bn::BigNumContext;
use openssl::ec::{EcGroup, EcKey, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::nid::Nid;

use crate::certificates::Chain;

/// TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, which every client of today offers.
const SUITE: [u8; 2] = [0xc0, 0x30];
/// rsa_pkcs1_sha256.
const SCHEME: [u8; 2] = [4, 1];
/// The most that a record holds.
const RECORD: usize = 1 << 14;

/// ServerHello, Certificate, ServerKeyExchange and ServerHelloDone.
pub(super) fn make(chain: &Chain) -> Result<Vec<u8>, ErrorStack> {
    let mut list = Vec::new();
    for certificate in std::iter::once(&chain.leaf).chain(&chain.above) {
        list.extend(block24(&certificate.to_der()?));
    }
    if let Some(rubbish) = chain.rubbish {
        list.extend(block24(rubbish));
    }
    let mut hello = vec![3, 3];
    hello.extend([0x5a; 32]);
    hello.push(0); // no session
    hello.extend(SUITE);
    hello.push(0); // no compression

    let mut exchange = vec![3, 0, 0x17]; // a named curve: P-256
    let point = any_point()?;
    exchange.extend(u8::try_from(point.len()));
    exchange.extend(point);
    exchange.extend(SCHEME);
    // As long as the key, and no signature
    let size = chain.leaf.public_key()?.size();
    exchange.extend(u16::try_from(size).unwrap_or(u16::MAX).to_be_bytes());
    exchange.resize(exchange.len() + size, 0x5a);

    let messages = [
        message(2, &hello),
        message(11, &block24(&list)),
        message(12, &exchange),
        message(14, &[]),
    ];
    Ok(messages.concat().chunks(RECORD).flat_map(record).collect())
}

/// A point of P-256.
fn any_point() -> Result<Vec<u8>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    let mut context = BigNumContext::new()?;
    EcKey::generate(&group)?.public_key().to_bytes(
        &group,
        PointConversionForm::UNCOMPRESSED,
        &mut context,
    )
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &block24(body)].concat()
}

/// A block behind its length in three bytes.
fn block24(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes();
    [&length[1..], bytes].concat()
}

fn record(part: &[u8]) -> Vec<u8> {
    let length = u16::try_from(part.len()).unwrap_or(0).to_be_bytes();
    [&[22, 3, 3][..], &length, part].concat()
}

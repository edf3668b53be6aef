//! The public key of a certificate and the algorithm of its signature.

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::text::shown;
use x509_parser::prelude::*;
use x509_parser::public_key::PublicKey;
use x509_parser::signature_algorithm::RsaSsaPssParams;

use super::{Facts, KEPT};

/// Puts the facts about the key.
pub(super) fn facts(cert: &X509Certificate<'_>, out: &mut Facts) {
    let parsed = cert.public_key().parsed().ok();
    let (kind, bits) = match &parsed {
        Some(PublicKey::RSA(rsa)) => ("rsa", size(rsa.modulus)),
        Some(PublicKey::EC(ec)) => match ec.key_size() {
            // the coordinates of P-521 fill 66 bytes, and no curve has 528 bits
            528 => ("ecdsa", 521),
            bits => ("ecdsa", i64::try_from(bits).unwrap_or(0)),
        },
        _ => ("other", 0),
    };
    out.push((FactKey::CertKeyType, kind.into()));
    out.push((FactKey::CertKeyBits, bits.into()));
    out.push((
        FactKey::CertKey,
        format!("{} {bits} bits", kind.to_uppercase()).into(),
    ));
    let floor = if kind == "rsa" { 2048 } else { 224 };
    let weak = kind != "other" && bits < floor;
    out.push((FactKey::CertWeakKey, weak.into()));
    if let Some(PublicKey::RSA(rsa)) = &parsed {
        let (text, odd) = exponent(rsa.exponent);
        out.push((FactKey::CertExponent, text.into()));
        out.push((FactKey::CertOddExponent, odd.into()));
    }
    if kind == "ecdsa"
        && let Some(name) = curve(cert)
    {
        out.push((FactKey::CertCurve, name.into()));
    }
}

/// How many bits a number has. The library counts bytes, and takes off one in any case.
fn size(number: &[u8]) -> i64 {
    let digits = number.iter().skip_while(|b| **b == 0);
    let zeros = digits.clone().next().map_or(0, |b| b.leading_zeros());
    i64::try_from(digits.count() * 8).unwrap_or(0) - i64::from(zeros)
}

/// A public exponent for people, and whether it is odd in the sense of strange: even, below 3, or
/// longer than the 32 bits that Windows' RSAPUBKEY has for it.
fn exponent(octets: &[u8]) -> (String, bool) {
    let bits = size(octets);
    let negative = octets.first().is_some_and(|b| b & 0x80 != 0);
    let value = octets.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
    match bits {
        _ if negative => ("negative".into(), true),
        ..=32 => (value.to_string(), value < 3 || value.is_multiple_of(2)),
        33..=64 => (value.to_string(), true),
        _ => (format!("a number of {bits} bits"), true),
    }
}

/// The curve of an ECDSA key, by name where it has one.
fn curve(cert: &X509Certificate<'_>) -> Option<String> {
    let parameters = cert.public_key().algorithm.parameters.as_ref()?;
    let Ok(oid) = parameters.as_oid() else {
        return Some("parameters of its own".into());
    };
    let oid = oid.to_id_string();
    let name = match oid.as_str() {
        "1.2.840.10045.3.1.1" => "P-192",
        "1.3.132.0.33" => "P-224",
        "1.2.840.10045.3.1.7" => "P-256",
        "1.3.132.0.34" => "P-384",
        "1.3.132.0.35" => "P-521",
        "1.3.132.0.10" => "secp256k1",
        "1.3.36.3.3.2.8.1.1.7" => "brainpoolP256r1",
        "1.3.36.3.3.2.8.1.1.11" => "brainpoolP384r1",
        "1.3.36.3.3.2.8.1.1.13" => "brainpoolP512r1",
        other => return Some(shown(other, KEPT)),
    };
    Some(name.to_owned())
}

/// The name of the algorithm with which a certificate is signed.
pub(super) fn signature(cert: &X509Certificate<'_>) -> String {
    let algorithm = &cert.signature_algorithm;
    match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => "md2WithRSA",
        "1.2.840.113549.1.1.4" => "md5WithRSA",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSA",
        "1.2.840.113549.1.1.11" => "sha256WithRSA",
        "1.2.840.113549.1.1.12" => "sha384WithRSA",
        "1.2.840.113549.1.1.13" => "sha512WithRSA",
        "1.2.840.113549.1.1.10" => {
            let params = algorithm.parameters.as_ref();
            let params = params.and_then(|p| RsaSsaPssParams::try_from(p).ok());
            let hash = params.map(|p| p.hash_algorithm_oid().to_id_string());
            match hash.as_deref() {
                Some("1.3.14.3.2.26") => "sha1-RSASSA-PSS",
                Some("2.16.840.1.101.3.4.2.1") => "sha256-RSASSA-PSS",
                Some("2.16.840.1.101.3.4.2.2") => "sha384-RSASSA-PSS",
                Some("2.16.840.1.101.3.4.2.3") => "sha512-RSASSA-PSS",
                _ => "RSASSA-PSS",
            }
        }
        "1.2.840.10040.4.3" => "sha1-DSA",
        "1.2.840.10045.4.1" => "sha1-ECDSA",
        "1.2.840.10045.4.3.2" => "sha256-ECDSA",
        "1.2.840.10045.4.3.3" => "sha384-ECDSA",
        "1.2.840.10045.4.3.4" => "sha512-ECDSA",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        other => return shown(other, KEPT),
    }
    .to_owned()
}

/// Whether a signature of that name rests on a broken hash.
pub(super) fn broken_hash(signature: &str) -> bool {
    ["md2", "md5", "sha1"]
        .iter()
        .any(|hash| signature.starts_with(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_told_and_strange_ones_are_known() {
        assert_eq!(exponent(&[1, 0, 1]), ("65537".into(), false));
        assert_eq!(exponent(&[3]), ("3".into(), false));
        assert_eq!(exponent(&[1]), ("1".into(), true));
        assert_eq!(exponent(&[1, 0]), ("256".into(), true));
        assert!(!exponent(&[0, 0xff, 0xff, 0xff, 0xff]).1);
        assert!(exponent(&[1, 0, 0, 0, 1]).1);
        assert_eq!(exponent(&[1; 100]), ("a number of 793 bits".into(), true));
        assert_eq!(exponent(&[]), ("0".into(), true));
        assert_eq!(exponent(&[0x80]), ("negative".into(), true));
    }
}

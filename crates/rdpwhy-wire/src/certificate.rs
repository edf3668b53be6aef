//! What a certificate says, each property as a fact of its own. A yes or no would lose the reason.

use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::text::{hex, shown};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::*;
use x509_parser::public_key::PublicKey;

/// Where a certificate is looked at from: whom the client asked for, and when.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint<'a> {
    /// Name or address that the user asked for.
    pub host: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

/// Companies whose names in an issuer point to a device or program that opens TLS.
/// Each entry: a part of the issuer's name in lower case, and the product.
const INSPECTORS: [(&str, &str); 22] = [
    ("bitdefender", "Bitdefender"),
    ("kaspersky", "Kaspersky"),
    ("eset ssl filter", "ESET"),
    ("avast web", "Avast"),
    ("avg web", "AVG"),
    ("norton web", "Norton"),
    ("dr.web", "Dr.Web"),
    ("adguard", "AdGuard"),
    ("fortigate", "FortiGate"),
    ("fortinet", "Fortinet"),
    ("zscaler", "Zscaler"),
    ("netskope", "Netskope"),
    ("palo alto", "Palo Alto Networks"),
    ("sophos", "Sophos"),
    ("check point", "Check Point"),
    ("watchguard", "WatchGuard"),
    ("sonicwall", "SonicWall"),
    ("blue coat", "Blue Coat"),
    ("cisco umbrella", "Cisco Umbrella"),
    ("barracuda", "Barracuda"),
    ("mitmproxy", "mitmproxy"),
    ("web filter", "a web filter"),
];

/// How long text of a certificate may be that is kept, in characters: more than the longest DNS
/// name.
const KEPT: usize = 256;
/// How many entries of a list are kept.
const MOST: usize = 100;

/// The facts of a chain, leaf first, DER. `None` when the leaf cannot be read.
pub fn facts(chain: &[&[u8]], view: Viewpoint<'_>) -> Option<Vec<(FactKey, Value)>> {
    let der = *chain.first()?;
    let (_, leaf) = X509Certificate::from_der(der).ok()?;
    let mut out: Vec<(FactKey, Value)> = Vec::new();
    let mut put = |key, value: Value| out.push((key, value));

    let subject = leaf.subject().to_string();
    let issuer = leaf.issuer().to_string();
    let self_signed = leaf.subject().as_raw() == leaf.issuer().as_raw();
    let names = names(&leaf);
    put(
        FactKey::CertNameMatches,
        names.iter().any(|n| covers(n, view.host)).into(),
    );
    put(FactKey::CertNames, kept(&names).into());
    put(FactKey::CertSelfSigned, self_signed.into());

    let (from, to) = (
        leaf.validity().not_before.timestamp(),
        leaf.validity().not_after.timestamp(),
    );
    put(FactKey::CertNotBefore, time(from).into());
    put(FactKey::CertNotAfter, time(to).into());
    put(FactKey::CertNotYetValid, (view.now < from).into());
    put(FactKey::CertExpired, (view.now > to).into());
    put(
        FactKey::CertDaysLeft,
        (to.saturating_sub(view.now) / 86_400).into(),
    );

    let (kind, bits) = key(&leaf);
    put(FactKey::CertKeyType, kind.into());
    put(FactKey::CertKeyBits, bits.into());
    put(
        FactKey::CertKey,
        format!("{} {bits} bits", kind.to_uppercase()).into(),
    );
    let floor = if kind == "rsa" { 2048 } else { 224 };
    put(
        FactKey::CertWeakKey,
        (kind != "other" && bits < floor).into(),
    );
    let signature = signature_name(&leaf.signature_algorithm.algorithm.to_id_string());
    // The signature of a certificate over itself protects nothing, so its hash does not matter
    let weak = !self_signed && (signature.starts_with("md5") || signature.starts_with("sha1"));
    put(FactKey::CertWeakSignature, weak.into());
    put(FactKey::CertSignature, shown(&signature, KEPT).into());

    let usages = extended_usages(&leaf);
    let serves = usages.is_empty()
        || usages
            .iter()
            .any(|u| matches!(u.as_str(), SERVER_AUTH | REMOTE_DESKTOP | ANY_USAGE));
    put(FactKey::CertServerAuth, serves.into());
    put(
        FactKey::CertWindowsMade,
        (self_signed && windows_made(&leaf, &usages)).into(),
    );
    put(FactKey::CertEku, kept(&usages).into());

    let others: Vec<X509Certificate<'_>> = chain
        .iter()
        .skip(1)
        .filter_map(|d| X509Certificate::from_der(d).ok().map(|c| c.1))
        .collect();
    put(
        FactKey::CertChainLength,
        i64::try_from(chain.len()).unwrap_or(i64::MAX).into(),
    );
    let sent = others
        .iter()
        .any(|c| c.subject().as_raw() == leaf.issuer().as_raw());
    put(FactKey::CertIssuerSent, (self_signed || sent).into());
    let old = others
        .iter()
        .any(|c| c.validity().not_after.timestamp() < view.now);
    put(FactKey::CertIntermediateExpired, old.into());

    let lower = issuer.to_lowercase();
    if let Some((_, product)) = INSPECTORS.iter().find(|(part, _)| lower.contains(part)) {
        put(FactKey::CertInspection, (*product).into());
    }
    put(FactKey::CertSubject, shown(&subject, KEPT).into());
    put(FactKey::CertIssuer, shown(&issuer, KEPT).into());
    put(FactKey::CertSha256, hex(&Sha256::digest(der)).into());
    put(FactKey::CertSha1, hex(&Sha1::digest(der)).into());
    put(
        FactKey::CertSpkiSha256,
        hex(&Sha256::digest(leaf.public_key().raw)).into(),
    );
    put(FactKey::CertSerial, serial_text(leaf.raw_serial()).into());
    let addresses = Addresses::of(&leaf);
    put(FactKey::CertCrlUrls, addresses.crl.into());
    put(FactKey::CertOcspUrls, addresses.ocsp.into());
    put(FactKey::CertIssuerUrls, addresses.issuer.into());
    Some(out)
}

/// A list fit to show; the last entry says when there were more.
fn kept(list: &[String]) -> Vec<String> {
    let mut out: Vec<String> = list.iter().take(MOST).map(|t| shown(t, KEPT)).collect();
    if list.len() > MOST {
        out.pop();
        out.push(format!("… and {} more", list.len() - out.len()));
    }
    out
}

/// A serial number as text, from the content octets of its DER: hexadecimal without leading
/// zeros, a minus sign before a negative one. At most 64 octets are shown; RFC 5280 4.1.2.2 allows
/// 20.
pub fn serial_text(octets: &[u8]) -> String {
    const MOST_OCTETS: usize = 64;
    let negative = octets.first().is_some_and(|b| b & 0x80 != 0);
    let mut magnitude = octets.to_vec();
    if negative {
        // Two's complement: the magnitude is the inverse plus one
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, over);
        }
    }
    let zeros = magnitude.iter().take_while(|b| **b == 0).count();
    let digits = &magnitude[zeros.min(magnitude.len().saturating_sub(1))..];
    let sign = if negative { "-" } else { "" };
    match digits.get(..MOST_OCTETS) {
        Some(first) if digits.len() > MOST_OCTETS => format!("{sign}{}…", hex(first)),
        _ => format!("{sign}{}", hex(digits)),
    }
}

/// The addresses that a certificate names, fit to show. One that is cut ends with an ellipsis.
#[derive(Debug, Default)]
struct Addresses {
    /// Revocation lists (RFC 5280 4.2.1.13).
    crl: Vec<String>,
    /// OCSP responders (RFC 5280 4.2.2.1).
    ocsp: Vec<String>,
    /// Where the issuer's certificate lies (RFC 5280 4.2.2.1).
    issuer: Vec<String>,
}

impl Addresses {
    /// The longest address that is kept, in characters: an LDAP one has about 250.
    const LONGEST: usize = 400;
    /// How many of a kind are kept.
    const MOST: usize = 16;

    fn of(cert: &X509Certificate<'_>) -> Self {
        let mut out = Self::default();
        for extension in cert.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::CRLDistributionPoints(points) => {
                    for point in points.iter() {
                        if let Some(DistributionPointName::FullName(names)) =
                            &point.distribution_point
                        {
                            for name in names {
                                Self::keep(&mut out.crl, name);
                            }
                        }
                    }
                }
                ParsedExtension::AuthorityInfoAccess(access) => {
                    for description in access.iter() {
                        // id-ad-ocsp and id-ad-caIssuers
                        let list = match description.access_method.as_bytes() {
                            [0x2b, 6, 1, 5, 5, 7, 0x30, 1] => &mut out.ocsp,
                            [0x2b, 6, 1, 5, 5, 7, 0x30, 2] => &mut out.issuer,
                            _ => continue,
                        };
                        Self::keep(list, &description.access_location);
                    }
                }
                _ => {}
            }
        }
        out
    }

    fn keep(list: &mut Vec<String>, name: &GeneralName<'_>) {
        if let GeneralName::URI(address) = name
            && list.len() < Self::MOST
        {
            list.push(shown(address, Self::LONGEST));
        }
    }
}

/// id-kp-serverAuth (RFC 5280 4.2.1.12).
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// Microsoft's usage for Remote Desktop listeners.
const REMOTE_DESKTOP: &str = "1.3.6.1.4.1.311.54.1.2";
/// anyExtendedKeyUsage.
const ANY_USAGE: &str = "2.5.29.37.0";

fn extended_usages(cert: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(ext)) = cert.extended_key_usage() else {
        return Vec::new();
    };
    let u = ext.value;
    let mut out = Vec::new();
    for (set, oid) in [
        (u.any, ANY_USAGE),
        (u.server_auth, SERVER_AUTH),
        (u.client_auth, "1.3.6.1.5.5.7.3.2"),
        (u.code_signing, "1.3.6.1.5.5.7.3.3"),
        (u.email_protection, "1.3.6.1.5.5.7.3.4"),
        (u.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (u.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ] {
        if set {
            out.push(oid.to_owned());
        }
    }
    out.extend(
        u.other
            .iter()
            .map(x509_parser::oid_registry::Oid::to_id_string),
    );
    out
}

/// The form of the certificate that Windows makes for its listener: one common name, RSA, server
/// authentication, key and data encipherment, half a year.
fn windows_made(cert: &X509Certificate<'_>, usages: &[String]) -> bool {
    let days =
        (cert.validity().not_after.timestamp() - cert.validity().not_before.timestamp()) / 86_400;
    let key_usage = cert.key_usage().ok().flatten().map(|k| k.value);
    let enciphers = key_usage
        .is_some_and(|k| k.key_encipherment() && k.data_encipherment() && !k.digital_signature());
    let only_name =
        cert.subject().iter().count() == 1 && cert.subject().iter_common_name().count() == 1;
    enciphers && only_name && usages == [SERVER_AUTH] && (180..=187).contains(&days)
}

fn names(cert: &X509Certificate<'_>) -> Vec<String> {
    let mut out = Vec::new();
    if let Ok(Some(san)) = cert.subject_alternative_name() {
        for name in &san.value.general_names {
            match name {
                GeneralName::DNSName(n) => out.push((*n).to_owned()),
                GeneralName::IPAddress(b) => out.extend(address(b)),
                _ => {}
            }
        }
    }
    // mstsc goes by the common name where there are no alternative names, as Windows' own has none
    if out.is_empty() {
        out.extend(cert.subject().iter_common_name().filter_map(common_name));
    }
    out
}

/// The text of a common name. Windows writes one that needs more than ASCII as a BMPString.
fn common_name(cn: &AttributeTypeAndValue<'_>) -> Option<String> {
    if cn.attr_value().tag() != Tag::BmpString {
        return cn.as_str().ok().map(str::to_owned);
    }
    let units = cn
        .as_slice()
        .chunks_exact(2)
        .map(|p| u16::from_be_bytes([p[0], p[1]]));
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

/// Whether a name of a certificate covers a host: equal, or by one wildcard label (RFC 6125 6.4).
pub fn covers(name: &str, host: &str) -> bool {
    let name = name.trim_end_matches('.');
    let host = host.trim_end_matches('.');
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(tail), Some((label, rest))) => !label.is_empty() && tail.eq_ignore_ascii_case(rest),
        _ => false,
    }
}

fn key(cert: &X509Certificate<'_>) -> (&'static str, i64) {
    match cert.public_key().parsed() {
        Ok(PublicKey::RSA(rsa)) => ("rsa", size(rsa.modulus)),
        Ok(PublicKey::EC(ec)) => match ec.key_size() {
            // the coordinates of P-521 fill 66 bytes, and no curve has 528 bits
            528 => ("ecdsa", 521),
            bits => ("ecdsa", i64::try_from(bits).unwrap_or(0)),
        },
        _ => ("other", 0),
    }
}

/// How many bits a number has. The library counts bytes, and takes off one in any case.
fn size(number: &[u8]) -> i64 {
    let digits = number.iter().skip_while(|b| **b == 0);
    let zeros = digits.clone().next().map_or(0, |b| b.leading_zeros());
    i64::try_from(digits.count() * 8).unwrap_or(0) - i64::from(zeros)
}

fn signature_name(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.4" => "md5WithRSA",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSA",
        "1.2.840.113549.1.1.11" => "sha256WithRSA",
        "1.2.840.113549.1.1.12" => "sha384WithRSA",
        "1.2.840.113549.1.1.13" => "sha512WithRSA",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.10045.4.1" => "sha1-ECDSA",
        "1.2.840.10045.4.3.2" => "sha256-ECDSA",
        "1.2.840.10045.4.3.3" => "sha384-ECDSA",
        "1.2.840.10045.4.3.4" => "sha512-ECDSA",
        "1.3.101.112" => "Ed25519",
        other => return other.to_owned(),
    }
    .to_owned()
}

/// A time as RFC 3339.
pub(crate) fn time(unix_seconds: i64) -> String {
    rdpwhy_model::text::time(unix_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_as_browsers_and_mstsc_have_it() {
        assert!(covers("PC42.corp.example", "pc42.CORP.example."));
        assert!(covers("*.corp.example", "pc42.corp.example"));
        assert!(!covers("*.corp.example", "a.pc42.corp.example"));
        assert!(!covers("*.corp.example", "corp.example"));
        assert!(!covers("pc42", "pc42.corp.example"));
    }

    #[test]
    fn serial_numbers_read_as_people_write_them() {
        assert_eq!(serial_text(&[0]), "00");
        assert_eq!(serial_text(&[0, 0x9a, 1]), "9a01");
        assert_eq!(serial_text(&[0xff]), "-01");
        assert_eq!(serial_text(&[0x80, 0]), "-8000");
        assert_eq!(serial_text(&[]), "");
        assert_eq!(serial_text(&[1; 100]).chars().count(), 129);
    }

    #[test]
    fn rubbish_is_no_certificate() {
        let view = Viewpoint { host: "x", now: 0 };
        assert!(facts(&[], view).is_none());
        assert!(facts(&[&[0x30, 0x84, 0xff]], view).is_none());
    }
}

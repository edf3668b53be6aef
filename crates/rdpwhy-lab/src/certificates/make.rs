//! Keys and single certificates, by OpenSSL.

use std::net::Ipv4Addr;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, PKeyRef, Private, Public};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameRef};

use super::{Certificate, Digest, Key, KeyUse, Names, Serial, Usage};
use crate::der;

const DAY: i64 = 24 * 60 * 60;
/// An address that is nobody's ([RFC 5737]).
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);

/// An authority that signs.
pub(super) struct Authority {
    pub(super) certificate: X509,
    pub(super) key: PKey<Private>,
}

impl Authority {
    pub(super) fn copy(&self) -> Self {
        Self {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
        }
    }
}

/// For what an authority may vouch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// For anything.
    Any,
    /// For hosts, not for authorities (path length 0).
    Lowest,
    /// For hosts of another domain.
    OtherDomain,
    /// For nothing: it is an ordinary certificate.
    None,
}

/// The private key of a host; `None` where nobody has it.
pub(super) fn key(kind: Key) -> Result<Option<PKey<Private>>, ErrorStack> {
    // RSA keys are slow to make, and the lab keeps no secret: one of a kind per process.
    static RSA_2048: OnceLock<PKey<Private>> = OnceLock::new();
    static RSA_1024: OnceLock<PKey<Private>> = OnceLock::new();
    let (slot, bits) = match kind {
        Key::P256 => return ec(Nid::X9_62_PRIME256V1).map(Some),
        Key::P521 => return ec(Nid::SECP521R1).map(Some),
        Key::Rsa65536 => return Ok(None),
        Key::Rsa2048 => (&RSA_2048, 2048),
        Key::Rsa1024 => (&RSA_1024, 1024),
    };
    if let Some(key) = slot.get() {
        return Ok(Some(key.clone()));
    }
    let key = PKey::from_rsa(Rsa::generate(bits)?)?;
    Ok(Some(slot.get_or_init(|| key).clone()))
}

/// The public part of a key, or a modulus of 65,536 bits out of the air.
pub(super) fn public_part(key: Option<&PKey<Private>>) -> Result<PKey<Public>, ErrorStack> {
    if let Some(key) = key {
        return PKey::public_key_from_der(&key.public_key_to_der()?);
    }
    let mut modulus = BigNum::new()?;
    modulus.rand(65_536, MsbOption::ONE, true)?;
    let exponent = BigNum::from_u32(65_537)?;
    PKey::from_rsa(Rsa::from_public_components(modulus, exponent)?)
}

/// A key that has nothing to do with anything.
pub(super) fn other_key() -> Result<PKey<Private>, ErrorStack> {
    ec(Nid::X9_62_PRIME256V1)
}

fn ec(curve: Nid) -> Result<PKey<Private>, ErrorStack> {
    PKey::from_ec_key(EcKey::generate(EcGroup::from_curve_name(curve)?.as_ref())?)
}

/// What a host's certificate names.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    /// The host.
    pub(super) name: &'a str,
    /// Where its revocation is published.
    pub(super) url: Option<&'a str>,
}

/// A host's certificate, signed with `signer`.
pub(super) fn leaf(
    recipe: &Certificate,
    Named { name, url }: Named<'_>,
    key: &PKeyRef<Public>,
    issuer: Option<&Authority>,
    signer: &PKeyRef<Private>,
) -> Result<X509, ErrorStack> {
    let subject = common_name(name)?;
    let by = issuer.map(|authority| authority.certificate.subject_name());
    let mut builder = blank(&subject, by, (recipe.from, recipe.until), key)?;
    if recipe.serial == Serial::Negative {
        let mut serial = BigNum::from_u32(0x2a)?;
        serial.set_negative(true);
        builder.set_serial_number(serial.to_asn1_integer()?.as_ref())?;
    }
    let mut usage = ExtendedKeyUsage::new();
    match recipe.usage {
        Usage::Server => usage.server_auth(),
        Usage::Client => usage.client_auth(),
        Usage::RemoteDesktop => usage.other("1.3.6.1.4.1.311.54.1.2"),
    };
    builder.append_extension(usage.build()?)?;
    let mut key_usage = KeyUsage::new();
    match (recipe.key_usage, recipe.key) {
        // An EC key can only sign, and OpenSSL does not offer one that may not.
        (KeyUse::Windows, Key::P256 | Key::P521) => key_usage.digital_signature(),
        (KeyUse::Windows, _) => key_usage.key_encipherment().data_encipherment(),
        (KeyUse::Server, _) => key_usage.digital_signature().key_encipherment(),
        (KeyUse::Authority, _) => key_usage.key_cert_sign(),
    };
    builder.append_extension(key_usage.build()?)?;
    if recipe.ca {
        builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    }
    let names = match recipe.names {
        Names::Subject => issuer.map(|_| vec![der::tlv(0x82, name.as_bytes())]),
        Names::Dns(names) => Some(names.iter().map(|n| der::tlv(0x82, n.as_bytes())).collect()),
        Names::None => None,
        Names::Address => Some(vec![der::tlv(0x87, &ELSEWHERE.octets())]),
    };
    if let Some(names) = names {
        builder.append_extension(raw("2.5.29.17", false, &der::nested(0x30, &names))?)?;
    }
    if let Some(authority) = issuer {
        let context = builder.x509v3_context(Some(&authority.certificate), None);
        let own = SubjectKeyIdentifier::new().build(&context)?;
        let above = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        for extension in [own, above] {
            builder.append_extension(extension)?;
        }
    }
    if let (Some(published), Some(url)) = (recipe.published, url) {
        builder.append_extension(published.extension(url)?)?;
    }
    let digest = match recipe.digest {
        Digest::Md5 => MessageDigest::md5(),
        Digest::Sha1 => MessageDigest::sha1(),
        Digest::Sha256 => MessageDigest::sha256(),
    };
    builder.sign(signer, digest)?;
    Ok(builder.build())
}

/// An authority's certificate and key, below another one or by itself.
pub(super) fn authority(
    name: &str,
    days: (i64, i64),
    above: Option<&Authority>,
    rights: Rights,
) -> Result<Authority, ErrorStack> {
    let key = other_key()?;
    let subject = common_name(name)?;
    let signer = above.map(|authority| authority.certificate.subject_name());
    let mut builder = blank(&subject, signer, days, &key)?;
    let mut usage = KeyUsage::new();
    let mut constraints = BasicConstraints::new();
    match rights {
        Rights::None => usage.digital_signature(),
        _ => usage.critical().key_cert_sign().crl_sign(),
    };
    match rights {
        Rights::None => &mut constraints,
        Rights::Lowest => constraints.critical().ca().pathlen(0),
        Rights::Any | Rights::OtherDomain => constraints.critical().ca(),
    };
    builder.append_extension(constraints.build()?)?;
    builder.append_extension(usage.build()?)?;
    if rights == Rights::OtherDomain {
        // NameConstraints with one permitted DNS subtree ([RFC 5280] 4.2.1.10)
        let tree = der::tlv(0x30, &der::tlv(0x82, b"branch.example"));
        let content = der::tlv(0x30, &der::tlv(0xa0, &tree));
        builder.append_extension(raw("2.5.29.30", true, &content)?)?;
    }
    let context = builder.x509v3_context(above.map(|a| a.certificate.as_ref()), None);
    let own = SubjectKeyIdentifier::new().build(&context)?;
    builder.append_extension(own)?;
    builder.sign(
        above.map_or(&key, |authority| &authority.key),
        MessageDigest::sha256(),
    )?;
    Ok(Authority {
        certificate: builder.build(),
        key,
    })
}

/// So many certificates that sign themselves.
pub(super) fn strangers(count: usize) -> Result<Vec<X509>, ErrorStack> {
    let key = other_key()?;
    let make = |n: usize| {
        let subject = common_name(&format!("Lab Stranger {n}"))?;
        let mut builder = blank(&subject, None, (-1, 364), &key)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(builder.build())
    };
    (1..=count).map(make).collect()
}

/// An extension by its object identifier and its content in DER.
fn raw(oid: &str, critical: bool, content: &[u8]) -> Result<X509Extension, ErrorStack> {
    let oid = Asn1Object::from_str(oid)?;
    let content = Asn1OctetString::new_from_bytes(content)?;
    X509Extension::new_from_der(&oid, critical, &content)
}

/// A certificate of version 3 with everything but extensions and signature.
fn blank(
    subject: &X509NameRef,
    issuer: Option<&X509NameRef>,
    (from, until): (i64, i64),
    key: &PKeyRef<impl openssl::pkey::HasPublic>,
) -> Result<X509Builder, ErrorStack> {
    let mut builder = X509Builder::new()?;
    builder.set_version(2)?;
    let mut serial = BigNum::new()?;
    serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
    builder.set_serial_number(serial.to_asn1_integer()?.as_ref())?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer.unwrap_or(subject))?;
    builder.set_not_before(day(from)?.as_ref())?;
    builder.set_not_after(day(until)?.as_ref())?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

/// A subject of one common name; without one where that is empty.
fn common_name(name: &str) -> Result<X509Name, ErrorStack> {
    let mut builder = X509Name::builder()?;
    if !name.is_empty() {
        builder.append_entry_by_nid(Nid::COMMONNAME, name)?;
    }
    Ok(builder.build())
}

/// This time of day, so many days from today.
fn day(offset: i64) -> Result<Asn1Time, ErrorStack> {
    // A clock before 1970 is no clock; the epoch serves as well then.
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    Asn1Time::from_unix(i64::try_from(now).unwrap_or(0) + offset * DAY)
}

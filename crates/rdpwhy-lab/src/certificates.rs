//! The certificates of the lab, made when a server starts.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
    SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef};

use crate::published::{Published, Signatory};

const DAY: i64 = 24 * 60 * 60;

/// How a certificate is made: a fault names only what is wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate {
    /// The key of the host.
    pub(crate) key: Key,
    /// The digest under the signature.
    pub(crate) digest: Digest,
    /// The first day on which it is valid, counted from today.
    pub(crate) from: i64,
    /// The day on which it ends.
    pub(crate) until: i64,
    /// The name in it, when that is not the machine's.
    pub(crate) name: Option<&'static str>,
    /// The extended key usage.
    pub(crate) usage: Usage,
    /// Who signed it.
    pub(crate) issuer: Issuer,
    /// What the issuer publishes about it, where the certificate names an address for that.
    pub(crate) published: Option<Published>,
}

/// The key of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// RSA 2048, as Windows makes it.
    Rsa2048,
    /// RSA 1024, too short for today.
    Rsa1024,
    /// ECDSA on P-256.
    P256,
}

/// The digest under a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    /// SHA-1, as Windows 7 made it.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// What a certificate may be used for ([RFC 5280] 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// To be a server.
    Server,
    /// To be a client only.
    Client,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// Its own key.
    Itself,
    /// The lab's root.
    Root,
    /// An authority under the lab's root, whose certificate is good and not sent.
    MissingIntermediate,
    /// An authority under the lab's root, whose certificate is sent and has expired.
    ExpiredIntermediate,
}

impl Certificate {
    /// What the listener of a Windows host makes for itself: the name only in the subject, six
    /// months, and a key usage without digitalSignature.
    pub(crate) const WINDOWS: Self = Self {
        key: Key::Rsa2048,
        digest: Digest::Sha256,
        from: -1,
        until: 182,
        name: None,
        usage: Usage::Server,
        issuer: Issuer::Itself,
        published: None,
    };

    /// What a company's authority issues.
    pub(crate) const COMPANY: Self = Self {
        until: 364,
        issuer: Issuer::Root,
        ..Self::WINDOWS
    };
}

/// A host's certificate with all that goes with it.
pub(crate) struct Chain {
    pub(crate) key: PKey<Private>,
    pub(crate) leaf: X509,
    /// The certificates that are sent after it.
    pub(crate) above: Vec<X509>,
    /// The lab's root in PEM, where one stands at the top.
    pub(crate) root: Option<String>,
    /// What lies at the address that the certificate names for its revocation.
    pub(crate) published: Vec<u8>,
}

/// An authority that signs.
struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

impl Authority {
    fn signatory(&self) -> Signatory<'_> {
        Signatory {
            certificate: &self.certificate,
            key: &self.key,
        }
    }
}

/// Makes the certificate for a machine of that name. `url` is where its revocation is published.
pub(crate) fn issue(
    recipe: &Certificate,
    host: &str,
    url: Option<&str>,
) -> Result<Chain, ErrorStack> {
    let key = recipe.key.generate()?;
    let name = recipe.name.unwrap_or(host);
    if recipe.issuer == Issuer::Itself {
        let leaf = leaf(recipe, name, &key, None, None)?;
        return Ok(Chain {
            key,
            leaf,
            above: Vec::new(),
            root: None,
            published: Vec::new(),
        });
    }
    let root = authority("Lab Root CA", (-400, 3650), None)?;
    let (issuer, above) = match recipe.issuer {
        Issuer::MissingIntermediate => (
            authority("Lab Issuing CA", (-400, 3650), Some(&root))?,
            Vec::new(),
        ),
        Issuer::ExpiredIntermediate => {
            let issuing = authority("Lab Issuing CA", (-400, -3), Some(&root))?;
            let sent = vec![issuing.certificate.clone()];
            (issuing, sent)
        }
        Issuer::Itself | Issuer::Root => {
            let copy = Authority {
                certificate: root.certificate.clone(),
                key: root.key.clone(),
            };
            (copy, Vec::new())
        }
    };
    let leaf = leaf(recipe, name, &key, Some(&issuer), url)?;
    let published = match recipe.published {
        Some(published) => {
            let other = authority("Other Root CA", (-400, 3650), None)?;
            published.body(&leaf, &issuer.signatory(), &other.signatory())?
        }
        None => Vec::new(),
    };
    let pem = String::from_utf8_lossy(&root.certificate.to_pem()?).into_owned();
    Ok(Chain {
        key,
        leaf,
        above,
        root: Some(pem),
        published,
    })
}

impl Key {
    fn generate(self) -> Result<PKey<Private>, ErrorStack> {
        // RSA keys are slow to make, and the lab keeps no secret: one of a kind per process.
        static RSA_2048: OnceLock<PKey<Private>> = OnceLock::new();
        static RSA_1024: OnceLock<PKey<Private>> = OnceLock::new();
        let (slot, bits) = match self {
            Self::P256 => return p256(),
            Self::Rsa2048 => (&RSA_2048, 2048),
            Self::Rsa1024 => (&RSA_1024, 1024),
        };
        if let Some(key) = slot.get() {
            return Ok(key.clone());
        }
        let key = PKey::from_rsa(Rsa::generate(bits)?)?;
        Ok(slot.get_or_init(|| key).clone())
    }
}

fn p256() -> Result<PKey<Private>, ErrorStack> {
    PKey::from_ec_key(EcKey::generate(
        EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?.as_ref(),
    )?)
}

fn leaf(
    recipe: &Certificate,
    name: &str,
    key: &PKey<Private>,
    issuer: Option<&Authority>,
    url: Option<&str>,
) -> Result<X509, ErrorStack> {
    let subject = common_name(name)?;
    let signer = issuer.map(|authority| authority.certificate.subject_name());
    let mut builder = blank(&subject, signer, (recipe.from, recipe.until), key)?;
    let mut usage = ExtendedKeyUsage::new();
    match recipe.usage {
        Usage::Server => usage.server_auth(),
        Usage::Client => usage.client_auth(),
    };
    builder.append_extension(usage.build()?)?;
    let mut key_usage = KeyUsage::new();
    match recipe.key {
        Key::Rsa2048 | Key::Rsa1024 => key_usage.key_encipherment().data_encipherment(),
        // An EC key can only sign, and OpenSSL does not offer one that may not.
        Key::P256 => key_usage.digital_signature(),
    };
    builder.append_extension(key_usage.build()?)?;
    if let Some(authority) = issuer {
        let context = builder.x509v3_context(Some(&authority.certificate), None);
        let names = SubjectAlternativeName::new().dns(name).build(&context)?;
        let own = SubjectKeyIdentifier::new().build(&context)?;
        let above = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        for extension in [names, own, above] {
            builder.append_extension(extension)?;
        }
    }
    if let (Some(published), Some(url)) = (recipe.published, url) {
        builder.append_extension(published.extension(url)?)?;
    }
    let digest = match recipe.digest {
        Digest::Sha1 => MessageDigest::sha1(),
        Digest::Sha256 => MessageDigest::sha256(),
    };
    builder.sign(issuer.map_or(key, |authority| &authority.key), digest)?;
    Ok(builder.build())
}

fn authority(
    name: &str,
    days: (i64, i64),
    above: Option<&Authority>,
) -> Result<Authority, ErrorStack> {
    let key = p256()?;
    let subject = common_name(name)?;
    let signer = above.map(|authority| authority.certificate.subject_name());
    let mut builder = blank(&subject, signer, days, &key)?;
    builder.append_extension(BasicConstraints::new().critical().ca().build()?)?;
    builder.append_extension(
        KeyUsage::new()
            .critical()
            .key_cert_sign()
            .crl_sign()
            .build()?,
    )?;
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

/// A certificate of version 3 with everything but extensions and signature.
fn blank(
    subject: &X509NameRef,
    issuer: Option<&X509NameRef>,
    (from, until): (i64, i64),
    key: &PKey<Private>,
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

fn common_name(name: &str) -> Result<X509Name, ErrorStack> {
    let mut builder = X509Name::builder()?;
    builder.append_entry_by_nid(Nid::COMMONNAME, name)?;
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

//! What an authority of the lab publishes about the certificate that it issued.

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ocsp::{OcspCertId, OcspRequest};
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::x509::extension::{AuthorityKeyIdentifier, CrlNumber};
use openssl::x509::{X509, X509CrlBuilder, X509Extension, X509Ref, X509RevokedBuilder};

use crate::der::{nested, read, tlv};

const DAY: i64 = 24 * 60 * 60;
/// SEQUENCE, OCTET STRING, BIT STRING, ENUMERATED, OBJECT IDENTIFIER, GeneralizedTime.
const SEQUENCE: u8 = 0x30;
const OCTETS: u8 = 0x04;
const BITS: u8 = 0x03;
const ENUMERATED: u8 = 0x0a;
const OID: u8 = 0x06;
const TIME: u8 = 0x18;

/// How revocation is published, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Published {
    /// A list, by what it is.
    List(List),
    /// A responder that says good, or revoked.
    Responder {
        /// Whether it says revoked.
        revoked: bool,
    },
    /// The certificate names an address of a list, and nobody listens there.
    Nobody,
    /// The certificate names an address of a list, and what is there is a page.
    Page,
    /// The certificate names an address of a list, and what is there never ends.
    Endless,
}

/// A revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    /// As it should be; the certificate is not in it.
    Good,
    /// The certificate is in it.
    Revoked,
    /// It ended three days ago; the certificate is not in it.
    Stale,
    /// It is that of another authority; the serial number is in it.
    OtherAuthority,
    /// It claims to be the authority's, is signed by somebody else, and has the certificate in it.
    Forged,
}

/// An authority: its certificate and its key.
pub(crate) struct Signatory<'a> {
    pub(crate) certificate: &'a X509Ref,
    pub(crate) key: &'a PKey<Private>,
}

impl Published {
    /// The extension by which a certificate names the address: CRLDistributionPoints or
    /// AuthorityInfoAccess ([RFC 5280] 4.2.1.13, 4.2.2.1).
    pub(crate) fn extension(self, url: &str) -> Result<X509Extension, ErrorStack> {
        let address = tlv(0x86, url.as_bytes());
        let (oid, value) = if let Self::Responder { .. } = self {
            // id-ad-ocsp, 1.3.6.1.5.5.7.48.1
            let method = tlv(OID, &[0x2b, 6, 1, 5, 5, 7, 0x30, 1]);
            let access = nested(SEQUENCE, &[method, address]);
            ("1.3.6.1.5.5.7.1.1", tlv(SEQUENCE, &access))
        } else {
            let point = tlv(SEQUENCE, &tlv(0xa0, &tlv(0xa0, &address)));
            ("2.5.29.31", tlv(SEQUENCE, &point))
        };
        let value = Asn1OctetString::new_from_bytes(&value)?;
        X509Extension::new_from_der(Asn1Object::from_str(oid)?.as_ref(), false, &value)
    }

    /// What lies at the address. `other` is an authority that has nothing to say here.
    pub(crate) fn body(
        self,
        leaf: &X509,
        issuer: &Signatory<'_>,
        other: &Signatory<'_>,
    ) -> Result<Vec<u8>, ErrorStack> {
        match self {
            Self::List(list) => list.der(leaf, issuer, other),
            Self::Responder { revoked } => response(leaf, issuer, revoked),
            Self::Page => Ok(b"<html><body>Not here</body></html>\n".to_vec()),
            Self::Nobody | Self::Endless => Ok(Vec::new()),
        }
    }
}

impl List {
    fn der(
        self,
        leaf: &X509,
        issuer: &Signatory<'_>,
        other: &Signatory<'_>,
    ) -> Result<Vec<u8>, ErrorStack> {
        let (named, signer) = match self {
            Self::OtherAuthority => (other, other),
            Self::Forged => (issuer, other),
            Self::Good | Self::Revoked | Self::Stale => (issuer, issuer),
        };
        let (from, until) = match self {
            Self::Stale => (-10, -3),
            _ => (-1, 6),
        };
        let at = |days: i64| Asn1Time::from_unix(now() + days * DAY);
        let mut builder = X509CrlBuilder::new()?;
        builder.set_issuer_name(named.certificate.subject_name())?;
        builder.set_last_update(at(from)?.as_ref())?;
        builder.set_next_update(at(until)?.as_ref())?;
        let above = {
            let beside = X509::builder()?;
            let context = beside.x509v3_context(Some(named.certificate), None);
            AuthorityKeyIdentifier::new().keyid(true).build(&context)?
        };
        builder.append_extension(above)?;
        builder.append_extension(CrlNumber::new(BigNum::from_u32(1)?)?.build()?)?;
        if !matches!(self, Self::Good | Self::Stale) {
            let mut entry = X509RevokedBuilder::new()?;
            entry.set_serial_number(leaf.serial_number())?;
            entry.set_revocation_date(at(-1)?.as_ref())?;
            builder.add_revoked(entry.build())?;
        }
        builder.sign(signer.key, MessageDigest::sha256())?;
        builder.build()?.to_der()
    }
}

/// An OCSPResponse about the leaf ([RFC 6960] 4.2.1), signed by its issuer.
fn response(leaf: &X509, issuer: &Signatory<'_>, revoked: bool) -> Result<Vec<u8>, ErrorStack> {
    let status = if revoked {
        // keyCompromise
        let reason = tlv(0xa0, &tlv(ENUMERATED, &[1]));
        nested(0xa1, &[time(-1), reason])
    } else {
        tlv(0x80, &[])
    };
    let single = nested(
        SEQUENCE,
        &[id(leaf, issuer)?, status, time(0), tlv(0xa0, &time(6))],
    );
    let name = issuer.certificate.subject_name().to_der()?;
    let data = nested(
        SEQUENCE,
        &[tlv(0xa1, &name), time(0), tlv(SEQUENCE, &single)],
    );
    let mut signer = Signer::new(MessageDigest::sha256(), issuer.key)?;
    let mut signature = vec![0]; // no unused bits
    signature.extend(signer.sign_oneshot_to_vec(&data)?);
    // ecdsa-with-SHA256, 1.2.840.10045.4.3.2: the lab's authorities have such keys
    let algorithm = tlv(
        SEQUENCE,
        &tlv(OID, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2]),
    );
    let basic = nested(SEQUENCE, &[data, algorithm, tlv(BITS, &signature)]);
    // id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1
    let kind = tlv(OID, &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1]);
    let bytes = nested(SEQUENCE, &[kind, tlv(OCTETS, &basic)]);
    Ok(nested(
        SEQUENCE,
        &[tlv(ENUMERATED, &[0]), tlv(0xa0, &bytes)],
    ))
}

/// The CertID of the leaf, cut out of a question for it ([RFC 6960] 4.1.1).
fn id(leaf: &X509, issuer: &Signatory<'_>) -> Result<Vec<u8>, ErrorStack> {
    let mut request = OcspRequest::new()?;
    request.add_id(OcspCertId::from_cert(
        MessageDigest::sha1(),
        leaf,
        issuer.certificate,
    )?)?;
    let der = request.to_der()?;
    // OCSPRequest, TBSRequest, requestList, Request: the CertID is all that stands in it
    let mut inner = der.as_slice();
    for _ in 0..4 {
        inner = read(inner).map_or(&[][..], |(_, value, _)| value);
    }
    Ok(inner.to_vec())
}

/// A GeneralizedTime, so many days from now.
fn time(days: i64) -> Vec<u8> {
    let text = rdpwhy_model::text::time(now() + days * DAY);
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    tlv(TIME, format!("{digits}Z").as_bytes())
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(0)
}

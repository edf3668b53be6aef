//! What a certificate says, each property as a fact of its own. A yes or no would lose the reason.

use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::text::{hex, shown};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::*;

pub(crate) use self::addresses::Addresses;
use self::chain::Chain;
use self::names::Names;

mod addresses;
mod chain;
mod inspectors;
mod key;
mod names;
mod seen;
mod serial;
mod usage;

pub use self::names::covers;
pub use self::seen::seen;
pub use self::serial::serial_text;

/// Where a certificate is looked at from: whom the client asked for, and when.
#[derive(Clone, Copy, Debug)]
pub struct Viewpoint<'a> {
    /// Name or address that the user asked for.
    pub host: &'a str,
    /// Seconds since 1970.
    pub now: i64,
}

/// How long text of a certificate may be that is kept, in characters: more than the longest DNS
/// name.
const KEPT: usize = 256;
/// How many entries of a list are kept.
const MOST: usize = 100;

/// Facts with their values.
pub(crate) type Facts = Vec<(FactKey, Value)>;

/// The facts of a chain, leaf first, DER. What cannot be read is a fact too, `cert.unreadable`; a
/// leaf that cannot be read leaves those about the leaf unknown. Empty for an empty chain.
pub fn facts(chain: &[&[u8]], view: Viewpoint<'_>) -> Vec<(FactKey, Value)> {
    let mut out = Facts::new();
    if chain.is_empty() {
        return out;
    }
    let read = Chain::read(chain);
    if let Some((der, leaf)) = read.leaf() {
        leaf_facts(der, leaf, view, &mut out);
    }
    read.facts(view, &mut out);
    out
}

fn leaf_facts(der: &[u8], leaf: &X509Certificate<'_>, view: Viewpoint<'_>, out: &mut Facts) {
    let subject = leaf.subject().to_string();
    let issuer = leaf.issuer().to_string();
    let self_signed = leaf.subject().as_raw() == leaf.issuer().as_raw();
    Names::of(leaf).facts(view.host, out);
    names::put_odd(leaf, out);
    out.push((FactKey::CertSelfSigned, self_signed.into()));
    date_facts(leaf, view, out);
    key::facts(leaf, out);
    let signature = key::signature(leaf);
    // The signature of a certificate over itself protects nothing, so its hash does not matter
    let weak = !self_signed && key::broken_hash(&signature);
    out.push((FactKey::CertWeakSignature, weak.into()));
    out.push((FactKey::CertSignature, signature.into()));
    usage::facts(leaf, self_signed, out);
    if let Some(product) = inspectors::product(&issuer) {
        out.push((FactKey::CertInspection, product.into()));
    }
    let addresses = Addresses::of(leaf);
    let version = i64::from(leaf.version().0).saturating_add(1);
    let empty = leaf.subject().iter_attributes().next().is_none();
    let serial = leaf.raw_serial();
    out.extend([
        (FactKey::CertSubject, shown(&subject, KEPT).into()),
        (FactKey::CertSubjectEmpty, empty.into()),
        (FactKey::CertIssuer, shown(&issuer, KEPT).into()),
        (FactKey::CertVersion, version.into()),
        (FactKey::CertSha256, hex(&Sha256::digest(der)).into()),
        (FactKey::CertSha1, hex(&Sha1::digest(der)).into()),
        (
            FactKey::CertSpkiSha256,
            hex(&Sha256::digest(leaf.public_key().raw)).into(),
        ),
        (FactKey::CertSerial, serial_text(serial).into()),
        (FactKey::CertSerialForm, serial::form(serial).into()),
        (FactKey::CertCrlUrls, addresses.crl.into()),
        (FactKey::CertOcspUrls, addresses.ocsp.into()),
        (FactKey::CertIssuerUrls, addresses.issuer.into()),
    ]);
    // What cannot be read is none, and what is not there is no authority either
    if let Ok(constraints) = leaf.basic_constraints() {
        let ca = constraints.is_some_and(|c| c.value.ca);
        out.push((FactKey::CertIsCa, ca.into()));
    }
}

/// Seconds in a day.
const DAY: i64 = 86_400;
/// The end of 9999, which RFC 5280 4.1.2.5 gives a certificate without an end.
const NO_END: i64 = 253_402_300_799;

fn date_facts(leaf: &X509Certificate<'_>, view: Viewpoint<'_>, out: &mut Facts) {
    let (from, to) = dates(leaf);
    let form = if to < from {
        "end-before-start"
    } else if from < 0 {
        "before-1970"
    } else if to >= NO_END {
        "without-end"
    } else {
        "ordinary"
    };
    out.extend([
        (FactKey::CertNotBefore, time(from).into()),
        (FactKey::CertNotAfter, time(to).into()),
        (FactKey::CertNotYetValid, (view.now < from).into()),
        (FactKey::CertExpired, (view.now > to).into()),
        (
            FactKey::CertDaysLeft,
            (to.saturating_sub(view.now) / DAY).into(),
        ),
        (
            FactKey::CertValidityDays,
            (to.saturating_sub(from) / DAY).into(),
        ),
        (FactKey::CertDates, form.into()),
    ]);
}

/// Start and end of validity, in seconds since 1970.
fn dates(cert: &X509Certificate<'_>) -> (i64, i64) {
    let validity = cert.validity();
    (
        validity.not_before.timestamp(),
        validity.not_after.timestamp(),
    )
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

/// SHA-256 of a certificate in DER, as the fact `cert.sha256` has it.
pub fn fingerprint(der: &[u8]) -> String {
    hex(&Sha256::digest(der))
}

/// The public key of a certificate in DER as CredSSP binds to it: the bits of subjectPublicKey
/// ([MS-CSSP] 3.1.5, step 3). `None` when the certificate cannot be read.
pub fn public_key(der: &[u8]) -> Option<Vec<u8>> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(certificate.public_key().subject_public_key.data.to_vec())
}

/// A time as RFC 3339.
pub(crate) fn time(unix_seconds: i64) -> String {
    rdpwhy_model::text::time(unix_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_no_certificate() {
        let view = Viewpoint { host: "x", now: 0 };
        assert!(facts(&[], view).is_empty());
        let facts = facts(&[&[0x30, 0x84, 0xff]], view);
        let keys: Vec<FactKey> = facts.iter().map(|f| f.0).collect();
        assert!(keys.contains(&FactKey::CertUnreadable));
        assert!(!keys.contains(&FactKey::CertSubject));
    }
}

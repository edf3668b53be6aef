//! What lists and responders say of a certificate, with the signature of its issuer checked, by
//! OpenSSL.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::ocsp::{
    OcspBasicResponseRef, OcspCertId, OcspCertStatus, OcspFlag, OcspRequest, OcspResponse,
    OcspResponseStatus,
};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{CrlStatus, ReasonCode, X509, X509Crl, X509Ref, X509VerifyResult};
use rdpwhy_model::revocation::Answer;
use rdpwhy_model::text::{openssl_seconds, shown, time};

use super::TrustStore;

/// How far clocks may differ, in seconds.
const SLACK: i64 = 300;

/// A certificate and the one that signed it, where that is known.
#[derive(Clone)]
pub(crate) struct Link {
    certificate: X509,
    issuer: Option<X509>,
}

/// The certificates of a chain, DER, leaf first, each with its issuer: one that the host sent, or
/// one that this machine trusts. A certificate that cannot be read is `None`.
pub(crate) fn links(chain: &[&[u8]], trust: &TrustStore) -> Vec<Option<Link>> {
    let sent: Vec<Option<X509>> = chain.iter().map(|d| X509::from_der(d).ok()).collect();
    let roots: Vec<X509> = trust
        .store()
        .map(|s| s.all_certificates().into_iter().collect())
        .unwrap_or_default();
    let link = |certificate: &Option<X509>| {
        let certificate = certificate.clone()?;
        let mut known = sent.iter().flatten().chain(&roots);
        let issuer = known.find(|c| signs(c, &certificate)).cloned();
        Some(Link {
            certificate,
            issuer,
        })
    };
    sent.iter().map(link).collect()
}

/// Whether one certificate issued the other: by its names, and by the signature.
fn signs(issuer: &X509Ref, certificate: &X509Ref) -> bool {
    issuer.issued(certificate) == X509VerifyResult::OK
        && issuer
            .public_key()
            .and_then(|key| certificate.verify(&key))
            .unwrap_or(false)
}

impl Link {
    /// What a list, DER or PEM, says of the certificate. `covers` tells whether a list claims to
    /// cover it, so that absence from it means something; `now` is in seconds since 1970.
    pub(crate) fn by_list(&self, list: &[u8], now: i64, covers: impl Fn(&[u8]) -> bool) -> Answer {
        let decoded;
        let list = match unarmoured(list) {
            Some(der) => {
                decoded = der;
                decoded.as_slice()
            }
            None => list,
        };
        let Ok(crl) = X509Crl::from_der(list) else {
            return Answer::Unreadable(not_it(list, "no revocation list"));
        };
        let same = crl.issuer_name().try_cmp(self.certificate.issuer_name());
        if !same.is_ok_and(std::cmp::Ordering::is_eq) {
            return Answer::OtherIssuer;
        }
        let Some(issuer) = &self.issuer else {
            return Answer::NoIssuer;
        };
        let signed = issuer.public_key().and_then(|key| crl.verify(&key));
        if !signed.unwrap_or(false) {
            return Answer::BadSignature;
        }
        // What is revoked stays so, even by an old list
        if let CrlStatus::Revoked(entry) = crl.get_by_serial(self.certificate.serial_number()) {
            let reason = entry.extension::<ReasonCode>().ok().flatten();
            let reason = reason.and_then(|(_, code)| code.get_i64().ok());
            return Answer::Revoked {
                when: seconds(entry.revocation_date()).map(time),
                reason: reason.map(reason_name),
            };
        }
        match lapse(
            seconds(crl.last_update()),
            crl.next_update().and_then(seconds),
            now,
        ) {
            Some(answer) => answer,
            None if covers(list) => Answer::Good,
            None => Answer::OutOfScope,
        }
    }

    /// The question for a responder, DER. `None` when the issuer is not known, since its key is
    /// part of the question.
    pub(crate) fn question(&self) -> Option<Vec<u8>> {
        let ask = |issuer: &X509| -> Result<Vec<u8>, ErrorStack> {
            let mut request = OcspRequest::new()?;
            request.add_id(self.id(issuer, MessageDigest::sha1())?)?;
            request.to_der()
        };
        ask(self.issuer.as_ref()?).ok()
    }

    /// SHA-1 is what responders know (RFC 5019 2.1.1); it protects nothing here.
    fn id(&self, issuer: &X509Ref, digest: MessageDigest) -> Result<OcspCertId, ErrorStack> {
        OcspCertId::from_cert(digest, &self.certificate, issuer)
    }

    /// What a responder's answer says of the certificate; `now` is in seconds since 1970.
    pub(crate) fn by_responder(&self, body: &[u8], now: i64) -> Answer {
        let Some(issuer) = &self.issuer else {
            return Answer::NoIssuer;
        };
        let Ok(response) = OcspResponse::from_der(body) else {
            return Answer::Unreadable(not_it(body, "no OCSP answer"));
        };
        if response.status() != OcspResponseStatus::SUCCESSFUL {
            return Answer::Refused(refusal(response.status()).to_owned());
        }
        let Ok(basic) = response.basic() else {
            return Answer::Unreadable("an OCSP answer of an unknown type".to_owned());
        };
        if !verified(&basic, issuer).unwrap_or(false) {
            return Answer::BadSignature;
        }
        let id = |digest| self.id(issuer, digest).ok();
        let ids = [id(MessageDigest::sha1()), id(MessageDigest::sha256())];
        let Some(status) = ids.iter().flatten().find_map(|i| basic.find_status(i)) else {
            return Answer::Unreadable("the answer is about another certificate".to_owned());
        };
        let printed = |text: String| openssl_seconds(&text);
        let from = printed(status.this_update.to_string());
        let until = status.next_update().and_then(|t| printed(t.to_string()));
        // What is revoked stays so, even by an old answer
        if status.status == OcspCertStatus::REVOKED {
            let when = status.revocation_time.and_then(|t| printed(t.to_string()));
            return Answer::Revoked {
                when: when.map(time),
                reason: match i64::from(status.reason.as_raw()) {
                    -1 => None,
                    code => Some(reason_name(code)),
                },
            };
        }
        if let Some(answer) = lapse(from, until, now) {
            return answer;
        }
        if status.status == OcspCertStatus::GOOD {
            Answer::Good
        } else {
            Answer::Unknown
        }
    }
}

/// Whether the answer is signed by the issuer, or by a responder that the issuer appointed.
fn verified(basic: &OcspBasicResponseRef, issuer: &X509) -> Result<bool, ErrorStack> {
    let store: X509Store = {
        let mut builder = X509StoreBuilder::new()?;
        // The issuer is where trust ends here; dates are judged apart
        builder.set_flags(X509VerifyFlags::NO_CHECK_TIME | X509VerifyFlags::PARTIAL_CHAIN)?;
        builder.add_cert(issuer.clone())?;
        builder.build()
    };
    let mut known = Stack::new()?;
    known.push(issuer.clone())?;
    Ok(basic.verify(&known, &store, OcspFlag::empty()).is_ok())
}

/// What is wrong with the time for which something holds, if anything.
fn lapse(from: Option<i64>, until: Option<i64>, now: i64) -> Option<Answer> {
    if from.is_some_and(|f| f > now.saturating_add(SLACK)) {
        return Some(Answer::NotYetValid);
    }
    until
        .filter(|u| *u < now.saturating_sub(SLACK))
        .map(|u| Answer::Stale(time(u)))
}

/// A time of a list in seconds since 1970.
fn seconds(at: &openssl::asn1::Asn1TimeRef) -> Option<i64> {
    openssl_seconds(&at.to_string())
}

/// Some servers hand out lists in PEM. OpenSSL's own reader of PEM may ask for a password on the
/// terminal, which a stranger's bytes must never make it do.
fn unarmoured(list: &[u8]) -> Option<Vec<u8>> {
    let text = list.strip_prefix(b"-----BEGIN X509 CRL-----")?;
    let end = text.windows(5).position(|w| w == b"-----")?;
    let digits: Vec<u8> = text[..end]
        .iter()
        .copied()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    let digits = std::str::from_utf8(&digits).ok()?;
    openssl::base64::decode_block(digits).ok()
}

/// What came instead of what should have: how it begins.
fn not_it(bytes: &[u8], what: &str) -> String {
    match bytes {
        [] => "nothing came".to_owned(),
        // Many servers answer a missing file with a page
        [b'<', ..] => format!("{what} but a page"),
        _ => what.to_owned(),
    }
}

/// RFC 6960 4.2.1.
fn refusal(status: OcspResponseStatus) -> &'static str {
    match status {
        OcspResponseStatus::MALFORMED_REQUEST => "the responder finds the question malformed",
        OcspResponseStatus::INTERNAL_ERROR => "the responder has an internal error",
        OcspResponseStatus::TRY_LATER => "the responder says: try later",
        OcspResponseStatus::SIG_REQUIRED => "the responder wants signed questions",
        OcspResponseStatus::UNAUTHORIZED => "the responder does not speak for this certificate",
        _ => "the responder refuses",
    }
}

/// RFC 5280 5.3.1.
fn reason_name(code: i64) -> String {
    let name = match code {
        0 => "unspecified",
        1 => "keyCompromise",
        2 => "cACompromise",
        3 => "affiliationChanged",
        4 => "superseded",
        5 => "cessationOfOperation",
        6 => "certificateHold",
        8 => "removeFromCRL",
        9 => "privilegeWithdrawn",
        10 => "aACompromise",
        other => return shown(&format!("reason {other}"), 40),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests;

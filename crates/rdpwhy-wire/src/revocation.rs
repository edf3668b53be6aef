//! Revocation, as far as it needs no cryptography: which addresses a chain names, what a list
//! covers, and what all answers together say.

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::{Connection, What};
use rdpwhy_model::revocation::{Answer, Kind, Revocation};
use rdpwhy_model::text::shown;
use x509_parser::asn1_rs::{Any, Class, Tag};
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::certificate::Addresses;
use crate::read::Facts;

/// Certificates of a chain that are asked about, at most: deeper chains are not in use.
const CERTIFICATES: usize = 4;
/// Addresses that are shown, at most; a run asks fewer.
const MOST: usize = 100;
/// How much of an address and its answer is shown, in characters.
const KEPT: usize = 300;

/// An address that a certificate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The place of the certificate in the chain; 0 is the host's own.
    pub certificate: usize,
    /// What is published there.
    pub kind: Kind,
    /// The address, escaped.
    pub url: String,
}

/// The certificates that a host sent on a connection, leaf first, DER.
pub fn chain(connection: &Connection) -> Vec<&[u8]> {
    let sent = connection.events.iter().find_map(|e| match &e.what {
        What::Handshake(h) if !h.chain.is_empty() => Some(&h.chain),
        What::HandshakeFailed(f) if !f.chain.is_empty() => Some(&f.chain),
        _ => None,
    });
    sent.map(|c| c.iter().map(|b| b.0.as_slice()).collect())
        .unwrap_or_default()
}

/// Every address that the certificates of a chain name, those of the leaf first, and of one
/// certificate the responders first, as clients ask them. A root's own are left out: nobody can
/// revoke a root but those who trust it.
pub fn pointers(chain: &[&[u8]]) -> Vec<Pointer> {
    let mut out: Vec<Pointer> = Vec::new();
    for (certificate, der) in chain.iter().take(CERTIFICATES).enumerate() {
        let Ok((_, parsed)) = X509Certificate::from_der(der) else {
            continue;
        };
        let root = parsed.subject().as_raw() == parsed.issuer().as_raw();
        if root && certificate > 0 {
            continue;
        }
        let named = Addresses::of(&parsed);
        let ocsp = named.ocsp.into_iter().map(|url| (Kind::Ocsp, url));
        let crl = named.crl.into_iter().map(|url| (Kind::Crl, url));
        for (kind, url) in ocsp.chain(crl) {
            let pointer = Pointer {
                certificate,
                kind,
                url,
            };
            if !out.contains(&pointer) {
                out.push(pointer);
            }
        }
    }
    out
}

/// Whether a list, DER, claims to cover a certificate, so that absence from it means something
/// (RFC 5280 5.2.5). `named` are the addresses of lists that the certificate names, `authority`
/// says whether it is one of an authority.
pub fn covers(list: &[u8], named: &[String], authority: bool) -> bool {
    let Some(extensions) = extensions(list) else {
        return false;
    };
    let mut rest = extensions;
    while !rest.is_empty() {
        let Ok((after, extension)) = X509Extension::from_der(rest) else {
            return false;
        };
        rest = after;
        match extension.parsed_extension() {
            ParsedExtension::IssuingDistributionPoint(point) => {
                let part = point.indirect_crl
                    || point.only_contains_attribute_certs
                    || point.only_some_reasons.is_some()
                    || (point.only_contains_ca_certs && !authority)
                    || (point.only_contains_user_certs && authority);
                if part || !is_named(point.distribution_point.as_ref(), named) {
                    return false;
                }
            }
            // A delta list holds what changed since another, and whoever does not know a critical
            // extension must not use the list (RFC 5280 5.2, 5.2.4)
            _ if extension.oid.as_bytes() == DELTA || extension.critical => return false,
            _ => {}
        }
    }
    true
}

/// deltaCRLIndicator, 2.5.29.27.
const DELTA: &[u8] = &[0x55, 0x1d, 27];

/// Whether the distribution point of a list is one that the certificate names; a list without one
/// covers all.
fn is_named(point: Option<&DistributionPointName<'_>>, named: &[String]) -> bool {
    match point {
        None => true,
        Some(DistributionPointName::FullName(names)) => names.iter().any(
            |n| matches!(n, GeneralName::URI(u) if named.iter().any(|m| *m == shown(u, usize::MAX))),
        ),
        Some(DistributionPointName::NameRelativeToCRLIssuer(_)) => false,
    }
}

/// The extensions of a list, without reading its entries. Empty where it has none, `None` where it
/// is no list.
fn extensions(list: &[u8]) -> Option<&[u8]> {
    let (_, whole) = Any::from_der(list).ok()?;
    let (_, signed) = Any::from_der(whole.data).ok()?;
    if whole.tag() != Tag::Sequence || signed.tag() != Tag::Sequence {
        return None;
    }
    let mut rest = signed.data;
    while !rest.is_empty() {
        let (after, part) = Any::from_der(rest).ok()?;
        if part.class() == Class::ContextSpecific && part.tag().0 == 0 {
            let (_, inner) = Any::from_der(part.data).ok()?;
            return Some(inner.data);
        }
        rest = after;
    }
    Some(&[])
}

/// What all addresses together say of the host's certificate. One revoked certificate of the
/// chain is enough; one good answer about the leaf too.
pub fn facts(asked: &[Revocation]) -> Facts {
    let mut out = Facts::new();
    let revoked = asked.iter().find_map(|r| match &r.answer {
        Answer::Revoked { when, reason } => Some((when, reason)),
        _ => None,
    });
    let leaf: Vec<&Answer> = asked
        .iter()
        .filter(|r| r.certificate == 0)
        .map(|r| &r.answer)
        .collect();
    let any = |test: fn(&Answer) -> bool| leaf.iter().any(|a| test(a));
    let word = if revoked.is_some() {
        "revoked"
    } else if leaf.is_empty() {
        "none-named"
    } else if any(|a| *a == Answer::Good) {
        "good"
    } else if any(|a| matches!(a, Answer::Unreachable(_))) {
        "unreachable"
    } else if any(|a| !matches!(a, Answer::NotHttp | Answer::NotAsked)) {
        "unknown"
    } else {
        "not-checked"
    };
    out.push((FactKey::CertRevocation, word.into()));
    if let Some((when, reason)) = revoked {
        if let Some(when) = when {
            out.push((FactKey::CertRevokedWhen, shown(when, KEPT).into()));
        }
        if let Some(reason) = reason {
            out.push((FactKey::CertRevokedReason, shown(reason, KEPT).into()));
        }
    }
    let sources: Vec<String> = asked.iter().take(MOST).map(line).collect();
    out.push((FactKey::CertRevocationSources, sources.into()));
    let longest = asked.iter().map(|r| r.took_us / 1000).max().unwrap_or(0);
    if asked.iter().any(|r| r.took_us > 0) {
        let ms = i64::try_from(longest).unwrap_or(i64::MAX);
        out.push((FactKey::CertRevocationTookMs, ms.into()));
    }
    out
}

fn line(asked: &Revocation) -> String {
    let whose = match asked.certificate {
        0 => String::new(),
        n => format!(" (certificate {} of the chain)", n + 1),
    };
    let text = format!(
        "{} {}{whose}: {}",
        asked.kind.name(),
        asked.url,
        asked.answer.words()
    );
    shown(&text, KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(certificate: usize, answer: Answer) -> Revocation {
        Revocation {
            certificate,
            kind: Kind::Crl,
            url: "http://crl.example/a.crl".into(),
            took_us: 1,
            answer,
        }
    }

    fn word(asked: &[Revocation]) -> String {
        match facts(asked).first() {
            Some((FactKey::CertRevocation, v)) => v.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn one_good_answer_is_enough_and_one_revoked_certificate_too() {
        let lost = || asked(0, Answer::Unreachable("timeout".into()));
        let revoked = |certificate| {
            asked(
                certificate,
                Answer::Revoked {
                    when: None,
                    reason: None,
                },
            )
        };
        assert_eq!(word(&[]), "none-named");
        assert_eq!(word(&[lost(), asked(0, Answer::Good)]), "good");
        assert_eq!(word(&[asked(0, Answer::Good), revoked(1)]), "revoked");
        assert_eq!(word(&[lost(), asked(1, Answer::Good)]), "unreachable");
        assert_eq!(word(&[asked(0, Answer::BadSignature)]), "unknown");
        assert_eq!(word(&[asked(0, Answer::NotHttp)]), "not-checked");
        assert_eq!(word(&[asked(1, Answer::Good)]), "none-named");
    }

    #[test]
    fn rubbish_covers_nothing() {
        assert!(!covers(&[], &[], false));
        assert!(!covers(b"<html>", &[], false));
        assert!(!covers(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], &[], false));
        assert!(pointers(&[&[], &[0x30, 0x80]]).is_empty());
    }

    /// A list with these extensions: empty but for what the walk over it needs.
    fn list(extensions: &[u8]) -> Vec<u8> {
        let tlv = |tag: u8, value: &[u8]| {
            let mut out = vec![tag, u8::try_from(value.len()).unwrap()];
            out.extend(value);
            out
        };
        let mut signed = tlv(2, &[1]);
        signed.extend(tlv(0x30, &[]));
        signed.extend(tlv(0xa0, &tlv(0x30, extensions)));
        tlv(0x30, &tlv(0x30, &signed))
    }

    #[test]
    fn a_list_covers_what_its_extensions_let_it() {
        // CRLNumber, not critical
        let number = [0x30, 0x0a, 6, 3, 0x55, 0x1d, 20, 4, 3, 2, 1, 5];
        assert!(covers(&list(&number), &[], false));
        // deltaCRLIndicator, critical
        let delta = [0x30, 0x0d, 6, 3, 0x55, 0x1d, 27, 1, 1, 0xff, 4, 3, 2, 1, 5];
        assert!(!covers(&list(&delta), &[], false));
        // IssuingDistributionPoint, critical, onlyContainsCACerts
        let authorities = [
            0x30, 0x0f, 6, 3, 0x55, 0x1d, 28, 1, 1, 0xff, 4, 5, 0x30, 3, 0x82, 1, 0xff,
        ];
        assert!(!covers(&list(&authorities), &[], false));
        assert!(covers(&list(&authorities), &[], true));
        // IssuingDistributionPoint, critical, of the address "x:y"
        let address = [
            0x30, 0x15, 6, 3, 0x55, 0x1d, 28, 1, 1, 0xff, 4, 11, 0x30, 9, 0xa0, 7, 0xa0, 5, 0x86,
            3, b'x', b':', b'y',
        ];
        assert!(covers(&list(&address), &["x:y".to_owned()], false));
        assert!(!covers(&list(&address), &["x:z".to_owned()], false));
    }
}

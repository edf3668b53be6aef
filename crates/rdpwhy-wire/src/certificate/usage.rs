//! What a certificate's key may be used for.

use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use x509_parser::prelude::*;

use super::{Facts, kept};

/// id-kp-serverAuth (RFC 5280 4.2.1.12).
const SERVER_AUTH: &str = "1.3.6.1.5.5.7.3.1";
/// Microsoft's usage for Remote Desktop listeners.
const REMOTE_DESKTOP: &str = "1.3.6.1.4.1.311.54.1.2";
/// anyExtendedKeyUsage.
const ANY_USAGE: &str = "2.5.29.37.0";

/// Puts the facts of both usages. An extension that cannot be read gives none.
pub(super) fn facts(cert: &X509Certificate<'_>, self_signed: bool, out: &mut Facts) {
    let extended = extended(cert);
    if let Some(usages) = &extended {
        let has = |oid: &str| usages.iter().any(|u| u == oid);
        let server = usages.is_empty() || has(SERVER_AUTH) || has(ANY_USAGE);
        out.push((
            FactKey::CertServerAuth,
            (server || has(REMOTE_DESKTOP)).into(),
        ));
        out.push((
            FactKey::CertRdpAuthOnly,
            (!server && has(REMOTE_DESKTOP)).into(),
        ));
        out.push((FactKey::CertEku, kept(usages).into()));
    }
    let made = self_signed && windows_made(cert, extended.as_deref().unwrap_or_default());
    out.push((FactKey::CertWindowsMade, made.into()));
    let Ok(usage) = cert.key_usage() else { return };
    let usage = usage.map(|u| u.value);
    let allows = |test: fn(&KeyUsage) -> bool| Value::Bool(usage.is_none_or(test));
    out.push((FactKey::CertMaySign, allows(KeyUsage::digital_signature)));
    out.push((FactKey::CertMayEncipher, allows(KeyUsage::key_encipherment)));
    let names = usage.copied().map(key_usages).unwrap_or_default();
    out.push((FactKey::CertKeyUsage, names.into()));
}

/// The names of the usages that are set (RFC 5280 4.2.1.3).
fn key_usages(u: KeyUsage) -> Vec<String> {
    [
        (u.digital_signature(), "digitalSignature"),
        (u.non_repudiation(), "nonRepudiation"),
        (u.key_encipherment(), "keyEncipherment"),
        (u.data_encipherment(), "dataEncipherment"),
        (u.key_agreement(), "keyAgreement"),
        (u.key_cert_sign(), "keyCertSign"),
        (u.crl_sign(), "cRLSign"),
        (u.encipher_only(), "encipherOnly"),
        (u.decipher_only(), "decipherOnly"),
    ]
    .into_iter()
    .filter(|(set, _)| *set)
    .map(|(_, name)| name.to_owned())
    .collect()
}

/// The extended usages by object identifier; empty where the extension is missing, `None` where it
/// cannot be read.
fn extended(cert: &X509Certificate<'_>) -> Option<Vec<String>> {
    let Some(ext) = cert.extended_key_usage().ok()? else {
        return Some(Vec::new());
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
    Some(out)
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

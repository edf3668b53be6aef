//! The certificates of a recorded connection.

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::{Connection, Handshake, Phase, Trust, What};
use rdpwhy_model::text::shown;

use super::{Facts, KEPT, Viewpoint, facts};
use crate::{suites, tls};

/// The facts about the certificates of a connection. Where the TLS library took none, as it does
/// when it cannot read one of them, what was sent in the clear is read.
pub fn seen(c: &Connection, view: Viewpoint<'_>) -> Facts {
    if let Some(handshake) = c.handshake() {
        return of_handshake(handshake, view);
    }
    let failed = c
        .events
        .iter()
        .filter(|e| e.phase == Phase::Tls)
        .find_map(|e| match &e.what {
            What::HandshakeFailed(f) => Some(f),
            _ => None,
        });
    let taken = failed.map(|f| f.chain.as_slice()).unwrap_or_default();
    if !taken.is_empty() {
        let ders: Vec<&[u8]> = taken.iter().map(|b| b.0.as_slice()).collect();
        return facts(&ders, view);
    }
    let Some(sent) = tls::sent_chain(&c.received(Phase::Tls)) else {
        return Facts::new();
    };
    let ders: Vec<&[u8]> = sent.certificates.iter().map(Vec::as_slice).collect();
    let mut out = facts(&ders, view);
    if !sent.whole {
        // How many there would have been is not known, and neither what they are
        out.retain(|(key, _)| !OF_THE_WHOLE.contains(key));
        let size = i64::try_from(sent.announced).unwrap_or(i64::MAX);
        out.push((FactKey::CertChainBytes, size.into()));
    }
    out
}

/// Facts that only the whole chain gives.
const OF_THE_WHOLE: [FactKey; 7] = [
    FactKey::CertChainLength,
    FactKey::CertChainBytes,
    FactKey::CertChainInOrder,
    FactKey::CertChainDuplicates,
    FactKey::CertIssuerSent,
    FactKey::CertRootSent,
    FactKey::CertUnrelated,
];

fn of_handshake(handshake: &Handshake, view: Viewpoint<'_>) -> Facts {
    let ders: Vec<&[u8]> = handshake.chain.iter().map(|b| b.0.as_slice()).collect();
    let mut out = facts(&ders, view);
    let truth = |out: &Facts, key| out.contains(&(key, true.into()));
    let used = match key_exchange(&handshake.version, &handshake.suite) {
        Some("RSA") => Some(FactKey::CertMayEncipher),
        other => other.map(|_| FactKey::CertMaySign),
    };
    if let Some(used) = used.filter(|key| out.iter().any(|(k, _)| k == key)) {
        let fits = truth(&out, used);
        out.push((FactKey::CertUsageFits, fits.into()));
    }
    // Recordings from before it was recorded: OpenSSL calls only those self-signed that are
    let known = (handshake.trust == Trust::SelfSigned).then_some(true);
    if let Some(own) = handshake.signed_by_itself.or(known)
        && truth(&out, FactKey::CertSelfSigned)
    {
        out.push((FactKey::CertSignedByItself, own.into()));
    }
    out.push((FactKey::CertTrust, handshake.trust.word().into()));
    if let Some(reason) = &handshake.trust_reason {
        out.push((FactKey::CertTrustReason, shown(reason, KEPT).into()));
    }
    out
}

/// How the keys of a handshake were agreed on: RSA, or something in which the server signs.
fn key_exchange(version: &str, openssl: &str) -> Option<&'static str> {
    if version == "TLSv1.3" {
        return Some("any");
    }
    suites::by_openssl(openssl).map(|s| s.key_exchange)
}

//! What the memory of earlier runs says of the certificate that a run saw, as facts. Pure.

use rdpwhy_model::recording::Recording;
use rdpwhy_model::seen::{Remembered, Shown};
use rdpwhy_model::text::{shown, time};
use rdpwhy_model::{FactKey, FactSet};
use rdpwhy_wire::read::Facts;

/// Where these facts come from, for people.
pub(crate) const SOURCE: &str = "the memory of earlier runs";
/// How much of a text is shown, in characters; a recording may be anybody's.
const KEPT: usize = 256;
/// Other targets that are shown, at most.
const ELSEWHERE: usize = 20;
const DAY: i64 = 86_400;

/// The certificate that a run saw, as it would be remembered. `None` where none was seen.
pub fn certificate(facts: &FactSet) -> Option<Shown> {
    let text = |key| facts.text(key).map(str::to_owned);
    Some(Shown {
        sha256: text(FactKey::CertSha256)?,
        spki_sha256: text(FactKey::CertSpkiSha256)?,
        serial: text(FactKey::CertSerial)?,
        issuer: text(FactKey::CertIssuer)?,
        subject: text(FactKey::CertSubject)?,
        not_after: text(FactKey::CertNotAfter).and_then(|t| t.parse().ok()),
    })
}

/// The facts of what was remembered, given those of the certificate.
pub(crate) fn read(recording: &Recording, facts: &FactSet) -> Facts {
    let (Some(Remembered { before, elsewhere }), Some(now)) =
        (&recording.remembered, certificate(facts))
    else {
        return Facts::new();
    };
    let mut out = Facts::new();
    let others: Vec<String> = elsewhere
        .iter()
        .take(ELSEWHERE)
        .map(|t| shown(t, KEPT))
        .collect();
    out.push((FactKey::CertSeenElsewhereAny, (!others.is_empty()).into()));
    out.push((FactKey::CertSeenElsewhere, others.into()));
    let Some(known) = before else {
        out.push((FactKey::CertSeen, "first".into()));
        return out;
    };
    let then = &known.shown;
    let word = if then.sha256 == now.sha256 {
        "same"
    } else if then.spki_sha256 == now.spki_sha256 {
        "renewed-same-key"
    } else {
        "changed"
    };
    out.push((FactKey::CertSeen, word.into()));
    out.push((FactKey::CertSeenWhen, time(known.last.as_second()).into()));
    let span = known
        .last
        .as_second()
        .saturating_sub(known.first.as_second());
    out.push((FactKey::CertSeenDays, (span / DAY).into()));
    if word == "same" {
        return out;
    }
    let same = then.subject == now.subject && then.issuer == now.issuer;
    out.push((FactKey::CertSeenSameNames, same.into()));
    out.push((
        FactKey::CertSeenBeforeSha256,
        shown(&then.sha256, KEPT).into(),
    ));
    out.push((
        FactKey::CertSeenBeforeIssuer,
        shown(&then.issuer, KEPT).into(),
    ));
    if let Some(end) = then.not_after {
        let left = end
            .as_second()
            .saturating_sub(recording.started.as_second());
        out.push((FactKey::CertSeenBeforeDaysLeft, left.div_euclid(DAY).into()));
    }
    out
}

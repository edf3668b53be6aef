//! The certificate as a person reads it: the block CERTIFICATE of a full report.

use rdpwhy_model::{FactKey, FactSet};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::{Style, Tone, WIDTH, pad, wrap};

/// Columns before a field's text: the margin and the field's name.
const BEFORE: usize = 13;

/// The block; empty where no certificate was seen.
pub(super) fn block(facts: &FactSet, style: Style) -> String {
    let fields: [(&str, Option<String>); 13] = [
        ("subject", text(facts, FactKey::CertSubject)),
        ("names", names(facts)),
        ("others", list(facts, FactKey::CertOtherNames)),
        ("issuer", issuer(facts)),
        ("valid", valid(facts)),
        ("key", key(facts)),
        ("signed", text(facts, FactKey::CertSignature)),
        ("usage", usage(facts)),
        ("serial", text(facts, FactKey::CertSerial)),
        ("SHA-1", text(facts, FactKey::CertSha1)),
        ("SHA-256", text(facts, FactKey::CertSha256)),
        ("trust", trust(facts)),
        ("bad", list(facts, FactKey::CertUnreadable)),
    ];
    let mut out = String::new();
    for (name, value) in fields {
        if let Some(value) = value {
            out.push_str(&field(name, &value));
        }
    }
    for (i, line) in facts.list(FactKey::CertChain).iter().enumerate() {
        out.push_str(&field(if i == 0 { "sent" } else { "" }, line));
    }
    let sent = facts.int(FactKey::CertChainLength);
    let judged = facts.int(FactKey::CertChainJudged);
    if let (Some(sent), Some(judged)) = (sent, judged)
        && sent > judged
    {
        let more = format!("… and {} more, which are not judged", sent - judged);
        out.push_str(&field("", &more));
    }
    if out.is_empty() {
        return out;
    }
    let head = style.paint(Tone::Strong, "CERTIFICATE");
    format!("  {head}\n{out}\n")
}

/// A field: its name in the margin, its text beside it, as many lines as it takes.
fn field(name: &str, text: &str) -> String {
    let width = WIDTH - BEFORE;
    let mut out = String::new();
    let lines = wrap(text, width);
    let lines = lines.iter().flat_map(|l| broken(l, width));
    for (i, line) in lines.enumerate() {
        let name = if i == 0 { name } else { "" };
        out.push_str(&format!("    {} {line}\n", pad(name, BEFORE - 5)));
    }
    out
}

/// A line of one word that is too long, broken anywhere.
fn broken(line: &str, width: usize) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut used = 0;
    for c in line.chars() {
        let columns = c.width().unwrap_or(0);
        if used + columns > width && line.width() > width {
            out.push(String::new());
            used = 0;
        }
        used += columns;
        if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out
}

fn text(facts: &FactSet, key: FactKey) -> Option<String> {
    let text = facts.text(key)?;
    Some(if text.is_empty() { "none" } else { text }.to_owned())
}

fn list(facts: &FactSet, key: FactKey) -> Option<String> {
    let list = facts.list(key);
    (!list.is_empty()).then(|| list.join(", "))
}

fn names(facts: &FactSet) -> Option<String> {
    facts.get(FactKey::CertNames)?;
    let names = list(facts, FactKey::CertNames).unwrap_or_else(|| "none".to_owned());
    let covered = (
        facts.truth(FactKey::CertNameMatches),
        facts.truth(FactKey::CertMstscNameMatches),
    );
    let said = match covered {
        (Some(true), Some(false)) => "; what was asked for is covered, though not for mstsc",
        (Some(false), Some(true)) => "; what was asked for is covered for mstsc alone",
        (Some(false), _) => "; what was asked for is not covered",
        _ => "",
    };
    Some(format!("{names}{said}"))
}

fn issuer(facts: &FactSet) -> Option<String> {
    let issuer = text(facts, FactKey::CertIssuer)?;
    let own = match facts.truth(FactKey::CertSignedByItself) {
        Some(true) => " (itself, with its own key)",
        Some(false) => " (its own name, and another key)",
        None if facts.truth(FactKey::CertSelfSigned) == Some(true) => " (itself, by name)",
        None => "",
    };
    Some(format!("{issuer}{own}"))
}

fn valid(facts: &FactSet) -> Option<String> {
    let from = facts.text(FactKey::CertNotBefore)?;
    let to = facts.text(FactKey::CertNotAfter)?;
    let left = match facts.int(FactKey::CertDaysLeft)? {
        _ if facts.truth(FactKey::CertNotYetValid) == Some(true) => "not valid yet".to_owned(),
        n if facts.truth(FactKey::CertExpired) == Some(true) => {
            format!("expired {} days ago", n.saturating_neg())
        }
        1 => "1 day left".to_owned(),
        n => format!("{n} days left"),
    };
    Some(format!("{from} to {to}, {left}"))
}

fn key(facts: &FactSet) -> Option<String> {
    let mut out = text(facts, FactKey::CertKey)?;
    if let Some(curve) = facts.text(FactKey::CertCurve) {
        out.push_str(&format!(", {curve}"));
    }
    if let Some(exponent) = facts.text(FactKey::CertExponent) {
        out.push_str(&format!(", exponent {exponent}"));
    }
    Some(out)
}

fn usage(facts: &FactSet) -> Option<String> {
    facts.get(FactKey::CertSubject)?;
    let extended = facts.list(FactKey::CertEku).iter().map(|oid| purpose(oid));
    let mut all: Vec<&str> = extended.collect();
    all.extend(facts.list(FactKey::CertKeyUsage).iter().map(String::as_str));
    Some(if all.is_empty() {
        "not limited".to_owned()
    } else {
        all.join(", ")
    })
}

/// An extended key usage in words (RFC 5280 4.2.1.12); Microsoft's by their own names.
fn purpose(oid: &str) -> &str {
    match oid {
        "2.5.29.37.0" => "any purpose",
        "1.3.6.1.5.5.7.3.1" => "server authentication",
        "1.3.6.1.5.5.7.3.2" => "client authentication",
        "1.3.6.1.5.5.7.3.3" => "code signing",
        "1.3.6.1.5.5.7.3.4" => "e-mail protection",
        "1.3.6.1.5.5.7.3.8" => "time stamping",
        "1.3.6.1.5.5.7.3.9" => "OCSP signing",
        "1.3.6.1.4.1.311.54.1.2" => "Remote Desktop Authentication",
        "1.3.6.1.4.1.311.20.2.2" => "smart card logon",
        "1.3.6.1.5.2.3.5" => "KDC authentication",
        other => other,
    }
}

fn trust(facts: &FactSet) -> Option<String> {
    let words = match facts.text(FactKey::CertTrust)? {
        "trusted" => "leads to a root that this machine trusts (dates are judged apart)",
        "self-signed" => "none: self-signed, and not in this machine's store",
        "unknown-issuer" => "none: leads to no root that this machine trusts",
        "bad-signature" => "none: a signature in the chain is wrong",
        "bad-chain" => "none: a certificate in the chain does what it may not",
        _ => "could not be checked",
    };
    Some(match facts.text(FactKey::CertTrustReason) {
        Some(reason) => format!("{words} ({reason})"),
        None => words.to_owned(),
    })
}

//! How sign-in stands on a host, as far as that shows without an account: the block NLA.

use rdpwhy_model::recording::Asks;
use rdpwhy_model::text::shown;
use rdpwhy_model::{FactKey, FactSet};

use super::{Style, paragraph};

/// What a client leaves out of its request, behind its name.
pub(super) const fn asks(asks: Option<Asks>) -> &'static str {
    match asks {
        None => "",
        Some(Asks::Nla) => " with NLA",
        Some(Asks::Tls) => " with TLS and without NLA",
        Some(Asks::Plain) => " with Standard RDP Security alone",
    }
}

/// The block; empty where nobody asked (`--nla`), which shows by what only that asks.
pub(super) fn block(facts: &FactSet, style: Style) -> String {
    let asked = [FactKey::NegRdstls, FactKey::NegRdsaad, FactKey::NlaSpnego];
    if !asked.iter().any(|k| facts.knows(*k)) {
        return String::new();
    }
    let rows = [
        ("NLA", Some(stands(facts))),
        ("CredSSP version", version(facts)),
        ("mechanisms", mechanisms(facts)),
        ("Restricted Admin", flag(facts, FactKey::NegRestrictedAdmin)),
        ("Credential Guard", flag(facts, FactKey::NegRedirectedAuth)),
        (
            "RDSTLS",
            choice(facts, FactKey::NegRdstls, "selected-rdstls"),
        ),
        (
            "RDSAAD (Entra)",
            choice(facts, FactKey::NegRdsaad, "selected-rdsaad"),
        ),
        ("TLS without NLA", client(facts, FactKey::NegSslOnly)),
        ("Standard RDP", client(facts, FactKey::NegPlain)),
        ("RDP encryption", encryption(facts)),
        ("licence stage", licence(facts)),
    ];
    let mut out = String::new();
    for (name, text) in rows {
        let Some(text) = text else { continue };
        let label = if out.is_empty() { "NLA" } else { "" };
        out.push_str(&row(style, label, name, &text));
    }
    out.push('\n');
    out
}

fn row(style: Style, label: &str, name: &str, text: &str) -> String {
    paragraph(style, label, &format!("{name}: {text}"))
}

fn stands(facts: &FactSet) -> String {
    let truth = |key| facts.truth(key);
    match (
        truth(FactKey::NlaOffered),
        truth(FactKey::NlaRequired),
        truth(FactKey::NlaWorksWithout),
    ) {
        (_, Some(true), _) => "required: a client without it is turned away",
        (Some(true), _, Some(true)) => "offered, and not required",
        (Some(true), _, _) => "offered; whether it is required does not show",
        (Some(false), _, _) => "not offered",
        (None, _, Some(true)) => "not required; whether it is offered does not show",
        _ => "cannot be told from what the host answers",
    }
    .to_owned()
}

fn version(facts: &FactSet) -> Option<String> {
    let version = facts.int(FactKey::NlaVersion)?;
    let build = facts
        .text(FactKey::NlaBuild)
        .map(|b| format!(", on version {}", shown(b, 40)))
        .unwrap_or_default();
    Some(format!("{version}{build}"))
}

fn mechanisms(facts: &FactSet) -> Option<String> {
    let word = facts.text(FactKey::NlaSpnego)?;
    if !facts.knows(FactKey::NlaMechanisms) {
        return Some(
            match word {
                "closed" => "the host closed the connection at a list without a token",
                "reset" => "the connection was reset at a list without a token",
                "silent" => "the host does not answer a list without a token",
                "unreached" => "not reached",
                _ => "the host takes no list without a token",
            }
            .to_owned(),
        );
    }
    let taken = facts.list(FactKey::NlaMechanisms);
    let refused = facts.list(FactKey::NlaMechanismsRefused);
    let first = facts
        .text(FactKey::NlaFirstChoice)
        .map(|f| format!("; of all it chooses {}", shown(f, 20)))
        .unwrap_or_default();
    let refused = if refused.is_empty() {
        String::new()
    } else {
        format!("; refuses {}", shown(&refused.join(", "), 60))
    };
    let taken = if taken.is_empty() {
        "none of Kerberos, NEGOEX and NTLM".to_owned()
    } else {
        shown(&taken.join(", "), 60)
    };
    Some(format!("takes {taken}{first}{refused}"))
}

fn flag(facts: &FactSet, key: FactKey) -> Option<String> {
    let said = if facts.truth(key)? {
        "announced"
    } else {
        "not announced"
    };
    Some(said.to_owned())
}

fn choice(facts: &FactSet, key: FactKey, wanted: &str) -> Option<String> {
    let word = facts.text(key)?;
    Some(if word == wanted {
        "offered".to_owned()
    } else {
        format!("not offered ({word})")
    })
}

/// What a client that asks for that alone is given.
fn client(facts: &FactSet, key: FactKey) -> Option<String> {
    let word = facts.text(key)?;
    Some(match word {
        "selected-ssl" | "selected-rdp" | "no-response-structure" => "let in".to_owned(),
        "failure-5" => "turned away: NLA is required".to_owned(),
        "failure-1" => "turned away: TLS is required".to_owned(),
        "failure-2" => "turned away: TLS is not allowed".to_owned(),
        word => format!("not let in ({word})"),
    })
}

fn encryption(facts: &FactSet) -> Option<String> {
    let method = facts
        .text(FactKey::McsEncryption)
        .filter(|m| *m != "none")?;
    let level = facts
        .text(FactKey::McsEncryptionLevel)
        .map(|l| format!(", level {l}"))
        .unwrap_or_default();
    Some(format!("{method}{level}"))
}

fn licence(facts: &FactSet) -> Option<String> {
    let word = facts.text(FactKey::LicensingAnswer)?;
    let codes: Vec<&str> = [FactKey::LicensingErrorCode, FactKey::SessionErrorInfo]
        .into_iter()
        .filter_map(|k| facts.text(k))
        .collect();
    let codes = match word {
        "valid-client" => String::new(),
        _ if codes.is_empty() => String::new(),
        _ => format!(" ({})", codes.join(", ")),
    };
    Some(format!("{word}{codes}"))
}

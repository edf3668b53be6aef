//! Signing in, in words: the rung of the ladder, what was not seen, and whether a client would get
//! in only after a detour.

use rdpwhy_model::report::StageState;
use rdpwhy_model::{FactKey, FactSet};

use StageState::{Failed, Passed, Unknown, Warned};

/// KDC_ERR_ETYPE_NOSUPP: no encryption in common. Ours has AES alone, so this says nothing about
/// clients that have RC4 too.
const NO_ENCRYPTION: i64 = 14;
/// How far clocks may be apart for Kerberos, in seconds.
const SKEW: i64 = 300;

/// What became of an account that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The host accepts it.
    Accepted,
    /// The domain accepts it; the host was not asked, or takes no Kerberos, and NTLM was not tried.
    ByDomain,
    /// It was refused.
    Refused,
    /// The domain controller was asked, and what came is no answer about the account.
    Unanswered,
}

fn outcome(facts: &FactSet) -> Option<Outcome> {
    let answer = facts.text(FactKey::SignInAnswer)?;
    let by_domain = facts.truth(FactKey::SignInAccountTicket) == Some(true);
    // FreeRDP's server takes NTLM alone, and ends in some way at a Kerberos token
    let no_kerberos = facts.text(FactKey::HostSoftware) == Some("freerdp")
        && facts.text(FactKey::SignInMechanism) == Some("kerberos");
    Some(match answer {
        "not-sent" => return None,
        "accepted" => Outcome::Accepted,
        "other-mechanism" | "kdc-refused" | "kdc-silent" if by_domain => Outcome::ByDomain,
        "kdc-silent" => Outcome::Unanswered,
        "kdc-refused" if facts.int(FactKey::SignInKdcError) == Some(NO_ENCRYPTION) => {
            Outcome::Unanswered
        }
        "pubkey-mismatch" => Outcome::Refused,
        _ if by_domain && no_kerberos => Outcome::ByDomain,
        _ => Outcome::Refused,
    })
}

/// The rung of the ladder, where an account was tried.
pub(crate) fn rung(facts: &FactSet) -> Option<(StageState, String)> {
    let outcome = outcome(facts)?;
    let mechanism = match facts.text(FactKey::SignInMechanism) {
        Some("kerberos") => "Kerberos",
        _ => "NTLM",
    };
    Some(match outcome {
        Outcome::Accepted if by_the_clock(facts) => (
            Warned,
            format!("the host accepts the account by {mechanism}; Kerberos fails for the clock"),
        ),
        Outcome::Accepted => (
            Passed,
            format!("the host accepts the account by {mechanism}"),
        ),
        Outcome::ByDomain if no_service(facts) => (
            Warned,
            "the domain accepts the account and has no ticket for the host: NTLM is left"
                .to_owned(),
        ),
        Outcome::ByDomain => (
            Passed,
            "the domain accepts the account; by NTLM it was not tried with the host".to_owned(),
        ),
        Outcome::Refused => (Failed, refusal(facts)),
        Outcome::Unanswered if facts.knows(FactKey::SignInKdcError) => (
            Unknown,
            "the domain controller takes no encryption that rdpwhy has (AES) for the account"
                .to_owned(),
        ),
        Outcome::Unanswered => (
            Unknown,
            "the domain controller does not answer the proof of the password".to_owned(),
        ),
    })
}

fn refusal(facts: &FactSet) -> String {
    let status = facts.text(FactKey::SignInStatus);
    match facts.text(FactKey::SignInAnswer).unwrap_or_default() {
        "kdc-refused" => {
            let code = facts.int(FactKey::SignInKdcError).unwrap_or_default();
            let status = status.map(|s| format!(", {s}")).unwrap_or_default();
            format!("the domain controller refuses the account (Kerberos error {code}{status})")
        }
        "error-code" => format!(
            "the host refuses the account with {}",
            status.unwrap_or("?")
        ),
        "pubkey-mismatch" => "the host cannot prove that it has the key of its certificate".into(),
        "closed" => "the host closed the connection in answer to the account".into(),
        "disconnect" => "the host disconnects in answer to the account".into(),
        "reset" => "the connection was reset in answer to the account".into(),
        "alert" => "a TLS alert in answer to the account".into(),
        "silent" => "no answer to the account".into(),
        _ => "the account was answered with something else".into(),
    }
}

/// Whether a client gets in by NTLM alone: the clocks keep Kerberos from working, or the domain has
/// no service name for the host.
pub(crate) fn detour(facts: &FactSet) -> bool {
    by_the_clock(facts) || no_service(facts)
}

fn by_the_clock(facts: &FactSet) -> bool {
    let skew = facts.int(FactKey::SignInKdcSkewS);
    facts.text(FactKey::SignInAnswer) == Some("accepted")
        && facts.text(FactKey::SignInMechanism) == Some("ntlm")
        && skew.is_some_and(|s| s.abs() > SKEW)
}

fn no_service(facts: &FactSet) -> bool {
    outcome(facts) == Some(Outcome::ByDomain)
        && facts.truth(FactKey::SignInHostTicket) == Some(false)
        && facts.knows(FactKey::SignInKdcError)
}

/// What is not known about signing in, and how to learn it.
pub(crate) fn unseen(facts: &FactSet) -> Option<(&'static str, &'static str)> {
    match outcome(facts) {
        Some(Outcome::Accepted | Outcome::Refused) => return None,
        Some(Outcome::Unanswered) if facts.knows(FactKey::SignInKdcError) => {
            return Some((
                "whether the account can sign in: its domain controller wants another encryption than AES for it (KDC_ERR_ETYPE_NOSUPP)",
                "sign in once with a client of Windows; a change of the account's password gives it keys for AES",
            ));
        }
        Some(Outcome::Unanswered) => {
            return Some((
                "whether the account can sign in: its domain controller did not answer the proof of the password, which may count as an attempt",
                "ask another domain controller with --kdc",
            ));
        }
        Some(Outcome::ByDomain) => {
            return Some((
                "whether the host itself takes the account by NTLM: the one attempt was spent at the domain controller",
                "run it with the host's address in place of its name: no Kerberos is used then; that is another attempt",
            ));
        }
        None => {}
    }
    let host = "whether an account can sign in: nothing of it was sent";
    Some(match facts.text(FactKey::SignInWhyNot) {
        None | Some("not-reached") => {
            if facts.text(FactKey::NlaAnswer) != Some("challenge") {
                return None;
            }
            (
                "whether an account can sign in: no account was used",
                "sign in once with a client, or with --user; if it is refused, the host's Security log says why (event 4625, sub status)",
            )
        }
        Some("no-nla") => (
            "whether the account can sign in: the host asks for no NLA, so nothing of it was sent",
            "sign in once with a client; without NLA the host asks for it inside the session",
        ),
        Some("unknown-host") => (
            "whether the account can sign in: the host's certificate is neither trusted for the name nor seen before nor pinned, so nothing was sent",
            "compare the fingerprint in this report with the host's, then --pin it; or --any-host",
        ),
        Some("not-the-pin") => (
            "whether the account can sign in: the host shows another certificate than the pinned one, so nothing was sent",
            "find out which of the two is the host's before anybody types a password there",
        ),
        Some("certificate-changed") => (
            "whether the account can sign in: the host showed another certificate when it came to it, so nothing was sent",
            "run it again: several machines may answer under this name",
        ),
        Some("stopped") => (
            "whether the account can sign in: the run was stopped while it signed in; count it as an attempt",
            "run it again to the end, if the lockout threshold allows",
        ),
        Some("declined") => (
            host,
            "say yes when asked, --pin the certificate, or --any-host",
        ),
        Some("no-challenge") => (
            "whether the account can sign in: the host's challenge cannot be answered so that the exchange is protected",
            "sign in once with a client",
        ),
        Some(_) => (
            host,
            "run it again: the connection for it could not be made",
        ),
    })
}

/// What comes after the last thing that was looked at.
pub(crate) fn after(facts: &FactSet) -> &'static str {
    if outcome(facts) == Some(Outcome::Accepted) {
        "licensing, logon, the session and UDP: they come after the password is handed over"
    } else {
        match facts.text(FactKey::LicensingAnswer) {
            None => {
                "licensing, logon, the session and UDP: the walk ends where an account is needed"
            }
            Some("license-request" | "platform-challenge") => {
                "whether the host has a licence for the client, logon, the session and UDP: an answer could draw a licence"
            }
            Some(_) => "logon, the session and UDP: the walk leaves before anybody signs in",
        }
    }
}

/// The beginning of the summary of a host that a client can connect to.
pub(crate) fn summary(facts: &FactSet) -> &'static str {
    match outcome(facts) {
        Some(Outcome::Accepted) => {
            "The host answers every step and accepts the account, up to where a password would be handed over."
        }
        Some(Outcome::ByDomain) => {
            "The host answers every step up to sign-in, and the domain accepts the account."
        }
        _ if facts.text(FactKey::NlaAnswer) == Some("challenge") => {
            "The host answers every step up to sign-in; no account was tried."
        }
        _ => "The host answers every step that needs no account.",
    }
}

#[cfg(test)]
mod tests {
    use rdpwhy_model::{Observation, Value};

    use super::*;

    fn facts(known: &[(FactKey, Value)]) -> FactSet {
        let mut set = FactSet::default();
        for (key, value) in known {
            set.add(Observation {
                key: *key,
                value: value.clone(),
                source: String::new(),
                connections: vec![],
            });
        }
        set
    }

    #[test]
    fn a_host_without_kerberos_is_not_accused_of_refusing_a_ticket() {
        let mut known = vec![
            (FactKey::SignInAnswer, "error-code".into()),
            (FactKey::SignInMechanism, "kerberos".into()),
            (FactKey::SignInAccountTicket, true.into()),
            (FactKey::HostSoftware, "freerdp".into()),
        ];
        assert_eq!(outcome(&facts(&known)), Some(Outcome::ByDomain));
        known[3].1 = "windows".into();
        assert_eq!(outcome(&facts(&known)), Some(Outcome::Refused));
        known[0].1 = "pubkey-mismatch".into();
        known[3].1 = "freerdp".into();
        assert_eq!(outcome(&facts(&known)), Some(Outcome::Refused));
    }

    #[test]
    fn what_was_not_sent_is_unseen_and_said_with_a_way_out() {
        let sent = |why: &str| {
            facts(&[
                (FactKey::NlaAnswer, "challenge".into()),
                (FactKey::SignInAnswer, "not-sent".into()),
                (FactKey::SignInWhyNot, why.into()),
            ])
        };
        let (_, how) = unseen(&sent("unknown-host")).unwrap();
        assert!(how.contains("--pin") && how.contains("--any-host"));
        assert!(unseen(&sent("no-nla")).is_some());
        assert!(rung(&sent("declined")).is_none());
        let accepted = facts(&[(FactKey::SignInAnswer, "accepted".into())]);
        assert_eq!(unseen(&accepted), None);
    }
}

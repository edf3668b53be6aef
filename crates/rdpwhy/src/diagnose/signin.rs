//! Signing in once, if the host is one that may be shown a proof of the password.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rdpwhy_model::recording::Trust;
use rdpwhy_model::signin::{AccountForm, NotSent, SignIn};
use rdpwhy_model::{FactKey, FactSet};
use rdpwhy_probe::{Credentials, NoCoreDumps, Patience, SignInPlan, context, understand};

use super::{Progress, Session};
use crate::memory::Place;

/// An account to sign in with, and where it may go. It is good for one attempt.
pub struct Login {
    /// What the attempt is made with.
    pub credentials: Credentials,
    /// Whether it may go to a host that is not known.
    pub any_host: bool,
    /// SHA-256 of the one certificate that it may go to, in lower case.
    pub pin: Option<String>,
    /// The domain controller to ask, instead of those that are found.
    pub kdc: Option<(String, u16)>,
    /// Who is told, and who can be asked.
    pub voice: Voice,
    /// Holds as long as the password is held.
    pub no_core_dumps: NoCoreDumps,
}

/// Whom to tell what is about to be sent, and whom to ask whether it may be.
#[derive(Clone)]
pub struct Voice {
    /// Told before anything is sent.
    pub tell: Arc<dyn Fn(&str) + Send + Sync>,
    /// Asks a person, where there is one.
    pub ask: Option<Asker>,
}

/// Asks a question that is answered with yes or no.
pub type Asker = Arc<dyn Fn(&str) -> bool + Send + Sync>;

impl Voice {
    /// Nobody is told and nobody can be asked.
    pub fn silent() -> Self {
        Self {
            tell: Arc::new(|_| {}),
            ask: None,
        }
    }
}

/// Connections that may be made to come as far as signing in.
const CONNECTIONS: u32 = 2;

/// The time that signing in adds to a run: a person who is asked thinks for longer than a network.
pub(super) fn time(login: &Login) -> Duration {
    if login.voice.ask.is_some() {
        Duration::from_mins(3)
    } else {
        Duration::ZERO
    }
}

/// Whether a host may be shown a proof of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expected {
    /// It may, as long as it shows this certificate again; or any.
    Yes(Option<String>),
    /// Only if a person says so.
    Ask(String),
    No(NotSent),
}

/// Judges by the certificate that the walk saw, and by what was remembered before this run.
fn expected(facts: &FactSet, login: &Login, before: Option<&str>) -> Expected {
    if login.any_host && login.pin.is_none() {
        return Expected::Yes(None);
    }
    let Some(shown) = facts.text(FactKey::CertSha256) else {
        return Expected::No(NotSent::NotReached);
    };
    let certificate = shown.to_owned();
    if let Some(pin) = &login.pin {
        return if pin == shown {
            Expected::Yes(Some(certificate))
        } else {
            Expected::No(NotSent::NotThePin)
        };
    }
    let truth = |key| facts.truth(key) == Some(true);
    let trusted = facts.text(FactKey::CertTrust) == Some(Trust::Trusted.word())
        && truth(FactKey::CertNameMatches)
        && !truth(FactKey::CertExpired)
        && !truth(FactKey::CertNotYetValid)
        && facts.text(FactKey::CertRevocation) != Some("revoked");
    if trusted || before == Some(shown) {
        return Expected::Yes(Some(certificate));
    }
    match login.voice.ask {
        Some(_) => Expected::Ask(certificate),
        None => Expected::No(NotSent::UnknownHost),
    }
}

impl Session {
    /// Signs in once, or notes why not.
    pub(super) async fn sign_in(
        &self,
        login: Login,
        addresses: &[IpAddr],
        resolver: Option<SocketAddr>,
        progress: Progress<'_>,
    ) {
        let form = login.credentials.account().form();
        let empty_password = login.credentials.empty_password();
        let without = |why| SignIn {
            form,
            empty_password,
            not_sent: Some(why),
            attempts: 0,
            kdc: None,
            host: None,
        };
        // What is known by then stands, also when the run is stopped half-way
        self.with(|s| s.recording.signin = Some(without(NotSent::NotAgain)));
        let signin = match self.may_sign_in(&login, addresses).await {
            Ok(certificate) => {
                progress("signing in once");
                self.attempt(login, certificate, addresses, resolver)
                    .await
                    .unwrap_or_else(|| without(NotSent::NotAgain))
            }
            Err(why) => without(why),
        };
        self.with(|s| s.recording.signin = Some(signin));
    }

    /// The certificate that the host must show again, or any; or why it is not to be tried.
    async fn may_sign_in(
        &self,
        login: &Login,
        addresses: &[IpAddr],
    ) -> Result<Option<String>, NotSent> {
        let recording = self.recording();
        let facts = understand(&recording);
        match facts.text(FactKey::NlaAnswer) {
            Some("challenge" | "no-ntlm") if !addresses.is_empty() => {}
            None if matches!(
                facts.text(FactKey::NegAnswer),
                Some("selected-ssl" | "selected-rdp" | "no-response-structure")
            ) =>
            {
                return Err(NotSent::NoNla);
            }
            _ => return Err(NotSent::NotReached),
        }
        // Compared before this run remembers anything
        let memory = self.memory.as_ref().and_then(|store| store.load().ok());
        let place = Place::new(&recording.host, recording.port);
        let before = memory.as_ref().and_then(|m| m.known(&place));
        let before = before.map(|known| known.shown.sha256.as_str());
        match expected(&facts, login, before) {
            Expected::Yes(certificate) => Ok(certificate),
            Expected::No(why) => Err(why),
            Expected::Ask(certificate) => {
                let Some(ask) = login.voice.ask.clone() else {
                    return Err(NotSent::UnknownHost);
                };
                let question = question(&facts, &recording.host);
                // A person thinks for longer than a network
                let answer = tokio::task::spawn_blocking(move || ask(&question)).await;
                if answer.unwrap_or(false) {
                    Ok(Some(certificate))
                } else {
                    Err(NotSent::Declined)
                }
            }
        }
    }

    async fn attempt(
        &self,
        login: Login,
        certificate: Option<String>,
        addresses: &[IpAddr],
        resolver: Option<SocketAddr>,
    ) -> Option<SignIn> {
        let recording = self.recording();
        let facts = understand(&recording);
        let stage = self.run.limits().stage;
        let context = context(&recording, addresses, &facts, self.random)?;
        let domain = |key| facts.text(key).map(ToOwned::to_owned);
        let plan = SignInPlan {
            to: context.target(),
            host: &recording.host,
            offer: context.offer(),
            certificate,
            domain: (domain(FactKey::NlaDomain), domain(FactKey::NlaDnsDomain)),
            kdc: login.kdc,
            resolver,
            patience: Patience {
                connect: stage.min(super::EXPERIMENT),
                answer: stage,
            },
        };
        let form = match login.credentials.account().form() {
            AccountForm::User => "user",
            AccountForm::DomainUser => "DOMAIN\\user",
            AccountForm::Upn => "user@domain",
        };
        let voice = login.voice;
        let empty_password = login.credentials.empty_password();
        let account_form = login.credentials.account().form();
        let tell = |what: &str| {
            // Whoever stops the run from here on must reckon with an attempt
            let stopped = SignIn {
                form: account_form,
                empty_password,
                not_sent: Some(NotSent::Stopped),
                attempts: 1,
                kdc: None,
                host: None,
            };
            self.with(|s| s.recording.signin = Some(stopped));
            (voice.tell)(&format!(
                "signs in once as {form}, {what}; a wrong password counts against any lockout threshold"
            ));
        };
        let mut credentials = Some(login.credentials);
        let mut said = None;
        for _ in 0..CONNECTIONS {
            // Some servers take one connection at a time, and the walk has just left
            tokio::time::sleep(super::PAUSE).await;
            said = self.run.sign_in(&mut credentials, &plan, &tell).await;
            let reached = said.as_ref().and_then(|s| s.not_sent) != Some(NotSent::NotAgain);
            if reached || credentials.is_none() {
                break;
            }
        }
        said
    }
}

fn question(facts: &FactSet, host: &str) -> String {
    let text = |key| facts.text(key).unwrap_or("unknown");
    format!(
        "the certificate of {} is neither trusted nor known from an earlier run: {}, issued by {}, SHA-256 {}. \
         Send it a proof of the password?",
        rdpwhy_model::text::shown(host, 80),
        text(FactKey::CertSubject),
        text(FactKey::CertIssuer),
        text(FactKey::CertSha256),
    )
}

#[cfg(test)]
mod tests {
    use rdpwhy_model::{Observation, Value};
    use rdpwhy_probe::{Account, Password};

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

    fn login(any_host: bool, pin: Option<&str>, person: bool) -> Login {
        let account = Account::parse("alice").unwrap();
        let password = Password::new(String::new().into());
        let mut voice = Voice::silent();
        if person {
            voice.ask = Some(Arc::new(|_| true));
        }
        Login {
            credentials: Credentials::new(account, password),
            any_host,
            pin: pin.map(ToOwned::to_owned),
            kdc: None,
            voice,
            no_core_dumps: NoCoreDumps::begin(),
        }
    }

    fn shown(trust: &str, name: bool, expired: bool) -> FactSet {
        facts(&[
            (FactKey::CertSha256, "aa".into()),
            (FactKey::CertTrust, trust.into()),
            (FactKey::CertNameMatches, name.into()),
            (FactKey::CertExpired, expired.into()),
        ])
    }

    #[test]
    fn credentials_go_to_an_expected_host_alone() {
        let yes = Expected::Yes(Some("aa".into()));
        let no = Expected::No(NotSent::UnknownHost);
        let judge = |facts: &FactSet, before| expected(facts, &login(false, None, false), before);
        assert_eq!(judge(&shown("trusted", true, false), None), yes);
        assert_eq!(judge(&shown("trusted", false, false), None), no);
        assert_eq!(judge(&shown("trusted", true, true), None), no);
        assert_eq!(judge(&shown("self-signed", true, false), None), no);
        assert_eq!(judge(&shown("self-signed", true, false), Some("aa")), yes);
        assert_eq!(judge(&shown("self-signed", true, false), Some("bb")), no);
        let unread = Expected::No(NotSent::NotReached);
        assert_eq!(judge(&facts(&[]), Some("aa")), unread);
    }

    #[test]
    fn a_pin_is_the_only_certificate_that_counts() {
        let trusted = shown("trusted", true, false);
        let strange = shown("self-signed", false, true);
        let pinned =
            |pin, any, facts: &FactSet| expected(facts, &login(any, Some(pin), true), None);
        assert_eq!(
            pinned("aa", false, &strange),
            Expected::Yes(Some("aa".into()))
        );
        let wrong = Expected::No(NotSent::NotThePin);
        assert_eq!(pinned("bb", false, &trusted), wrong);
        assert_eq!(pinned("bb", true, &trusted), wrong);
    }

    #[test]
    fn a_person_is_asked_and_any_host_is_not() {
        let strange = shown("self-signed", false, false);
        let asked = expected(&strange, &login(false, None, true), None);
        assert_eq!(asked, Expected::Ask("aa".into()));
        let any = expected(&strange, &login(true, None, true), None);
        assert_eq!(any, Expected::Yes(None));
    }
}

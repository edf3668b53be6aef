//! Signing in once with an account, as far as a client goes before it hands over the password.
//!
//! [`Credentials`] are good for one attempt: signing in takes them, and what they hold is
//! overwritten afterwards. The order is that of a Windows client: Kerberos where the account is a
//! domain's and a domain controller is found, NTLM where no proof of the password has been sent yet.

mod account;
mod context;
mod host;
mod kdc;

use std::net::{IpAddr, SocketAddr};

use rdpwhy_model::signin::{Kdc, NotSent, Reached, SignIn};
use rdpwhy_wire::script::{Act, TlsOffer};
use rdpwhy_wire::{walk, x224};

use self::account::Attempt;

pub use self::account::{Account, Credentials, Password};
use self::context::{Context, Step};
use self::host::Host;
use self::kdc::Search;
use crate::converse::{Line, converse_then};
use crate::run::{Patience, Run};
use crate::system;
use crate::tape::Tape;

/// Name of the connection that signs in.
pub const SIGN_IN: &str = "sign-in";
/// Kerberos errors that say nothing about the password and were given before it was proved: after
/// them a Windows client goes on with NTLM. KDC_ERR_ETYPE_NOSUPP, KDC_ERR_SVC_UNAVAILABLE,
/// KRB_AP_ERR_SKEW, KDC_ERR_WRONG_REALM (RFC 4120 7.5.9).
const NTLM_MAY_FOLLOW: [i64; 4] = [14, 29, 37, 68];

/// Where and how to sign in.
pub struct SignInPlan<'a> {
    /// The address and port of the host.
    pub to: SocketAddr,
    /// The name or address that the user typed.
    pub host: &'a str,
    /// What to offer in TLS.
    pub offer: TlsOffer,
    /// SHA-256 of the certificate that the host must show again; `None` for any.
    pub certificate: Option<String>,
    /// NetBIOS and DNS name of the host's own domain, from its challenge.
    pub domain: (Option<String>, Option<String>),
    /// The domain controller that the user named.
    pub kdc: Option<(String, u16)>,
    /// The name server to ask instead of the system's.
    pub resolver: Option<SocketAddr>,
    /// How long to wait.
    pub patience: Patience,
}

/// A domain controller as people name it: HOST, HOST:PORT or an address; `None` when it is none of these.
pub fn domain_controller(text: &str) -> Option<(String, u16)> {
    kdc::host_port(text)
}

/// Signs in once, and takes the credentials when it comes to it; a connection that ends before leaves
/// them. `tell` is told by which mechanism and where, before anything is sent.
pub(crate) async fn sign_in(
    run: &Run,
    id: u32,
    credentials: &mut Option<Credentials>,
    plan: &SignInPlan<'_>,
    tell: &(dyn Fn(&str) + Sync),
) -> Option<SignIn> {
    let given = credentials.as_ref()?;
    let mut out = SignIn {
        form: given.account.form(),
        empty_password: given.password.is_empty(),
        not_sent: Some(NotSent::NotAgain),
        attempts: 0,
        kdc: None,
        host: None,
    };
    let computer = system::computer_name();
    let target = format!("TERMSRV/{}", plan.host.trim_end_matches('.'));
    let shake = vec![Act::StartTls(Box::new(plan.offer.clone()))];
    let script = walk::after_negotiation(SIGN_IN, walk::BASELINE, shake);
    let then = async |tape: &Tape, line: &mut Line| {
        let host = Host {
            tape,
            line,
            deadline: plan.patience.answer,
        };
        // Another machine may answer under the same name
        let hybrid = x224::HYBRID | x224::HYBRID_EX;
        if walk::selected(&tape.snapshot()).is_none_or(|s| s & hybrid == 0) {
            out.not_sent = Some(NotSent::NoNla);
            return;
        }
        let Some(key) = host.key(plan.certificate.as_deref()) else {
            out.not_sent = Some(NotSent::CertificateChanged);
            return;
        };
        let Some(Credentials {
            account,
            password,
            attempt,
        }) = credentials.take()
        else {
            return;
        };
        out.not_sent = None;
        let asked =
            with_kerberos(&account, &password, attempt, plan, &computer, &target, tell).await;
        let refused = asked.said.as_ref().and_then(|k| k.error);
        out.attempts = u32::from(asked.attempt.is_none());
        out.kdc = asked.said;
        match (asked.ticket, asked.attempt) {
            (Some((context, token)), _) => {
                out.host = Some(host.kerberos(context, token, &key).await);
            }
            (None, Some(attempt)) if refused.is_none_or(|e| NTLM_MAY_FOLLOW.contains(&e)) => {
                tell("by NTLM, to the host");
                let credentials = account.credentials(&password);
                let said = match Context::ntlm(&credentials, target.clone(), &computer) {
                    Ok(context) => host.ntlm(context, attempt, &key).await,
                    Err(_) => Err(NotSent::NoChallenge),
                };
                match said {
                    Ok((said, spent)) => {
                        out.attempts += u32::from(spent);
                        out.host = Some(said);
                    }
                    Err(why) => out.not_sent = Some(why),
                }
            }
            _ => {}
        }
    };
    converse_then(run, id, plan.to, script, plan.patience, then).await;
    Some(out)
}

/// What asking a domain controller came to.
struct ByKerberos {
    said: Option<Kdc>,
    /// The right to an attempt, where it was not spent.
    attempt: Option<Attempt>,
    /// A context with the first token for the host, where there is a ticket for it.
    ticket: Option<(Context, Step)>,
}

/// Proves the account to a domain controller, where its name tells a realm and one is found. A
/// client that is given an address asks none, unless one is named.
async fn with_kerberos(
    account: &Account,
    password: &Password,
    attempt: Attempt,
    plan: &SignInPlan<'_>,
    computer: &str,
    target: &str,
    tell: &(dyn Fn(&str) + Sync),
) -> ByKerberos {
    let without = |said, attempt| ByKerberos {
        said,
        attempt: Some(attempt),
        ticket: None,
    };
    let (netbios, dns) = &plan.domain;
    let by_address = plan.host.parse::<IpAddr>().is_ok() && plan.kdc.is_none();
    let realm = account.realm(netbios.as_deref(), dns.as_deref());
    let Some(realm) = realm.filter(|_| !by_address) else {
        return without(None, attempt);
    };
    let search = Search {
        named: plan.kdc.as_ref(),
        resolver: plan.resolver,
        deadline: plan.patience.answer,
    };
    let all = kdc::find(&realm, &search).await;
    let found = Kdc {
        reached: if all.is_empty() {
            Reached::NoneFound
        } else {
            Reached::Found
        },
        ..Kdc::default()
    };
    let Some((at, stream)) = kdc::connect(&all, plan.patience.connect).await else {
        return without(Some(found), attempt);
    };
    let credentials = account.credentials_in(&realm, password);
    let context = credentials
        .and_then(|c| Context::kerberos(&c, target.to_owned(), computer, &at.to_string()).ok());
    let Some(mut context) = context else {
        return without(Some(found), attempt);
    };
    tell(&format!("by Kerberos, to the domain controller {at}"));
    let asked = kdc::ask(&mut context, at, stream, attempt, plan.patience.answer).await;
    ByKerberos {
        said: Some(asked.said),
        attempt: asked.attempt,
        ticket: asked.token.map(|token| (context, token)),
    }
}

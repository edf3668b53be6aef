//! What became of signing in, as facts.

use rdpwhy_model::signin::{Kdc, Reached, SignIn};
use rdpwhy_model::{FactKey, Value};

use crate::read::Facts;

/// Every fact of a sign-in.
pub fn facts(signin: &SignIn) -> Facts {
    let mut out = vec![
        (FactKey::SignInForm, signin.form.word().into()),
        (FactKey::SignInEmpty, signin.empty_password.into()),
        (FactKey::SignInAttempts, i64::from(signin.attempts).into()),
        (FactKey::SignInAnswer, answer(signin).into()),
    ];
    if let Some(why) = signin.not_sent {
        out.push((FactKey::SignInWhyNot, why.word().into()));
    }
    if let Some(kdc) = &signin.kdc {
        kdc_facts(kdc, &mut out);
    }
    if let Some(host) = &signin.host {
        out.push((FactKey::SignInMechanism, host.mechanism.word().into()));
    }
    // Where both refused, the domain's word about the account says more
    let by_kdc = signin.kdc.as_ref().and_then(|k| k.ntstatus);
    let by_host = signin.host.as_ref().and_then(|h| h.status);
    if let Some(status) = by_kdc.or(by_host) {
        out.push((FactKey::SignInStatus, format!("0x{status:08X}").into()));
    }
    out
}

fn answer(signin: &SignIn) -> &'static str {
    match (&signin.host, &signin.kdc) {
        (Some(host), _) => host.answer.word(),
        (None, Some(kdc)) if kdc.error.is_some() => "kdc-refused",
        _ => "not-sent",
    }
}

fn kdc_facts(kdc: &Kdc, out: &mut Facts) {
    let word = match kdc.reached {
        Reached::NoneFound => "none-found",
        Reached::Found => "unreachable",
        _ => "answered",
    };
    out.push((FactKey::SignInKdc, word.into()));
    if let Some(skew) = kdc.skew_s {
        out.push((FactKey::SignInKdcSkewS, skew.into()));
    }
    if let Some(error) = kdc.error {
        out.push((FactKey::SignInKdcError, error.into()));
    }
    let got = |what| Value::from(kdc.reached >= what);
    if kdc.reached >= Reached::ProofSent {
        out.push((FactKey::SignInAccountTicket, got(Reached::AccountTicket)));
    }
    if kdc.reached >= Reached::AccountTicket {
        out.push((FactKey::SignInHostTicket, got(Reached::HostTicket)));
    }
}

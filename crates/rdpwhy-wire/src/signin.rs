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
        let status = ntstatus(status);
        out.push((FactKey::SignInStatus, format!("0x{status:08X}").into()));
    }
    out
}

/// The NTSTATUS of a Win32 error code that comes as a status of facility 7, as FreeRDP's servers and
/// some libraries send it; any other status as it is.
fn ntstatus(status: u32) -> u32 {
    if !matches!(status >> 16, 0xc007 | 0x8007) {
        return status;
    }
    match status & 0xffff {
        0x0525 => 0xc000_0064,          // ERROR_NO_SUCH_USER
        0x052b | 0x0056 => 0xc000_006a, // ERROR_WRONG_PASSWORD, ERROR_INVALID_PASSWORD
        0x052e => 0xc000_006d,          // ERROR_LOGON_FAILURE
        0x052f => 0xc000_006e,          // ERROR_ACCOUNT_RESTRICTION
        0x0530 => 0xc000_006f,          // ERROR_INVALID_LOGON_HOURS
        0x0531 => 0xc000_0070,          // ERROR_INVALID_WORKSTATION
        0x0532 => 0xc000_0071,          // ERROR_PASSWORD_EXPIRED
        0x0533 => 0xc000_0072,          // ERROR_ACCOUNT_DISABLED
        0x0569 => 0xc000_015b,          // ERROR_LOGON_TYPE_NOT_GRANTED
        0x051f => 0xc000_005e,          // ERROR_NO_LOGON_SERVERS
        0x0576 => 0xc000_0133,          // ERROR_TIME_SKEW
        0x06fb => 0xc000_018b,          // ERROR_NO_TRUST_SAM_ACCOUNT
        0x06fd => 0xc000_018d,          // ERROR_TRUSTED_RELATIONSHIP_FAILURE
        0x0701 => 0xc000_0193,          // ERROR_ACCOUNT_EXPIRED
        0x0773 => 0xc000_0224,          // ERROR_PASSWORD_MUST_CHANGE
        0x0774 => 0xc000_0233,          // ERROR_DOMAIN_CONTROLLER_NOT_FOUND
        0x0775 => 0xc000_0234,          // ERROR_ACCOUNT_LOCKED_OUT
        0x078f => 0xc000_0413,          // ERROR_AUTHENTICATION_FIREWALL_FAILED
        _ => status,
    }
}

fn answer(signin: &SignIn) -> &'static str {
    match (&signin.host, &signin.kdc) {
        (Some(host), _) => host.answer.word(),
        (None, Some(kdc)) if kdc.error.is_some() => "kdc-refused",
        // The proof was sent, and nothing came of it that could be read
        (None, Some(kdc)) if kdc.reached >= Reached::ProofSent => "kdc-silent",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_windows_is_read_as_its_status() {
        assert_eq!(ntstatus(0xc007_0775), 0xc000_0234);
        assert_eq!(ntstatus(0x8007_052e), 0xc000_006d);
        assert_eq!(ntstatus(0xc007_00ea), 0xc007_00ea);
        assert_eq!(ntstatus(0xc000_0072), 0xc000_0072);
    }
}

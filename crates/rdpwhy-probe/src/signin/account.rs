//! The account, its password, and the right to one attempt.

use std::fmt;

use rdpwhy_model::signin::AccountForm;
use sspi::{AuthIdentity, Credentials as SspiCredentials, Username};
use zeroize::Zeroizing;

use crate::ProbeError;

/// The longest name of an account that is taken, in bytes: UPNs have at most 1024 in Windows.
const LONGEST: usize = 1024;

/// A password in memory: overwritten when dropped, and shown nowhere.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password over.
    pub const fn new(text: Zeroizing<String>) -> Self {
        Self(text)
    }

    /// Whether it is the empty one.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(not shown)")
    }
}

/// An account by its name.
#[derive(Clone, Debug)]
pub struct Account {
    name: Username,
    form: AccountForm,
    /// What stands before the backslash or after the at sign.
    domain: Option<String>,
}

impl Account {
    /// Reads `user`, `DOMAIN\user` or `user@domain`.
    ///
    /// # Errors
    /// When it is none of these, in words for people.
    pub fn parse(text: &str) -> Result<Self, ProbeError> {
        let wrong = |why: &str| ProbeError::Account(why.to_owned());
        if text.len() > LONGEST || text.chars().any(char::is_control) {
            return Err(wrong("this cannot be the name of an account"));
        }
        let (form, domain, user) = match (text.split_once('\\'), text.rsplit_once('@')) {
            (Some((domain, user)), _) => (AccountForm::DomainUser, Some(domain), user),
            (None, Some((user, domain))) => (AccountForm::Upn, Some(domain), user),
            (None, None) => (AccountForm::User, None, text),
        };
        if user.is_empty() || domain.is_some_and(str::is_empty) {
            return Err(wrong(
                "type user, DOMAIN\\user or user@domain; .\\user is an account of the host itself",
            ));
        }
        let name =
            Username::parse(text).map_err(|_| wrong("type user, DOMAIN\\user or user@domain"))?;
        Ok(Self {
            name,
            form,
            domain: domain.map(ToOwned::to_owned),
        })
    }

    /// In which form it is named.
    pub const fn form(&self) -> AccountForm {
        self.form
    }

    /// The Kerberos realm of the account, where its name or the host's tells: `netbios` and `dns` are
    /// the host's own domain. `None` for an account of the host itself.
    pub(super) fn realm(&self, netbios: Option<&str>, dns: Option<&str>) -> Option<String> {
        let domain = self.domain.as_deref()?;
        let realm = match self.form {
            AccountForm::User => return None,
            AccountForm::Upn => domain,
            AccountForm::DomainUser if domain.contains('.') && domain != "." => domain,
            AccountForm::DomainUser => {
                let of_host = netbios.is_some_and(|n| n.eq_ignore_ascii_case(domain));
                dns.filter(|d| of_host && d.contains('.'))?
            }
        };
        // What Entra and Microsoft accounts sign in with is no realm of a domain
        crate::names::check_name(realm).ok()?;
        Some(realm.to_ascii_uppercase())
    }

    /// The name as Kerberos takes it: an account of a domain that is named by NetBIOS is looked for
    /// in the realm.
    fn in_realm(&self, realm: &str) -> Option<Username> {
        match self.form {
            AccountForm::Upn => Some(self.name.clone()),
            _ => Username::new_upn(self.name.account_name(), realm).ok(),
        }
    }

    /// What the security library takes, for NTLM.
    pub(super) fn credentials(&self, password: &Password) -> SspiCredentials {
        identity(self.name.clone(), password)
    }

    /// What the security library takes, for Kerberos.
    pub(super) fn credentials_in(
        &self,
        realm: &str,
        password: &Password,
    ) -> Option<SspiCredentials> {
        Some(identity(self.in_realm(realm)?, password))
    }
}

fn identity(username: Username, password: &Password) -> SspiCredentials {
    let password = password.0.as_str().to_owned().into();
    SspiCredentials::AuthIdentity(AuthIdentity { username, password })
}

/// The right to send one message whose wrong password counts. There is one for each set of
/// credentials, it cannot be copied, and sending such a message takes it.
#[derive(Debug)]
pub(super) struct Attempt(());

/// An account and its password, good for one attempt: signing in takes them.
#[derive(Debug)]
pub struct Credentials {
    pub(super) account: Account,
    pub(super) password: Password,
    pub(super) attempt: Attempt,
}

impl Credentials {
    /// The account with its password.
    pub const fn new(account: Account, password: Password) -> Self {
        Self {
            account,
            password,
            attempt: Attempt(()),
        }
    }

    /// The account.
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// Whether the password is the empty one.
    pub fn empty_password(&self) -> bool {
        self.password.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_accounts_are_read() {
        let form = |t: &str| Account::parse(t).map(|a| a.form());
        assert_eq!(form("alice").unwrap(), AccountForm::User);
        assert_eq!(form("LAB\\alice").unwrap(), AccountForm::DomainUser);
        assert_eq!(form(".\\alice").unwrap(), AccountForm::DomainUser);
        assert_eq!(form("alice@lab.test").unwrap(), AccountForm::Upn);
        let microsoft = form("MicrosoftAccount\\a@b.example").unwrap();
        assert_eq!(microsoft, AccountForm::DomainUser);
        for bad in ["", "\\alice", "LAB\\", "@lab", "alice@", "a\nb", "a\\b\\c"] {
            assert!(form(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_realm_is_only_taken_from_names_that_tell_it() {
        let realm = |t: &str| {
            Account::parse(t)
                .unwrap()
                .realm(Some("LAB"), Some("lab.test"))
        };
        assert_eq!(realm("alice@lab.test").as_deref(), Some("LAB.TEST"));
        assert_eq!(realm("lab\\alice").as_deref(), Some("LAB.TEST"));
        assert_eq!(realm("other.test\\alice").as_deref(), Some("OTHER.TEST"));
        assert_eq!(realm("OTHER\\alice"), None);
        assert_eq!(realm(".\\alice"), None);
        assert_eq!(realm("alice"), None);
    }

    #[test]
    fn a_password_is_never_shown() {
        let password = Password::new(Zeroizing::new("s3cret-Passw0rd".to_owned()));
        let credentials = Credentials::new(Account::parse("alice").unwrap(), password);
        assert!(!format!("{credentials:?}").contains("s3cret"));
        assert!(
            !format!(
                "{:?}",
                credentials.account.credentials(&credentials.password)
            )
            .contains("s3cret")
        );
    }
}

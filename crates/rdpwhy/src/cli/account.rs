//! The account to sign in with: its name from an option, its password from anywhere but one.

use std::io::{BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::ProgressBar;
use rdpwhy_probe::{Account, Credentials, NoCoreDumps, Password};
use zeroize::{Zeroize as _, Zeroizing};

use crate::diagnose::{Login, Voice};
use crate::system;

/// The variable that may hold the password.
const VARIABLE: &str = "RDPWHY_PASSWORD";
/// The longest password that is taken, in bytes: Windows takes 256 characters.
const LONGEST: u64 = 1024;

/// Signing in.
#[derive(Args)]
pub(super) struct SignIn {
    /// Sign in once, up to where a password would be handed over: user, DOMAIN\user or user@domain
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Read the password from this file descriptor, to the end of its first line; otherwise it comes
    /// from the variable RDPWHY_PASSWORD, or from a prompt
    #[arg(long, value_name = "N", requires = "user")]
    password_fd: Option<u32>,
    /// Sign in although the host's certificate is neither trusted nor seen before nor pinned
    #[arg(long, requires = "user")]
    any_host: bool,
    /// Sign in only where the host shows the certificate with this SHA-256 fingerprint
    #[arg(long, value_name = "SHA256", requires = "user")]
    pin: Option<String>,
    /// Ask this domain controller, instead of those that DNS or krb5.conf name
    #[arg(long, value_name = "HOST[:PORT]", requires = "user")]
    kdc: Option<String>,
}

impl SignIn {
    /// The account with its password; `None` where none was named. To be called before anything
    /// else runs beside: the variable is taken out of the environment.
    pub(super) fn login(self) -> Result<Option<Login>> {
        let Some(user) = self.user else {
            return Ok(None);
        };
        let account = Account::parse(&user).context("--user")?;
        let pin = self.pin.as_deref().map(fingerprint).transpose()?;
        let kdc = self.kdc.as_deref().map(domain_controller).transpose()?;
        let password = match self.password_fd {
            Some(n) => from_descriptor(n)?,
            None => match from_environment()? {
                Some(password) => password,
                None => from_prompt()?,
            },
        };
        Ok(Some(Login {
            no_core_dumps: NoCoreDumps::begin(),
            credentials: Credentials::new(account, Password::new(password)),
            any_host: self.any_host,
            pin,
            kdc,
            voice: Voice::silent(),
        }))
    }
}

fn fingerprint(text: &str) -> Result<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    if digits.len() != 64 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        bail!("--pin: type the 64 hexadecimal digits of a SHA-256 fingerprint");
    }
    Ok(digits.to_ascii_lowercase())
}

fn domain_controller(text: &str) -> Result<(String, u16)> {
    let shown = rdpwhy_model::text::shown(text, 60);
    rdpwhy_probe::domain_controller(text)
        .with_context(|| format!("--kdc \"{shown}\": type HOST or HOST:PORT"))
}

fn from_descriptor(n: u32) -> Result<Zeroizing<String>> {
    let file = system::descriptor(n).with_context(|| format!("--password-fd {n}"))?;
    let mut line = Zeroizing::new(Vec::with_capacity(usize::try_from(LONGEST)? + 1));
    let mut file = std::io::BufReader::with_capacity(1, file).take(LONGEST + 1);
    file.read_until(b'\n', &mut line)
        .with_context(|| format!("--password-fd {n} cannot be read"))?;
    while line.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
        line.pop();
    }
    checked(&line).with_context(|| format!("--password-fd {n}"))
}

fn from_environment() -> Result<Option<Zeroizing<String>>> {
    let Some(value) = std::env::var_os(VARIABLE) else {
        return Ok(None);
    };
    system::forget_variable(VARIABLE);
    let value = Zeroizing::new(value.into_encoded_bytes());
    checked(&value).with_context(|| VARIABLE).map(Some)
}

fn from_prompt() -> Result<Zeroizing<String>> {
    if !std::io::stdin().is_terminal() {
        bail!("there is no terminal to ask for the password: use {VARIABLE} or --password-fd");
    }
    let typed = rpassword::prompt_password("Password (not shown): ");
    let typed = Zeroizing::new(typed.context("the password cannot be asked for")?);
    checked(typed.as_bytes())
}

/// A password as text. The error says nothing of what was there.
fn checked(bytes: &[u8]) -> Result<Zeroizing<String>> {
    if u64::try_from(bytes.len())? > LONGEST {
        bail!("the password is longer than {LONGEST} bytes");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(['\0', '\n', '\r']) => Ok(Zeroizing::new(text.to_owned())),
        _ => bail!("the password is no text in UTF-8 on one line"),
    }
}

/// What is said on stderr while the line of progress stands there, and who can be asked.
pub(super) fn voice(line: &ProgressBar) -> Voice {
    let told = line.clone();
    let tell = move |what: &str| {
        let text = rdpwhy_model::text::shown(what, 400);
        told.suspend(|| {
            let _ = writeln!(anstream::stderr(), "rdpwhy: {text}");
        });
    };
    let asked = line.clone();
    let ask = move |question: &str| {
        let text = rdpwhy_model::text::shown(question, 600);
        asked.suspend(|| {
            let _ = write!(anstream::stderr(), "rdpwhy: {text} [y/N] ");
            let mut answer = String::new();
            let read = std::io::stdin().lock().take(16).read_line(&mut answer);
            let yes = matches!(answer.trim(), "y" | "Y" | "yes");
            answer.zeroize();
            read.is_ok() && yes
        })
    };
    let person = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    Voice {
        tell: Arc::new(tell),
        ask: person.then(|| Arc::new(ask) as _),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_taken_as_tools_write_them() {
        let plain = "0aF1".repeat(16);
        let colons = ["0A", "F1"].repeat(16).join(":");
        assert_eq!(fingerprint(&plain).unwrap(), fingerprint(&colons).unwrap());
        for bad in ["", "0aF1", &"zz".repeat(32)] {
            assert!(fingerprint(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_that_cannot_be_taken_is_not_shown() {
        for bad in [&b"s3cret\xff"[..], b"s3cret\0", &b"s3cret".repeat(200)] {
            let e = format!("{:#}", checked(bad).unwrap_err());
            assert!(!e.contains("s3cret"), "{e}");
        }
        assert_eq!(checked(b"").unwrap().as_str(), "");
    }
}

//! `cmdkey /list`: the credentials that Windows keeps for a user. Passwords are not in its output.

use crate::lines::{kept, of, pair};

/// A saved credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// What it is for, as Windows names it: `TERMSRV/pc42`.
    pub target: String,
    /// The account, where the next lines name one.
    pub user: Option<String>,
}

impl Saved {
    /// The host whose Remote Desktop it is for; `None` when it is for something else.
    pub fn rdp_host(&self) -> Option<&str> {
        let (service, host) = self.target.split_once('/')?;
        service.eq_ignore_ascii_case("TERMSRV").then_some(host)
    }
}

/// Every credential in the output, in any language: each begins with a line that holds `target=`,
/// then come its kind and its user.
pub fn read(text: &str) -> Vec<Saved> {
    let mut out: Vec<Saved> = Vec::new();
    // Lines with a label since the last target: the first is the kind, the second the user
    let mut labelled = 2;
    for line in of(text) {
        if let Some((_, target)) = line.split_once("target=") {
            let target = kept(target.trim());
            out.push(Saved { target, user: None });
            labelled = 0;
        } else if line.trim().is_empty() {
            labelled = 2;
        } else if labelled < 2
            && let Some((_, value)) = pair(line)
        {
            labelled += 1;
            if labelled == 2
                && let Some(last) = out.last_mut()
            {
                last.user = Some(kept(value)).filter(|u| !u.is_empty());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "
Currently stored credentials:

    Target: Domain:target=TERMSRV/pc42.corp.example
    Type: Domain Password
    User: CORP\\anna

    Target: LegacyGeneric:target=MicrosoftAccount:user=anna@example.com
    Type: Generic
    User: anna@example.com
    Local machine persistence

    Target: LegacyGeneric:target=termsrv/10.0.0.5
    Type: Generic
    Local machine persistence
";

    #[test]
    fn rdp_credentials_are_told_from_others() {
        let saved = read(ENGLISH);
        let hosts: Vec<Option<&str>> = saved.iter().map(Saved::rdp_host).collect();
        assert_eq!(hosts, [Some("pc42.corp.example"), None, Some("10.0.0.5")]);
        assert_eq!(saved[0].user.as_deref(), Some("CORP\\anna"));
        assert_eq!(saved[1].user.as_deref(), Some("anna@example.com"));
        assert_eq!(saved[2].user, None);
    }

    #[test]
    fn the_language_does_not_matter() {
        let german = "    Ziel: Domain:target=TERMSRV/pc42\n    Typ: Domänenkennwort\n    Benutzer: PC42\\anna\n";
        let chinese =
            "    目标: LegacyGeneric:target=TERMSRV/pc42\n    类型: 普通\n    用户：PC42\\anna\n";
        for text in [german, chinese] {
            let saved = read(text);
            assert_eq!(saved.len(), 1);
            assert_eq!(saved[0].rdp_host(), Some("pc42"));
            assert_eq!(saved[0].user.as_deref(), Some("PC42\\anna"));
        }
        assert!(read("* NONE *\n").is_empty());
    }
}

//! The names in a certificate: which there are, which a client compares, and what is odd in them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rdpwhy_model::fact::FactKey;
use rdpwhy_model::text::shown;
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::*;

use super::{Facts, KEPT, kept};

/// The names of a certificate by kind, as they stand in it.
#[derive(Default)]
pub(super) struct Names {
    pub(super) dns: Vec<String>,
    addresses: Vec<String>,
    common: Vec<String>,
    /// Those that no client compares, with their kind.
    others: Vec<String>,
}

impl Names {
    pub(super) fn of(cert: &X509Certificate<'_>) -> Self {
        let mut out = Self::default();
        if let Ok(Some(san)) = cert.subject_alternative_name() {
            for name in &san.value.general_names {
                out.take(name);
            }
        }
        let common = cert.subject().iter_common_name();
        out.common.extend(common.filter_map(text));
        out
    }

    fn take(&mut self, name: &GeneralName<'_>) {
        match name {
            GeneralName::DNSName(n) => self.dns.push((*n).to_owned()),
            GeneralName::IPAddress(b) => self.addresses.extend(address(b)),
            GeneralName::RFC822Name(n) => self.others.push(format!("e-mail {n}")),
            GeneralName::URI(n) => self.others.push(format!("URI {n}")),
            GeneralName::DirectoryName(_) => self.others.push("a directory name".into()),
            GeneralName::OtherName(..) => self.others.push("another name".into()),
            GeneralName::RegisteredID(_) => self.others.push("an object identifier".into()),
            _ => self.others.push("a name that cannot be read".into()),
        }
    }

    /// What RFC 6125 6.4 has a client compare: the alternative names, and the common name where
    /// there are none.
    fn compared(&self) -> Vec<String> {
        let alternative = [self.dns.as_slice(), &self.addresses].concat();
        if alternative.is_empty() {
            self.common.clone()
        } else {
            alternative
        }
    }

    /// What mstsc compares with what was typed. It leaves that to Windows, which takes the DNS
    /// names among the alternative names, and the common name where there is no DNS name. For an
    /// address, Windows 10 and later take the addresses among the alternative names and the
    /// common name; earlier ones take text only, a DNS name or the common name that spells the
    /// address (GlobalSign, Securing a Public IP Address; michaelm.info 1281, where Windows'
    /// own client takes an address out of a DNS name). What a Kerberos ticket proves is not here:
    /// where there is one, mstsc does not warn.
    fn compared_by_mstsc(&self, host: &str) -> Vec<String> {
        let is_address = host.parse::<IpAddr>().is_ok();
        let mut out = self.dns.clone();
        if is_address {
            out.extend_from_slice(&self.addresses);
        }
        if is_address || self.dns.is_empty() {
            out.extend_from_slice(&self.common);
        }
        out
    }

    /// Puts the facts about names, as seen by a client that asked for `host`.
    pub(super) fn facts(&self, host: &str, out: &mut Facts) {
        let covered = |list: &[String]| list.iter().any(|n| covers(n, host));
        let compared = self.compared();
        out.push((FactKey::CertNameMatches, covered(&compared).into()));
        out.push((FactKey::CertNames, kept(&compared).into()));
        let by_mstsc = self.compared_by_mstsc(host);
        out.push((FactKey::CertMstscNameMatches, covered(&by_mstsc).into()));
        out.push((FactKey::CertMstscNames, kept(&by_mstsc).into()));
        out.push((FactKey::CertCommonNameMatches, covered(&self.common).into()));
        if let Some(name) = self.common.first() {
            out.push((FactKey::CertCommonName, shown(name, KEPT).into()));
        }
        out.push((FactKey::CertOtherNames, kept(&self.others).into()));
    }
}

/// The text of an attribute. Windows writes a common name that needs more than ASCII as a
/// BMPString.
fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    if attribute.attr_value().tag() != Tag::BmpString {
        return attribute.as_str().ok().map(str::to_owned);
    }
    let units = attribute
        .as_slice()
        .chunks_exact(2)
        .map(|p| u16::from_be_bytes([p[0], p[1]]));
    char::decode_utf16(units)
        .collect::<Result<String, _>>()
        .ok()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(bytes)
        .ok()
        .map(|v6| Ipv6Addr::from(v6).to_string())
}

/// Whether a name of a certificate covers a host: equal, or by one wildcard label (RFC 6125 6.4).
pub fn covers(name: &str, host: &str) -> bool {
    let name = name.trim_end_matches('.');
    let host = host.trim_end_matches('.');
    if name.eq_ignore_ascii_case(host) {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        // An address has no labels, and may be spelled in several ways
        return name.parse() == Ok(address);
    }
    match (name.strip_prefix("*."), host.split_once('.')) {
        (Some(tail), Some((label, rest))) => !label.is_empty() && tail.eq_ignore_ascii_case(rest),
        _ => false,
    }
}

/// Puts what is odd in the names, if anything is.
pub(super) fn put_odd(cert: &X509Certificate<'_>, out: &mut Facts) {
    let odd = odd(cert);
    if !odd.is_empty() {
        out.push((FactKey::CertOddNames, odd.into()));
    }
}

/// What in the names of a certificate is no plain text, each with the place where it stands.
fn odd(cert: &X509Certificate<'_>) -> Vec<String> {
    let mut out = Vec::new();
    let mut note = |place: &str, what: &str| {
        let line = format!("{place}: {what}");
        if !out.contains(&line) {
            out.push(line);
        }
    };
    for (place, name) in [("subject", cert.subject()), ("issuer", cert.issuer())] {
        for attribute in name.iter_attributes() {
            if let Some(what) = text(attribute).as_deref().and_then(oddity) {
                note(place, what);
            }
        }
    }
    if let Ok(Some(san)) = cert.subject_alternative_name() {
        for name in &san.value.general_names {
            let what = match name {
                GeneralName::DNSName(n) | GeneralName::RFC822Name(n) | GeneralName::URI(n) => {
                    oddity(n).or_else(|| (!n.is_ascii()).then_some("not ASCII"))
                }
                GeneralName::IPAddress(b) if address(b).is_none() => Some("not an address"),
                GeneralName::Invalid(..) => Some("not readable"),
                _ => None,
            };
            if let Some(what) = what {
                note("alternative name", what);
            }
        }
    }
    out
}

/// What is odd in a text: the worst first.
fn oddity(text: &str) -> Option<&'static str> {
    let any = |test: fn(char) -> bool| text.chars().any(test);
    if any(|c| c == '\0') {
        Some("NUL")
    } else if any(char::is_control) {
        Some("control characters")
    } else if any(
        |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}'),
    ) {
        Some("marks that turn the direction")
    } else if shown(text, usize::MAX) != text {
        Some("invisible characters")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cover_as_browsers_and_mstsc_have_it() {
        assert!(covers("PC42.corp.example", "pc42.CORP.example."));
        assert!(covers("*.corp.example", "pc42.corp.example"));
        assert!(!covers("*.corp.example", "a.pc42.corp.example"));
        assert!(!covers("*.corp.example", "corp.example"));
        assert!(!covers("pc42", "pc42.corp.example"));
        assert!(!covers("*.0.0.5", "10.0.0.5"));
        assert!(covers("fd00::5", "FD00:0:0::5"));
    }

    #[test]
    fn the_worst_of_a_name_is_said() {
        assert_eq!(oddity("pc42.corp.example"), None);
        assert_eq!(oddity("büro"), None);
        assert_eq!(oddity("a\u{1b}\0"), Some("NUL"));
        assert_eq!(oddity("a\u{202e}\u{7}"), Some("control characters"));
        assert_eq!(oddity("a\u{202e}b"), Some("marks that turn the direction"));
        assert_eq!(oddity("a\u{200b}b"), Some("invisible characters"));
    }
}

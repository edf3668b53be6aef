//! Cipher suites by code: names of the registry and of OpenSSL, and what each is made of
//! (data/suites.tsv).

use std::sync::OnceLock;

use crate::version::{self, Version};

/// A cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Code on the wire.
    pub code: u16,
    /// Name in the IANA registry.
    pub name: &'static str,
    /// OpenSSL's name, where it has one.
    pub openssl: Option<&'static str>,
    /// How keys are agreed on: RSA, DHE, ECDHE, DH, ECDH, PSK, any, NULL, or signal.
    pub key_exchange: &'static str,
    /// What authenticates the server: RSA, ECDSA, DSS, any, PSK, anon, NULL.
    pub auth: &'static str,
    /// Cipher and mode: `AES_128_GCM`.
    pub cipher: &'static str,
    /// Length of the cipher's key, in bits.
    pub bits: u16,
    /// What protects integrity: a hash, or AEAD.
    pub mac: &'static str,
    /// The versions in which it is defined, lowest and highest; `None` for signalling values.
    pub versions: Option<(Version, Version)>,
    /// Whether a stolen key leaves old recordings closed.
    pub forward_secrecy: bool,
    /// Whether it is broken or prohibited.
    pub weak: bool,
}

impl Suite {
    /// Whether it is a TLS 1.3 suite.
    pub fn tls13(&self) -> bool {
        self.versions.is_some_and(|(min, _)| min == version::TLS13)
    }

    /// Whether it is defined in that version.
    pub fn fits(&self, version: Version) -> bool {
        self.versions
            .is_some_and(|(min, max)| (min..=max).contains(&version))
    }
}

/// Every suite that is known, by code; signalling values too.
pub fn all() -> &'static [Suite] {
    static TABLE: OnceLock<Vec<Suite>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("../data/suites.tsv")
            .lines()
            .skip(1)
            .filter_map(parse)
            .collect()
    })
}

fn parse(line: &'static str) -> Option<Suite> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [
        code,
        name,
        openssl,
        key_exchange,
        auth,
        cipher,
        bits,
        mac,
        min,
        max,
        forward_secrecy,
        weak,
    ] = cells.as_slice()
    else {
        return None;
    };
    Some(Suite {
        code: u16::from_str_radix(code, 16).ok()?,
        name,
        openssl: Some(*openssl).filter(|n| *n != "-"),
        key_exchange,
        auth,
        cipher,
        bits: bits.parse().unwrap_or(0),
        mac,
        versions: version::by_name(min).zip(version::by_name(max)),
        forward_secrecy: *forward_secrecy == "yes",
        weak: *weak == "yes",
    })
}

/// The suite of that code.
pub fn by_code(code: u16) -> Option<&'static Suite> {
    let place = all().binary_search_by_key(&code, |s| s.code).ok()?;
    all().get(place)
}

/// The suite of that OpenSSL name; TLS 1.3 suites bear their IANA names there.
pub fn by_openssl(name: &str) -> Option<&'static Suite> {
    all()
        .iter()
        .find(|s| s.openssl == Some(name) || s.name == name)
}

/// Name of a suite for people; its number when it is not known.
pub fn name(code: u16) -> String {
    by_code(code).map_or_else(|| format!("suite 0x{code:04X}"), |s| s.name.to_owned())
}

/// Every suite in which a certificate authenticates the server, for TLS 1.2 and below.
pub fn with_certificate() -> Vec<u16> {
    let certified = |s: &&Suite| matches!(s.auth, "RSA" | "ECDSA" | "DSS") && !s.tls13();
    all().iter().filter(certified).map(|s| s.code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("../data/suites.tsv").lines().count() - 1;
        assert_eq!(all().len(), lines);
        assert!(all().is_sorted_by_key(|s| s.code));
        assert_eq!(name(0xc030), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
        assert_eq!(
            by_openssl("ECDHE-RSA-AES256-GCM-SHA384").map(|s| s.code),
            Some(0xc030)
        );
        assert!(with_certificate().len() > 100);
        let signals = all().iter().filter(|s| s.versions.is_none());
        assert!(
            signals.clone().count() == 2 && signals.clone().all(|s| s.key_exchange == "signal")
        );
    }

    #[test]
    fn suites_belong_to_versions() {
        let fits = |code, v| by_code(code).is_some_and(|s| s.fits(v));
        assert!(fits(0x1301, version::TLS13) && !fits(0x1301, version::TLS12));
        assert!(fits(0xc030, version::TLS12) && !fits(0xc030, version::TLS11));
        assert!(fits(0x0004, version::SSL3) && !fits(0x0004, version::TLS13));
        assert!(!fits(0x00ff, version::TLS12));
    }
}

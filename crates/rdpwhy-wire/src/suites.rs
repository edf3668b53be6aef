//! Cipher suites by code: names of the registry and of OpenSSL (data/suites.tsv).

use std::sync::OnceLock;

/// A cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Code on the wire.
    pub code: u16,
    /// Name in the IANA registry.
    pub name: &'static str,
    /// OpenSSL's name, where it has one.
    pub openssl: Option<&'static str>,
    /// What authenticates the server: RSA, ECDSA, DSS, any, PSK, anon, NULL.
    pub auth: &'static str,
    /// Whether it is a TLS 1.3 suite.
    pub tls13: bool,
}

/// Every suite that is known, by code.
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
    let mut cells = line.split('\t');
    let code = u16::from_str_radix(cells.next()?, 16).ok()?;
    let name = cells.next()?;
    let openssl = cells.next().filter(|n| *n != "-");
    let auth = cells.next()?;
    let tls13 = cells.next()? == "TLS1.3";
    Some(Suite {
        code,
        name,
        openssl,
        auth,
        tls13,
    })
}

/// The suite of that code.
pub fn by_code(code: u16) -> Option<&'static Suite> {
    all().iter().find(|s| s.code == code)
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
    let certified = |s: &&Suite| matches!(s.auth, "RSA" | "ECDSA" | "DSS") && !s.tls13;
    all().iter().filter(certified).map(|s| s.code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("../data/suites.tsv").lines().count() - 1;
        assert_eq!(all().len(), lines);
        assert_eq!(name(0xc030), "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
        assert_eq!(
            by_openssl("ECDHE-RSA-AES256-GCM-SHA384").map(|s| s.code),
            Some(0xc030)
        );
        assert!(with_certificate().len() > 100);
    }
}

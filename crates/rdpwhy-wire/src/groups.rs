//! Key-exchange groups by code (RFC 8446 4.2.7 and the IANA registry of supported groups).

/// A key-exchange group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// Code on the wire.
    pub code: u16,
    /// Name in the IANA registry.
    pub name: &'static str,
    /// OpenSSL's name, where it can offer it.
    pub openssl: Option<&'static str>,
    /// The versions that know it.
    pub since: Since,
}

/// From and to which version a group can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// TLS 1.2 and below only.
    Old,
    /// Every version.
    Always,
    /// TLS 1.3 only.
    New,
}

const fn group(
    code: u16,
    name: &'static str,
    openssl: Option<&'static str>,
    since: Since,
) -> Group {
    Group {
        code,
        name,
        openssl,
        since,
    }
}

use Since::{Always, New, Old};

/// Every group that is known, the usual ones first.
pub const ALL: [Group; 33] = [
    group(0x001d, "x25519", Some("X25519"), Always),
    group(0x0017, "secp256r1", Some("P-256"), Always),
    group(0x0018, "secp384r1", Some("P-384"), Always),
    group(0x0019, "secp521r1", Some("P-521"), Always),
    group(0x001e, "x448", Some("X448"), Always),
    group(0x11ec, "X25519MLKEM768", Some("X25519MLKEM768"), New),
    group(0x11eb, "SecP256r1MLKEM768", Some("SecP256r1MLKEM768"), New),
    group(
        0x11ed,
        "SecP384r1MLKEM1024",
        Some("SecP384r1MLKEM1024"),
        New,
    ),
    group(0x0200, "MLKEM512", Some("MLKEM512"), New),
    group(0x0201, "MLKEM768", Some("MLKEM768"), New),
    group(0x0202, "MLKEM1024", Some("MLKEM1024"), New),
    group(0x0100, "ffdhe2048", Some("ffdhe2048"), Always),
    group(0x0101, "ffdhe3072", Some("ffdhe3072"), Always),
    group(0x0102, "ffdhe4096", Some("ffdhe4096"), Always),
    group(0x0103, "ffdhe6144", Some("ffdhe6144"), Always),
    group(0x0104, "ffdhe8192", Some("ffdhe8192"), Always),
    group(0x001a, "brainpoolP256r1", Some("brainpoolP256r1"), Old),
    group(0x001b, "brainpoolP384r1", Some("brainpoolP384r1"), Old),
    group(0x001c, "brainpoolP512r1", Some("brainpoolP512r1"), Old),
    group(
        0x001f,
        "brainpoolP256r1tls13",
        Some("brainpoolP256r1tls13"),
        New,
    ),
    group(
        0x0020,
        "brainpoolP384r1tls13",
        Some("brainpoolP384r1tls13"),
        New,
    ),
    group(
        0x0021,
        "brainpoolP512r1tls13",
        Some("brainpoolP512r1tls13"),
        New,
    ),
    group(0x0016, "secp256k1", Some("secp256k1"), Old),
    group(0x0015, "secp224r1", Some("secp224r1"), Old),
    group(0x0014, "secp224k1", None, Old),
    group(0x0013, "secp192r1", None, Old),
    group(0x0012, "secp192k1", None, Old),
    group(0x0011, "secp160r2", None, Old),
    group(0x0010, "secp160r1", None, Old),
    group(0x000f, "secp160k1", None, Old),
    group(0x000e, "sect571r1", None, Old),
    group(0x000d, "sect571k1", None, Old),
    group(0x000a, "sect283r1", None, Old),
];

/// The group of that code.
pub fn by_code(code: u16) -> Option<&'static Group> {
    ALL.iter().find(|g| g.code == code)
}

/// The group of that registry name.
pub fn by_name(name: &str) -> Option<&'static Group> {
    ALL.iter().find(|g| g.name == name)
}

/// Name of a group for people; its number when it is not known.
pub fn name(code: u16) -> String {
    by_code(code).map_or_else(|| format!("group 0x{code:04X}"), |g| g.name.to_owned())
}

impl Group {
    /// Whether it holds out against a quantum computer.
    pub fn post_quantum(&self) -> bool {
        self.name.contains("MLKEM")
    }

    /// Whether it is a group of numbers, not of points on a curve (RFC 7919).
    pub fn finite_field(&self) -> bool {
        self.name.starts_with("ffdhe")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_stand_once() {
        for (i, group) in ALL.iter().enumerate() {
            let same = |g: &Group| g.code == group.code || g.name == group.name;
            assert!(!ALL[..i].iter().any(same), "{} stands twice", group.name);
            assert_eq!(by_name(group.name), by_code(group.code));
        }
        assert_eq!(name(0x11ec), "X25519MLKEM768");
        assert_eq!(name(0x7777), "group 0x7777");
    }
}

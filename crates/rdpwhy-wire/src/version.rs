//! Versions of TLS: their codes on the wire and their names.

/// A version as on the wire: 0x0303 is TLS 1.2. Later versions have greater codes.
pub type Version = u16;

/// SSL 3.0 (RFC 6101).
pub const SSL3: Version = 0x0300;
/// TLS 1.0 (RFC 2246).
pub const TLS10: Version = 0x0301;
/// TLS 1.1 (RFC 4346).
pub const TLS11: Version = 0x0302;
/// TLS 1.2 (RFC 5246).
pub const TLS12: Version = 0x0303;
/// TLS 1.3 (RFC 8446).
pub const TLS13: Version = 0x0304;

/// Every version that is known, lowest first.
pub const ALL: [Version; 5] = [SSL3, TLS10, TLS11, TLS12, TLS13];

/// The name of a version in tables: `TLS1.2`. Its number when it is not known.
pub fn name(version: Version) -> String {
    match version {
        0x0002 => "SSL2.0".to_owned(),
        SSL3 => "SSL3.0".to_owned(),
        TLS10..=TLS13 => format!("TLS1.{}", version - TLS10),
        _ => format!("0x{version:04X}"),
    }
}

/// The version of that name.
pub fn by_name(name: &str) -> Option<Version> {
    ALL.into_iter().find(|v| self::name(*v) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_belong_together() {
        for version in ALL {
            assert_eq!(by_name(&name(version)), Some(version));
        }
        assert_eq!(name(TLS12), "TLS1.2");
        assert_eq!(by_name("TLS1.9"), None);
    }
}

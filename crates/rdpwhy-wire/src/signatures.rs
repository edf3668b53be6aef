//! Signature schemes by code (RFC 8446 4.2.3, RFC 5246 7.4.1.4.1).

/// A signature scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Code on the wire.
    pub code: u16,
    /// Name in the IANA registry; DSA and SHA-224 pairs, which it leaves out, in the same style.
    pub name: &'static str,
    /// OpenSSL's name, where it can offer it.
    pub openssl: Option<&'static str>,
}

const fn scheme(code: u16, name: &'static str, openssl: Option<&'static str>) -> Scheme {
    Scheme {
        code,
        name,
        openssl,
    }
}

/// Every scheme that is known, the usual ones first.
pub const ALL: [Scheme; 31] = [
    scheme(0x0804, "rsa_pss_rsae_sha256", Some("rsa_pss_rsae_sha256")),
    scheme(0x0805, "rsa_pss_rsae_sha384", Some("rsa_pss_rsae_sha384")),
    scheme(0x0806, "rsa_pss_rsae_sha512", Some("rsa_pss_rsae_sha512")),
    scheme(0x0401, "rsa_pkcs1_sha256", Some("RSA+SHA256")),
    scheme(0x0501, "rsa_pkcs1_sha384", Some("RSA+SHA384")),
    scheme(0x0601, "rsa_pkcs1_sha512", Some("RSA+SHA512")),
    scheme(0x0403, "ecdsa_secp256r1_sha256", Some("ECDSA+SHA256")),
    scheme(0x0503, "ecdsa_secp384r1_sha384", Some("ECDSA+SHA384")),
    scheme(0x0603, "ecdsa_secp521r1_sha512", Some("ECDSA+SHA512")),
    scheme(0x0807, "ed25519", Some("ed25519")),
    scheme(0x0808, "ed448", Some("ed448")),
    scheme(0x0809, "rsa_pss_pss_sha256", Some("rsa_pss_pss_sha256")),
    scheme(0x080a, "rsa_pss_pss_sha384", Some("rsa_pss_pss_sha384")),
    scheme(0x080b, "rsa_pss_pss_sha512", Some("rsa_pss_pss_sha512")),
    scheme(0x081a, "ecdsa_brainpoolP256r1tls13_sha256", None),
    scheme(0x081b, "ecdsa_brainpoolP384r1tls13_sha384", None),
    scheme(0x081c, "ecdsa_brainpoolP512r1tls13_sha512", None),
    scheme(0x0201, "rsa_pkcs1_sha1", Some("RSA+SHA1")),
    scheme(0x0203, "ecdsa_sha1", Some("ECDSA+SHA1")),
    scheme(0x0301, "rsa_pkcs1_sha224", Some("RSA+SHA224")),
    scheme(0x0303, "ecdsa_sha224", Some("ECDSA+SHA224")),
    scheme(0x0202, "dsa_sha1", None),
    scheme(0x0302, "dsa_sha224", None),
    scheme(0x0402, "dsa_sha256", None),
    scheme(0x0502, "dsa_sha384", None),
    scheme(0x0602, "dsa_sha512", None),
    scheme(0x0904, "mldsa44", None),
    scheme(0x0905, "mldsa65", None),
    scheme(0x0906, "mldsa87", None),
    scheme(0x0101, "rsa_pkcs1_md5", None),
    scheme(0x0103, "ecdsa_md5", None),
];

/// The scheme of that code.
pub fn by_code(code: u16) -> Option<&'static Scheme> {
    ALL.iter().find(|s| s.code == code)
}

/// The scheme of that registry name.
pub fn by_name(name: &str) -> Option<&'static Scheme> {
    ALL.iter().find(|s| s.name == name)
}

/// Name of a scheme for people; its number when it is not known.
pub fn name(code: u16) -> String {
    by_code(code).map_or_else(|| format!("scheme 0x{code:04X}"), |s| s.name.to_owned())
}

impl Scheme {
    /// Whether TLS 1.3 allows it for the handshake (RFC 8446 4.2.3).
    pub fn tls13(&self) -> bool {
        !matches!(self.code, 0x0401 | 0x0501 | 0x0601)
            && self.code >> 8 >= 4
            && self.code & 0xff != 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_stand_once() {
        for (i, scheme) in ALL.iter().enumerate() {
            let same = |s: &Scheme| s.code == scheme.code || s.name == scheme.name;
            assert!(!ALL[..i].iter().any(same), "{} stands twice", scheme.name);
            assert_eq!(by_name(scheme.name), by_code(scheme.code));
        }
    }

    #[test]
    fn old_schemes_are_not_for_tls13() {
        for (name, allowed) in [
            ("rsa_pss_rsae_sha256", true),
            ("ecdsa_secp256r1_sha256", true),
            ("ed25519", true),
            ("mldsa65", true),
            ("rsa_pkcs1_sha256", false),
            ("rsa_pkcs1_sha1", false),
            ("ecdsa_sha1", false),
            ("dsa_sha256", false),
        ] {
            assert_eq!(by_name(name).unwrap().tls13(), allowed, "{name}");
        }
    }
}

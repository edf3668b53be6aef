//! What RDP clients and servers offer and accept in TLS: one profile for each release or patch
//! state (data/profiles.toml).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::version::{self, Version};
use crate::{groups, signatures, suites};

/// A client, a server, or both, as it is out of the box.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent habits of an endpoint, each read by one rule"
)]
pub struct Profile {
    /// Its name in commands and reports: `windows-10-22h2`.
    pub id: String,
    /// What it stands for, for people.
    pub name: String,
    /// Systems that are like this.
    pub os: Vec<String>,
    /// Their build numbers, for Windows.
    pub builds: Vec<u32>,
    /// Its TLS library.
    pub stack: Stack,
    /// The sides that it can take.
    pub roles: Vec<Role>,
    /// Versions that it offers in RDP, lowest first.
    pub client_versions: Vec<Version>,
    /// Versions that it accepts in RDP, lowest first.
    pub server_versions: Vec<Version>,
    /// Versions on which sources contradict each other.
    pub disputed_versions: Vec<Version>,
    /// Its cipher suites, in order of preference.
    pub suites: Vec<BoundSuite>,
    /// Suites that an application loses when it asks for strong ones only.
    pub not_strong: Vec<u16>,
    /// Key-exchange groups, in its order.
    pub groups: Vec<u16>,
    /// Signature schemes, in its order; empty when they are not known.
    pub signatures: Vec<u16>,
    /// As a server it chooses by its own order, not by the client's.
    pub server_preference: bool,
    /// As a server it takes no group that is weaker than its key.
    pub ecdh_not_weaker_than_cert: bool,
    /// As a client it refuses a key usage that forbids what the suite needs.
    pub enforces_key_usage: bool,
    /// As a client it accepts the MD5 and SHA-1 signature of TLS 1.0 and 1.1.
    pub legacy_sha1md5_signatures: bool,
    /// As a client it checks the size of the server's key itself.
    pub verifies_weak_key: bool,
    /// OpenSSL's security level.
    pub security_level: Option<u32>,
    /// Bits of the smallest RSA key that it accepts as a client; 0 when no limit is known.
    pub min_rsa_bits_client: u32,
    /// Bits of the smallest DHE group that it accepts as a client; 0 when no limit is known.
    pub min_dh_bits_client: u32,
    /// Bits of its DHE group as a server; 0 when not known.
    pub dh_bits_server: u32,
    /// Length of its ClientHello as one record, without a server name; 0 when not known.
    pub client_hello_bytes: u32,
    /// The certificate that its listener makes for itself.
    pub certificate: Option<Certificate>,
}

/// A side of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Who connects.
    Client,
    /// Who listens.
    Server,
}

impl Role {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// A TLS library.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stack {
    /// The one of Windows, whose events are known.
    Schannel,
    /// OpenSSL.
    OpenSsl,
    /// GnuTLS.
    GnuTls,
    /// rustls.
    Rustls,
    /// The one of macOS.
    SecureTransport,
    /// Another, or not known.
    #[default]
    Unknown,
}

impl From<&str> for Stack {
    fn from(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "schannel" => Self::Schannel,
            "openssl" => Self::OpenSsl,
            "gnutls" => Self::GnuTls,
            "rustls" => Self::Rustls,
            "securetransport" => Self::SecureTransport,
            _ => Self::Unknown,
        }
    }
}

impl<'de> Deserialize<'de> for Stack {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(d)?.as_str().into())
    }
}

/// A suite, with the curves that it is bound to where a release binds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundSuite {
    /// Code on the wire.
    pub code: u16,
    /// The curves; empty when it takes any group of the endpoint.
    pub curves: Vec<u16>,
}

impl From<u16> for BoundSuite {
    fn from(code: u16) -> Self {
        Self {
            code,
            curves: Vec::new(),
        }
    }
}

/// What the handshake depends on in a server's certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The kind of its key.
    pub key: KeyKind,
    /// Bits of the key.
    pub bits: u32,
    /// The curve of an ECDSA key, when it is known.
    pub curve: Option<u16>,
    /// The scheme that signed it: `rsa_pkcs1_sha256`.
    pub signature: String,
    /// Its key usage bits by name: `digitalSignature`; empty when it restricts nothing.
    pub key_usage: Vec<String>,
    /// It signs itself.
    pub self_signed: bool,
    /// A public authority signed it.
    pub public_ca: bool,
    /// Its key can sign and not decrypt: made as AT_SIGNATURE in a legacy provider of Windows.
    pub signs_only: bool,
}

/// The kind of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA.
    Rsa,
    /// ECDSA, on some curve.
    Ecdsa,
    /// Ed25519 or Ed448 (RFC 8422: it takes the suites of ECDSA).
    Eddsa,
    /// DSA.
    Dsa,
}

impl KeyKind {
    /// The name of a kind: `RSA`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::Ecdsa => "ECDSA",
            Self::Eddsa => "EdDSA",
            Self::Dsa => "DSA",
        }
    }

    /// The kind of that name.
    pub fn by_name(name: &str) -> Option<Self> {
        [Self::Rsa, Self::Ecdsa, Self::Eddsa, Self::Dsa]
            .into_iter()
            .find(|k| k.name() == name)
    }
}

/// Every profile, as the data has them.
pub fn all() -> &'static [Profile] {
    &table().profiles
}

/// The profile of that name or short name.
pub fn find(name: &str) -> Option<&'static Profile> {
    let table = table();
    let id = table.aliases.get(name).map_or(name, String::as_str);
    table.profiles.iter().find(|p| p.id == id)
}

/// Short names, each with the profile that it stands for: the newest of that name.
pub fn aliases() -> impl Iterator<Item = (&'static str, &'static Profile)> {
    let name = |(short, _): (&'static String, _)| find(short).map(|p| (short.as_str(), p));
    table().aliases.iter().filter_map(name)
}

impl Profile {
    /// Whether it can take that side.
    pub fn can_be(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// The versions that RDP uses on that side.
    pub fn versions(&self, role: Role) -> &[Version] {
        match role {
            Role::Client => &self.client_versions,
            Role::Server => &self.server_versions,
        }
    }
}

#[derive(Default)]
struct Table {
    profiles: Vec<Profile>,
    aliases: BTreeMap<String, String>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| read(include_str!("../data/profiles.toml")).0)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    profile: Vec<Row>,
    alias: BTreeMap<String, String>,
}

/// A profile as it stands in the file: what it does not say is as in the one it is like.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Row {
    id: String,
    like: Option<String>,
    name: String,
    os: Vec<String>,
    builds: Vec<u32>,
    stack: Option<Stack>,
    roles: Option<String>,
    client_versions: Option<String>,
    server_versions: Option<String>,
    disputed_versions: Option<String>,
    suites: Option<String>,
    not_strong: Option<String>,
    groups: Option<String>,
    signatures: Option<String>,
    server_preference: Option<bool>,
    ecdh_not_weaker_than_cert: Option<bool>,
    enforces_key_usage: Option<bool>,
    legacy_sha1md5_signatures: Option<bool>,
    verifies_weak_key: Option<bool>,
    security_level: Option<u32>,
    min_rsa_bits_client: Option<u32>,
    min_dh_bits_client: Option<u32>,
    dh_bits_server: Option<u32>,
    client_hello_bytes: Option<u32>,
    certificate: Option<CertificateRow>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateRow {
    key: String,
    bits: u32,
    signature: String,
    key_usage: String,
}

impl Row {
    /// Takes from another what this one does not say.
    fn complete(self, from: &Self) -> Self {
        macro_rules! own_or_theirs {
            ($($field:ident),*) => {
                Self {
                    id: self.id,
                    like: self.like,
                    name: self.name,
                    os: self.os,
                    builds: self.builds,
                    $($field: self.$field.or_else(|| from.$field.clone())),*
                }
            };
        }
        own_or_theirs!(
            stack,
            roles,
            client_versions,
            server_versions,
            disputed_versions,
            suites,
            not_strong,
            groups,
            signatures,
            server_preference,
            ecdh_not_weaker_than_cert,
            enforces_key_usage,
            legacy_sha1md5_signatures,
            verifies_weak_key,
            security_level,
            min_rsa_bits_client,
            min_dh_bits_client,
            dh_bits_server,
            client_hello_bytes,
            certificate
        )
    }

    /// Reads the words of every list. `None` when one is not known.
    fn profile(&self) -> Option<Profile> {
        let certificate = match &self.certificate {
            Some(c) => Some(Certificate {
                key: KeyKind::by_name(&c.key)?,
                bits: c.bits,
                curve: None,
                signature: c.signature.clone(),
                key_usage: c.key_usage.split_whitespace().map(str::to_owned).collect(),
                self_signed: true,
                public_ca: false,
                signs_only: false,
            }),
            None => None,
        };
        Some(Profile {
            id: self.id.clone(),
            name: self.name.clone(),
            os: self.os.clone(),
            builds: self.builds.clone(),
            stack: self.stack?,
            roles: words(self.roles.as_ref(), |w| match w {
                "client" => Some(Role::Client),
                "server" => Some(Role::Server),
                _ => None,
            })?,
            client_versions: words(self.client_versions.as_ref(), version::by_name)?,
            server_versions: words(self.server_versions.as_ref(), version::by_name)?,
            disputed_versions: words(self.disputed_versions.as_ref(), version::by_name)?,
            suites: words(self.suites.as_ref(), bound_suite)?,
            not_strong: words(self.not_strong.as_ref(), suite)?,
            groups: words(self.groups.as_ref(), group)?,
            signatures: words(self.signatures.as_ref(), |w| {
                signatures::by_name(w).map(|s| s.code)
            })?,
            server_preference: self.server_preference.unwrap_or_default(),
            ecdh_not_weaker_than_cert: self.ecdh_not_weaker_than_cert.unwrap_or_default(),
            enforces_key_usage: self.enforces_key_usage.unwrap_or_default(),
            legacy_sha1md5_signatures: self.legacy_sha1md5_signatures.unwrap_or_default(),
            verifies_weak_key: self.verifies_weak_key.unwrap_or_default(),
            security_level: self.security_level,
            min_rsa_bits_client: self.min_rsa_bits_client.unwrap_or_default(),
            min_dh_bits_client: self.min_dh_bits_client.unwrap_or_default(),
            dh_bits_server: self.dh_bits_server.unwrap_or_default(),
            client_hello_bytes: self.client_hello_bytes.unwrap_or_default(),
            certificate,
        })
    }
}

fn words<T>(list: Option<&String>, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let list = list.map(String::as_str).unwrap_or_default();
    list.split_whitespace().map(read).collect()
}

fn suite(word: &str) -> Option<u16> {
    let code = u16::from_str_radix(word, 16).ok()?;
    suites::by_code(code).map(|s| s.code)
}

fn group(word: &str) -> Option<u16> {
    groups::by_name(word).map(|g| g.code)
}

fn bound_suite(word: &str) -> Option<BoundSuite> {
    let (code, curves) = word.split_once(':').unwrap_or((word, ""));
    let curves = curves.split(',').filter(|c| !c.is_empty());
    Some(BoundSuite {
        code: suite(code)?,
        curves: curves.map(group).collect::<Option<_>>()?,
    })
}

/// Reads the table, and says what of it cannot be read.
fn read(text: &str) -> (Table, Vec<String>) {
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(e) => return (Table::default(), vec![e.to_string()]),
    };
    let mut faults = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut profiles = Vec::new();
    for mut row in file.profile {
        if let Some(like) = row.like.clone() {
            match rows.iter().find(|r| r.id == like) {
                Some(earlier) => row = row.complete(earlier),
                None => faults.push(format!("{} is like {like}, which is not above", row.id)),
            }
        }
        match row.profile() {
            Some(profile) => profiles.push(profile),
            None => faults.push(format!("{} has a word that is not known", row.id)),
        }
        rows.push(row);
    }
    for (short, id) in &file.alias {
        if !profiles.iter().any(|p| p.id == *id) || profiles.iter().any(|p| p.id == *short) {
            faults.push(format!("the short name {short} leads nowhere, or is taken"));
        }
    }
    let table = Table {
        profiles,
        aliases: file.alias,
    };
    (table, faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_can_be_read() {
        let (table, faults) = read(include_str!("../data/profiles.toml"));
        assert!(faults.is_empty(), "{faults:?}");
        assert!(table.profiles.len() >= 36);
        for (i, p) in all().iter().enumerate() {
            assert!(!p.name.is_empty() && !p.suites.is_empty(), "{}", p.id);
            assert!(!all()[..i].iter().any(|q| q.id == p.id), "{} twice", p.id);
            for role in [Role::Client, Role::Server] {
                assert_eq!(p.can_be(role), !p.versions(role).is_empty(), "{}", p.id);
                assert!(p.versions(role).is_sorted(), "{}", p.id);
            }
            assert_eq!(p.can_be(Role::Server), p.certificate.is_some(), "{}", p.id);
            assert_eq!(p.stack == Stack::Schannel, !p.builds.is_empty(), "{}", p.id);
        }
    }

    #[test]
    fn names_without_a_release_lead_to_the_newest() {
        for (name, id) in [
            ("windows-11", "windows-11-24h2"),
            ("windows-server-2019", "windows-10-1809"),
            ("windows-server-2012-r2", "windows-8.1"),
            ("windows-8.1", "windows-8.1"),
            ("windows-server-2022", "windows-server-2022"),
            ("ironrdp-rustls", "rustls-0.23-aws-lc"),
            ("xrdp", "xrdp-0.10-openssl-3.0"),
        ] {
            assert_eq!(find(name).map(|p| p.id.as_str()), Some(id));
        }
        assert!(find("windows-95").is_none());
        assert_eq!(aliases().count(), table().aliases.len());
    }

    #[test]
    fn what_a_profile_does_not_say_is_as_in_the_one_it_is_like() {
        let newer = find("windows-10-1803").unwrap();
        let older = find("windows-10-1709").unwrap();
        assert_eq!(newer.suites, older.suites);
        assert_eq!(newer.builds, [17134]);
        assert_eq!(find("windows-7-sp1").unwrap().suites[0].curves.len(), 2);
    }

    #[test]
    fn a_wrong_table_is_named() {
        let text = "[alias]\nx = \"y\"\n[[profile]]\nid = \"a\"\nlike = \"b\"\nstack = \"schannel\"\n\
            suites = \"zz\"\n";
        assert_eq!(read(text).1.len(), 3);
        assert_eq!(read("[[profile]]\ntypo = 1\n").1.len(), 1);
    }
}

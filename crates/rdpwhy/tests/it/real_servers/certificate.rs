//! Certificates for the servers, so that what is reported can be compared with what was made.

use std::sync::OnceLock;

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName,
};
use openssl::x509::{X509, X509Builder, X509Name};

const DAY: i64 = 86_400;

/// A server's certificate with its key.
pub(super) struct Identity {
    certificate: X509,
    key: PKey<Private>,
    root: Option<X509>,
    /// Start and end of validity, in seconds of Unix time.
    pub(super) valid: (i64, i64),
}

impl Identity {
    /// Signed by an authority, for `rdp.lab.test` and the loopback address; valid between days
    /// that are counted from now.
    pub(super) fn signed(from: i64, until: i64) -> Self {
        let authority = p256();
        let root = {
            let mut builder = blank("Real Servers Root CA", days(-900, 3650), &authority);
            let own = name_of("Real Servers Root CA");
            builder.set_issuer_name(&own).unwrap();
            let ca = BasicConstraints::new().critical().ca().build().unwrap();
            let signs = KeyUsage::new().critical().key_cert_sign().build().unwrap();
            builder.append_extension(ca).unwrap();
            builder.append_extension(signs).unwrap();
            builder.sign(&authority, MessageDigest::sha256()).unwrap();
            builder.build()
        };
        let key = server_key();
        let valid = days(from, until);
        let mut builder = blank("rdp.lab.test", valid, &key);
        builder.set_issuer_name(root.subject_name()).unwrap();
        let usage = ExtendedKeyUsage::new().server_auth().build().unwrap();
        builder.append_extension(usage).unwrap();
        let names = {
            let context = builder.x509v3_context(Some(&root), None);
            let mut names = SubjectAlternativeName::new();
            names.dns("rdp.lab.test").ip("127.0.0.1");
            names.build(&context).unwrap()
        };
        builder.append_extension(names).unwrap();
        builder.sign(&authority, MessageDigest::sha256()).unwrap();
        Self {
            certificate: builder.build(),
            key,
            root: Some(root),
            valid,
        }
    }

    /// In the form that Windows gives the certificate of its listener: self-signed, half a year,
    /// no alternative names, and a key that may encipher but not sign.
    pub(super) fn windows_made(name: &str) -> Self {
        let key = server_key();
        let valid = days(-10, 173);
        let mut builder = blank(name, valid, &key);
        builder.set_issuer_name(&name_of(name)).unwrap();
        let usage = ExtendedKeyUsage::new().server_auth().build().unwrap();
        builder.append_extension(usage).unwrap();
        let enciphers = KeyUsage::new()
            .key_encipherment()
            .data_encipherment()
            .build()
            .unwrap();
        builder.append_extension(enciphers).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        Self {
            certificate: builder.build(),
            key,
            root: None,
            valid,
        }
    }

    /// The same certificate with a key that does not belong to it.
    pub(super) fn with_wrong_key(self) -> Self {
        Self { key: rsa(), ..self }
    }

    pub(super) fn pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }

    pub(super) fn key_pem(&self) -> Vec<u8> {
        // PKCS #1, which FreeRDP 2 reads on every release of OpenSSL
        self.key.rsa().unwrap().private_key_to_pem().unwrap()
    }

    pub(super) fn root_pem(&self) -> Vec<u8> {
        self.root.as_ref().unwrap().to_pem().unwrap()
    }

    pub(super) fn sha256(&self) -> String {
        self.digest(MessageDigest::sha256())
    }

    pub(super) fn sha1(&self) -> String {
        self.digest(MessageDigest::sha1())
    }

    fn digest(&self, kind: MessageDigest) -> String {
        let bytes = self.certificate.digest(kind).unwrap();
        let digits = bytes.iter().flat_map(|b| [b >> 4, b & 15]);
        let digits = digits.map(|d| char::from_digit(u32::from(d), 16).unwrap());
        digits.collect()
    }
}

/// RSA keys are slow to make, and no test asks whose they are: one for all servers.
fn server_key() -> PKey<Private> {
    static KEY: OnceLock<PKey<Private>> = OnceLock::new();
    KEY.get_or_init(rsa).clone()
}

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

fn p256() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// Days counted from now, as seconds of Unix time.
fn days(from: i64, until: i64) -> (i64, i64) {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let now = i64::try_from(now.as_secs()).unwrap();
    (now + from * DAY, now + until * DAY)
}

fn name_of(common: &str) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, common).unwrap();
    name.build()
}

/// A certificate of version 3 that lacks issuer, extensions and signature.
fn blank(common: &str, (from, until): (i64, i64), key: &PKey<Private>) -> X509Builder {
    let at = |seconds: i64| Asn1Time::from_unix(seconds).unwrap();
    let mut serial = BigNum::new().unwrap();
    serial.rand(120, MsbOption::MAYBE_ZERO, false).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(&name_of(common)).unwrap();
    builder.set_not_before(&at(from)).unwrap();
    builder.set_not_after(&at(until)).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
}

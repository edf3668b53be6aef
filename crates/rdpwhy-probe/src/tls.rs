//! Completed TLS handshakes, by OpenSSL. This file and its folder are the only places in this crate
//! that name it.

use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use openssl::error::ErrorStack;
use openssl::ssl::{
    Ssl, SslContextBuilder, SslMethod, SslOptions, SslRef, SslVerifyMode, SslVersion,
};
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509, X509Ref, X509StoreContext, X509VerifyResult};
use rdpwhy_model::recording::{Bytes, Handshake, HandshakeFailed, Trust, What};
use rdpwhy_wire::script::TlsOffer;
use rdpwhy_wire::{groups, signatures, suites};
use tokio_openssl::SslStream;

use crate::ProbeError;
use crate::tape::Recorded;

pub(crate) mod revocation;

/// The roots that this machine trusts, and those that the user adds.
pub struct TrustStore {
    added: Vec<X509>,
    store: OnceLock<Option<X509Store>>,
}

impl TrustStore {
    /// The system's store, which honours `SSL_CERT_FILE`; it is read when it is first needed.
    /// `files` name further certificates: PEM, one or many in a file, or one in DER.
    ///
    /// # Errors
    /// When a file cannot be read, or holds no certificate or a damaged one.
    pub fn new(files: &[impl AsRef<Path>]) -> Result<Self, ProbeError> {
        let mut added = Vec::new();
        for file in files {
            let path = file.as_ref();
            let found = read_file(path).and_then(|bytes| certificates(&bytes));
            added.extend(found.map_err(|reason| ProbeError::Trust {
                path: path.display().to_string(),
                reason,
            })?);
        }
        Ok(Self {
            added,
            store: OnceLock::new(),
        })
    }

    fn store(&self) -> Option<&X509Store> {
        let make = || {
            let mut builder = X509StoreBuilder::new().ok()?;
            // Dates are judged apart, each for itself
            builder
                .set_flags(X509VerifyFlags::NO_CHECK_TIME | X509VerifyFlags::PARTIAL_CHAIN)
                .ok()?;
            for der in rustls_native_certs::load_native_certs().certs {
                if let Ok(root) = X509::from_der(&der) {
                    let _ = builder.add_cert(root); // a root that stands there twice is no fault
                }
            }
            for root in &self.added {
                let _ = builder.add_cert(root.clone());
            }
            Some(builder.build())
        };
        self.store.get_or_init(make).as_ref()
    }

    /// Whether a chain leads to a trusted root, and why not, in OpenSSL's words.
    fn judge(&self, leaf: &X509Ref, chain: &[X509]) -> (Trust, Option<String>) {
        let Some(store) = self.store() else {
            return (Trust::NotChecked, None);
        };
        let judged = || -> Result<X509VerifyResult, ErrorStack> {
            let mut others = Stack::new()?;
            for c in chain {
                others.push(c.clone())?;
            }
            let mut context = X509StoreContext::new()?;
            context.init(store, leaf, &others, |c| {
                c.verify_cert()?;
                Ok(c.error())
            })
        };
        let result = judged();
        // What was tried in vain leaves its errors behind, and the next call would take them
        drop(ErrorStack::get());
        let Ok(result) = result else {
            return (Trust::NotChecked, None);
        };
        let trust = match result.as_raw() {
            0 => return (Trust::Trusted, None),
            // X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
            18 => Trust::SelfSigned,
            // X509_V_ERR_CERT_SIGNATURE_FAILURE
            7 => Trust::BadSignature,
            // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, SELF_SIGNED_CERT_IN_CHAIN,
            // UNABLE_TO_GET_ISSUER_CERT_LOCALLY, UNABLE_TO_VERIFY_LEAF_SIGNATURE
            2 | 19 | 20 | 21 => Trust::UnknownIssuer,
            // PATH_LENGTH_EXCEEDED, KEYUSAGE_NO_CERTSIGN, PERMITTED_VIOLATION,
            // EXCLUDED_VIOLATION, INVALID_CA
            25 | 32 | 47 | 48 | 79 => Trust::BadChain,
            _ => Trust::NotChecked,
        };
        (trust, Some(result.error_string().to_owned()))
    }
}

/// The most that a file of certificates may hold, in bytes; those of systems have 250,000.
const LARGEST: u64 = 32 << 20;

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("is no file".into());
    }
    if about.len() > LARGEST {
        return Err(format!("has more than {LARGEST} bytes"));
    }
    std::fs::read(path).map_err(|e| e.to_string())
}

/// The certificates in a file: PEM with whatever stands between them, or one in DER.
fn certificates(bytes: &[u8]) -> Result<Vec<X509>, String> {
    // Windows' editors put a byte order mark before text
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mark = b"-----BEGIN ";
    if bytes.windows(mark.len()).any(|w| w == mark) {
        let found = X509::stack_from_pem(bytes);
        // A file that ends leaves its error behind, and the next call would take it for its own
        drop(ErrorStack::get());
        let found = found.map_err(|_| "holds a certificate that cannot be read")?;
        if found.is_empty() {
            return Err("holds no certificate".into());
        }
        return Ok(found);
    }
    let found = X509::from_der(bytes).map(|c| vec![c]);
    found.map_err(|_| "holds no certificate in PEM or DER".into())
}

/// Whether the signature of a certificate that names itself as issuer was made with the key in it.
/// `None` when it names another, or when its algorithm is one that we do not have.
fn signed_by_itself(leaf: &X509Ref) -> Option<bool> {
    let names = (leaf.subject_name().to_der(), leaf.issuer_name().to_der());
    let (Ok(subject), Ok(issuer)) = names else {
        return None;
    };
    if subject != issuer {
        return None;
    }
    let key = leaf.public_key().ok()?;
    let verified = leaf.verify(&key);
    // A wrong signature leaves its error behind, and the next call would take it for its own
    drop(ErrorStack::get());
    verified.ok().or_else(|| {
        // A key of another kind than the signature's cannot have made it
        let algorithm = leaf.signature_algorithm().object().nid();
        let made_with = algorithm.signature_algorithms()?.pkey;
        (made_with.as_raw() != key.id().as_raw()).then_some(false)
    })
}

/// Bytes that make a run's hand-made hellos its own. Zeros when the generator fails, which only
/// makes them look alike.
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    let _ = openssl::rand::rand_bytes(&mut bytes);
    bytes
}

/// Bytes that nobody can foretell; `None` when the generator fails.
pub(crate) fn nonce() -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    openssl::rand::rand_bytes(&mut bytes).ok()?;
    Some(bytes)
}

/// OpenSSL's name of a group, by code.
fn group_name(code: u16) -> Option<&'static str> {
    groups::by_code(code).and_then(|g| g.openssl)
}

/// OpenSSL's name of a signature scheme, by code.
fn signature_name(code: u16) -> Option<&'static str> {
    signatures::by_code(code).and_then(|s| s.openssl)
}

fn version(code: u16) -> SslVersion {
    match code {
        ..=0x0301 => SslVersion::TLS1,
        0x0302 => SslVersion::TLS1_1,
        0x0303 => SslVersion::TLS1_2,
        _ => SslVersion::TLS1_3,
    }
}

fn prepare(offer: &TlsOffer) -> Result<Ssl, ErrorStack> {
    // Not SslConnector: its defaults protect a session, and here a session is only looked at
    let mut context: SslContextBuilder =
        openssl::ssl::SslContext::builder(SslMethod::tls_client())?;
    context.set_security_level(0);
    context.set_verify(SslVerifyMode::NONE);
    context.set_options(SslOptions::ALLOW_UNSAFE_LEGACY_RENEGOTIATION | SslOptions::NO_TICKET);
    context.set_min_proto_version(Some(version(offer.min)))?;
    context.set_max_proto_version(Some(version(offer.max)))?;
    let mut old = Vec::new();
    let mut new = Vec::new();
    for suite in offer.suites.iter().filter_map(|c| suites::by_code(*c)) {
        match suite.openssl {
            _ if suite.tls13() => new.push(suite.name),
            Some(name) => old.push(name),
            None => {}
        }
    }
    if !old.is_empty() {
        context.set_cipher_list(&format!("{}:@SECLEVEL=0", old.join(":")))?;
    }
    if !new.is_empty() {
        context.set_ciphersuites(&new.join(":"))?;
    }
    let groups: Vec<&str> = offer.groups.iter().filter_map(|g| group_name(*g)).collect();
    if !groups.is_empty() {
        context.set_groups_list(&groups.join(":"))?;
    }
    // With a list, OpenSSL also demands it of the server's chain; old hosts' own certificates are
    // signed with SHA-1, which the lists of Windows allow
    let signatures: Vec<&str> = offer
        .signatures
        .iter()
        .filter_map(|s| signature_name(*s))
        .collect();
    if !signatures.is_empty() {
        context.set_sigalgs_list(&signatures.join(":"))?;
    }
    let mut ssl = Ssl::new(&context.build())?;
    if let Some(name) = &offer.server_name {
        ssl.set_hostname(name)?;
    }
    Ok(ssl)
}

/// How a handshake ended.
pub(crate) enum Shake {
    Done(Box<SslStream<Recorded>>),
    /// It failed; the stream is spent.
    Failed,
    TimedOut,
}

/// Does a handshake and records how it ended.
pub(crate) async fn handshake(
    recorded: Recorded,
    offer: &TlsOffer,
    trust: &TrustStore,
    deadline: Duration,
) -> Shake {
    let tape = recorded.tape.clone();
    let fail = |reason: String, alert: Option<u8>, chain: Vec<Bytes>| {
        tape.push(What::HandshakeFailed(HandshakeFailed {
            alert,
            reason,
            chain,
        }));
        Shake::Failed
    };
    let stream = prepare(offer).and_then(|ssl| SslStream::new(ssl, recorded));
    let mut stream = match stream {
        Ok(s) => s,
        Err(e) => return fail(format!("cannot offer this: {e}"), None, Vec::new()),
    };
    match tokio::time::timeout(deadline, std::pin::Pin::new(&mut stream).connect()).await {
        Err(_) => Shake::TimedOut,
        Ok(Ok(())) => {
            tape.push(What::Handshake(describe(stream.ssl(), trust)));
            Shake::Done(Box::new(stream))
        }
        Ok(Err(e)) => {
            let chain = chain(stream.ssl()).0;
            let (reason, alert) = explain(&e);
            fail(reason, alert, chain)
        }
    }
}

/// The stack's words for an error, and the peer's alert when that is what it was.
pub(crate) fn explain(e: &openssl::ssl::Error) -> (String, Option<u8>) {
    let Some(first) = e.ssl_error().and_then(|s| s.errors().first()) else {
        return (e.to_string(), None);
    };
    // SSL_AD_REASON_OFFSET: reasons above it are alerts of the peer
    let alert = first
        .reason_code()
        .checked_sub(1000)
        .and_then(|a| u8::try_from(a).ok());
    (first.reason().unwrap_or("unknown reason").to_owned(), alert)
}

fn chain(ssl: &SslRef) -> (Vec<Bytes>, Vec<X509>) {
    let certificates: Vec<X509> = ssl
        .peer_cert_chain()
        .map(|c| c.iter().map(ToOwned::to_owned).collect())
        .unwrap_or_default();
    let ders = certificates
        .iter()
        .filter_map(|c| c.to_der().ok())
        .map(Bytes)
        .collect();
    (ders, certificates)
}

fn describe(ssl: &SslRef, trust: &TrustStore) -> Handshake {
    let (chain, certificates) = chain(ssl);
    let (trust, trust_reason) = match certificates.split_first() {
        Some((leaf, others)) => trust.judge(leaf, others),
        None => (Trust::NotChecked, None),
    };
    let signed_by_itself = certificates.first().and_then(|leaf| signed_by_itself(leaf));
    Handshake {
        version: ssl.version_str().to_owned(),
        suite: ssl
            .current_cipher()
            .map_or_else(String::new, |c| c.name().to_owned()),
        group: None,
        chain,
        trust,
        trust_reason,
        signed_by_itself,
    }
}

/// Whether the handshake library was built with what old hosts need; a test asks.
#[cfg(test)]
fn offers(suite: &str) -> bool {
    let mut b = openssl::ssl::SslConnector::builder(SslMethod::tls()).unwrap();
    b.set_cipher_list(&format!("{suite}:@SECLEVEL=0")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_client_can_be_prepared() {
        for client in rdpwhy_wire::clients::all() {
            prepare(&client.offer(Some("pc42.corp.example"))).unwrap();
        }
    }

    #[test]
    fn old_suites_are_built_in() {
        assert!(offers("DES-CBC3-SHA"));
        assert!(offers("AES128-SHA"));
    }

    /// Files of certificates in every form that people have them, and those that are none.
    #[test]
    fn files_of_certificates_are_read_and_others_named() {
        let der = root();
        let pem = String::from_utf8(X509::from_der(&der).unwrap().to_pem().unwrap()).unwrap();
        let body = pem.find('\n').unwrap() + 1;
        let broken = format!("{}AAAA{}", &pem[..body], &pem[body + 4..]);
        let read = |bytes: &[u8]| certificates(bytes).map(|c| c.len());
        assert_eq!(read(pem.as_bytes()), Ok(1));
        assert_eq!(read(&der), Ok(1));
        assert_eq!(read(pem.replace('\n', "\r\n").as_bytes()), Ok(1));
        assert_eq!(read(format!("\u{feff}{pem}").as_bytes()), Ok(1));
        assert_eq!(
            read(format!("# one\n{pem}\n# two\n{pem}").as_bytes()),
            Ok(2)
        );
        assert!(read(format!("{pem}{broken}").as_bytes()).is_err());
        for other in [&b""[..], b"nothing here", &der[..der.len() - 1]] {
            let e = read(other).unwrap_err();
            assert!(e.contains("PEM or DER"), "{e}");
        }
        let key = b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        assert_eq!(read(key), Err("holds no certificate".into()));
        // What was tried leaves no error behind
        assert!(ErrorStack::get().errors().is_empty());
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named() {
        let folder = std::env::temp_dir();
        for (path, reason) in [
            (folder.as_path(), "is no file"),
            (Path::new("/nonexistent/x.pem"), "/nonexistent/x.pem"),
        ] {
            let e = TrustStore::new(&[path]).map(|_| ()).unwrap_err();
            let e = e.to_string();
            assert!(e.contains(&path.display().to_string()), "{e}");
            assert!(e.contains(reason), "{e}");
        }
    }

    /// A certificate that signs itself, in DER.
    fn root() -> Vec<u8> {
        let curve = openssl::nid::Nid::X9_62_PRIME256V1;
        let group = openssl::ec::EcGroup::from_curve_name(curve).unwrap();
        let key = openssl::ec::EcKey::generate(&group).unwrap();
        let key = openssl::pkey::PKey::from_ec_key(key).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_pubkey(&key).unwrap();
        let now = openssl::asn1::Asn1Time::days_from_now(1).unwrap();
        builder.set_not_before(&now).unwrap();
        builder.set_not_after(&now).unwrap();
        let digest = openssl::hash::MessageDigest::sha256();
        builder.sign(&key, digest).unwrap();
        builder.build().to_der().unwrap()
    }
}

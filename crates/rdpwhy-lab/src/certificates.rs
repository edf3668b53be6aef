//! The certificates of the lab, made when a server starts.

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use crate::published::{Published, Signatory};

use self::make::{Authority, authority, key, leaf, public_part};

mod make;

/// How a certificate is made: a fault names only what is wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Certificate {
    /// The key of the host.
    pub(crate) key: Key,
    /// The digest under the signature.
    pub(crate) digest: Digest,
    /// The first day on which it is valid, counted from today.
    pub(crate) from: i64,
    /// The day on which it ends.
    pub(crate) until: i64,
    /// The name in it, when that is not the machine's.
    pub(crate) name: Option<&'static str>,
    /// The alternative names.
    pub(crate) names: Names,
    /// The extended key usage.
    pub(crate) usage: Usage,
    /// The key usage.
    pub(crate) key_usage: KeyUse,
    /// Whether it says that it is an authority's.
    pub(crate) ca: bool,
    /// Its serial number.
    pub(crate) serial: Serial,
    /// Who signed it.
    pub(crate) issuer: Issuer,
    /// What is sent with it.
    pub(crate) sent: Sent,
    /// What the issuer publishes about it, where the certificate names an address for that.
    pub(crate) published: Option<Published>,
}

/// The key of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// RSA 2048, as Windows makes it.
    Rsa2048,
    /// RSA 1024, too short for today.
    Rsa1024,
    /// RSA with a modulus of 65,536 bits to which nobody has the private part: such a key takes
    /// days to make. The handshake fails when it is to be used, as with a real one.
    Rsa65536,
    /// ECDSA on P-256.
    P256,
    /// ECDSA on P-521.
    P521,
}

/// The alternative names of a certificate. A host's own has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// The name in the subject, where an authority signs.
    Subject,
    /// These DNS names, whatever the subject says.
    Dns(&'static [&'static str]),
    /// One address that is not the host's.
    Address,
    /// None at all.
    None,
}

/// The key usage of a certificate ([RFC 5280] 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyUse {
    /// As Windows has it for its own: keyEncipherment and dataEncipherment; digitalSignature for
    /// an ECDSA key, which can do nothing else.
    Windows,
    /// As authorities have it for servers: digitalSignature and keyEncipherment.
    Server,
    /// To sign certificates only.
    Authority,
}

/// The serial number of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Serial {
    /// At random, 16 bytes.
    Random,
    /// Below zero.
    Negative,
}

/// What is sent after the host's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// What leads to the root, in order.
    InOrder,
    /// The same with the root first.
    RootFirst,
    /// The same, and so many certificates that have nothing to do with it.
    Unrelated(usize),
    /// Bytes that are no certificate.
    Rubbish,
}

/// The digest under a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digest {
    /// MD5, which nobody has used for twenty years.
    Md5,
    /// SHA-1, as Windows 7 made it.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// What a certificate may be used for ([RFC 5280] 4.2.1.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// To be a server.
    Server,
    /// To be a client only.
    Client,
    /// To be a Remote Desktop listener, in Microsoft's own usage alone.
    RemoteDesktop,
}

/// Who signed a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// Its own key.
    Itself,
    /// Another key, though it names itself as its issuer.
    ItselfByName,
    /// The lab's root.
    Root,
    /// The lab's root by name, and another key.
    Forged,
    /// An authority under the lab's root, whose certificate is good and not sent.
    MissingIntermediate,
    /// An authority under the lab's root, whose certificate is sent and good.
    Intermediate,
    /// An authority under the lab's root, whose certificate is sent and has expired.
    ExpiredIntermediate,
    /// An authority under a root that has expired; both are sent.
    ExpiredRoot,
    /// An ordinary certificate under the lab's root, which is sent and may not sign others.
    NoAuthority,
    /// An authority under another one that allows none below it; both are sent.
    TooDeep,
    /// An authority for another domain, whose certificate is sent.
    OtherDomain,
}

impl Certificate {
    /// What the listener of a Windows host makes for itself: the name only in the subject, six
    /// months, and a key usage without digitalSignature.
    pub(crate) const WINDOWS: Self = Self {
        key: Key::Rsa2048,
        digest: Digest::Sha256,
        from: -1,
        until: 182,
        name: None,
        names: Names::Subject,
        usage: Usage::Server,
        key_usage: KeyUse::Windows,
        ca: false,
        serial: Serial::Random,
        issuer: Issuer::Itself,
        sent: Sent::InOrder,
        published: None,
    };

    /// What a company's authority issues.
    pub(crate) const COMPANY: Self = Self {
        until: 364,
        key_usage: KeyUse::Server,
        issuer: Issuer::Root,
        ..Self::WINDOWS
    };
}

/// A host's certificate with all that goes with it.
pub(crate) struct Chain {
    /// The private key, where there is one.
    pub(crate) key: Option<PKey<Private>>,
    pub(crate) leaf: X509,
    /// The certificates that are sent after it.
    pub(crate) above: Vec<X509>,
    /// What is sent after them, and is no certificate.
    pub(crate) rubbish: Option<&'static [u8]>,
    /// The lab's root in PEM, where one stands at the top.
    pub(crate) root: Option<String>,
    /// What lies at the address that the certificate names for its revocation.
    pub(crate) published: Vec<u8>,
}

/// The beginning of a certificate, and then something else.
const RUBBISH: &[u8] = b"\x30\x82\x01\x00\x30\x81\xf0 this is no certificate";

impl Authority {
    fn signatory(&self) -> Signatory<'_> {
        Signatory {
            certificate: &self.certificate,
            key: &self.key,
        }
    }
}

/// Makes the certificate for a machine of that name. `url` is where its revocation is published.
pub(crate) fn issue(
    recipe: &Certificate,
    host: &str,
    url: Option<&str>,
) -> Result<Chain, ErrorStack> {
    let private = key(recipe.key)?;
    let public = public_part(private.as_ref())?;
    let name = recipe.name.unwrap_or(host);
    let (issuer, mut above, root) = issuers(recipe.issuer)?;
    let names = make::Named { name, url };
    let leaf = match (&issuer, &private) {
        (Some(issuer), _) if recipe.issuer == Issuer::Forged => {
            let other = make::other_key()?;
            leaf(recipe, names, &public, Some(issuer), &other)?
        }
        (Some(issuer), _) => leaf(recipe, names, &public, Some(issuer), &issuer.key)?,
        (None, Some(own)) if recipe.issuer == Issuer::Itself => {
            leaf(recipe, names, &public, None, own)?
        }
        (None, _) => leaf(recipe, names, &public, None, make::other_key()?.as_ref())?,
    };
    let published = match (recipe.published, &issuer) {
        (Some(published), Some(issuer)) => {
            let other = authority("Other Root CA", (-400, 3650), None, make::Rights::Any)?;
            published.body(&leaf, &issuer.signatory(), &other.signatory())?
        }
        _ => Vec::new(),
    };
    match recipe.sent {
        Sent::InOrder | Sent::Rubbish => {}
        Sent::RootFirst => {
            above.extend(root.clone());
            above.reverse();
        }
        Sent::Unrelated(count) => above.extend(make::strangers(count)?),
    }
    let pem = root.map(|r| r.to_pem()).transpose()?;
    Ok(Chain {
        key: private,
        leaf,
        above,
        rubbish: (recipe.sent == Sent::Rubbish).then_some(RUBBISH),
        root: pem.map(|pem| String::from_utf8_lossy(&pem).into_owned()),
        published,
    })
}

/// Who signs, what is sent above the leaf, and the root.
type Issuers = (Option<Authority>, Vec<X509>, Option<X509>);

fn issuers(issuer: Issuer) -> Result<Issuers, ErrorStack> {
    const LONG: (i64, i64) = (-400, 3650);
    const OVER: (i64, i64) = (-400, -3);
    if matches!(issuer, Issuer::Itself | Issuer::ItselfByName) {
        return Ok((None, Vec::new(), None));
    }
    let root_days = if issuer == Issuer::ExpiredRoot {
        OVER
    } else {
        LONG
    };
    let root = authority("Lab Root CA", root_days, None, make::Rights::Any)?;
    let below = |name, days, rights| authority(name, days, Some(&root), rights);
    let (signer, sent) = match issuer {
        Issuer::Itself | Issuer::ItselfByName | Issuer::Root | Issuer::Forged => {
            (root.copy(), Vec::new())
        }
        Issuer::MissingIntermediate => (
            below("Lab Issuing CA", LONG, make::Rights::Any)?,
            Vec::new(),
        ),
        Issuer::Intermediate => sent_too(below("Lab Issuing CA", LONG, make::Rights::Any)?),
        Issuer::ExpiredIntermediate => sent_too(below("Lab Issuing CA", OVER, make::Rights::Any)?),
        Issuer::NoAuthority => sent_too(below("Lab Web Server", LONG, make::Rights::None)?),
        Issuer::OtherDomain => sent_too(below("Lab Branch CA", LONG, make::Rights::OtherDomain)?),
        Issuer::ExpiredRoot => {
            let (signer, mut sent) = sent_too(below("Lab Issuing CA", LONG, make::Rights::Any)?);
            sent.push(root.certificate.clone());
            (signer, sent)
        }
        Issuer::TooDeep => {
            let policy = below("Lab Policy CA", LONG, make::Rights::Lowest)?;
            let signer = authority("Lab Issuing CA", LONG, Some(&policy), make::Rights::Any)?;
            let (signer, mut sent) = sent_too(signer);
            sent.push(policy.certificate);
            (signer, sent)
        }
    };
    Ok((Some(signer), sent, Some(root.certificate)))
}

fn sent_too(authority: Authority) -> (Authority, Vec<X509>) {
    let sent = vec![authority.certificate.clone()];
    (authority, sent)
}

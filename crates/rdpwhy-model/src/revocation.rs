//! What was asked about the revocation of certificates, and what came back.
//!
//! The lists and answers themselves are not kept, since a list may have megabytes: only what they
//! say of the certificate.

use serde::{Deserialize, Serialize};

/// One address that a certificate names for its revocation, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The place of the certificate in the chain that the host sent; 0 is the host's own.
    pub certificate: usize,
    /// What is published there.
    pub kind: Kind,
    /// The address as the certificate names it, escaped.
    pub url: String,
    /// How long fetching and reading took; 0 where nothing was fetched.
    pub took_us: u64,
    /// What it says.
    pub answer: Answer,
}

/// How an authority publishes revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A list of revoked serial numbers (RFC 5280 5).
    Crl,
    /// A responder that is asked about one certificate (RFC 6960).
    Ocsp,
}

impl Kind {
    /// Its name, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Crl => "CRL",
            Self::Ocsp => "OCSP",
        }
    }
}

/// What an address says of a certificate, or why it says nothing. Only [`Answer::Good`] and
/// [`Answer::Revoked`] carry a signature of the authority that was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Not revoked.
    Good,
    /// Revoked.
    Revoked {
        /// When, RFC 3339, where it is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        when: Option<String>,
        /// Why, in the words of RFC 5280 5.3.1, where it is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The responder does not know the certificate.
    Unknown,
    /// It should have been renewed at this time (RFC 3339) and was not.
    Stale(String),
    /// It begins to hold later than now.
    NotYetValid,
    /// The signature is not that of the certificate's issuer.
    BadSignature,
    /// It is the list of another authority.
    OtherIssuer,
    /// The issuer's certificate is not known here, so no signature could be checked.
    NoIssuer,
    /// The list does not claim to cover such a certificate.
    OutOfScope,
    /// Nothing came: the reason in a few words.
    Unreachable(String),
    /// The address is of a kind that is not looked at: only http is.
    NotHttp,
    /// More came than is taken.
    TooBig,
    /// What came cannot be read: the reason in a few words.
    Unreadable(String),
    /// The server or the responder would not give it: its reason in a few words.
    Refused(String),
    /// It was not asked, since the chain names more addresses than one run asks.
    NotAsked,
}

impl Answer {
    /// The answer in a few words, for people.
    pub fn words(&self) -> String {
        match self {
            Self::Good => "good".to_owned(),
            Self::Revoked { when, reason } => {
                let when = when.as_ref().map(|w| format!(" since {w}"));
                let reason = reason.as_ref().map(|r| format!(" ({r})"));
                format!(
                    "revoked{}{}",
                    when.unwrap_or_default(),
                    reason.unwrap_or_default()
                )
            }
            Self::Unknown => "the responder does not know the certificate".to_owned(),
            Self::Stale(since) => format!("stale: it should have been renewed by {since}"),
            Self::NotYetValid => "not valid yet by our clock".to_owned(),
            Self::BadSignature => "not signed by the certificate's issuer".to_owned(),
            Self::OtherIssuer => "the list of another authority".to_owned(),
            Self::NoIssuer => {
                "cannot be checked: the issuer's certificate is not known here".to_owned()
            }
            Self::OutOfScope => "the list does not cover this certificate".to_owned(),
            Self::Unreachable(why) => format!("not reachable: {why}"),
            Self::NotHttp => "not looked at: only http is".to_owned(),
            Self::TooBig => "larger than what is taken".to_owned(),
            Self::Unreadable(why) => format!("not readable: {why}"),
            Self::Refused(why) => format!("refused: {why}"),
            Self::NotAsked => "not asked: the chain names more addresses than are asked".to_owned(),
        }
    }
}

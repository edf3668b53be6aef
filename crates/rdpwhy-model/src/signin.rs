//! What became of the one sign-in of a run, typed. What would let somebody guess the password
//! (NTLM responses, Kerberos messages, encrypted public keys) is not kept at all, and neither is
//! the name of the account.

use serde::{Deserialize, Serialize};

/// A sign-in, or the reason why there was none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// In which form the account was named.
    pub form: AccountForm,
    /// Whether it came with an empty password.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_password: bool,
    /// Why nothing was sent to the host or a domain controller, where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_sent: Option<NotSent>,
    /// Messages that were sent and whose wrong password counts against a lockout threshold.
    pub attempts: u32,
    /// What the domain controller said, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kdc: Option<Kdc>,
    /// What the host said, where it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<HostSaid>,
}

/// The form in which an account is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccountForm {
    /// `user`
    User,
    /// `DOMAIN\user`
    DomainUser,
    /// `user@domain`
    Upn,
}

impl AccountForm {
    /// The word of the fact `signin.account_form`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::DomainUser => "domain-user",
            Self::Upn => "upn",
        }
    }
}

/// Why no credentials were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotSent {
    /// The walk did not get to the host's challenge.
    NotReached,
    /// The host asks for no NLA.
    NoNla,
    /// Its certificate is neither trusted for the name, nor seen before, nor pinned.
    UnknownHost,
    /// The person at the terminal said no.
    Declined,
    /// It showed another certificate when it came to signing in.
    CertificateChanged,
    /// The pinned certificate is another one.
    NotThePin,
    /// The connection for it could not be made as far as that.
    NotAgain,
    /// The host's challenge cannot be answered.
    NoChallenge,
    /// The run was stopped while it signed in: whether a proof was sent is not known.
    Stopped,
}

impl NotSent {
    /// The word of the fact `signin.why_not_sent`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NotReached => "not-reached",
            Self::NoNla => "no-nla",
            Self::UnknownHost => "unknown-host",
            Self::Declined => "declined",
            Self::CertificateChanged => "certificate-changed",
            Self::NotThePin => "not-the-pin",
            Self::NotAgain => "not-again",
            Self::NoChallenge => "no-challenge",
            Self::Stopped => "stopped",
        }
    }
}

/// What a domain controller said (Kerberos, RFC 4120).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kdc {
    /// How far it went.
    pub reached: Reached,
    /// Its clock minus ours, in seconds, where it said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew_s: Option<i64>,
    /// The error code that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<i64>,
    /// The NTSTATUS in that error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ntstatus: Option<u32>,
    /// Why it went no further, where no error code says so; our words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// How far an exchange with a domain controller went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// None was named or found.
    #[default]
    NoneFound,
    /// One was, and did not answer.
    Found,
    /// It answered.
    Answered,
    /// The request with the proof of the password was sent.
    ProofSent,
    /// It gave a ticket for the account.
    AccountTicket,
    /// It gave a ticket for the host.
    HostTicket,
}

/// What the host said to CredSSP with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSaid {
    /// The mechanism that was used with it.
    pub mechanism: Mechanism,
    /// How it answered.
    pub answer: HostAnswer,
    /// The NTSTATUS, or the SSPI status, in its TSRequest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u32>,
}

/// A security mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// NTLM version 2 ([MS-NLMP]).
    Ntlm,
    /// Kerberos in SPNEGO.
    Kerberos,
}

impl Mechanism {
    /// The word of the fact `signin.mechanism`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ntlm => "ntlm",
            Self::Kerberos => "kerberos",
        }
    }
}

/// How a host answered the proof of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostAnswer {
    /// It proved that it has the key of its certificate and knows the account.
    Accepted,
    /// A TSRequest with an errorCode.
    ErrorCode,
    /// A FIN.
    Closed,
    /// An RST.
    Reset,
    /// A TLS alert.
    Alert,
    /// Nothing within the deadline.
    Silent,
    /// An RDP packet in place of CredSSP, as gnome-remote-desktop sends one before it closes.
    Disconnect,
    /// Something that cannot be read.
    Malformed,
    /// What should prove that it has the key of its certificate does not.
    PubkeyMismatch,
    /// It chose a mechanism that was not used.
    OtherMechanism,
}

impl HostAnswer {
    /// The word of the fact `signin.answer`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::ErrorCode => "error-code",
            Self::Closed => "closed",
            Self::Reset => "reset",
            Self::Alert => "alert",
            Self::Silent => "silent",
            Self::Disconnect => "disconnect",
            Self::Malformed => "malformed",
            Self::PubkeyMismatch => "pubkey-mismatch",
            Self::OtherMechanism => "other-mechanism",
        }
    }
}

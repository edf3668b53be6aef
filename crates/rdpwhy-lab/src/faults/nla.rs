//! Faults in CredSSP, in the basic settings exchange and in the licence stage.

use rdpwhy_model::Stage::{
    Licensing as LicensingStage, Logon as LogonStage, Mcs as McsStage, Nla as Stage,
};

use crate::fault::{Fault, blocked, connectable, faulty};
use crate::script::{Account, Act, KERBEROS, Licence, Negotiate, Nla, Script};
use crate::services::{GARBAGE, LYING_TSREQUEST};

/// A TSRequest with the errorCode STATUS_NTLM_BLOCKED.
const NTLM_BLOCKED: &[u8] = &[0x30, 13, 0xa0, 3, 2, 1, 6, 0xa4, 6, 2, 4, 0xc0, 0, 4, 0x18];

pub(super) const NLA: &[Fault] = &[
    faulty(
        "nla-clock-skew",
        "The host's clock is 20 minutes ahead",
        Stage,
        connectable(&["kerberos-clock-skew"]),
        Script::WINDOWS.nla(Nla {
            ahead: 20 * 60,
            ..Nla::WINDOWS
        }),
    ),
    faulty(
        "nla-no-credential-guard",
        "A host that knows Restricted Admin, and not Remote Credential Guard (Server 2012 R2)",
        Stage,
        connectable(&["restricted-admin-not-offered"]),
        Script::WINDOWS.negotiate(Negotiate {
            flags: 0x0b,
            ..Negotiate::NLA
        }),
    ),
    faulty(
        "nla-old-credssp",
        "The host speaks CredSSP 2, from before the update of 2018",
        Stage,
        connectable(&["credssp-oracle"]),
        Script::WINDOWS.nla(Nla {
            version: 2,
            ..Nla::WINDOWS
        }),
    ),
    faulty(
        "nla-ntlm-blocked",
        "The host refuses NTLM",
        Stage,
        blocked(Stage, &["ntlm-blocked-ip-target"]),
        Script::WINDOWS.nla(Nla::instead(Act::Say(NTLM_BLOCKED))),
    ),
    faulty(
        "nla-no-ntlm",
        "The host takes Kerberos, and refuses NTLM without saying why",
        Stage,
        blocked(Stage, &["ntlm-blocked-ip-target"]),
        Script::WINDOWS.nla(Nla {
            mechanisms: &[KERBEROS],
            ..Nla::WINDOWS
        }),
    ),
    faulty(
        "nla-close",
        "The connection ends in answer to the first CredSSP message",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.nla(Nla::instead(Act::Close)),
    ),
    faulty(
        "nla-reset",
        "The connection is reset in answer to the first CredSSP message",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.nla(Nla::instead(Act::Reset)),
    ),
    faulty(
        "nla-silent",
        "No answer to the first CredSSP message",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.nla(Nla::instead(Act::Silence)),
    ),
    faulty(
        "nla-garbage",
        "Bytes of no protocol where the challenge belongs",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.nla(Nla::instead(Act::Say(GARBAGE))),
    ),
    faulty(
        "nla-lying-length",
        "A challenge that announces two gigabytes and stops",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.nla(Nla::instead(Act::SayAndWait(LYING_TSREQUEST))),
    ),
];

/// What a diagnosis signs in with. No server of the lab looks at it.
const PASSWORD: &str = "not-a-real-password";

/// Accounts that are refused, each in the way of a Windows host.
pub(super) const SIGN_IN: &[Fault] = &[
    faulty(
        "signin-failure",
        "The host refuses the account with STATUS_LOGON_FAILURE",
        Stage,
        blocked(Stage, &["wrong-password-or-user"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_006d))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-locked",
        "The account is locked out",
        Stage,
        blocked(Stage, &["account-locked"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_0234))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-disabled",
        "The account is disabled",
        Stage,
        blocked(Stage, &["account-disabled-or-expired"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_0072))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-must-change",
        "The password must be changed before the first sign-in",
        Stage,
        blocked(Stage, &["password-expired-under-nla"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_0224))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-hours",
        "The account may not sign in at this hour",
        Stage,
        blocked(Stage, &["logon-hours-or-workstation"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_006f))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-restricted",
        "The host refuses the account with STATUS_ACCOUNT_RESTRICTION",
        Stage,
        blocked(
            Stage,
            &[
                "protected-users",
                "logon-hours-or-workstation",
                "blank-password",
            ],
        ),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_006e))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-blank",
        "The host takes no empty password over the network",
        Stage,
        blocked(Stage, &["blank-password"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_006e))),
    )
    .signing_in(""),
    faulty(
        "signin-no-network-right",
        "The account lacks the right to come over the network",
        Stage,
        blocked(Stage, &["network-logon-right-missing"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_015b))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-no-dc",
        "The host reaches no domain controller",
        Stage,
        blocked(Stage, &["nla-dc-unreachable"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_005e))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-trust-broken",
        "The host's own account in the domain is broken",
        Stage,
        blocked(Stage, &["machine-trust-broken"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_018d))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-clock",
        "The domain controller's clock differs too much",
        Stage,
        blocked(Stage, &["kerberos-clock-skew"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_0133))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-bindings",
        "The host sees another TLS channel than the client",
        Stage,
        blocked(Stage, &["ntlmv1-channel-binding", "tls-inspection-network"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_035b))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-ntlm-blocked",
        "The host refuses NTLM when an account comes with it",
        Stage,
        blocked(Stage, &["ntlm-blocked-ip-target"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_0418))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-selective",
        "The trust allows the account on chosen hosts alone",
        Stage,
        blocked(Stage, &["selective-authentication"]),
        Script::WINDOWS.nla(Nla::account(Account::Refuse(0xc000_0413))),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-wrong-proof",
        "What the host sends cannot prove that it has the key of its certificate",
        Stage,
        blocked(Stage, &["credssp-proof-wrong"]),
        Script::WINDOWS.nla(Nla::account(Account::WrongProof)),
    )
    .signing_in(PASSWORD),
    faulty(
        "signin-close",
        "The connection ends in answer to the account",
        Stage,
        blocked(Stage, &["wrong-password-or-user"]),
        Script::WINDOWS.nla(Nla::account(Account::Do(Act::Close))),
    )
    .signing_in(PASSWORD),
];

pub(super) const MCS: &[Fault] = &[
    faulty(
        "mcs-close",
        "The connection ends in answer to the basic settings",
        McsStage,
        blocked(McsStage, &[]),
        Script::WINDOWS.negotiate(Negotiate::TLS).mcs(Act::Close),
    ),
    faulty(
        "mcs-silent",
        "No answer to the basic settings",
        McsStage,
        blocked(McsStage, &[]),
        Script::WINDOWS.negotiate(Negotiate::TLS).mcs(Act::Silence),
    ),
];

/// A session host without NLA, as far as a client without an account comes.
const SESSION_HOST: Script = Script::WINDOWS.negotiate(Negotiate::TLS);

const fn licence(
    id: &'static str,
    title: &'static str,
    causes: &'static [&'static str],
    licence: Licence,
) -> Fault {
    faulty(
        id,
        title,
        LicensingStage,
        blocked(LicensingStage, causes),
        SESSION_HOST.licence(licence),
    )
    .asking_about_sign_in()
}

pub(super) const LICENSING: &[Fault] = &[
    licence(
        "licence-no-server",
        "No licence server: Set Error Info 0x101",
        &["licence-server-missing"],
        Licence::ErrorInfo(0x101),
    ),
    licence(
        "licence-none-left",
        "No licence left: Set Error Info 0x102",
        &["licence-cal-exhausted-or-mode"],
        Licence::ErrorInfo(0x102),
    ),
    licence(
        "licence-bad-client",
        "The client's licence is refused: licensing error ERR_INVALID_CLIENT",
        &["licence-client-store"],
        Licence::Error(8),
    ),
    licence(
        "licence-cut",
        "The connection ends in place of a word on licences",
        &["licence-protocol-cut"],
        Licence::Instead(Act::Reset),
    ),
    licence(
        "licence-garbage",
        "Bytes of no protocol in place of a word on licences",
        &[],
        Licence::Instead(Act::Say(GARBAGE)),
    ),
    // Of the logon, and not of licences
    faulty(
        "licence-denied",
        "The host denies the connection: Set Error Info 0x7",
        LogonStage,
        blocked(LogonStage, &[]),
        SESSION_HOST.licence(Licence::ErrorInfo(7)),
    )
    .asking_about_sign_in(),
];

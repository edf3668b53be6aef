//! Faults in CredSSP, in the basic settings exchange and in the licence stage.

use rdpwhy_model::Stage::{
    Licensing as LicensingStage, Logon as LogonStage, Mcs as McsStage, Nla as Stage,
};

use crate::fault::{Fault, blocked, connectable, faulty};
use crate::script::{Act, KERBEROS, Licence, Negotiate, Nla, Script};
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

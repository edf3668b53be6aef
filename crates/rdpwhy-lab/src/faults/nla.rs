//! Faults in CredSSP and in the basic settings exchange.

use rdpwhy_model::Stage::{Mcs as McsStage, Nla as Stage};

use crate::fault::{Fault, blocked, connectable, faulty};
use crate::script::{Act, Negotiate, Nla, Script};
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

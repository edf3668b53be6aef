//! The rungs after the basic settings, which a client without an account reaches where the host
//! does not require NLA.

use rdpwhy_model::report::StageState::{self, Failed, Passed, Skipped};
use rdpwhy_model::{FactKey, FactSet};

/// A word of `mcs.channels` other than "joined", for people.
pub(super) fn channels_words(word: &str) -> &'static str {
    match word {
        "refused" => "the host refuses a channel",
        "disconnect" => "the host disconnects in place of a channel",
        "closed" => "closed the connection in place of a channel",
        "reset" => "the connection was reset in place of a channel",
        "silent" => "no answer to the request for a channel",
        _ => "answered the request for a channel with something else",
    }
}

/// Licence errors of Set Error Info ([MS-RDPBCGR] 2.2.5.1.1).
fn is_licence(code: &str) -> bool {
    code.strip_prefix("0x")
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .is_some_and(|n| (0x100..=0x10a).contains(&n))
}

/// Why a walk that was told to go on did not, where that is for want of an encryption.
pub(super) fn left_at(facts: &FactSet) -> Option<&'static str> {
    let fips = facts.text(FactKey::McsEncryption) == Some("fips");
    (fips && !facts.knows(FactKey::LicensingAnswer))
        .then_some("not gone on to: this program does not speak FIPS encryption")
}

pub(super) fn licensing(facts: &FactSet) -> (StageState, String) {
    let info = facts.text(FactKey::SessionErrorInfo);
    let Some(word) = facts.text(FactKey::LicensingAnswer) else {
        return (Skipped, String::new());
    };
    let code = facts.text(FactKey::LicensingErrorCode).unwrap_or("?");
    match word {
        "valid-client" => (Passed, "the host asks for no licence".into()),
        "new-license" | "upgrade-license" => (Passed, "the host gives a licence".into()),
        "none" => (
            Passed,
            "the session begins without a word on licences".into(),
        ),
        // An answer could draw a licence from the host's pool
        "license-request" | "platform-challenge" => (
            Skipped,
            "the host asks which licence the client has; not answered".into(),
        ),
        "error" => match info {
            Some(info) => (
                Failed,
                format!("the host refuses with licence error {code}, and {info}"),
            ),
            None => (
                Failed,
                format!("the host refuses with licence error {code}"),
            ),
        },
        "error-info" => match info {
            Some(info) if is_licence(info) => {
                (Failed, format!("the host refuses: Set Error Info {info}"))
            }
            _ => (Skipped, "the host ended the connection before".into()),
        },
        "disconnect" => (
            Failed,
            "the host disconnects in place of a word on licences".into(),
        ),
        "closed" => (
            Failed,
            "closed the connection in place of a word on licences".into(),
        ),
        "reset" => (
            Failed,
            "the connection was reset in place of a word on licences".into(),
        ),
        "silent" => (Failed, "no answer to the client's introduction".into()),
        _ => (Failed, "answered with something that cannot be read".into()),
    }
}

/// The host's words that end a connection before anybody signed in.
pub(super) fn logon(facts: &FactSet) -> (StageState, String) {
    match facts.text(FactKey::SessionErrorInfo) {
        Some(info) if !is_licence(info) => (
            Failed,
            format!("the host ends the connection: Set Error Info {info}"),
        ),
        _ => (Skipped, String::new()),
    }
}

//! The ladder: what became of each stage, from the facts alone.

use rdpwhy_model::recording::{Connection, Phase, Recording};
use rdpwhy_model::report::{StageReport, StageState};
use rdpwhy_model::text::shown;
use rdpwhy_model::{FactKey, FactSet, Stage};

use crate::signin;

use StageState::{Failed, Passed, Skipped, Unknown, Warned};

/// The rungs of the ladder, in order.
pub(crate) fn rungs(recording: &Recording, facts: &FactSet) -> Vec<StageReport> {
    let mut rungs = Vec::new();
    let mut over = false;
    for stage in Stage::LADDER {
        let (state, mut detail) = if over {
            (Skipped, String::new())
        } else {
            rung(stage, facts)
        };
        let goes_on = recording.nla || recording.asks.is_some();
        if stage == Stage::Licensing && goes_on && !over {
            detail.push_str(onward::left_at(facts).unwrap_or_default());
        }
        over |= matches!(state, Failed | Unknown);
        let took_ms = took_ms(stage, recording);
        rungs.push(StageReport {
            stage,
            state,
            took_ms,
            detail,
        });
    }
    rungs
}

fn rung(stage: Stage, facts: &FactSet) -> (StageState, String) {
    match stage {
        Stage::Resolve => resolve(facts),
        Stage::Tcp => tcp(facts),
        Stage::Negotiate => negotiate(facts),
        Stage::Tls => tls(facts),
        Stage::Nla => nla(facts),
        Stage::Mcs => mcs(facts),
        Stage::Licensing => onward::licensing(facts),
        Stage::Logon => onward::logon(facts),
        _ => (Skipped, String::new()),
    }
}

fn resolve(facts: &FactSet) -> (StageState, String) {
    let Some(word) = facts.text(FactKey::ResolveOutcome) else {
        return (Unknown, String::new());
    };
    let addresses = facts.list(FactKey::ResolveAddresses).join(", ");
    match word {
        "literal" => (Passed, "an address was given".into()),
        "addresses" => (Passed, addresses),
        _ => (
            Failed,
            resolve_words(facts.text(FactKey::ResolveServerAnswer).unwrap_or(word)).into(),
        ),
    }
}

fn resolve_words(word: &str) -> &'static str {
    match word {
        "not-found" => "the name does not exist (NXDOMAIN)",
        "no-address" => "the name has no address",
        "refused" => "the name server refuses to answer (REFUSED)",
        "server-failure" => "the name server fails (SERVFAIL)",
        "no-answer" => "no name server answers",
        "invalid-name" => "this cannot be the name of a host",
        "no-server" => "no name server is configured",
        "addresses" => "the system finds no address, though a name server gives one",
        _ => "the system's resolver finds no address",
    }
}

fn tcp(facts: &FactSet) -> (StageState, String) {
    let Some(word) = facts.text(FactKey::TcpOutcome) else {
        return (Unknown, String::new());
    };
    let icmp = facts.text(FactKey::TcpIcmp);
    let by = match (icmp, facts.text(FactKey::TcpIcmpFrom)) {
        (Some(i), Some("host")) => format!(" (ICMP {i} from the host)"),
        (Some(i), _) => format!(" (ICMP {i} from a router)"),
        _ => String::new(),
    };
    let words = match word {
        "connected" => {
            let dead = facts.list(FactKey::TcpDead);
            let address = facts.text(FactKey::TcpAddress).unwrap_or_default();
            return if dead.is_empty() {
                (Passed, format!("connected to {address}"))
            } else {
                (
                    Warned,
                    format!(
                        "connected to {address}; no connection to {}",
                        dead.join(", ")
                    ),
                )
            };
        }
        "refused" => "refused: nothing listens on the port, or a firewall says so",
        "reset" => "reset while connecting",
        "timeout" => "no answer",
        "host-unreachable" => "the host cannot be reached",
        "net-unreachable" => "the network cannot be reached",
        "port-unreachable" => "rejected",
        "prohibited" => "prohibited by a filter",
        "no-route" => "this machine has no route to it",
        "denied-here" => "this machine itself forbids the connection",
        _ => "the connection could not be made",
    };
    (Failed, format!("{words}{by}"))
}

/// A negotiation word, for people.
pub(crate) fn negotiation_words(word: &str) -> String {
    match word {
        "selected-rdp" => "plain RDP security chosen".into(),
        "selected-ssl" => "TLS chosen, without NLA".into(),
        "selected-hybrid" => "NLA chosen (HYBRID)".into(),
        "selected-hybrid-ex" => "NLA chosen (HYBRID_EX)".into(),
        "selected-rdstls" => "RDSTLS chosen, for clients that were redirected".into(),
        "selected-rdsaad" => "RDSAAD chosen, sign-in with an Entra account".into(),
        "selected-other" => "a protocol chosen that was not offered".into(),
        "no-response-structure" => "confirmed without negotiating: plain RDP security".into(),
        "closed" => "closed the connection instead of an answer".into(),
        "reset" => "the connection was reset instead of an answer".into(),
        "silent" => "accepts the connection and never answers".into(),
        "disconnect" => "answered with an MCS disconnect".into(),
        "not-rdp" => "answered, but not with RDP".into(),
        "malformed" => "answered with a broken packet".into(),
        "flood" => "sends without end".into(),
        "unreached" => "not reached".into(),
        _ => match word.strip_prefix("failure-") {
            Some("1") => "refused: it requires TLS (SSL_REQUIRED_BY_SERVER)".into(),
            Some("2") => "refused: it allows no TLS (SSL_NOT_ALLOWED_BY_SERVER)".into(),
            Some("3") => "refused: it has no certificate (SSL_CERT_NOT_ON_SERVER)".into(),
            Some("4") => "refused: inconsistent flags (INCONSISTENT_FLAGS)".into(),
            Some("5") => "refused: it requires NLA (HYBRID_REQUIRED_BY_SERVER)".into(),
            Some("6") => {
                "refused: it requires a client certificate (SSL_WITH_USER_AUTH_REQUIRED_BY_SERVER)"
                    .into()
            }
            Some(code) => format!("refused with failure code {code}"),
            None => word.to_owned(),
        },
    }
}

fn negotiate(facts: &FactSet) -> (StageState, String) {
    let Some(word) = facts.text(FactKey::NegAnswer) else {
        return (Unknown, String::new());
    };
    let plain = facts.text(FactKey::ClientAsks) == Some("plain");
    let mut detail = negotiation_words(word);
    if word == "selected-rdp" && !plain {
        detail.push_str(", though TLS was offered");
    }
    if let Some(peer) = facts.text(FactKey::NegPeer) {
        let first = facts.text(FactKey::NegFirstBytes).unwrap_or_default();
        detail = format!("answers as {}: {}", peer_words(peer), shown(first, 60));
    }
    match (word, facts.text(FactKey::NegSslOnly)) {
        ("selected-hybrid" | "selected-hybrid-ex", Some("failure-5")) => {
            detail.push_str(", required");
        }
        ("selected-hybrid" | "selected-hybrid-ex", Some("selected-ssl")) => {
            detail.push_str(", TLS alone accepted too");
        }
        _ => {}
    }
    let state = match word {
        "selected-ssl" | "selected-hybrid" | "selected-hybrid-ex" => Passed,
        // It is what such a client asked for
        "selected-rdp" if plain => Passed,
        "selected-rdp" | "no-response-structure" => Warned,
        "selected-other" | "selected-rdstls" | "selected-rdsaad" | "unreached" => Unknown,
        _ => Failed,
    };
    (state, detail)
}

fn peer_words(word: &str) -> &'static str {
    match word {
        "ssh" => "an SSH server",
        "http" => "a web server",
        "tls" => "a TLS server",
        "smb" => "a file server (SMB)",
        "vnc" => "a VNC server",
        "ftp" => "an FTP server",
        "smtp" => "a mail server",
        "proxy-protocol" => "a proxy (PROXY protocol)",
        "telnet" => "a Telnet server",
        "text" => "a service that speaks text",
        _ => "something that is not RDP",
    }
}

/// A TLS word, for people.
pub(crate) fn tls_words(word: &str) -> String {
    match word {
        "established" | "server-hello" => "the handshake works".into(),
        "closed" => "closed the connection after the ClientHello".into(),
        "reset" => "the connection was reset after the ClientHello".into(),
        "silent" => "no answer to the ClientHello".into(),
        "not-tls" => "answered the ClientHello with something that is not TLS".into(),
        "disconnect" => "answered the ClientHello with an RDP disconnect".into(),
        "refused-here" => "our own TLS library refused what the host sent".into(),
        "malformed" => "broke off in the middle of its answer".into(),
        "flood" => "sends without end".into(),
        "unreached" => "not reached".into(),
        _ => match word.strip_prefix("alert-") {
            Some(code) => format!("refused with TLS alert {code} ({})", alert(code)),
            None => word.to_owned(),
        },
    }
}

fn alert(code: &str) -> &'static str {
    match code {
        "10" => "unexpected_message",
        "20" => "bad_record_mac",
        "40" => "handshake_failure",
        "42" => "bad_certificate",
        "46" => "certificate_unknown",
        "47" => "illegal_parameter",
        "48" => "unknown_ca",
        "49" => "access_denied",
        "50" => "decode_error",
        "70" => "protocol_version",
        "71" => "insufficient_security",
        "80" => "internal_error",
        "112" => "unrecognized_name",
        _ => "see rdpwhy explain",
    }
}

fn tls(facts: &FactSet) -> (StageState, String) {
    let Some(word) = facts.text(FactKey::TlsAnswer) else {
        return match facts.text(FactKey::NegAnswer) {
            Some("selected-rdp" | "no-response-structure") => {
                (Skipped, "not used with plain RDP security".into())
            }
            _ => (Unknown, String::new()),
        };
    };
    match word {
        "established" => {
            let version = facts.text(FactKey::TlsVersion).unwrap_or("?");
            let subject = facts.text(FactKey::CertSubject).unwrap_or("no certificate");
            let left = facts.int(FactKey::CertDaysLeft);
            let dates = match left {
                Some(0) if facts.truth(FactKey::CertExpired) == Some(true) => {
                    ", expired today".to_owned()
                }
                Some(d) if d < 0 => format!(", expired {} days ago", -d),
                Some(d) => format!(", {d} days left"),
                None => String::new(),
            };
            let trouble = [
                FactKey::CertExpired,
                FactKey::CertNotYetValid,
                FactKey::CertWeakKey,
                FactKey::CertWeakSignature,
            ]
            .into_iter()
            .any(|k| facts.truth(k) == Some(true));
            let state = if trouble { Warned } else { Passed };
            (
                state,
                format!("{version}, certificate {}{dates}", shown(subject, 60)),
            )
        }
        // No client may accept that
        "refused-here" if facts.truth(FactKey::TlsIsOdd) == Some(true) => {
            let odd = facts.text(FactKey::TlsOdd).unwrap_or_default();
            (Failed, format!("the host {}", shown(odd, 120)))
        }
        "refused-here" | "unreached" => (Unknown, tls_words(word)),
        _ => (Failed, tls_words(word)),
    }
}

fn nla(facts: &FactSet) -> (StageState, String) {
    let Some(word) = facts.text(FactKey::NlaAnswer) else {
        return match facts.text(FactKey::NegAnswer) {
            Some("selected-ssl" | "selected-rdp" | "no-response-structure") => {
                // Of a host that was not offered NLA, nothing is known about it
                let by = match facts.text(FactKey::ClientAsks) {
                    Some("tls" | "plain") => "not offered by this client",
                    _ => "not asked for by the host",
                };
                (Skipped, by.into())
            }
            _ => (Unknown, String::new()),
        };
    };
    match word {
        "challenge" | "no-ntlm" if let Some(tried) = signin::rung(facts) => tried,
        "challenge" => {
            let name = facts
                .text(FactKey::NlaDnsComputer)
                .or_else(|| facts.text(FactKey::NlaComputer))
                .unwrap_or("a host without a name");
            let build = facts
                .text(FactKey::NlaBuild)
                .map(|b| format!(", version {b}"));
            let build = build.unwrap_or_default();
            (
                Passed,
                format!(
                    "the host asks for sign-in: {}{build}; not tried",
                    shown(name, 40)
                ),
            )
        }
        "no-ntlm" => (
            Unknown,
            "the host answers CredSSP, but offers no NTLM".into(),
        ),
        "error-code" => {
            let code = facts.text(FactKey::NlaErrorCode).unwrap_or("?");
            (Failed, format!("the host refuses with {code}"))
        }
        "alert" => (Failed, "refused with a TLS alert".into()),
        "closed" => (
            Failed,
            "closed the connection in place of its challenge".into(),
        ),
        "reset" => (
            Failed,
            "the connection was reset in place of the challenge".into(),
        ),
        "silent" => (Failed, "no answer to CredSSP".into()),
        _ => (Failed, "answered CredSSP with something else".into()),
    }
}

fn mcs(facts: &FactSet) -> (StageState, String) {
    let Some(word) = facts.text(FactKey::McsAnswer) else {
        return match facts.text(FactKey::NlaAnswer) {
            Some(_) if facts.text(FactKey::SignInAnswer) == Some("accepted") => {
                (Skipped, "comes after the password is handed over".into())
            }
            Some(_) => (Skipped, "needs an account".into()),
            None => (Unknown, String::new()),
        };
    };
    match word {
        "response" => {
            let version = facts.text(FactKey::McsVersion).unwrap_or("RDP");
            let encryption = match facts.text(FactKey::McsEncryption) {
                Some("none") | None => String::new(),
                Some(e) => format!(", {e} encryption"),
            };
            match facts.text(FactKey::McsChannels) {
                None | Some("joined") => (Passed, format!("{version}{encryption}")),
                Some(word) => (Failed, onward::channels_words(word).into()),
            }
        }
        "refused" => (Failed, "the host refuses the connection's settings".into()),
        "disconnect" => (Failed, "the host disconnects".into()),
        "closed" => (
            Failed,
            "closed the connection in place of its settings".into(),
        ),
        "reset" => (
            Failed,
            "the connection was reset in place of the host's settings".into(),
        ),
        "silent" => (Failed, "no answer to the client's settings".into()),
        _ => (Failed, "answered with something that cannot be read".into()),
    }
}

mod onward;

fn took_ms(stage: Stage, recording: &Recording) -> Option<f64> {
    let ms = |us: u64| f64::from(u32::try_from(us).unwrap_or(u32::MAX)) / 1000.0;
    if stage == Stage::Resolve {
        return recording.lookups.first().map(|l| ms(l.took_us));
    }
    let walks = recording.connections.iter().filter(|c| c.check == "walk");
    let walk = walks.max_by_key(|c| (c.events.len(), std::cmp::Reverse(c.id)))?;
    let phase = match stage {
        Stage::Tcp => return Some(ms(walk.connect.took_us)),
        Stage::Negotiate => Phase::Negotiate,
        Stage::Tls => Phase::Tls,
        Stage::Nla => Phase::Nla,
        Stage::Mcs => Phase::Mcs,
        Stage::Licensing => Phase::Licensing,
        _ => return None,
    };
    span(walk, phase).map(ms)
}

fn span(c: &Connection, phase: Phase) -> Option<u64> {
    Some(c.ended_us(phase)?.saturating_sub(c.began_us(phase)?))
}

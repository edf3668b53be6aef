//! Every way a simulated handshake ends, with what is seen and logged then (data/reasons.tsv).

use std::sync::OnceLock;

use serde::Serialize;

use crate::profiles::Role;

/// Why a handshake ends as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// It is completed.
    Ok,
    /// The client has no version to offer.
    NoEnabledProtocol,
    /// The server has no version to accept.
    ServerNoEnabledProtocol,
    /// The server has no certificate, or cannot open its private key.
    ServerCredentialUnusable,
    /// No version in common.
    NoCommonVersion,
    /// No suite in common for the version that they choose.
    NoSharedSuite,
    /// No suite in common fits the kind of the server's key.
    CertTypeMismatch,
    /// No key-exchange group that both can use.
    NoCommonGroup,
    /// The server's key can sign in no way that the client accepts.
    NoCommonSignatureAlgorithm,
    /// The client refuses the signature of TLS 1.0 and 1.1.
    LegacySignatureRefused,
    /// The server's DHE group is smaller than the client accepts.
    DhTooSmall,
    /// The server's RSA key is smaller than the client accepts.
    CertKeyTooSmall,
    /// The certificate's key usage forbids what the suite needs.
    KeyUsageViolation,
    /// The client refuses the signature on the certificate.
    CertSignatureNotOffered,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 14] = [
        Self::Ok,
        Self::NoEnabledProtocol,
        Self::ServerNoEnabledProtocol,
        Self::ServerCredentialUnusable,
        Self::NoCommonVersion,
        Self::NoSharedSuite,
        Self::CertTypeMismatch,
        Self::NoCommonGroup,
        Self::NoCommonSignatureAlgorithm,
        Self::LegacySignatureRefused,
        Self::DhTooSmall,
        Self::CertKeyTooSmall,
        Self::KeyUsageViolation,
        Self::CertSignatureNotOffered,
    ];

    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NoEnabledProtocol => "no_enabled_protocol",
            Self::ServerNoEnabledProtocol => "server_no_enabled_protocol",
            Self::ServerCredentialUnusable => "server_credential_unusable",
            Self::NoCommonVersion => "no_common_version",
            Self::NoSharedSuite => "no_shared_suite",
            Self::CertTypeMismatch => "cert_type_mismatch",
            Self::NoCommonGroup => "no_common_group",
            Self::NoCommonSignatureAlgorithm => "no_common_signature_algorithm",
            Self::LegacySignatureRefused => "legacy_signature_refused",
            Self::DhTooSmall => "dh_too_small",
            Self::CertKeyTooSmall => "cert_key_too_small",
            Self::KeyUsageViolation => "key_usage_violation",
            Self::CertSignatureNotOffered => "cert_signature_not_offered",
        }
    }

    /// What is seen and logged when a handshake ends so.
    pub fn outcome(self) -> &'static Outcome {
        static NOTHING: Outcome = Outcome {
            failing_side: None,
            alert: None,
            alert_from: None,
            server_events: Vec::new(),
            client_events: Vec::new(),
            known: "",
            meaning: "",
        };
        let row = table().iter().find(|(name, _)| *name == self.name());
        row.map_or(&NOTHING, |(_, outcome)| outcome)
    }
}

/// What is seen and logged when a handshake ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The side that gives up.
    pub failing_side: Option<Role>,
    /// The alert that it sends (RFC 8446 6).
    pub alert: Option<u8>,
    /// Who sends it.
    pub alert_from: Option<Role>,
    /// What a server on Schannel logs.
    pub server_events: Vec<Event>,
    /// What a client on Schannel logs.
    pub client_events: Vec<Event>,
    /// How well alert and events are known: measured, documented, derived, reported.
    pub known: &'static str,
    /// The reason in words.
    pub meaning: &'static str,
}

/// An event of Schannel as Windows logs it: `36888:40:1205`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Event {
    text: &'static str,
}

impl Event {
    /// The event with what it carries: its id, the alert, the error state, with colons between. A
    /// question mark stands for what is not known.
    pub const fn text(self) -> &'static str {
        self.text
    }

    /// Its id: 36888 is an alert that was sent, 36887 one that came, 36874 no suite in common,
    /// 36870 a private key that cannot be used, 36871 no version that is on.
    pub fn id(self) -> u32 {
        let id = self.text.split(':').next().unwrap_or_default();
        id.parse().unwrap_or(0)
    }

    /// The alert in it, where it carries one that is known.
    pub fn alert(self) -> Option<u8> {
        let carries = self.id() != 36871;
        self.part(1).filter(|_| carries)?.parse().ok()
    }

    /// The internal error state in it, where it carries one that is known.
    pub fn state(self) -> Option<u32> {
        // 36871 carries the state alone
        let at = if self.id() == 36871 { 1 } else { 2 };
        self.part(at)?.parse().ok()
    }

    fn part(self, at: usize) -> Option<&'static str> {
        self.text.split(':').nth(at)
    }
}

fn table() -> &'static [(&'static str, Outcome)] {
    static TABLE: OnceLock<Vec<(&str, Outcome)>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("../../data/reasons.tsv")
            .lines()
            .skip(1)
            .filter_map(parse)
            .collect()
    })
}

fn parse(line: &'static str) -> Option<(&'static str, Outcome)> {
    let cells: Vec<&'static str> = line.split('\t').collect();
    let [
        name,
        side,
        alert,
        alert_from,
        server_events,
        client_events,
        known,
        meaning,
    ] = cells.as_slice()
    else {
        return None;
    };
    let outcome = Outcome {
        failing_side: role(side),
        alert: alert.parse().ok(),
        alert_from: role(alert_from),
        server_events: events(server_events),
        client_events: events(client_events),
        known: if *known == "-" { "" } else { known },
        meaning,
    };
    Some((name, outcome))
}

fn role(word: &str) -> Option<Role> {
    match word {
        "client" => Some(Role::Client),
        "server" => Some(Role::Server),
        _ => None,
    }
}

fn events(list: &'static str) -> Vec<Event> {
    let present = list.split(';').filter(|e| *e != "-");
    present.map(|text| Event { text }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_row_and_every_row_its_reason() {
        let lines = include_str!("../../data/reasons.tsv").lines().count() - 1;
        assert_eq!(
            (table().len(), lines),
            (Reason::ALL.len(), Reason::ALL.len())
        );
        for reason in Reason::ALL {
            assert!(
                table().iter().any(|(n, _)| *n == reason.name()),
                "{reason:?}"
            );
            let outcome = reason.outcome();
            assert!(!outcome.meaning.is_empty(), "{reason:?}");
            assert_eq!(outcome.failing_side.is_none(), reason == Reason::Ok);
            let events = outcome.server_events.iter().chain(&outcome.client_events);
            for event in events {
                assert!((36870..=36888).contains(&event.id()), "{event:?}");
            }
            let name = serde_json::to_value(reason).unwrap();
            assert_eq!(name, reason.name());
        }
    }

    #[test]
    fn events_say_what_they_carry() {
        let of = |text| Event { text };
        assert_eq!(of("36888:40:1205").alert(), Some(40));
        assert_eq!(of("36888:40:1205").state(), Some(1205));
        assert_eq!(of("36888:70:?").state(), None);
        assert_eq!(of("36888:?:?").alert(), None);
        assert_eq!(of("36871:10013").alert(), None);
        assert_eq!(of("36871:10013").state(), Some(10013));
        assert_eq!((of("36874").id(), of("36874").alert()), (36874, None));
    }
}

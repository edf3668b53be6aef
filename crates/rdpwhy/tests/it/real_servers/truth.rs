//! What a right verdict is for each configuration.
//!
//! Facts are what the wire shows, and the tests hold the program to them exactly. A verdict may be
//! right in more than one way, as people who know the fault would allow; this is that table.

use super::seen::Seen;

/// What a right verdict says of one configuration.
struct Truth {
    configuration: &'static str,
    outcomes: &'static [&'static str],
    /// Where it stops, when it is blocked.
    stage: &'static str,
    /// The causes one of which must lead, or be found; none for a healthy host.
    causes: &'static [&'static str],
    /// More than this cannot be known from outside.
    most: Certainty,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Certainty {
    None,
    Possible,
    Likely,
    Proved,
}

const fn healthy(configuration: &'static str) -> Truth {
    Truth {
        configuration,
        outcomes: &["connectable"],
        stage: "",
        causes: &[],
        most: Certainty::None,
    }
}

const TABLE: &[Truth] = &[
    healthy("xrdp, certificate of an authority"),
    healthy("xrdp, certificate in Windows' form"),
    healthy("shadow, NLA"),
    healthy("shadow, TLS"),
    healthy("shadow, as it comes"),
    Truth {
        configuration: "xrdp, plain RDP security",
        outcomes: &["blocked", "degraded", "connectable"],
        stage: "negotiate",
        causes: &["host-plain-rdp-only", "xrdp-key-not-readable"],
        most: Certainty::Proved,
    },
    Truth {
        configuration: "xrdp, plain RDP security with FIPS",
        outcomes: &["blocked", "degraded", "connectable"],
        stage: "negotiate",
        causes: &["host-plain-rdp-only", "fips-mismatch"],
        most: Certainty::Proved,
    },
    Truth {
        configuration: "xrdp, no key",
        outcomes: &["blocked"],
        stage: "negotiate",
        causes: &["no-certificate-on-server", "xrdp-key-not-readable"],
        most: Certainty::Proved,
    },
    Truth {
        configuration: "xrdp, TLS 1.3 only",
        outcomes: &["connectable", "degraded"],
        stage: "",
        causes: &["tls-version-no-common"],
        most: Certainty::Proved,
    },
    Truth {
        configuration: "xrdp, TLS 1.0 only",
        outcomes: &["connectable", "degraded"],
        stage: "",
        causes: &["tls-version-no-common"],
        most: Certainty::Proved,
    },
    Truth {
        configuration: "xrdp, no common suite",
        outcomes: &["blocked"],
        stage: "tls",
        causes: &["cipher-suites-no-common"],
        most: Certainty::Proved,
    },
    Truth {
        configuration: "xrdp, certificate expired",
        outcomes: &["connectable", "degraded"],
        stage: "",
        causes: &["ca-cert-expired-or-replaced", "selfsigned-cert-expired"],
        most: Certainty::Proved,
    },
    Truth {
        configuration: "xrdp, key of another certificate",
        outcomes: &["blocked"],
        stage: "tls",
        causes: &["cert-key-mismatch"],
        most: Certainty::Likely,
    },
    Truth {
        configuration: "shadow, plain RDP security",
        outcomes: &["blocked", "degraded", "connectable"],
        stage: "negotiate",
        causes: &["host-plain-rdp-only"],
        most: Certainty::Proved,
    },
];

/// A certificate that the client does not trust is how RDP comes: it may be warned of.
const MILD: &[&str] = &[
    "cert-untrusted-client-policy",
    "cert-self-signed",
    "cert-untrusted",
];

impl Seen {
    /// Checks the verdict against the table.
    #[track_caller]
    pub(super) fn tells_the_truth_about(&self, configuration: &str) {
        let truth = TABLE
            .iter()
            .find(|t| t.configuration == configuration)
            .unwrap_or_else(|| panic!("no truth is known about {configuration}"));
        let wrong = if truth.causes.is_empty() {
            self.accused()
        } else {
            self.missed(truth)
        };
        if let Some(wrong) = wrong {
            let findings = self.accusations();
            panic!(
                "{configuration}: {wrong}; causes {:?}, findings {findings:?}, in\n{self}",
                self.causes()
            );
        }
    }

    /// What a healthy host is wrongly accused of.
    fn accused(&self) -> Option<String> {
        let accusations = self.accusations();
        let harmless = accusations.iter().all(|f| MILD.contains(f));
        let clear = self.outcome() == "connectable"
            && self.report["verdict"]["cause"].is_null()
            && self.causes().is_empty()
            && harmless;
        (!clear).then(|| "a healthy host is accused".to_owned())
    }

    /// What is wrong with the verdict on a fault.
    fn missed(&self, truth: &Truth) -> Option<String> {
        let verdict = &self.report["verdict"];
        let outcome = self.outcome();
        if !truth.outcomes.contains(&outcome) {
            return Some(format!("{outcome} is wrong"));
        }
        if outcome == "blocked" && verdict["stage"] != truth.stage {
            return Some(format!("it does not stop at {}", verdict["stage"]));
        }
        let certainty = match verdict["certainty"].as_str() {
            Some("possible") => Certainty::Possible,
            Some("likely") => Certainty::Likely,
            Some("proved") => Certainty::Proved,
            _ => Certainty::None,
        };
        if certainty > truth.most {
            return Some(format!("{certainty:?} is more than can be known"));
        }
        // Where it connects, the cause stands among the findings, and these are few
        let leads = verdict["cause"]
            .as_str()
            .is_some_and(|c| truth.causes.contains(&c));
        let findings = self.accusations();
        let found = outcome != "blocked"
            && findings.len() <= 3
            && findings.iter().any(|f| truth.causes.contains(f));
        (!leads && !found).then(|| format!("none of {:?} leads", truth.causes))
    }
}

//! Weighs every cause of the catalogue against the facts. Pure: the same facts give the same
//! judgements, and each judgement names the facts that decided it.

use std::collections::BTreeSet;

use rdpwhy_model::report::Certainty;
use rdpwhy_model::{FactKey, FactSet};

use crate::catalogue::{Best, Catalogue, CauseEntry, Platform};
use crate::condition::{Condition, Judged, Truth};
use crate::derive;

/// What the facts say about one cause.
#[derive(Clone, Debug)]
pub struct Judgement<'a> {
    /// The cause.
    pub cause: &'a CauseEntry,
    /// How sure it is; `None` when nothing speaks for it.
    pub certainty: Option<Certainty>,
    /// Whether something seen contradicts it.
    pub excluded: bool,
    /// The facts that decided this.
    pub because: BTreeSet<FactKey>,
    /// The facts that could still change it.
    pub missing: BTreeSet<FactKey>,
}

impl Judgement<'_> {
    /// Whether the host is known to be of another kind than the cause needs: then not even a
    /// finding of that cause is true of it.
    pub fn excluded_elsewhere(&self, facts: &FactSet) -> bool {
        elsewhere(self.cause.platform, facts)
    }
}

/// Weighs every cause.
pub fn judge<'a>(catalogue: &'a Catalogue, facts: &FactSet) -> Vec<Judgement<'a>> {
    catalogue.causes.iter().map(|c| weigh(c, facts)).collect()
}

fn weigh<'a>(cause: &'a CauseEntry, facts: &FactSet) -> Judgement<'a> {
    let mut judgement = Judgement {
        cause,
        certainty: None,
        excluded: false,
        because: BTreeSet::new(),
        missing: BTreeSet::new(),
    };
    if elsewhere(cause.platform, facts) {
        judgement.excluded = true;
        judgement.because.insert(FactKey::HostSoftware);
        return judgement;
    }
    let held = |c: &Option<Condition>| c.as_ref().map(|c| c.judge(facts));
    let excluding = held(&cause.excludes);
    if let Some(Judged {
        truth: Truth::True,
        because,
        ..
    }) = excluding
    {
        judgement.excluded = true;
        judgement.because = because;
        return judgement;
    }
    let mut alive = false;
    let steps = [
        (Certainty::Proved, &cause.proves),
        (Certainty::Likely, &cause.likely),
        (Certainty::Possible, &cause.possible),
    ];
    for (certainty, condition) in steps {
        let Some(judged) = held(condition) else {
            continue;
        };
        match judged.truth {
            Truth::True => {
                judgement.certainty = Some(certainty.min(most(cause.best)));
                judgement.because = judged.because;
                alive = true;
                break;
            }
            // A stronger statement may still come true: these facts are worth asking for
            Truth::Unknown => {
                judgement.missing.extend(judged.missing);
                alive = true;
            }
            Truth::False => {}
        }
    }
    // Only a cause that may still be it is worth a question that would rule it out
    if alive && let Some(e) = excluding {
        judgement.missing.extend(e.missing);
    }
    if let Some(finding) = &cause.finding {
        let judged = finding.when.judge(facts);
        if judged.truth == Truth::Unknown {
            judgement.missing.extend(judged.missing);
        }
    }
    judgement
}

/// The most that a kind of evidence allows.
const fn most(best: Best) -> Certainty {
    match best {
        Best::Conclusive | Best::Strong => Certainty::Proved,
        Best::Suggestive => Certainty::Likely,
        Best::None => Certainty::Possible,
    }
}

/// Whether the host is known to be of another kind than the cause needs.
fn elsewhere(platform: Platform, facts: &FactSet) -> bool {
    let Some(software) = facts.text(FactKey::HostSoftware) else {
        return false;
    };
    match platform {
        Platform::Windows => software != "windows",
        Platform::Xrdp => software != "xrdp",
        // gnome-remote-desktop stands on FreeRDP's library and cannot be told from it from outside
        Platform::Freerdp | Platform::Gnome => software != "freerdp",
        Platform::Any | Platform::Client | Platform::Network | Platform::Cloud => false,
    }
}

/// The facts that could still change a judgement, for whoever can go and look. A derived fact
/// stands for those from which it follows.
pub fn wanted(
    catalogue: &Catalogue,
    judgements: &[Judgement<'_>],
    facts: &FactSet,
) -> BTreeSet<FactKey> {
    let causes = judgements
        .iter()
        .filter(|j| !j.excluded)
        .flat_map(|j| j.missing.iter().copied());
    let findings = catalogue.findings.iter().map(|f| f.entry.when.judge(facts));
    let findings = findings
        .filter(|j| j.truth == Truth::Unknown)
        .flat_map(|j| j.missing);
    let mut keys: BTreeSet<FactKey> = causes.chain(findings).collect();
    for key in keys.clone() {
        keys.extend(derive::needs(key).iter().filter(|k| !facts.knows(**k)));
    }
    keys
}

#[cfg(test)]
mod tests {
    use rdpwhy_model::Observation;

    use super::*;

    fn cause(text: &str) -> CauseEntry {
        let head = "id = \"x\"\ntitle = \"t\"\nstage = \"tls\"\ncommon = 1\nexplain = \"e\"\nverify = \"v\"\nsources = [\"s\"]\n";
        toml::from_str(&format!("{head}{text}")).unwrap()
    }

    fn facts(known: &[(FactKey, &str)]) -> FactSet {
        let mut set = FactSet::default();
        for (key, value) in known {
            set.add(Observation {
                key: *key,
                value: (*value).into(),
                source: String::new(),
                connections: vec![],
            });
        }
        set
    }

    #[test]
    fn certainty_is_capped_by_the_kind_of_proof() {
        let c = cause(
            "platform = \"any\"\nbest = \"suggestive\"\n[proves]\nfact = \"tls.answer\"\nis = \"closed\"\n",
        );
        let j = weigh(&c, &facts(&[(FactKey::TlsAnswer, "closed")]));
        assert_eq!(j.certainty, Some(Certainty::Likely));
    }

    #[test]
    fn a_windows_cause_is_never_named_on_another_host() {
        let c = cause(
            "platform = \"windows\"\nbest = \"strong\"\n[proves]\nfact = \"tls.answer\"\nis = \"closed\"\n",
        );
        let seen = [
            (FactKey::TlsAnswer, "closed"),
            (FactKey::HostSoftware, "xrdp"),
        ];
        let j = weigh(&c, &facts(&seen));
        assert!(j.excluded && j.certainty.is_none());
    }

    #[test]
    fn a_dead_cause_asks_for_nothing() {
        let c = cause(
            "platform = \"any\"\nbest = \"strong\"\n[proves]\nfact = \"tls.answer\"\nis = \"closed\"\n[excludes]\nfact = \"tls.wide\"\nis = \"server-hello\"\n",
        );
        assert!(
            weigh(&c, &facts(&[(FactKey::TlsAnswer, "established")]))
                .missing
                .is_empty()
        );
        let asked = weigh(&c, &facts(&[(FactKey::TlsAnswer, "closed")])).missing;
        assert_eq!(asked, BTreeSet::from([FactKey::TlsWide]));
    }
}

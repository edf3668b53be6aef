//! The catalogue: every cause with its signs, as data (data/causes, data/groups.toml).

use std::sync::OnceLock;

use rdpwhy_model::Stage;
use rdpwhy_model::report::{ClientEffect, Severity};
use serde::Deserialize;

use crate::condition::Condition;

mod files;

/// Where a fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Anywhere.
    Any,
    /// A Windows host.
    Windows,
    /// xrdp.
    Xrdp,
    /// FreeRDP's shadow server.
    Freerdp,
    /// gnome-remote-desktop.
    Gnome,
    /// The client machine.
    Client,
    /// The network between.
    Network,
    /// A cloud platform.
    Cloud,
}

/// The strongest that can ever be said of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Best {
    /// No reliable sign exists.
    None,
    /// Signs only fit.
    Suggestive,
    /// A controlled comparison isolates it.
    Strong,
    /// A code, an event or a setting states it.
    Conclusive,
}

/// A cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CauseEntry {
    /// Stable name.
    pub id: String,
    /// What is wrong, in one line.
    pub title: String,
    /// The stage that it stops.
    pub stage: Stage,
    /// Where the fault lies.
    pub platform: Platform,
    /// The strongest that can be said.
    pub best: Best,
    /// 3 common, 1 rare: only breaks ties.
    pub common: u8,
    /// The group of causes that look alike from outside.
    pub group: Option<String>,
    /// What happens and why it looks so.
    pub explain: String,
    /// What would prove it, and on which machine.
    pub tell_apart: Option<String>,
    /// What mstsc shows.
    #[serde(default)]
    pub codes: Vec<String>,
    /// How to see that it is mended.
    pub verify: String,
    /// Where the facts come from.
    pub sources: Vec<String>,
    /// Proved when this holds.
    pub proves: Option<Condition>,
    /// Likely when this holds.
    pub likely: Option<Condition>,
    /// Possible when this holds.
    pub possible: Option<Condition>,
    /// Ruled out when this holds.
    pub excludes: Option<Condition>,
    /// What to say where the connection works.
    pub finding: Option<FindingEntry>,
    /// What to do.
    #[serde(default, rename = "fix")]
    pub fixes: Vec<FixEntry>,
}

/// When a cause that does not stop this client is worth saying.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingEntry {
    /// When.
    pub when: Condition,
    /// How much it matters.
    pub severity: Severity,
    /// Its own title, where the cause's does not fit.
    pub title: Option<String>,
    /// What it means to which client.
    #[serde(default)]
    pub clients: Vec<ClientEffect>,
    /// The same by the name of an [`Effect`].
    pub effect: Option<String>,
    /// What to say instead when more is known: the first whose condition holds.
    #[serde(default, rename = "case")]
    pub cases: Vec<FindingCase>,
}

impl FindingEntry {
    /// Every condition in it.
    #[cfg(test)]
    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        std::iter::once(&self.when).chain(self.cases.iter().map(|c| &c.when))
    }
}

/// A finding about which more is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingCase {
    /// When.
    pub when: Condition,
    /// What is so, in one line.
    pub title: String,
    /// How much it matters, where that is another matter.
    pub severity: Option<Severity>,
    /// What it means to which client, where that is another matter.
    #[serde(default)]
    pub clients: Vec<ClientEffect>,
}

/// What a kind of finding means to which client.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// Name.
    pub id: String,
    /// What each client does.
    pub clients: Vec<ClientEffect>,
}

/// What to do about a cause.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixEntry {
    /// Name.
    pub id: String,
    /// Who can do it, and where.
    pub who: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// A command.
    pub command: Option<String>,
    /// How easily it locks the person out, done wrong over RDP: none, low, high.
    pub risk: String,
}

/// Causes that look alike from outside.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEntry {
    /// Name.
    pub id: String,
    /// What they have in common, in one line.
    pub title: String,
    /// Who can tell them apart, in a few words.
    pub apart: String,
    /// For the verdict.
    pub summary: String,
    /// How to see which one it is, and where.
    pub see: String,
    /// What it is not, for the verdict.
    #[serde(default)]
    pub not: String,
}

/// Something worth saying that concerns no cause.
#[derive(Clone, Debug)]
pub struct OtherFinding {
    /// Name.
    pub id: String,
    /// What is so, in one line.
    pub title: String,
    /// What is seen and what it means, as for a cause.
    pub entry: FindingEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Findings {
    finding: Vec<WrittenFinding>,
    effect: Vec<Effect>,
}

/// A finding as it stands in the file: `flatten` would let unknown fields pass.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFinding {
    id: String,
    title: String,
    severity: Severity,
    when: Condition,
    #[serde(default)]
    clients: Vec<ClientEffect>,
    effect: Option<String>,
    #[serde(default, rename = "case")]
    cases: Vec<FindingCase>,
}

impl From<WrittenFinding> for OtherFinding {
    fn from(w: WrittenFinding) -> Self {
        let entry = FindingEntry {
            when: w.when,
            severity: w.severity,
            title: None,
            clients: w.clients,
            effect: w.effect,
            cases: w.cases,
        };
        Self {
            id: w.id,
            title: w.title,
            entry,
        }
    }
}

#[derive(Deserialize)]
struct Groups {
    group: Vec<GroupEntry>,
}

/// The catalogue.
#[derive(Debug)]
pub struct Catalogue {
    /// Every cause, by id.
    pub causes: Vec<CauseEntry>,
    /// Every group.
    pub groups: Vec<GroupEntry>,
    /// Findings that concern no cause.
    pub findings: Vec<OtherFinding>,
    /// What kinds of findings mean to which client.
    pub effects: Vec<Effect>,
}

/// What is wrong with a file of the catalogue.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct CatalogueError {
    /// The file.
    pub file: String,
    /// What is wrong.
    pub reason: String,
}

impl Catalogue {
    /// The catalogue that is compiled in. A file that cannot be read is left out here; a test
    /// reads every one, so that none ever is.
    pub fn built_in() -> &'static Self {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        CATALOGUE.get_or_init(|| Self::read().0)
    }

    /// Reads the catalogue, and says what cannot be read.
    pub fn read() -> (Self, Vec<CatalogueError>) {
        let mut faults = Vec::new();
        let mut causes: Vec<CauseEntry> = Vec::new();
        for (file, text) in files::CAUSES {
            match toml::from_str::<CauseEntry>(text) {
                Ok(cause) => causes.push(cause),
                Err(e) => faults.push(CatalogueError {
                    file: (*file).into(),
                    reason: e.to_string(),
                }),
            }
        }
        causes.sort_by(|a, b| a.id.cmp(&b.id));
        let groups = toml::from_str::<Groups>(files::GROUPS).map(|g| g.group);
        let groups = groups.unwrap_or_else(|e| {
            faults.push(CatalogueError {
                file: "groups.toml".into(),
                reason: e.to_string(),
            });
            Vec::new()
        });
        let findings = toml::from_str::<Findings>(files::FINDINGS);
        let findings = findings.unwrap_or_else(|e| {
            faults.push(CatalogueError {
                file: "findings.toml".into(),
                reason: e.to_string(),
            });
            Findings {
                finding: Vec::new(),
                effect: Vec::new(),
            }
        });
        (
            Self {
                causes,
                groups,
                findings: findings.finding.into_iter().map(Into::into).collect(),
                effects: findings.effect,
            },
            faults,
        )
    }

    /// The cause of that id.
    pub fn cause(&self, id: &str) -> Option<&CauseEntry> {
        self.causes.iter().find(|c| c.id == id)
    }

    /// What a finding means to which client.
    pub fn clients(&self, finding: &FindingEntry) -> Vec<ClientEffect> {
        let named = finding.effect.as_deref();
        let shared = self.effects.iter().filter(|e| named == Some(&e.id));
        let shared = shared.flat_map(|e| e.clients.iter());
        finding.clients.iter().chain(shared).cloned().collect()
    }

    /// The group of that id.
    pub fn group(&self, id: &str) -> Option<&GroupEntry> {
        self.groups.iter().find(|g| g.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read_and_speaks_of_facts_that_can_be() {
        let (catalogue, faults) = Catalogue::read();
        let mut wrong: Vec<String> = faults.iter().map(ToString::to_string).collect();
        for (cause, (file, _)) in catalogue.causes.iter().zip(files::CAUSES) {
            assert_eq!(
                format!("{}.toml", cause.id),
                *file,
                "a file bears its cause's id"
            );
        }
        for c in &catalogue.causes {
            let conditions = [&c.proves, &c.likely, &c.possible, &c.excludes];
            let finding = c.finding.iter().flat_map(FindingEntry::conditions);
            for condition in conditions.into_iter().flatten().chain(finding) {
                wrong.extend(
                    condition
                        .faults()
                        .into_iter()
                        .map(|f| format!("{}: {f}", c.id)),
                );
            }
            if c.proves.is_none()
                && c.likely.is_none()
                && c.possible.is_none()
                && c.finding.is_none()
            {
                wrong.push(format!("{} can never be said", c.id));
            }
            if c.group
                .as_deref()
                .is_some_and(|g| catalogue.group(g).is_none())
            {
                wrong.push(format!("{}: no such group", c.id));
            }
            if c.sources.is_empty()
                || c.fixes.is_empty()
                || c.verify.is_empty()
                || c.explain.is_empty()
            {
                wrong.push(format!(
                    "{}: source, fix, check or explanation is missing",
                    c.id
                ));
            }
            if !(1..=3).contains(&c.common) || c.title.ends_with('.') {
                wrong.push(format!(
                    "{}: common is 1 to 3, titles have no full stop",
                    c.id
                ));
            }
            for fix in &c.fixes {
                if fix.steps.is_empty() || !matches!(fix.risk.as_str(), "none" | "low" | "high") {
                    wrong.push(format!("{}: fix {}", c.id, fix.id));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn groups_hold_several_and_findings_speak_of_facts_that_can_be() {
        let catalogue = Catalogue::built_in();
        for group in &catalogue.groups {
            let members = catalogue
                .causes
                .iter()
                .filter(|c| c.group.as_ref() == Some(&group.id));
            assert!(members.count() > 1, "{} is no group", group.id);
        }
        for finding in &catalogue.findings {
            for condition in finding.entry.conditions() {
                assert!(condition.faults().is_empty(), "{}", finding.id);
            }
        }
        let of_causes = catalogue.causes.iter().filter_map(|c| c.finding.as_ref());
        let named = of_causes
            .chain(catalogue.findings.iter().map(|f| &f.entry))
            .filter_map(|f| f.effect.as_ref());
        for effect in named {
            assert!(
                catalogue.effects.iter().any(|e| e.id == *effect),
                "{effect}"
            );
        }
    }
}

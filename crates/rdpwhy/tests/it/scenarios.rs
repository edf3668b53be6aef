//! Every scenario is a recording of a real exchange, and what a right diagnosis says of it.
//!
//! `tests/scenarios/NAME.json` is what `--record` wrote against a server of the lab, a real server
//! or a real network fault; `NAME.toml` says where it comes from and what must, and must not, be
//! concluded. A cause of the catalogue without a scenario that reaches it and one that nearly does
//! fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rdpwhy_model::Stage;
use rdpwhy_model::recording::Recording;
use rdpwhy_model::report::{Certainty, Outcome, Report};
use rdpwhy_reason::catalogue::{Best, Catalogue};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The server or fault behind the bytes.
    from: String,
    outcome: Outcome,
    #[serde(default)]
    stage: Option<Stage>,
    /// The cause that must lead.
    #[serde(default)]
    leads: Option<String>,
    /// Causes that must be named, with their certainty.
    #[serde(default)]
    causes: BTreeMap<String, Certainty>,
    /// Causes that must stand among the findings.
    #[serde(default)]
    findings: Vec<String>,
    /// Causes that are near and must not be named, neither as cause nor as finding.
    #[serde(default)]
    near_misses: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn all() -> Vec<(String, Expected, Report)> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let expected = std::fs::read_to_string(&path).unwrap();
            let expected: Expected =
                toml::from_str(&expected).unwrap_or_else(|e| panic!("{name}.toml: {e}"));
            let recording = std::fs::read_to_string(path.with_extension("json")).unwrap();
            let recording: Recording =
                serde_json::from_str(&recording).unwrap_or_else(|e| panic!("{name}.json: {e}"));
            let report = rdpwhy::diagnose::conclude(&recording, 1.0, false, Vec::new());
            (name, expected, report)
        })
        .collect()
}

#[test]
fn every_scenario_is_judged_rightly() {
    let mut wrong = Vec::new();
    for (name, expected, report) in all() {
        let mut miss = |what: String| wrong.push(format!("{name} ({}): {what}", expected.from));
        let verdict = &report.verdict;
        if verdict.outcome != expected.outcome || verdict.stage != expected.stage {
            miss(format!(
                "{:?} at {:?}, not {:?} at {:?}",
                verdict.outcome, verdict.stage, expected.outcome, expected.stage
            ));
        }
        if expected.leads.is_some() && verdict.cause != expected.leads {
            miss(format!(
                "{:?} leads, not {:?}",
                verdict.cause, expected.leads
            ));
        }
        for (id, certainty) in &expected.causes {
            let said = report
                .causes
                .iter()
                .find(|c| c.id == *id)
                .map(|c| c.certainty);
            if said != Some(*certainty) {
                miss(format!("{id} is {said:?}, not {certainty:?}"));
            }
        }
        let found: Vec<&str> = report.findings.iter().map(|f| f.id.as_str()).collect();
        for id in &expected.findings {
            if !found.contains(&id.as_str()) {
                miss(format!("{id} is not among the findings {found:?}"));
            }
        }
        for id in &expected.near_misses {
            if report.causes.iter().any(|c| c.id == *id) || found.contains(&id.as_str()) {
                miss(format!("{id} is named, and must not be"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_cause_without_a_scenario_that_reaches_it_and_a_near_miss() {
    let catalogue = Catalogue::built_in();
    let mut reached: BTreeMap<String, Option<Certainty>> = BTreeMap::new();
    let mut missed: BTreeSet<String> = BTreeSet::new();
    for (_, expected, _) in all() {
        for (id, certainty) in expected.causes {
            let best = reached.entry(id).or_default();
            *best = (*best).max(Some(certainty));
        }
        for id in expected.findings {
            reached.entry(id).or_default();
        }
        missed.extend(expected.near_misses);
    }
    let known = |id: &String| {
        catalogue.cause(id).is_some() || catalogue.findings.iter().any(|f| f.id == *id)
    };
    let mut wrong: Vec<String> = reached
        .keys()
        .chain(&missed)
        .filter(|id| !known(id))
        .map(|id| format!("{id} stands in a scenario and not in the catalogue"))
        .collect();
    for cause in &catalogue.causes {
        if !reached.contains_key(&cause.id) {
            wrong.push(format!("{} is reached by no scenario", cause.id));
        }
        if !missed.contains(&cause.id) {
            wrong.push(format!("{} has no near miss", cause.id));
        }
        // What the rules say can be proved from outside must be proved by some bytes
        if cause.proves.is_some() && cause.best >= Best::Strong {
            let best = reached.get(&cause.id).copied().flatten();
            if best != Some(Certainty::Proved) {
                wrong.push(format!("{} is proved by no scenario", cause.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

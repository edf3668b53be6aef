//! Findings: what is worth saying although it does not stop this client.

use std::collections::BTreeSet;

use rdpwhy_model::FactSet;
use rdpwhy_model::report::{Finding, Fix};

use crate::assess::{Case, fix, items};
use crate::catalogue::{Catalogue, FindingEntry};
use crate::condition::Truth;
use crate::judge::Judgement;

/// Every finding, the gravest first. Causes that are named already are left out.
pub(crate) fn findings(
    catalogue: &Catalogue,
    judgements: &[Judgement<'_>],
    named: &BTreeSet<&str>,
    case: &Case<'_>,
) -> Vec<Finding> {
    let of_causes = judgements
        .iter()
        .filter(|j| !j.excluded_elsewhere(case.facts) && !named.contains(j.cause.id.as_str()))
        .filter_map(|j| {
            let entry = j.cause.finding.as_ref()?;
            let title = entry.title.as_ref().unwrap_or(&j.cause.title);
            let fixes = j.cause.fixes.iter().map(|f| fix(f, case)).collect();
            finding(catalogue, &j.cause.id, title, entry, fixes, case.facts)
        });
    let others = catalogue
        .findings
        .iter()
        .filter_map(|f| finding(catalogue, &f.id, &f.title, &f.entry, Vec::new(), case.facts));
    let mut out: Vec<Finding> = of_causes.chain(others).collect();
    out.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.id.cmp(&b.id)));
    out
}

/// A finding, when its condition holds: as its first case that holds has it, or as it stands.
fn finding(
    catalogue: &Catalogue,
    id: &str,
    title: &str,
    entry: &FindingEntry,
    fixes: Vec<Fix>,
    facts: &FactSet,
) -> Option<Finding> {
    let mut judged = entry.when.judge(facts);
    if judged.truth != Truth::True {
        return None;
    }
    let mut out = Finding {
        id: id.to_owned(),
        title: title.to_owned(),
        severity: entry.severity,
        evidence: Vec::new(),
        fixes,
        clients: catalogue.clients(entry),
    };
    let holding = entry.cases.iter().find_map(|c| {
        let judged = c.when.judge(facts);
        (judged.truth == Truth::True).then_some((c, judged))
    });
    if let Some((case, more)) = holding {
        out.title.clone_from(&case.title);
        out.severity = case.severity.unwrap_or(entry.severity);
        if !case.clients.is_empty() {
            out.clients.clone_from(&case.clients);
        }
        judged.because.extend(more.because);
    }
    out.evidence = items(&judged.because, facts);
    Some(out)
}

//! Revocation, live against the lab's authority, and what is said where nobody asked.

use std::path::Path;

use assert_cmd::Command;
use rdpwhy_lab::faults;
use rdpwhy_model::FactKey;
use rdpwhy_model::recording::Recording;
use rdpwhy_model::report::Report;
use rdpwhy_model::revocation::{Answer, Revocation};

#[test]
fn every_answer_of_an_authority_is_judged_rightly() {
    let rows: Vec<&str> = faults()
        .iter()
        .filter(|f| f.revocation)
        .map(|f| f.id)
        .collect();
    assert!(rows.len() >= 10, "{rows:?}");
    for id in rows {
        let output = Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
            .args(["demo", id])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{id}: {said}");
    }
}

/// The report of a host whose certificate is revoked, with other answers in place of the list.
fn judged(answers: Option<&[(usize, Answer)]>) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let recording = std::fs::read(folder.join("cert-revoked-crl.json")).unwrap();
    let mut recording: Recording = serde_json::from_slice(&recording).unwrap();
    let asked = recording.revocation.take().unwrap();
    recording.revocation = answers.map(|answers| {
        let with = |(certificate, answer): &(usize, Answer)| Revocation {
            certificate: *certificate,
            answer: answer.clone(),
            ..asked[0].clone()
        };
        answers.iter().map(with).collect()
    });
    rdpwhy::diagnose::conclude(&recording, 1.0, false, Vec::new())
}

fn found(report: &Report) -> Vec<&str> {
    let findings = report.findings.iter().map(|f| f.id.as_str());
    findings.filter(|id| id.starts_with("cert-rev")).collect()
}

fn unseen(report: &Report) -> String {
    let lines = report
        .unseen
        .iter()
        .map(|u| format!("{} {}\n", u.what, u.how));
    lines.collect()
}

#[test]
fn who_did_not_ask_knows_nothing_and_is_told_how_to_ask() {
    let report = judged(None);
    assert!(!report.evidence.facts.knows(FactKey::CertRevocation));
    assert_eq!(found(&report), [] as [&str; 0]);
    assert!(
        unseen(&report).contains("--revocation"),
        "{}",
        unseen(&report)
    );
    let asked = judged(Some(&[(0, Answer::Good)]));
    assert!(!unseen(&asked).contains("revoked"), "{}", unseen(&asked));
}

#[test]
fn an_answer_that_proves_nothing_accuses_nobody_of_being_revoked() {
    let lost = || (0, Answer::Unreachable("refused".to_owned()));
    let of = |answers: &[(usize, Answer)]| found(&judged(Some(answers))).join(" ");
    assert_eq!(of(&[]), "");
    assert_eq!(of(&[(0, Answer::NotHttp)]), "");
    assert_eq!(of(&[lost(), (0, Answer::Good)]), "");
    assert_eq!(
        of(&[lost(), (0, Answer::Unknown)]),
        "cert-revocation-unreachable"
    );
    assert_eq!(of(&[(0, Answer::TooBig)]), "cert-revocation-unusable");
    // What is said of the authority's own certificate counts too
    let revoked = Answer::Revoked {
        when: None,
        reason: None,
    };
    assert_eq!(of(&[(0, Answer::Good), (1, revoked)]), "cert-revoked");
}

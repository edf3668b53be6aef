//! What is remembered from one run to the next, and what is made of it.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use jiff::{SignedDuration, Timestamp};
use rdpwhy_model::FactKey;
use rdpwhy_model::recording::Recording;
use rdpwhy_model::report::{Report, Severity};
use rdpwhy_model::seen::{Known, Remembered, Shown};
use serde_json::Value;

use crate::lab::Lab;

/// A folder that is gone with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("rdpwhy-memory-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("rdpwhy").join("seen.json")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A run, with the folder of state that it is given: its report, and what it says on stderr.
fn probe(target: &str, state: &Path, more: &[&str]) -> (Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .args(["probe", "--json", target])
        .args(more)
        .env("XDG_STATE_HOME", state)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

fn fact(report: &Value, key: FactKey) -> Option<String> {
    let facts = report["evidence"]["facts"].as_array().unwrap();
    let found = facts.iter().find(|f| f["key"] == key.info().name)?;
    Some(found["value"].as_str().unwrap_or_default().to_owned())
}

fn unseen(report: &Value) -> String {
    report["unseen"].to_string()
}

#[test]
fn a_target_is_first_then_the_same_then_changed() {
    let state = Folder::new("changed");
    let lab = Lab::start("healthy-nla", 0);
    let (first, _) = probe(&lab.target, &state.0, &[]);
    assert_eq!(fact(&first, FactKey::CertSeen).as_deref(), Some("first"));
    let (same, _) = probe(&lab.target, &state.0, &[]);
    assert_eq!(fact(&same, FactKey::CertSeen).as_deref(), Some("same"));

    let (target, port) = (lab.target.clone(), lab.port());
    drop(lab);
    let lab = Lab::start("healthy-nla", port);
    assert_eq!(lab.target, target);
    let record = state.0.join("recording.json");
    let (changed, _) = probe(&target, &state.0, &["--record", record.to_str().unwrap()]);
    assert_eq!(
        fact(&changed, FactKey::CertSeen).as_deref(),
        Some("changed")
    );
    assert_eq!(
        fact(&changed, FactKey::CertSeenBeforeSha256),
        fact(&first, FactKey::CertSha256)
    );
    let findings = changed["findings"].as_array().unwrap();
    let found = findings.iter().find(|f| f["id"] == "cert-changed");
    assert_eq!(found.unwrap()["severity"], "info");

    // A replay judges alike, and neither reads nor writes
    let before = std::fs::read(state.file()).unwrap();
    let replayed = Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .args(["replay", "--json", record.to_str().unwrap()])
        .env("XDG_STATE_HOME", &state.0)
        .output()
        .unwrap();
    let replayed: Value = serde_json::from_slice(&replayed.stdout).unwrap();
    assert_eq!(replayed["findings"], changed["findings"]);
    assert_eq!(std::fs::read(state.file()).unwrap(), before);

    // One file, and nothing beside it
    let beside = std::fs::read_dir(state.0.join("rdpwhy")).unwrap().count();
    assert_eq!(beside, 1);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let state = Folder::new("mode");
    let lab = Lab::start("healthy-nla", 0);
    probe(&lab.target, &state.0, &[]);
    let mode = std::fs::metadata(state.file())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn without_memory_nothing_is_read_or_written() {
    let state = Folder::new("without");
    let lab = Lab::start("healthy-nla", 0);
    let (report, _) = probe(&lab.target, &state.0, &["--no-memory"]);
    assert_eq!(fact(&report, FactKey::CertSeen), None);
    assert!(!state.file().exists());
    // Nor do the demo and a lab
    let demo = Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .args(["demo", "healthy-nla"])
        .env("XDG_STATE_HOME", &state.0)
        .output()
        .unwrap();
    assert_eq!(demo.status.code(), Some(0));
    assert_eq!(std::fs::read_dir(&state.0).unwrap().count(), 0);
}

#[test]
fn a_damaged_memory_is_left_alone_and_stops_nothing() {
    let lab = Lab::start("healthy-nla", 0);
    let large = "x".repeat(5 * 1024 * 1024);
    for (name, text) in [
        ("cut", "{\"schema\":\"rdpwhy.seen/1\",\"targ"),
        ("foreign", "{\"schema\":\"rdpwhy.seen/9\",\"targets\":{}}"),
        ("large", &large),
    ] {
        let state = Folder::new(name);
        std::fs::create_dir_all(state.file().parent().unwrap()).unwrap();
        std::fs::write(state.file(), text).unwrap();
        let (report, said) = probe(&lab.target, &state.0, &[]);
        assert_eq!(
            std::fs::read_to_string(state.file()).unwrap(),
            text,
            "{name}"
        );
        assert_eq!(fact(&report, FactKey::CertSeen), None, "{name}");
        let note = unseen(&report);
        assert!(note.contains("memory of earlier runs"), "{name}: {note}");
        assert_eq!(said, "", "{name}: it is said once");
    }
}

#[test]
fn a_memory_that_cannot_be_read_is_said_to_be_unseen() {
    let state = Folder::new("unreadable");
    let lab = Lab::start("healthy-nla", 0);
    // A file stands where the folder should be, which stops even root
    std::fs::write(state.0.join("rdpwhy"), "").unwrap();
    let (report, said) = probe(&lab.target, &state.0, &[]);
    let note = unseen(&report);
    if note.contains("memory of earlier runs") {
        assert_eq!(said, "");
    } else {
        // Windows says that there is no such file, and then cannot make it
        assert_eq!(said.lines().count(), 1, "{said}{note}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_memory_that_cannot_be_written_is_said_in_one_line() {
    let lab = Lab::start("healthy-nla", 0);
    // Nobody makes a folder there, not even root
    let (report, said) = probe(&lab.target, Path::new("/proc/rdpwhy-test"), &[]);
    assert_eq!(fact(&report, FactKey::CertSeen).as_deref(), Some("first"));
    assert!(said.contains("is not remembered"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn runs_at_the_same_time_do_not_spoil_it() {
    let state = Folder::new("together");
    let labs = [Lab::start("healthy-nla", 0), Lab::start("healthy-nla", 0)];
    std::thread::scope(|s| {
        for lab in [&labs[0], &labs[1], &labs[0], &labs[1]] {
            s.spawn(|| probe(&lab.target, &state.0, &[]));
        }
    });
    let text = std::fs::read(state.file()).unwrap();
    let memory = rdpwhy::memory::Memory::parse(&text).unwrap();
    assert!((1..=2).contains(&memory.len()));
    // One after the other, each keeps what the other wrote
    for lab in &labs {
        probe(&lab.target, &state.0, &[]);
    }
    let text = std::fs::read(state.file()).unwrap();
    assert_eq!(rdpwhy::memory::Memory::parse(&text).unwrap().len(), 2);
}

/// The report of a healthy host, whose target showed another certificate before.
fn judged(change: impl Fn(&mut Known, Timestamp), elsewhere: &[&str]) -> Report {
    judged_in("healthy-nla", change, elsewhere)
}

/// The same of a host of that scenario.
fn judged_in(scenario: &str, change: impl Fn(&mut Known, Timestamp), elsewhere: &[&str]) -> Report {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let recording = std::fs::read(folder.join(scenario).with_extension("json")).unwrap();
    let mut recording: Recording = serde_json::from_slice(&recording).unwrap();
    let now = recording.started;
    let plain = rdpwhy::diagnose::conclude(&recording, 1.0, false, Vec::new());
    let text = |key| plain.evidence.facts.text(key).unwrap().to_owned();
    let mut before = Known {
        shown: Shown {
            sha256: "00".into(),
            spki_sha256: "00".into(),
            serial: "01".into(),
            issuer: text(FactKey::CertIssuer),
            subject: text(FactKey::CertSubject),
            not_after: Some(now + days(100)),
        },
        address: None,
        first: now - days(50),
        last: now - days(1),
    };
    change(&mut before, now);
    recording.remembered = Some(Remembered {
        before: Some(before),
        elsewhere: elsewhere.iter().map(ToString::to_string).collect(),
    });
    rdpwhy::diagnose::conclude(&recording, 1.0, false, Vec::new())
}

fn days(n: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * n)
}

/// What is found about the certificate's past.
fn found(report: &Report) -> Vec<(&str, Severity)> {
    let ids = ["cert-changed", "cert-renewed", "cert-key-shared"];
    let findings = report.findings.iter();
    findings
        .filter(|f| ids.contains(&f.id.as_str()))
        .map(|f| (f.id.as_str(), f.severity))
        .collect()
}

#[test]
fn a_renewal_is_no_alarm_and_other_names_are() {
    let info = Severity::Info;
    let unchanged = judged(|_, _| {}, &[]);
    assert_eq!(found(&unchanged), [("cert-changed", info)]);
    // As Windows does it: the old one had run out, the names are the same, the key is new
    let expired = judged(|k, now| k.shown.not_after = Some(now - days(2)), &[]);
    assert_eq!(found(&expired), [("cert-renewed", info)]);
    let other = judged(|k, _| k.shown.issuer = "CN=Corp CA".into(), &[]);
    assert_eq!(found(&other), [("cert-changed", Severity::Warning)]);
    // One that is trusted for the name needs no memory to be believed
    let company = |k: &mut Known, _| k.shown.issuer = "CN=Old CA".into();
    let trusted = judged_in("healthy-crl", company, &[]);
    assert_eq!(
        trusted.evidence.facts.text(FactKey::CertTrust),
        Some("trusted")
    );
    assert_eq!(found(&trusted), [("cert-changed", info)]);
    // Seen for an hour only: nothing was settled yet
    let new = judged(
        |k, _| {
            k.shown.issuer = "CN=Corp CA".into();
            k.first = k.last;
        },
        &[],
    );
    assert_eq!(found(&new), [("cert-changed", info)]);
    let due = judged(
        |k, now| {
            k.shown.issuer = "CN=Corp CA".into();
            k.shown.not_after = Some(now + days(9));
        },
        &[],
    );
    assert_eq!(found(&due), [("cert-changed", info)]);
    for report in [unchanged, expired, other] {
        assert!(report.causes.is_empty());
    }
}

#[test]
fn a_shared_key_is_worth_knowing_and_no_more() {
    let shared = judged(|_, _| {}, &["pc17:3389", "pc18\u{1b}[31m:3389"]);
    let shown = shared.evidence.facts.list(FactKey::CertSeenElsewhere);
    assert_eq!(shown, ["pc17:3389", "pc18\\u{1b}[31m:3389"]);
    assert!(found(&shared).contains(&("cert-key-shared", Severity::Info)));
}

//! The binary from outside: what it prints, where, and with which status.

use assert_cmd::Command;

fn rdpwhy(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("rdpwhy")
        .unwrap()
        .args(arguments)
        .assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn wrong_input_is_one_line_and_status_2() {
    for arguments in [
        &["rdp://pc42"][..],
        &["pc42:99999"],
        &["pc 42"],
        &["missing.rdp"],
        &["pc42", "--client", "windows-95"],
        &["pc42", "--resolver", "nonsense"],
        &["pc42", "--trust", "/nonexistent.pem"],
        &["replay", "/nonexistent.json"],
        &["report", "/nonexistent.json"],
        &["causes", "no-such-cause"],
        &["demo", "no-such-fault"],
        &["lab", "no-such-fault"],
    ] {
        let a = rdpwhy(arguments).code(2);
        let said = stderr(&a);
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(
            said.starts_with("rdpwhy: ") && stdout(&a).is_empty(),
            "{arguments:?}: {said}"
        );
    }
}

/// A store that is named and cannot be used would make every certificate look untrusted.
#[test]
fn a_store_in_the_environment_that_cannot_be_used_is_named() {
    let a = Command::cargo_bin("rdpwhy")
        .unwrap()
        .args(["pc42.invalid"])
        .env("SSL_CERT_FILE", "/nonexistent/store.pem")
        .assert()
        .code(2);
    let said = stderr(&a);
    assert!(said.contains("SSL_CERT_FILE"), "{said}");
    assert!(said.contains("/nonexistent/store.pem"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn wrong_usage_is_one_line_and_status_2_and_help_is_0() {
    rdpwhy(&[]).code(2);
    let server = ["--server-profile", "windows-10-1809"];
    for arguments in [
        &["pc42", "--no-such-option"][..],
        &["--json"],
        &["pc42", "pc43"],
        &["pc42", "--timeout", "5h"],
        &["pc42", "--as-tls", "--user", "alice"],
        &["pc42", "--as-plain", "--user", "alice"],
        &["pc42", "--repeat", "0"],
        &["pc42", "--color", "\u{1b}[31m\n"],
        &["simulate"],
        &["simulate", "windows-11"],
        // What would be ignored is not taken
        &[&server[..], &["pc42"]].concat(),
        &[&server[..], &["--record", "/nonexistent/x"]].concat(),
        &[&server[..], &["--tls"]].concat(),
        &[&server[..], &["--nla"]].concat(),
        &[&server[..], &["--as-tls"]].concat(),
        &[&server[..], &["--user", "alice"]].concat(),
        &[&server[..], &["--repeat", "5"]].concat(),
        &["demo", "--all", "--tls"],
    ] {
        let a = rdpwhy(arguments).code(2);
        let said = stderr(&a);
        assert_eq!(said.lines().count(), 1, "{arguments:?}: {said}");
        assert!(said.starts_with("rdpwhy: "), "{arguments:?}: {said}");
        assert!(!said.contains('\u{1b}') && stdout(&a).is_empty());
    }
    for help in ["--help", "--version", "-h"] {
        rdpwhy(&[help]).code(0);
    }
}

#[test]
fn a_file_that_is_no_report_is_named() {
    let file = std::env::temp_dir().join(format!("rdpwhy-no-report-{}", std::process::id()));
    std::fs::write(&file, "{\"schema\": \"other/1\"}").unwrap();
    let name = file.to_str().unwrap();
    let report = stderr(&rdpwhy(&["report", name]).code(2));
    let replay = stderr(&rdpwhy(&["replay", name]).code(2));
    std::fs::remove_file(&file).unwrap();
    assert!(
        report.contains(name) && replay.contains(name),
        "{report}{replay}"
    );
}

#[test]
fn explain_knows_or_says_that_it_does_not() {
    let pair = stdout(&rdpwhy(&["explain", "0x904", "0x7"]).code(0));
    assert!(
        pair.contains("What it does not prove") && pair.contains("What it proves"),
        "{pair}"
    );
    assert!(stdout(&rdpwhy(&["explain", "Schannel:36874"]).code(0)).contains("36874"));
    assert!(stdout(&rdpwhy(&["explain", "-1073741715"]).code(0)).contains("0xC000006D"));
    rdpwhy(&["explain", "no-such-code-anywhere"]).code(3);
    let json = stdout(&rdpwhy(&["explain", "2308", "--json"]).code(0));
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
}

#[test]
fn the_demo_names_what_it_injects() {
    let text = stdout(&rdpwhy(&["demo"]).code(0));
    assert!(
        text.contains("The verdict names what was injected"),
        "{text}"
    );
    // Piped text holds no escapes and keeps to 80 columns, but for commands to copy
    assert!(!text.contains('\u{1b}'), "{text}");
    for line in text.lines().filter(|l| !l.trim_start().starts_with('>')) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_peers_escapes_do_not_reach_the_terminal() {
    let a = rdpwhy(&["demo", "escapes", "-v"]);
    assert!(!stdout(&a).contains('\u{1b}') && !stdout(&a).contains('\u{7}'));
    let json = stdout(&rdpwhy(&["demo", "escapes", "--json"]));
    assert!(!json.contains('\u{1b}'));
}

#[test]
fn json_is_one_document_by_the_contract() {
    let json = stdout(&rdpwhy(&["demo", "--json"]).code(0));
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    let keys: Vec<&str> = report
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = vec![
        "causes",
        "client",
        "elapsed_ms",
        "evidence",
        "findings",
        "ruled_out",
        "schema",
        "stages",
        "started",
        "target",
        "unseen",
        "verdict",
    ];
    expected.sort_unstable();
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!(report["schema"], "rdpwhy.report/1");
    assert_eq!(report["verdict"]["cause"], report["causes"][0]["id"]);
}

#[test]
fn a_saved_report_is_shown_again_and_stays_as_it_was() {
    let file = std::env::temp_dir().join(format!("rdpwhy-report-{}.json", std::process::id()));
    let name = file.to_str().unwrap();
    rdpwhy(&["demo", "failure-2", "--json", "-o", name]).code(0);
    let saved = std::fs::read(&file).unwrap();
    let text = stdout(&rdpwhy(&["report", name]).code(1));
    let after = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(after, saved);
    assert!(text.contains("host-plain-rdp-only"), "{text}");
}

#[test]
fn a_recording_gives_the_same_verdict_as_the_live_run() {
    let folder = std::env::temp_dir();
    let file = folder.join(format!("rdpwhy-recording-{}.json", std::process::id()));
    let name = file.to_str().unwrap();
    let live = stdout(&rdpwhy(&["demo", "failure-3", "--json", "--record", name]).code(0));
    let recorded = std::fs::read(&file).unwrap();
    let again = stdout(&rdpwhy(&["replay", name, "--json"]).code(1));
    assert_eq!(
        std::fs::read(&file).unwrap(),
        recorded,
        "what is read stays as it was"
    );
    std::fs::remove_file(&file).unwrap();
    let verdict = |text: &str| {
        let report: serde_json::Value = serde_json::from_str(text).unwrap();
        (
            report["verdict"].clone(),
            report["causes"].clone(),
            report["findings"].clone(),
        )
    };
    assert_eq!(verdict(&live), verdict(&again));
}

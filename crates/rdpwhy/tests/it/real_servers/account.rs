//! Accounts against FreeRDP's server, which checks them against a file: right, wrong, unknown,
//! empty; and that nothing of a password stands in anything that is written.

use std::time::Duration;

use rdpwhy_model::text::hex;
use serde_json::{Value, json};

use super::certificate::Identity;
use super::process::Folder;
use super::shadow::{NT_HASH, PASSWORD, Shadow};

/// One run with an account: what was written on stdout and stderr, and the report.
struct Ran {
    out: String,
    said: String,
    report: Value,
}

fn probe(port: u16, password: &str, more: &[&str]) -> Ran {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .args([
            "probe",
            "--json",
            "--no-memory",
            &format!("127.0.0.1:{port}"),
        ])
        .args(more)
        .env("RDPWHY_PASSWORD", password)
        .timeout(Duration::from_mins(1))
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out} {said}"));
    Ran { out, said, report }
}

impl Ran {
    fn fact(&self, name: &str) -> Value {
        let facts = self.report["evidence"]["facts"].as_array().unwrap();
        let found = facts.iter().find(|f| f["key"] == name);
        found.map_or(Value::Null, |f| f["value"].clone())
    }
}

#[test]
fn accounts_are_accepted_or_refused_as_the_server_does() {
    let Some(server) = Shadow::start(Some("nla"), &Identity::windows_made("SHADOW")) else {
        return;
    };
    let right = probe(server.port, PASSWORD, &["--user", "alice", "--any-host"]);
    assert_eq!(right.fact("signin.answer"), "accepted", "{}", right.said);
    assert_eq!(right.fact("signin.mechanism"), "ntlm");
    assert_eq!(right.fact("signin.attempts"), 1);
    assert_eq!(right.report["verdict"]["outcome"], "connectable");
    assert!(!right.report["unseen"].to_string().contains("can sign in"));
    assert!(right.said.contains("as user, by NTLM") && right.said.contains("lockout"));
    for (user, password) in [("alice", "another"), ("nobody", PASSWORD), ("alice", "")] {
        let wrong = probe(server.port, password, &["--user", user, "--any-host"]);
        assert_eq!(wrong.fact("signin.answer"), "closed", "{user}");
        assert_eq!(wrong.fact("signin.attempts"), 1);
        assert_eq!(
            wrong.fact("signin.empty_password"),
            json!(password.is_empty())
        );
        assert_eq!(wrong.report["verdict"]["outcome"], "blocked");
        assert_eq!(wrong.report["verdict"]["stage"], "nla");
        assert_eq!(wrong.report["verdict"]["cause"], "wrong-password-or-user");
        assert_eq!(wrong.report["verdict"]["certainty"], "likely");
    }
}

#[test]
fn nothing_goes_to_a_host_that_is_not_known() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(Some("nla"), &made) else {
        return;
    };
    let unknown = probe(server.port, PASSWORD, &["--user", "alice"]);
    assert_eq!(unknown.fact("signin.why_not_sent"), "unknown-host");
    assert_eq!(unknown.fact("signin.attempts"), 0);
    assert_eq!(unknown.report["verdict"]["outcome"], "connectable");
    let unseen = unknown.report["unseen"].to_string();
    assert!(
        unseen.contains("--any-host") && unseen.contains("--pin"),
        "{unseen}"
    );
    let pin = made.sha256();
    let pinned = probe(server.port, PASSWORD, &["--user", "alice", "--pin", &pin]);
    assert_eq!(pinned.fact("signin.answer"), "accepted");
    let other = "ab".repeat(32);
    let more = ["--user", "alice", "--any-host", "--pin", &other];
    let elsewhere = probe(server.port, PASSWORD, &more);
    assert_eq!(elsewhere.fact("signin.why_not_sent"), "not-the-pin");
    assert_eq!(elsewhere.fact("signin.attempts"), 0);
}

#[test]
fn a_host_that_was_seen_before_is_expected() {
    let Some(server) = Shadow::start(Some("nla"), &Identity::windows_made("SHADOW")) else {
        return;
    };
    let state = Folder::new();
    let run = |more: &[&str]| {
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
            .args(["probe", "--json", &format!("127.0.0.1:{}", server.port)])
            .args(more)
            .env("XDG_STATE_HOME", state.path(""))
            .env("RDPWHY_PASSWORD", PASSWORD)
            .output()
            .unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap();
        let (out, said) = (String::new(), String::new());
        Ran { out, said, report }
    };
    let account = ["--user", "alice"];
    // What this run sees is no word for itself
    assert_eq!(run(&account).fact("signin.why_not_sent"), "unknown-host");
    assert_eq!(run(&account).fact("signin.answer"), "accepted");
}

/// Every form in which a password or its hash could be written.
fn traces() -> Vec<String> {
    let utf16: Vec<u8> = PASSWORD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        PASSWORD.to_owned(),
        hex(PASSWORD.as_bytes()),
        hex(&utf16),
        openssl::base64::encode_block(PASSWORD.as_bytes()),
        openssl::base64::encode_block(&utf16),
        NT_HASH.to_owned(),
    ]
}

#[test]
fn nothing_of_a_password_is_written_anywhere() {
    let Some(server) = Shadow::start(Some("nla"), &Identity::windows_made("SHADOW")) else {
        return;
    };
    let folder = Folder::new();
    let file = folder.path("recording.json");
    let record = file.to_str().unwrap();
    for user in ["alice", "zz-unknown"] {
        let ran = probe(
            server.port,
            PASSWORD,
            &["--user", user, "--any-host", "--record", record],
        );
        let recording = std::fs::read_to_string(&file).unwrap();
        // NTLMSSP AUTHENTICATE_MESSAGE, against which a password can be guessed
        let authenticate = "4e544c4d53535000".to_owned() + "03000000";
        assert!(!recording.contains(&authenticate));
        assert!(
            recording.contains("\"sent-cut\""),
            "what was cut is counted"
        );
        let verbose = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
            .args(["replay", "-v", record])
            .output()
            .unwrap();
        let verbose = String::from_utf8(verbose.stdout).unwrap();
        for text in [&ran.out, &ran.said, &recording, &verbose] {
            let lower = text.to_lowercase();
            for trace in traces() {
                assert!(
                    !lower.contains(&trace.to_lowercase()),
                    "{user}: a trace is written"
                );
            }
            assert!(!text.contains("zz-unknown"), "the account is not named");
        }
    }
}

#[test]
fn a_password_comes_through_a_file_descriptor() {
    let Some(server) = Shadow::start(Some("nla"), &Identity::windows_made("SHADOW")) else {
        return;
    };
    let program = env!("CARGO_BIN_EXE_rdpwhy");
    let call = format!(
        "{program} probe --json --no-memory 127.0.0.1:{} --user alice --any-host --password-fd 3 3<\"$1\"",
        server.port
    );
    let folder = Folder::new();
    let file = folder.write("password", format!("{PASSWORD}\nnot this line"));
    let output = std::process::Command::new("sh")
        .args(["-c", &call, "sh"])
        .arg(file)
        .env_remove("RDPWHY_PASSWORD")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).expect(&said);
    assert_eq!(report["verdict"]["outcome"], "connectable", "{said}");
    let text = report["verdict"]["summary"].as_str().unwrap();
    assert!(text.contains("accepts the account"), "{text}");
}

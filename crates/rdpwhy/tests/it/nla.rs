//! How sign-in stands on a host, asked for from outside and without an account.

use assert_cmd::Command;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

use crate::lab::Lab;

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), said)
}

fn probe(lab: &Lab, more: &[&str]) -> (Option<i32>, String) {
    run(&[&["probe", &lab.target, "--no-memory"], more].concat())
}

fn report(lab: &Lab, more: &[&str]) -> Value {
    serde_json::from_str(&probe(lab, &[more, &["--json"]].concat()).1).unwrap()
}

fn fact<'a>(report: &'a Value, key: &str) -> &'a Value {
    let facts = report["evidence"]["facts"].as_array().unwrap();
    let found = facts.iter().find(|f| f["key"] == key);
    found.map_or(&Value::Null, |f| &f["value"])
}

fn made(report: &Value) -> usize {
    report["evidence"]["connections"].as_array().unwrap().len()
}

#[test]
fn a_host_says_which_mechanisms_it_takes() {
    let lab = Lab::start("healthy-nla", 0);
    let seen = report(&lab, &["--nla"]);
    let expected = [
        ("nla.offered", json!(true)),
        ("nla.required", json!(true)),
        ("nla.works_without", json!(false)),
        ("nla.spnego", json!("chosen")),
        ("nla.first_choice", json!("Kerberos")),
        ("nla.mechanisms", json!(["Kerberos", "NEGOEX", "NTLM"])),
        ("nla.mechanisms_refused", json!([])),
        ("neg.rdstls", json!("failure-5")),
        ("neg.rdsaad", json!("failure-5")),
    ];
    for (key, value) in expected {
        assert_eq!(*fact(&seen, key), value, "{key}");
    }
    assert!(made(&seen) <= 12, "{}", made(&seen));
    assert_eq!(seen["verdict"]["outcome"], "connectable");
    // Who does not ask is asked no more of a host than before
    let spared = report(&lab, &[]);
    assert!(made(&spared) <= 4, "{}", made(&spared));
    assert!(fact(&spared, "nla.spnego").is_null());

    let (status, text) = probe(&lab, &["--nla"]);
    assert_eq!(status, Some(0));
    assert!(
        text.contains("  NLA   NLA: required: a client without it is turned away"),
        "{text}"
    );
    for line in text.lines() {
        assert!(line.width() <= 80, "too wide: {line}");
    }
}

#[test]
fn a_client_without_nla_is_told_what_it_meets_and_a_replay_says_the_same() {
    let lab = Lab::start("healthy-nla", 0);
    let file = std::env::temp_dir().join(format!("rdpwhy-nla-{}.json", std::process::id()));
    let name = file.to_str().unwrap();
    for (option, asks) in [("--as-tls", "tls"), ("--as-plain", "plain")] {
        let live = report(&lab, &[option, "--record", name]);
        let replayed: Value = serde_json::from_str(&run(&["replay", name, "--json"]).1).unwrap();
        for seen in [&live, &replayed] {
            assert_eq!(seen["client"]["asks"], asks);
            assert_eq!(seen["verdict"]["outcome"], "blocked");
            assert_eq!(seen["verdict"]["stage"], "negotiate");
            assert_eq!(seen["verdict"]["cause"], "nla-required-client-lacks");
            assert_eq!(*fact(seen, "nla.offered"), json!(true));
        }
        assert_eq!(live["causes"], replayed["causes"]);
    }
    let as_usual = report(&lab, &["--as-nla", "--record", name]);
    assert_eq!(as_usual["verdict"]["outcome"], "connectable");
    std::fs::remove_file(&file).unwrap();
    // One kind of client at a time
    assert_eq!(probe(&lab, &["--as-tls", "--as-plain"]).0, Some(2));
}

#[test]
fn the_walk_goes_on_only_where_that_was_asked_for() {
    let lab = Lab::start("licence-no-server", 0);
    let (status, _) = probe(&lab, &[]);
    assert_eq!(status, Some(0), "the default walk ends before licences");
    for option in ["--nla", "--as-nla", "--as-tls"] {
        let seen = report(&lab, &[option]);
        assert_eq!(seen["verdict"]["stage"], "licensing", "{option}");
        assert_eq!(seen["verdict"]["cause"], "licence-server-missing");
        assert_eq!(*fact(&seen, "session.error_info"), json!("0x00000101"));
    }
}

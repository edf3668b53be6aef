//! The whole of a server's TLS, asked for from outside.

use assert_cmd::Command;
use serde_json::Value;

use crate::lab::Lab;

fn run(target: &str, more: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .args(["probe", target, "--no-memory"])
        .args(more)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), said)
}

fn json(target: &str, more: &[&str]) -> Value {
    let (_, said) = run(target, &[more, &["--json"]].concat());
    serde_json::from_str(&said).unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    let list = list.as_array().unwrap();
    list.iter().map(|s| s["name"].as_str().unwrap()).collect()
}

#[test]
fn what_the_lab_accepts_is_found_in_its_order() {
    let lab = Lab::start("tls-weak-suites", 0);
    let report = json(&lab.target, &["--tls"]);
    let matrix = &report["evidence"]["tls_matrix"];
    assert_eq!(matrix["complete"], true, "{matrix}");
    assert_eq!(matrix["through"], "x224");
    let versions = matrix["versions"].as_array().unwrap();
    let accepted: Vec<&str> = versions
        .iter()
        .filter(|v| v["accepted"] == true)
        .map(|v| v["version"].as_str().unwrap())
        .collect();
    assert_eq!(accepted, ["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3"]);
    let tls12 = &versions[3];
    assert_eq!(tls12["order"], "server");
    assert_eq!(
        names(&tls12["suites"]),
        [
            "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            "TLS_RSA_WITH_NULL_SHA256",
            "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
        ]
    );
    assert_eq!(tls12["groups"][0], "x25519");
    let made = report["evidence"]["connections"].as_array().unwrap().len();
    assert!(made <= 100, "{made} connections");
}

#[test]
fn a_server_without_x224_is_asked_directly() {
    let lab = Lab::start("tls-at-once", 0);
    let report = json(&lab.target, &["--tls"]);
    let matrix = &report["evidence"]["tls_matrix"];
    assert_eq!(matrix["through"], "direct", "{matrix}");
    assert_eq!(matrix["versions"][4]["accepted"], true, "{matrix}");
}

#[test]
fn a_port_without_tls_is_left_alone_soon() {
    let lab = Lab::start("ssh", 0);
    let report = json(&lab.target, &["--tls"]);
    let made = report["evidence"]["connections"].as_array().unwrap().len();
    assert!(made <= 60, "{made} connections");
    let not_done = report["evidence"]["not_done"].to_string();
    assert!(not_done.contains("does not speak TLS"), "{not_done}");
}

#[test]
fn every_client_has_its_line() {
    let lab = Lab::start("tls-chacha-only", 0);
    let (status, said) = run(&lab.target, &["--client", "all"]);
    assert_eq!(status, Some(1), "{said}");
    let line = |id: &str| {
        let mut lines = said.lines();
        let found = lines.find(|l| l.split_whitespace().nth(1) == Some(id));
        found.unwrap_or_else(|| panic!("no {id} in {said}"))
    };
    assert!(
        line("windows-11-24h2").contains("no_shared_suite"),
        "{said}"
    );
    assert!(line("freerdp-3-openssl-3.0").contains("CHACHA20"), "{said}");

    let report = json(&lab.target, &["--client", "all"]);
    assert_eq!(report["client"]["profile"], "windows-11");
    let clients = report["evidence"]["clients"].as_array().unwrap();
    let windows = clients.iter().find(|c| c["profile"] == "windows-11-24h2");
    let windows = windows.unwrap();
    assert_eq!(windows["reason"], "no_shared_suite");
    assert_eq!(windows["server_events"][0], "36874");
    // The simulation and the live handshake agree
    assert_eq!(report["verdict"]["cause"], "cipher-suites-no-common");
    assert_eq!(report["verdict"]["certainty"], "proved");
}

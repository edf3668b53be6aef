//! `rdpwhy simulate`, `--server-profile` and `--client this` from outside.

use assert_cmd::Command;
use rdpwhy_model::recording::Recording;
use rdpwhy_wire::profiles::{self, Role};
use rdpwhy_wire::simulate::Reason;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr as _;

/// Runs the program; gives the status and what it said on stdout and stderr.
fn rdpwhy(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("rdpwhy")
        .unwrap()
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let status = output.status.code().unwrap();
    (status, text(output.stdout), text(output.stderr))
}

fn fits(text: &str) {
    assert!(!text.contains('\u{1b}'), "{text}");
    for line in text.lines() {
        assert!(line.width() <= 80, "{line}");
    }
}

#[test]
fn the_status_says_whether_they_agree() {
    let (status, text, _) = rdpwhy(&["simulate", "windows-11", "windows-server-2019"]);
    assert_eq!(status, 0, "{text}");
    let suite = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 (0xC030)";
    assert!(text.contains("TLS 1.2") && text.contains(suite), "{text}");
    let (status, text, _) = rdpwhy(&["simulate", "windows-7-sp1", "xrdp"]);
    assert_eq!(status, 1, "{text}");
    for words in [
        "alert 70 (protocol_version)",
        "36887 (alert 70 received)",
        "offers TLS 1.0;",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn wrong_usage_says_what_helps() {
    for (arguments, words) in [
        (&["windows-95", "xrdp"][..], "--list"),
        (&["xrdp", "xrdp"], "xrdp-0.10-openssl-3.0 is no client"),
        (&["windows-11", "this"], "this is a client"),
        (&["all", "all"], "name a client or a server"),
        (&["windows-11", "xrdp", "{"], "client_json: not JSON"),
        (
            &["windows-11", "xrdp", "{}", r#"{"version": 1}"#],
            "server_json: unknown key \"version\"",
        ),
        (
            &["windows-11", "xrdp", r#"{"groups": ["x"]}"#],
            "client_json: groups: no group",
        ),
    ] {
        let (status, out, said) = rdpwhy(&[&["simulate"], arguments].concat());
        assert!(status == 2 && out.is_empty(), "{arguments:?}: {out}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(rdpwhy(&["simulate", "windows-11"]).0, 2);
    assert_eq!(rdpwhy(&["xrdp", "--server-profile", "xrdp"]).0, 2);
}

#[test]
fn json_is_the_result_alone() {
    let changes = r#"{"private_key_usable": false}"#;
    let arguments = [
        "simulate",
        "windows-11",
        "windows-10",
        "{}",
        changes,
        "--json",
    ];
    let (status, text, _) = rdpwhy(&arguments);
    assert_eq!(status, 1);
    let expected = json!({
        "result": "fail", "reason": "server_credential_unusable", "version": null, "suite": null,
        "code": null, "shared_groups": [], "failing_side": "server", "alert": null,
        "alert_from": null, "server_events": ["36870"], "client_events": [], "warnings": [],
    });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
}

#[test]
fn all_has_a_line_for_every_profile_of_that_side() {
    for (names, role) in [
        (["all", "windows-7-sp1"], Role::Client),
        (["freerdp", "all"], Role::Server),
    ] {
        let many = profiles::all().iter().filter(|p| p.can_be(role)).count();
        let (status, text, _) = rdpwhy(&["simulate", names[0], names[1]]);
        assert_eq!(status, 1, "not all of them agree");
        fits(&text);
        let (_, json, _) = rdpwhy(&["simulate", names[0], names[1], "--json"]);
        let list: Vec<Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(list.len(), many);
        for row in &list {
            let id = row[role.name()].as_str().unwrap();
            assert!(text.contains(&format!("  {id}")), "{id}");
            let single = rdpwhy(&[
                "simulate",
                row["client"].as_str().unwrap(),
                row["server"].as_str().unwrap(),
                "--json",
            ]);
            let single: Value = serde_json::from_str(&single.1).unwrap();
            assert_eq!(
                (&single["reason"], &single["code"]),
                (&row["reason"], &row["code"])
            );
        }
    }
    assert_eq!(
        rdpwhy(&["simulate", "all", "windows-server-2008-r2-kb3080079", "-q"]).0,
        1
    );
}

#[test]
fn the_list_names_every_profile_and_its_sides() {
    let (status, text, _) = rdpwhy(&["simulate", "--list"]);
    assert_eq!(status, 0);
    fits(&text);
    let (_, json, _) = rdpwhy(&["simulate", "--list", "--json"]);
    let list: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(list.len(), profiles::all().len());
    for p in profiles::all() {
        assert!(text.contains(&format!("  {} ", p.id)), "{}", p.id);
    }
    assert!(
        text.contains("windows-server-2019"),
        "short names stand there as well"
    );
}

/// Every way to fail, as it is printed: nothing is wider than 80 columns, and with `-v` every
/// suite is named.
#[test]
fn every_failure_can_be_read() {
    let ecdsa = r#"{"cert": {"key": "ECDSA", "bits": 384, "curve": "secp384r1"}}"#;
    let cases = [
        ["windows-11", "xrdp", r#"{"versions": []}"#, ""],
        ["windows-11", "xrdp", "", r#"{"versions": []}"#],
        [
            "windows-11",
            "windows-10",
            "",
            r#"{"private_key_usable": false}"#,
        ],
        ["windows-7-sp1", "xrdp", "", ""],
        [
            "windows-11",
            "windows-10-1607",
            "",
            r#"{"fips": "3des-only"}"#,
        ],
        ["rustls-0.23-ring", "windows-8.1", "", ""],
        [
            "rustls-0.23-ring",
            "windows-10-1607",
            r#"{"groups": ["x25519"]}"#,
            ecdsa,
        ],
        [
            "windows-11",
            "xrdp",
            r#"{"signature_algorithms": ["ed25519"]}"#,
            "",
        ],
        ["freerdp-3-openssl-3.0", "windows-7-sp1", "", ""],
        [
            "freerdp-3.27-openssl-3.0",
            "windows-7",
            "",
            r#"{"suites": ["0x009F"]}"#,
        ],
        [
            "rustls-0.23-ring",
            "windows-10-1607",
            "",
            r#"{"cert": {"bits": 1024}}"#,
        ],
        ["gnutls-normal", "windows-10-1607", "", ""],
        [
            "windows-8.1-no-sha512",
            "windows-10-1607",
            "",
            r#"{"cert": {"signature": "rsa_pkcs1_sha512"}}"#,
        ],
    ];
    let failures = Reason::ALL.into_iter().filter(|r| *r != Reason::Ok);
    for (case, reason) in cases.iter().zip(failures) {
        let (status, text, said) = rdpwhy(&[&["simulate"], &case[..]].concat());
        assert_eq!(status, 1, "{case:?}: {said}");
        fits(&text);
        let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            one_line.contains(reason.outcome().meaning),
            "{reason:?}: {text}"
        );
        assert!(text.contains("  NEED  "), "{text}");
        let brief = rdpwhy(&[&["simulate", "-q"], &case[..]].concat()).1;
        assert_eq!(brief.lines().count(), 1, "{brief}");
    }
    let short = rdpwhy(&[&["simulate"], &cases[4][..]].concat()).1;
    let long = rdpwhy(&[&["simulate", "-v"], &cases[4][..]].concat()).1;
    assert!(short.contains("and 10 more") && !long.contains("10 more"));
    fits(&long);
}

#[test]
fn a_server_profile_needs_no_host() {
    let (status, text, _) = rdpwhy(&["--server-profile", "windows-7-sp1"]);
    assert_eq!(status, 0, "{text}");
    assert!(
        text.contains("[windows-11-24h2]"),
        "the usual client: {text}"
    );
    let (status, text, _) = rdpwhy(&["--server-profile", "windows-7-sp1", "--client", "all"]);
    assert!(
        status == 1 && text.contains("27 of 35 clients agree"),
        "{text}"
    );
}

/// What is installed here decides; either way the answer says what it was.
#[test]
fn this_machine_is_a_client_or_says_why_not() {
    let (status, text, said) = rdpwhy(&[
        "--server-profile",
        "windows-server-2022",
        "--client",
        "this",
    ]);
    if status == 2 {
        assert!(said.starts_with("rdpwhy: "), "{said}");
    } else {
        assert!(text.contains("taken as"), "{text}");
        fits(&text);
    }
}

#[test]
fn a_recording_carries_what_is_different_about_its_client() {
    let scenario = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/scenarios/healthy-nla.json"
    );
    let text = std::fs::read_to_string(scenario).unwrap();
    let mut recording: Recording = serde_json::from_str(&text).unwrap();
    assert_eq!(recording.client_json, None);
    let file = std::env::temp_dir().join(format!("rdpwhy-client-{}.json", std::process::id()));
    let name = file.to_str().unwrap();
    let mut replay = |changes| {
        recording.client_json = Some(changes);
        std::fs::write(&file, serde_json::to_string(&recording).unwrap()).unwrap();
        rdpwhy(&["replay", name, "--json"])
    };
    let (status, report, _) = replay(json!({ "versions": ["TLS1.2"] }));
    assert_eq!(status, 0, "{report}");
    let report: Value = serde_json::from_str(&report).unwrap();
    let os = report["client"]["os"].as_str().unwrap();
    assert!(os.ends_with("(changed: versions)"), "{os}");
    let (status, _, said) = replay(json!({ "colour": "red" }));
    std::fs::remove_file(&file).unwrap();
    assert!(
        status == 2 && said.contains("unknown key \"colour\""),
        "{said}"
    );
}

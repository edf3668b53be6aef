//! Simulated handshakes: the rules, and agreement with another implementation where it is at hand.

mod measured;
mod oracle;

use proptest::prelude::*;
use rdpwhy_wire::profiles::{self, Role};
use rdpwhy_wire::simulate::{Endpoint, Gap, Overrides, Reason, Simulation, Warning, gap, run};
use rdpwhy_wire::version;
use serde_json::{Value, json};

use crate::config;

fn endpoint(name: &str, role: Role, changes: &str) -> Endpoint {
    Endpoint::new(name, role, &Overrides::parse(changes).unwrap()).unwrap()
}

fn simulate(client: (&str, &str), server: (&str, &str)) -> (Simulation, Option<Gap>) {
    let client = endpoint(client.0, Role::Client, client.1);
    let server = endpoint(server.0, Role::Server, server.1);
    let result = run(&client, &server);
    let gap = gap(&client, &server, &result);
    (result, gap)
}

#[test]
fn the_highest_common_version_and_the_servers_order_decide() {
    let (result, gap) = simulate(("windows-11", ""), ("windows-server-2019", ""));
    assert!(result.is_ok() && gap.is_none());
    assert_eq!(result.version, Some(version::TLS12));
    assert_eq!(result.code, Some(0xc030));
    let (result, _) = simulate(("windows-11", ""), ("windows-server-2022", ""));
    assert_eq!(result.version, Some(version::TLS13));
}

#[test]
fn a_failure_names_its_side_its_alert_its_events_and_what_is_missing() {
    let only12 = r#"{"versions": ["TLS1.2"]}"#;
    let (result, gap) = simulate(("windows-7-sp1", ""), ("windows-server-2019", only12));
    assert_eq!(result.reason, Reason::NoCommonVersion);
    assert_eq!(
        (result.alert, result.alert_from),
        (Some(70), Some(Role::Server))
    );
    assert_eq!(result.server_events[0].id(), 36888);
    assert_eq!(result.client_events[0].text(), "36887:70");
    let expected = Gap::Versions {
        client: vec![version::TLS10],
        server: vec![version::TLS12],
    };
    assert_eq!(gap, Some(expected));
    // A client that is not Windows logs nothing there
    let (result, _) = simulate(("rustls-0.23-ring", ""), ("windows-server-2008-r2", ""));
    assert!(result.client_events.is_empty() && !result.server_events.is_empty());
}

#[test]
fn each_rule_can_fail_and_says_what_is_missing() {
    let weak = r#"{"cert": {"bits": 1024, "self_signed": true}}"#;
    let ecdsa = r#"{"cert": {"key": "ECDSA", "bits": 384, "curve": "secp384r1",
        "signature": "ecdsa_secp384r1_sha384"}}"#;
    let cases = [
        (
            "windows-11",
            r#"{"versions": []}"#,
            "xrdp",
            "",
            Reason::NoEnabledProtocol,
        ),
        (
            "windows-11",
            "",
            "xrdp",
            r#"{"versions": []}"#,
            Reason::ServerNoEnabledProtocol,
        ),
        (
            "windows-11",
            "",
            "windows-10",
            r#"{"private_key_usable": false}"#,
            Reason::ServerCredentialUnusable,
        ),
        (
            "windows-11",
            "",
            "windows-10-1607",
            r#"{"fips": "3des-only"}"#,
            Reason::NoSharedSuite,
        ),
        ("windows-7-sp1", "", "xrdp", "", Reason::NoCommonVersion),
        (
            "rustls-0.23-ring",
            "",
            "windows-8.1",
            "",
            Reason::CertTypeMismatch,
        ),
        (
            "rustls-0.23-ring",
            r#"{"groups": ["x25519", "secp256r1"]}"#,
            "windows-10-1607",
            ecdsa,
            Reason::NoCommonGroup,
        ),
        (
            "windows-11",
            r#"{"signature_algorithms": ["ed25519"]}"#,
            "xrdp",
            "",
            Reason::NoCommonSignatureAlgorithm,
        ),
        (
            "freerdp-3-openssl-3.0",
            "",
            "windows-7-sp1",
            "",
            Reason::LegacySignatureRefused,
        ),
        (
            "freerdp-3.27-openssl-3.0",
            "",
            "windows-7",
            r#"{"suites": ["0x009F"]}"#,
            Reason::DhTooSmall,
        ),
        (
            "rustls-0.23-ring",
            "",
            "windows-10-1607",
            weak,
            Reason::CertKeyTooSmall,
        ),
        (
            "gnutls-normal",
            "",
            "windows-10-1607",
            "",
            Reason::KeyUsageViolation,
        ),
        (
            "windows-8.1-no-sha512",
            "",
            "windows-10-1607",
            r#"{"cert": {"signature": "rsa_pkcs1_sha512"}}"#,
            Reason::CertSignatureNotOffered,
        ),
    ];
    for (client, of_client, server, of_server, reason) in cases {
        let (result, gap) = simulate((client, of_client), (server, of_server));
        assert_eq!(result.reason, reason, "{client} {server}");
        assert!(!result.is_ok() && gap.is_some(), "{client} {server}");
    }
    let reached: Vec<Reason> = cases.iter().map(|c| c.4).collect();
    for reason in Reason::ALL.into_iter().filter(|r| *r != Reason::Ok) {
        assert!(reached.contains(&reason), "{reason:?} is not reached");
    }
}

#[test]
fn json_has_every_field_in_its_usual_form() {
    let (result, _) = simulate(("freerdp", ""), ("windows-server-2025", ""));
    let expected = json!({
        "result": "ok", "reason": "ok", "version": "TLS1.3", "suite": "TLS_AES_256_GCM_SHA384",
        "code": "0x1302", "shared_groups": ["x25519", "secp256r1", "secp384r1"],
        "failing_side": null, "alert": null, "alert_from": null, "server_events": [],
        "client_events": [], "warnings": ["large_client_hello"],
    });
    assert_eq!(serde_json::to_value(&result).unwrap(), expected);
    assert_eq!(result.warnings, [Warning::LargeClientHello]);
    let (result, _) = simulate(
        ("windows-10", ""),
        ("windows-10-1607", r#"{"versions": ["SSL3.0"]}"#),
    );
    let value = serde_json::to_value(&result).unwrap();
    assert_eq!(value["alert"], 70);
    assert_eq!(value["failing_side"], "server");
    assert_eq!(value["server_events"], json!(["36888:70:?"]));
}

#[test]
fn what_is_no_endpoint_is_said() {
    let error = |name, role, changes: &str| {
        let changes = Overrides::parse(changes).unwrap();
        Endpoint::new(name, role, &changes).unwrap_err().to_string()
    };
    assert_eq!(error("xp", Role::Client, ""), "no profile is called \"xp\"");
    assert_eq!(
        error("xrdp", Role::Client, ""),
        "xrdp-0.10-openssl-3.0 is no client"
    );
    let wrong = error("custom", Role::Server, r#"{"suites": ["AES"]}"#);
    assert_eq!(wrong, "suites: no suite is called \"AES\"");
    let wrong = error("custom", Role::Server, r#"{"cert": {"key": "RSA\u001b"}}"#);
    assert_eq!(wrong, "cert.key: no kind of key is called \"RSA\\u{1b}\"");
    assert!(error("custom", Role::Server, r#"{"versions": ["TLS1.9"]}"#).starts_with("versions: "));
}

/// JSON near enough to a description to get far into the engine.
fn descriptions() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "TLS1.0",
            "TLS1.2",
            "TLS1.3",
            "SSL2.0",
            "SSL3.0",
            "0xC030",
            "0xC030 x25519 secp384r1",
            "TLS_AES_256_GCM_SHA384",
            "0x010080",
            "0x00FF",
            "0x",
            "0x1000000000",
            "x25519",
            "0x001D x25519",
            "ffdhe2048",
            "X25519MLKEM768",
            "rsa_pkcs1_sha1",
            "ed25519",
            "RSA",
            "ECDSA",
            "EdDSA",
            "DSA",
            "3des-only",
            "schannel",
            "AT_SIGNATURE",
            "",
            " ",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u32>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
        prop::collection::vec(word, 0..5).prop_map(Value::from),
    ];
    let key = prop_oneof![
        9 => prop::sample::select(vec![
            "versions", "suites", "suites_remove", "groups", "signature_algorithms", "fips",
            "strong_crypto", "min_dh_bits_client", "min_rsa_bits_client", "dh_bits_server",
            "server_preference", "private_key_usable", "stack", "security_level",
            "enforces_key_usage", "verifies_weak_key", "cert", "key", "bits", "curve", "signature",
            "key_usage", "self_signed", "public_ca", "key_spec",
        ])
        .prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    leaf.prop_recursive(2, 12, 4, move |inner| {
        prop::collection::btree_map(key.clone(), inner, 0..4)
            .prop_map(|m| Value::Object(m.into_iter().collect()))
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_description_breaks_the_engine(
        of_client in descriptions(),
        of_server in descriptions(),
        client in 0..64_usize,
        server in 0..64_usize,
    ) {
        let pick = |n: usize| profiles::all().get(n).map_or("custom", |p| p.id.as_str());
        let side = |name, role, value| {
            let changes = Overrides::from_value(value).ok()?;
            Endpoint::new(name, role, &changes).ok()
        };
        let client = side(pick(client), Role::Client, &of_client);
        let server = side(pick(server), Role::Server, &of_server);
        if let (Some(client), Some(server)) = (client, server) {
            let result = run(&client, &server);
            prop_assert_eq!(result.is_ok(), gap(&client, &server, &result).is_none());
            serde_json::to_string(&result).unwrap();
        }
    }

    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        if let Err(e) = Overrides::parse(&text) {
            prop_assert!(!e.to_string().contains(char::is_control));
        }
    }
}

//! On to the licence stage of real servers, without an account: only where it was asked for.

use serde_json::json;

use super::certificate::Identity;
use super::seen::Seen;
use super::shadow::Shadow;
use super::xrdp::{Settings, Xrdp};
use super::{FEW, at_loopback};

/// What `--nla` may cost a host.
const SOME: usize = 14;

/// xrdp could read what we sent, also where it was encrypted: no user, and an orderly leave.
#[track_caller]
fn introduced(server: &Xrdp) {
    let log = std::fs::read_to_string(server.folder.path("xrdp.log")).unwrap();
    let lines = |what: &str| log.lines().filter(|l| l.contains(what)).count();
    let named = log
        .lines()
        .filter_map(|l| l.split_once("Client supplied username:"));
    let names: Vec<&str> = named.map(|(_, name)| name.trim()).collect();
    assert!(!names.is_empty(), "{log}");
    assert!(names.iter().all(|n| n.is_empty()), "{names:?}");
    assert_eq!(
        lines("Received disconnection request"),
        names.len(),
        "{log}"
    );
    assert_eq!(lines("login failed"), 0, "{log}");
}

#[test]
fn xrdp_with_every_strength_of_its_own_encryption() {
    let made = Identity::signed(-30, 365);
    let levels = [
        ("low", "40-bit", "low"),
        ("medium", "40-bit", "client-compatible"),
        ("high", "128-bit", "high"),
    ];
    for (crypt_level, method, level) in levels {
        let settings = Settings {
            crypt_level,
            ..Settings::PLAIN
        };
        let Some(server) = Xrdp::start(&settings, &made) else {
            return;
        };
        for option in ["--as-plain", "--as-nla", "--nla"] {
            let seen = Seen::probe(server.port, &[option]);
            seen.has(&at_loopback(server.port));
            seen.has(&[
                ("neg.answer", json!("selected-rdp")),
                ("mcs.answer", json!("response")),
                ("mcs.encryption", json!(method)),
                ("mcs.encryption_level", json!(level)),
                ("mcs.channels", json!("joined")),
                ("licensing.answer", json!("valid-client")),
                ("licensing.error_code", json!("0x00000007")),
                ("walk.end", json!("licensing:valid-client without TLS")),
                ("nla.required", json!(false)),
                ("nla.works_without", json!(true)),
            ]);
            seen.has_no("session.");
            let warned = if option == "--as-plain" {
                "passed"
            } else {
                "warned"
            };
            seen.climbs(&format!(
                "resolve passed, tcp passed, negotiate {warned}, mcs passed, licensing passed"
            ));
            assert!(seen.connections() <= SOME, "{}", seen.connections());
        }
        introduced(&server);
    }
}

#[test]
fn xrdp_with_fips_is_left_at_its_settings() {
    let made = Identity::signed(-30, 365);
    let settings = Settings {
        crypt_level: "fips",
        ..Settings::PLAIN
    };
    let Some(server) = Xrdp::start(&settings, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &["--as-plain"]);
    seen.has(&[
        ("mcs.encryption", json!("fips")),
        ("mcs.encryption_level", json!("fips")),
        ("walk.end", json!("mcs:response without TLS")),
    ]);
    seen.has_no("licensing.");
    seen.has_no("mcs.channels");
    seen.climbs("resolve passed, tcp passed, negotiate passed, mcs passed");
}

#[test]
fn xrdp_with_tls() {
    let made = Identity::signed(-30, 365);
    let Some(server) = Xrdp::start(&Settings::TLS, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &["--as-tls"]);
    seen.has(&[
        ("client.asks", json!("tls")),
        ("neg.answer", json!("selected-ssl")),
        ("neg.ssl_only", json!("selected-ssl")),
        ("mcs.encryption", json!("none")),
        ("mcs.encryption_level", json!("none")),
        ("mcs.channels", json!("joined")),
        ("licensing.answer", json!("valid-client")),
        ("walk.end", json!("licensing:valid-client")),
        ("nla.works_without", json!(true)),
    ]);
    seen.climbs(
        "resolve passed, tcp passed, negotiate passed, tls passed, mcs passed, licensing passed",
    );
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    // A client without TLS is turned away, and told why
    let seen = Seen::probe(server.port, &["--as-plain"]);
    seen.has(&[
        ("client.asks", json!("plain")),
        ("neg.answer", json!("failure-1")),
        ("neg.plain", json!("failure-1")),
    ]);
    seen.climbs("resolve passed, tcp passed, negotiate failed");
    let seen = Seen::probe(server.port, &["--nla"]);
    seen.has(&[
        ("neg.ssl_only", json!("selected-ssl")),
        ("neg.plain", json!("failure-1")),
        ("neg.rdstls", json!("failure-1")),
        ("nla.offered", json!(false)),
        ("nla.required", json!(false)),
        ("nla.works_without", json!(true)),
        ("licensing.answer", json!("valid-client")),
    ]);
    seen.has_no("nla.spnego");
    assert!(seen.connections() <= SOME, "{}", seen.connections());
    introduced(&server);
}

#[test]
fn shadow_with_plain_rdp_security() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(Some("rdp"), &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &["--as-plain"]);
    seen.has(&[
        ("neg.answer", json!("selected-rdp")),
        ("mcs.channels", json!("joined")),
        ("licensing.answer", json!("valid-client")),
    ]);
    seen.climbs("resolve passed, tcp passed, negotiate passed, mcs passed, licensing passed");
}

#[test]
fn shadow_with_tls() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(Some("tls"), &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &["--nla"]);
    seen.has(&[
        ("mcs.channels", json!("joined")),
        ("licensing.answer", json!("valid-client")),
        ("nla.offered", json!(false)),
        ("nla.works_without", json!(true)),
    ]);
    seen.climbs(
        "resolve passed, tcp passed, negotiate passed, tls passed, mcs passed, licensing passed",
    );
}

#[test]
fn shadow_that_requires_nla() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(Some("nla"), &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &["--nla"]);
    seen.has(&[
        ("nla.answer", json!("challenge")),
        ("nla.offered", json!(true)),
        ("nla.required", json!(true)),
        ("nla.works_without", json!(false)),
        ("neg.ssl_only", json!("failure-5")),
    ]);
    assert!(seen.fact("nla.spnego").is_some(), "{seen}");
    seen.has_no("licensing.");
    assert!(seen.connections() <= SOME, "{}", seen.connections());
    // What a client without NLA meets
    for option in ["--as-tls", "--as-plain"] {
        let seen = Seen::probe(server.port, &[option]);
        seen.has(&[("neg.answer", json!("failure-5"))]);
        seen.climbs("resolve passed, tcp passed, negotiate failed");
        let led = seen.causes().first().copied();
        assert_eq!(led, Some("nla-required-client-lacks"), "{option}: {seen}");
    }
}

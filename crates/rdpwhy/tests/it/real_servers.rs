//! The built program against real servers: xrdp in ten configurations, FreeRDP's in four.
//!
//! Each server listens on a free port of the loopback address and ends with its test. Where a
//! server is not installed its tests say `skipped` and pass.

mod account;
mod certificate;
mod onward;
mod process;
mod seen;
mod shadow;
mod truth;
mod xrdp;

use serde_json::{Value, json};

use certificate::Identity;
use seen::Seen;
use shadow::Shadow;
use xrdp::{Settings, Xrdp};

/// A healthy host is asked little.
const FEW: usize = 4;

/// A failing host is asked more, within the bound that the guide states.
const MANY: usize = 60;

/// What every server on the loopback address has in common.
fn at_loopback(port: u16) -> Vec<(&'static str, Value)> {
    vec![
        ("resolve.outcome", json!("literal")),
        ("resolve.addresses", json!(["127.0.0.1"])),
        ("tcp.outcome", json!("connected")),
        ("tcp.address", json!(format!("127.0.0.1:{port}"))),
        ("tcp.loopback", json!(true)),
        ("tcp.dead", json!([])),
    ]
}

/// What every xrdp says when it answers a Connection Request with a choice.
fn as_xrdp(answer: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("neg.answer", json!(answer)),
        ("neg.source_reference", json!(0x1234)),
        ("neg.flags", json!(1)),
        ("neg.extended_client_data", json!(true)),
        ("neg.graphics_pipeline", json!(false)),
        ("neg.restricted_admin", json!(false)),
        ("neg.redirected_authentication", json!(false)),
    ]
}

/// What every xrdp says in its MCS Connect Response.
fn xrdp_responds(encryption: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("mcs.answer", json!("response")),
        ("mcs.encryption", json!(encryption)),
        ("mcs.max_channels", json!(22)),
        ("mcs.version", json!("RDP 5.0 to 8.1")),
        ("host.software", json!("xrdp")),
    ]
}

/// What a FreeRDP server says, apart from its answer to a Connection Request.
fn as_freerdp() -> Vec<(&'static str, Value)> {
    vec![
        ("neg.source_reference", json!(0)),
        ("neg.flags", json!(3)),
        ("neg.extended_client_data", json!(true)),
        ("neg.graphics_pipeline", json!(true)),
        ("neg.restricted_admin", json!(false)),
        ("neg.redirected_authentication", json!(false)),
        ("host.software", json!("freerdp")),
    ]
}

/// What a FreeRDP server says in its MCS Connect Response inside TLS.
fn freerdp_responds() -> Vec<(&'static str, Value)> {
    vec![
        ("mcs.answer", json!("response")),
        ("mcs.encryption", json!("none")),
        ("mcs.max_channels", json!(34)),
        ("mcs.version", json!("RDP 10.7")),
    ]
}

fn tls(version: &str, suite: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("tls.answer", json!("established")),
        ("tls.server_spoke", json!(true)),
        ("tls.version", json!(version)),
        ("tls.suite", json!(suite)),
    ]
}

/// What both servers choose with their own settings and OpenSSL 3.
fn usual_tls() -> Vec<(&'static str, Value)> {
    tls("TLSv1.3", "TLS_AES_256_GCM_SHA384")
}

/// What every certificate of these tests has in common.
fn certificate(made: &Identity) -> Vec<(&'static str, Value)> {
    let at = |seconds| jiff::Timestamp::from_second(seconds).unwrap().to_string();
    vec![
        ("cert.not_before", json!(at(made.valid.0))),
        ("cert.not_after", json!(at(made.valid.1))),
        ("cert.sha256", json!(made.sha256())),
        ("cert.sha1", json!(made.sha1())),
        ("cert.key", json!("RSA 2048 bits")),
        ("cert.key_type", json!("rsa")),
        ("cert.key_bits", json!(2048)),
        ("cert.weak_key", json!(false)),
        ("cert.signature", json!("sha256WithRSA")),
        ("cert.weak_signature", json!(false)),
        ("cert.server_auth", json!(true)),
        ("cert.eku", json!(["1.3.6.1.5.5.7.3.1"])),
        ("cert.chain_length", json!(1)),
        ("cert.not_yet_valid", json!(false)),
        ("cert.intermediate_expired", json!(false)),
    ]
}

/// A certificate of the authority that these tests make.
fn signed_certificate(made: &Identity, trust: &str) -> Vec<(&'static str, Value)> {
    let own = vec![
        ("cert.subject", json!("CN=rdp.lab.test")),
        ("cert.issuer", json!("CN=Real Servers Root CA")),
        ("cert.names", json!(["rdp.lab.test", "127.0.0.1"])),
        ("cert.name_matches", json!(true)),
        ("cert.signature", json!("sha256-ECDSA")),
        ("cert.self_signed", json!(false)),
        ("cert.windows_made", json!(false)),
        ("cert.issuer_sent", json!(false)),
        ("cert.trust", json!(trust)),
    ];
    let mut all = certificate(made);
    all.retain(|(name, _)| own.iter().all(|(n, _)| n != name));
    all.extend(own);
    all
}

/// A certificate in the form that Windows makes, of a host with that name.
fn windows_certificate(made: &Identity, name: &str) -> Vec<(&'static str, Value)> {
    let mut all = certificate(made);
    all.extend([
        ("cert.subject", json!(format!("CN={name}"))),
        ("cert.issuer", json!(format!("CN={name}"))),
        ("cert.names", json!([name])),
        ("cert.name_matches", json!(false)),
        ("cert.self_signed", json!(true)),
        ("cert.windows_made", json!(true)),
        ("cert.issuer_sent", json!(true)),
        ("cert.trust", json!("self-signed")),
        ("cert.expired", json!(false)),
    ]);
    all
}

#[test]
fn xrdp_with_a_certificate_of_an_authority() {
    let made = Identity::signed(-30, 365);
    let Some(server) = Xrdp::start(&Settings::DEFAULT, &made) else {
        return;
    };
    let root = server.folder.write("root.pem", made.root_pem());
    let seen = Seen::probe(server.port, &["--trust", root.to_str().unwrap()]);
    seen.has(&at_loopback(server.port));
    seen.has(&as_xrdp("selected-ssl"));
    seen.has(&usual_tls());
    seen.has(&signed_certificate(&made, "trusted"));
    seen.has(&[("cert.expired", json!(false))]);
    assert!((364..=365).contains(&seen.int("cert.days_left")), "{seen}");
    seen.has(&xrdp_responds("none"));
    seen.has(&[("walk.end", json!("mcs:response"))]);
    seen.has_no("nla.answer");
    seen.has_no("again.");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls passed, mcs passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, certificate of an authority");

    // Without the authority the same certificate is one of an unknown issuer, and that is all
    let seen = Seen::probe(server.port, &[]);
    seen.has(&signed_certificate(&made, "unknown-issuer"));
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls passed, mcs passed");
}

#[test]
fn xrdp_with_a_certificate_as_windows_makes_it() {
    let made = Identity::windows_made("WIN-7QK2LAB");
    let Some(server) = Xrdp::start(&Settings::TLS, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&at_loopback(server.port));
    seen.has(&as_xrdp("selected-ssl"));
    seen.has(&usual_tls());
    seen.has(&windows_certificate(&made, "WIN-7QK2LAB"));
    assert!((172..=173).contains(&seen.int("cert.days_left")), "{seen}");
    seen.has(&xrdp_responds("none"));
    seen.has_no("nla.answer");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls passed, mcs passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, certificate in Windows' form");
}

#[test]
fn xrdp_with_plain_rdp_security() {
    let made = Identity::signed(-30, 365);
    let Some(server) = Xrdp::start(&Settings::PLAIN, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&at_loopback(server.port));
    seen.has(&as_xrdp("selected-rdp"));
    seen.has(&xrdp_responds("128-bit"));
    seen.has(&[("walk.end", json!("mcs:response without TLS"))]);
    // It has a certificate, and shows it to nobody
    seen.has_no("tls.");
    seen.has_no("cert.");
    seen.has_no("nla.answer");
    seen.climbs("resolve passed, tcp passed, negotiate warned, mcs passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, plain RDP security");
}

#[test]
fn xrdp_with_plain_rdp_security_and_fips() {
    let made = Identity::signed(-30, 365);
    let settings = Settings {
        crypt_level: "fips",
        ..Settings::PLAIN
    };
    let Some(server) = Xrdp::start(&settings, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&at_loopback(server.port));
    seen.has(&as_xrdp("selected-rdp"));
    seen.has(&xrdp_responds("fips"));
    seen.has_no("tls.");
    seen.has_no("cert.");
    seen.has_no("nla.answer");
    seen.climbs("resolve passed, tcp passed, negotiate warned, mcs passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, plain RDP security with FIPS");
}

#[test]
fn xrdp_without_its_key() {
    let made = Identity::signed(-30, 365);
    let settings = Settings {
        lacks_key: true,
        ..Settings::TLS
    };
    let Some(server) = Xrdp::start(&settings, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&at_loopback(server.port));
    // SSL_CERT_NOT_ON_SERVER, whatever is asked for; a failure has no flags
    seen.has(&[
        ("neg.answer", json!("failure-3")),
        ("neg.source_reference", json!(0x1234)),
        ("walk.end", json!("negotiate:failure-3")),
        ("again.same", json!(true)),
        ("again.works", json!(false)),
    ]);
    seen.has_no("neg.flags");
    seen.has_no("tls.version");
    seen.has_no("cert.");
    seen.has_no("nla.answer");
    seen.has_no("mcs.");
    seen.climbs("resolve passed, tcp passed, negotiate failed");
    assert!(seen.connections() <= MANY, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, no key");
}

#[test]
fn xrdp_with_tls_1_3_only() {
    let made = Identity::signed(-30, 365);
    let settings = Settings {
        ssl_protocols: "TLSv1.3",
        ..Settings::TLS
    };
    let Some(server) = Xrdp::start(&settings, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&as_xrdp("selected-ssl"));
    seen.has(&usual_tls());
    seen.has(&signed_certificate(&made, "unknown-issuer"));
    seen.has(&xrdp_responds("none"));
    // protocol_version: older clients, which stop at TLS 1.2, do not get in
    seen.has(&[("tls.only12", json!("alert-70"))]);
    seen.has_no("nla.answer");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls passed, mcs passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, TLS 1.3 only");
}

#[test]
fn xrdp_with_no_suite_in_common() {
    let made = Identity::signed(-30, 365);
    let settings = Settings {
        ssl_protocols: "TLSv1.2",
        tls_ciphers: Some("ECDHE-RSA-CAMELLIA256-SHA384:ECDHE-ARIA256-GCM-SHA384"),
        ..Settings::TLS
    };
    let Some(server) = Xrdp::start(&settings, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&as_xrdp("selected-ssl"));
    // handshake_failure to whatever a client offers, and an answer to who offers everything
    seen.has(&[
        ("walk.end", json!("tls:alert-40")),
        ("tls.answer", json!("alert-40")),
        ("tls.server_spoke", json!(false)),
        ("tls.only12", json!("alert-40")),
        ("tls.old_suite", json!("alert-40")),
        ("tls.only10", json!("alert-70")),
        ("tls.wide_groups", json!("alert-40")),
        ("tls.wide", json!("server-hello")),
        ("tls.wide_suite_offered", json!(false)),
        ("again.same", json!(true)),
        ("again.works", json!(false)),
    ]);
    let suite = seen.fact("tls.wide_suite").and_then(Value::as_str);
    assert!(
        matches!(
            suite,
            Some(
                "TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384"
                    | "TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384"
            )
        ),
        "{seen}"
    );
    seen.has_no("tls.version");
    seen.has_no("cert.");
    seen.has_no("nla.answer");
    seen.has_no("mcs.");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls failed");
    assert!(seen.connections() <= MANY, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, no common suite");
}

#[test]
fn xrdp_with_an_expired_certificate() {
    let made = Identity::signed(-400, -5);
    // One suite, so that it is known which one must be reported
    let settings = Settings {
        ssl_protocols: "TLSv1.2",
        tls_ciphers: Some("ECDHE-RSA-AES128-GCM-SHA256"),
        ..Settings::TLS
    };
    let Some(server) = Xrdp::start(&settings, &made) else {
        return;
    };
    let root = server.folder.write("root.pem", made.root_pem());
    let seen = Seen::probe(server.port, &["--trust", root.to_str().unwrap()]);
    seen.has(&as_xrdp("selected-ssl"));
    seen.has(&tls("TLSv1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    // Whom it is from is one question, whether it still holds another
    seen.has(&signed_certificate(&made, "trusted"));
    seen.has(&[("cert.expired", json!(true))]);
    assert!((-6..=-5).contains(&seen.int("cert.days_left")), "{seen}");
    seen.has(&xrdp_responds("none"));
    seen.has_no("nla.answer");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, certificate expired");
}

#[test]
fn xrdp_with_the_key_of_another_certificate() {
    let made = Identity::signed(-30, 365).with_wrong_key();
    let Some(server) = Xrdp::start(&Settings::TLS, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&as_xrdp("selected-ssl"));
    // A disconnect provider ultimatum (MCS) stands where the ServerHello belongs
    seen.has(&[
        ("walk.end", json!("tls:disconnect")),
        ("tls.answer", json!("disconnect")),
        ("tls.server_spoke", json!(false)),
    ]);
    seen.has_no("tls.version");
    seen.has_no("cert.");
    seen.has_no("nla.answer");
    seen.has_no("mcs.");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls failed");
    assert!(seen.connections() <= MANY, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, key of another certificate");
}

#[test]
fn xrdp_with_tls_1_0_only() {
    let made = Identity::signed(-30, 365);
    let settings = Settings {
        ssl_protocols: "TLSv1",
        old_openssl: true,
        ..Settings::TLS
    };
    let Some(server) = Xrdp::start(&settings, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&as_xrdp("selected-ssl"));
    seen.has(&tls("TLSv1", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"));
    seen.has(&signed_certificate(&made, "unknown-issuer"));
    seen.has(&xrdp_responds("none"));
    seen.has_no("nla.answer");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("xrdp, TLS 1.0 only");
}

#[test]
fn shadow_with_nla() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(Some("nla"), &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&at_loopback(server.port));
    seen.has(&as_freerdp());
    seen.has(&usual_tls());
    seen.has(&windows_certificate(&made, "SHADOW"));
    // WinPR gives this machine's name, as it is and in capitals, and calls itself Windows 7
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let host = host.trim();
    let first = host.split('.').next().unwrap();
    let netbios: String = first.to_uppercase().chars().take(31).collect();
    seen.has(&[
        ("neg.answer", json!("selected-hybrid")),
        // HYBRID_REQUIRED_BY_SERVER: without NLA nobody gets in
        ("neg.ssl_only", json!("failure-5")),
        ("walk.end", json!("nla:challenge")),
        ("nla.answer", json!("challenge")),
        ("nla.version", json!(6)),
        ("nla.computer", json!(netbios)),
        ("nla.domain", json!(netbios)),
        ("nla.dns_computer", json!(host)),
        ("nla.dns_domain", json!(host)),
        ("nla.build", json!("6.1.7601")),
        ("nla.build_number", json!(7601)),
    ]);
    // The same machine has the same clock
    assert!((-2..=2).contains(&seen.int("nla.skew_s")), "{seen}");
    seen.has_no("mcs.");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls passed, nla passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("shadow, NLA");
}

#[test]
fn shadow_with_tls() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(Some("tls"), &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&at_loopback(server.port));
    seen.has(&as_freerdp());
    seen.has(&[
        ("neg.answer", json!("selected-ssl")),
        ("walk.end", json!("mcs:response")),
    ]);
    seen.has(&usual_tls());
    seen.has(&windows_certificate(&made, "SHADOW"));
    seen.has(&freerdp_responds());
    seen.has_no("nla.answer");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls passed, mcs passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("shadow, TLS");
}

#[test]
fn shadow_with_plain_rdp_security() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(Some("rdp"), &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&at_loopback(server.port));
    // SSL_NOT_ALLOWED_BY_SERVER, unless plain RDP security is all that is asked for
    seen.has(&[
        ("neg.answer", json!("failure-2")),
        ("neg.plain", json!("selected-rdp")),
        ("neg.source_reference", json!(0)),
        ("walk.end", json!("negotiate:failure-2")),
    ]);
    seen.has_no("cert.");
    seen.has_no("nla.answer");
    seen.climbs("resolve passed, tcp passed, negotiate failed");
    assert!(seen.connections() <= MANY, "{}", seen.connections());
    seen.tells_the_truth_about("shadow, plain RDP security");
}

#[test]
fn shadow_as_it_comes() {
    let made = Identity::windows_made("SHADOW");
    let Some(server) = Shadow::start(None, &made) else {
        return;
    };
    let seen = Seen::probe(server.port, &[]);
    seen.has(&as_freerdp());
    // It says that it can do NLA, and without authentication does not choose it
    seen.has(&[("neg.answer", json!("selected-ssl"))]);
    seen.has(&usual_tls());
    seen.has(&windows_certificate(&made, "SHADOW"));
    seen.has(&freerdp_responds());
    seen.has_no("nla.answer");
    seen.climbs("resolve passed, tcp passed, negotiate passed, tls passed, mcs passed");
    assert!(seen.connections() <= FEW, "{}", seen.connections());
    seen.tells_the_truth_about("shadow, as it comes");
}

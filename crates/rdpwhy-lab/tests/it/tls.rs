//! TLS versions, suites, hellos and certificates, by a client of OpenSSL.

use openssl::asn1::Asn1Time;
use openssl::nid::Nid;
use openssl::ssl::SslVersion;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509StoreContext};
use tokio::io::AsyncWriteExt;

use crate::client::{End, connect, exchange, lab, negotiate_and_secure, rest, secure, x224};

/// The suites that a Windows 11 client shares with the lab's Windows.
const WINDOWS: &str = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES256-GCM-SHA384:\
    ECDHE-RSA-AES256-SHA:AES256-GCM-SHA384:AES128-SHA:@SECLEVEL=0";

#[tokio::test]
async fn versions_are_as_narrow_as_told() {
    let versions = [
        SslVersion::TLS1,
        SslVersion::TLS1_1,
        SslVersion::TLS1_2,
        SslVersion::TLS1_3,
    ];
    for (id, expected) in [
        ("healthy-either", [true, true, true, true]),
        ("healthy-tls12", [true, true, true, false]),
        ("tls10-only", [true, false, false, false]),
        ("tls13-only", [false, false, false, true]),
    ] {
        let running = lab(id).await;
        for (version, works) in versions.into_iter().zip(expected) {
            let result = negotiate_and_secure(&running, 11, |b| {
                b.set_min_proto_version(Some(version)).expect("a version");
                b.set_max_proto_version(Some(version)).expect("a version");
            })
            .await;
            assert_eq!(
                result.is_ok(),
                works,
                "{id} {version:?}: {:?}",
                result.err()
            );
        }
    }
}

/// Sends a ClientHello of OpenSSL's with these settings and hears out what comes back.
async fn hello(
    id: &str,
    direct: bool,
    settings: impl FnOnce(&mut openssl::ssl::SslConnectorBuilder),
) -> (Vec<u8>, End) {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let running = lab(id).await;
    let mut stream = connect(&running).await.expect("a connection");
    if !direct {
        exchange(&mut stream, &x224(3)).await;
    }
    let forward = async {
        let mut record = vec![0; 5];
        tokio::io::AsyncReadExt::read_exact(&mut far, &mut record)
            .await
            .expect("a record");
        record.resize(
            5 + usize::from(u16::from_be_bytes([record[3], record[4]])),
            0,
        );
        tokio::io::AsyncReadExt::read_exact(&mut far, &mut record[5..])
            .await
            .expect("a record");
        stream.write_all(&record).await.expect("the server listens");
        rest(&mut stream).await
    };
    tokio::select! {
        answer = forward => answer,
        _ = secure(near, settings) => panic!("nobody answered yet"),
    }
}

#[tokio::test]
async fn every_client_hello_meets_the_same_end() {
    for (id, bytes, end) in [
        ("cert-family-close", &b""[..], End::Fin),
        ("cert-family-reset", b"", End::Rst),
        ("tls-silent", b"", End::Silence),
        ("tls-alert-40", &[0x15, 3, 3, 0, 2, 2, 40], End::Fin),
        ("tls-alert-70", &[0x15, 3, 3, 0, 2, 2, 70], End::Fin),
        ("tls-alert-80", &[0x15, 3, 3, 0, 2, 2, 80], End::Fin),
        (
            "tls-disconnect",
            &[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80],
            End::Fin,
        ),
    ] {
        let any = hello(id, false, |_| ()).await;
        assert_eq!(any, (bytes.to_vec(), end), "{id}");
        // Without X.224 before it, and of another kind.
        let direct = hello(id, true, small).await;
        assert_eq!(direct, (bytes.to_vec(), end), "{id}");
    }
}

/// A ClientHello with one suite of TLS 1.2.
fn small(builder: &mut openssl::ssl::SslConnectorBuilder) {
    builder
        .set_max_proto_version(Some(SslVersion::TLS1_2))
        .expect("a version");
    builder
        .set_cipher_list("ECDHE-RSA-AES128-GCM-SHA256")
        .expect("a suite");
    builder.set_groups_list("P-256").expect("a group");
    builder
        .set_sigalgs_list("RSA+SHA256")
        .expect("an algorithm");
}

#[tokio::test]
async fn some_hellos_pass() {
    for (id, end) in [
        ("large-hello-reset", End::Rst),
        ("large-hello-silent", End::Silence),
        ("tls13-reset", End::Rst),
    ] {
        assert_eq!(hello(id, false, |_| ()).await, (vec![], end), "{id}");
        let running = lab(id).await;
        negotiate_and_secure(&running, 3, small).await.expect(id);
    }
}

#[tokio::test]
async fn windows_clients_share_no_parameters_with_exotic_hosts() {
    for (id, wider, groups) in [
        ("cipher-exotic", "ALL:@SECLEVEL=0", "X25519:P-256:P-384"),
        ("group-exotic", WINDOWS, "P-521"),
    ] {
        let running = lab(id).await;
        let (bytes, end) = hello(id, false, |b| {
            b.set_cipher_list(WINDOWS).expect("suites");
            b.set_groups_list("X25519:P-256:P-384").expect("groups");
        })
        .await;
        assert_eq!(bytes[..1], [0x15], "{id}");
        assert_eq!((&bytes[5..], end), (&[2, 40][..], End::Fin), "{id}");
        negotiate_and_secure(&running, 3, |b| {
            b.set_cipher_list(wider).expect("suites");
            b.set_groups_list(groups).expect("groups");
        })
        .await
        .expect(id);
    }
    let (bytes, _) = hello("ecdsa-rsa-suites", false, |_| ()).await;
    assert_eq!(bytes[5..], [2, 40], "no suite at all fits");
}

#[tokio::test]
async fn hostile_answers_do_not_end_a_handshake() {
    let (bytes, end) = hello("tls-lying-length", false, |_| ()).await;
    assert_eq!(
        (&bytes[..5], end),
        (&[0x16, 3, 3, 0x40, 0][..], End::Silence)
    );
}

/// What a host of the lab presents: its leaf, and how many certificates in all.
async fn certificate(id: &str) -> (X509, usize, Option<String>) {
    let running = lab(id).await;
    let tls = negotiate_and_secure(&running, 11, |_| ()).await.expect(id);
    let leaf = tls.ssl().peer_certificate().expect("a certificate");
    let sent = tls.ssl().peer_cert_chain().expect("a chain").len();
    (leaf, sent, running.authority.clone())
}

fn days_left(leaf: &X509) -> i32 {
    Asn1Time::days_from_now(0)
        .expect("now")
        .diff(leaf.not_after())
        .expect("a difference")
        .days
}

fn days_old(leaf: &X509) -> i32 {
    leaf.not_before()
        .diff(&Asn1Time::days_from_now(0).expect("now"))
        .expect("a difference")
        .days
}

fn common_name(leaf: &X509) -> String {
    let entry = leaf
        .subject_name()
        .entries_by_nid(Nid::COMMONNAME)
        .next()
        .expect("a name");
    entry.data().to_string().expect("text")
}

fn text(leaf: &X509) -> String {
    String::from_utf8(leaf.to_text().expect("text")).expect("text")
}

#[tokio::test]
async fn a_good_certificate_is_like_that_of_windows() {
    let (leaf, sent, authority) = certificate("healthy-nla").await;
    assert_eq!((sent, authority), (1, None));
    assert_eq!(common_name(&leaf), "pc42.lab.example");
    assert_eq!(leaf.public_key().expect("a key").bits(), 2048);
    assert!(
        (180..=182).contains(&days_left(&leaf)),
        "{}",
        days_left(&leaf)
    );
    let text = text(&leaf);
    for line in [
        "Signature Algorithm: sha256WithRSAEncryption",
        "Issuer: CN=pc42.lab.example",
        "TLS Web Server Authentication",
        "Key Encipherment, Data Encipherment",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    assert!(!text.contains("Subject Alternative Name"));
}

#[tokio::test]
async fn bad_certificates_are_bad_in_one_way() {
    let (leaf, ..) = certificate("cert-expired-selfsigned").await;
    assert!(
        days_left(&leaf) < 0
            && leaf.subject_name().to_der().ok() == leaf.issuer_name().to_der().ok()
    );
    let (leaf, _, authority) = certificate("cert-expired-ca").await;
    assert!(days_left(&leaf) < 0 && authority.is_some());
    let (leaf, ..) = certificate("cert-not-yet-valid").await;
    assert!(days_old(&leaf) < 0 && days_left(&leaf) > 0);
    let (leaf, ..) = certificate("cert-wrong-name").await;
    assert!(text(&leaf).contains("DNS:oldname.lab.example"));
    let (leaf, ..) = certificate("cert-sha1").await;
    assert_eq!(
        leaf.signature_algorithm().object().nid(),
        Nid::SHA1WITHRSAENCRYPTION
    );
    let (leaf, ..) = certificate("cert-rsa1024").await;
    assert_eq!(leaf.public_key().expect("a key").bits(), 1024);
    let (leaf, ..) = certificate("cert-eku-client").await;
    let usage = text(&leaf);
    assert!(usage.contains("TLS Web Client Authentication") && !usage.contains("Server Auth"));
    let (leaf, ..) = certificate("dns-stale").await;
    assert_eq!(common_name(&leaf), "pc17.lab.example");
    let (leaf, ..) = certificate("healthy-ecdsa").await;
    assert_eq!(leaf.public_key().expect("a key").bits(), 256);
    let (_, sent, _) = certificate("cert-chain-expired").await;
    assert_eq!(sent, 2);
}

/// Whether the leaf alone leads to the lab's root.
fn leads_to_root(leaf: &X509, authority: Option<String>) -> bool {
    let root = X509::from_pem(authority.expect("a root").as_bytes()).expect("a certificate");
    let mut store = X509StoreBuilder::new().expect("a store");
    store.add_cert(root).expect("a root");
    let none = Stack::new().expect("a stack");
    let mut context = X509StoreContext::new().expect("a context");
    context
        .init(
            &store.build(),
            leaf,
            &none,
            openssl::x509::X509StoreContextRef::verify_cert,
        )
        .expect("a judgement")
}

#[tokio::test]
async fn a_missing_intermediate_is_all_that_is_missing() {
    let (leaf, sent, authority) = certificate("healthy-company").await;
    assert!(leads_to_root(&leaf, authority) && sent == 1);
    let (leaf, sent, authority) = certificate("cert-no-intermediate").await;
    assert!(!leads_to_root(&leaf, authority) && sent == 1);
}

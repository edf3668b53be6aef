//! X.224, CredSSP and MCS, byte by byte.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::io::AsyncWriteExt;

use crate::client::{End, ask, connect, exchange, lab, negotiate_and_secure, rest, secure, x224};

fn failure(code: u8) -> Vec<u8> {
    vec![
        3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 3, 0, 8, 0, code, 0, 0, 0,
    ]
}

fn selected(protocol: u8) -> Vec<u8> {
    vec![
        3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, protocol, 0, 0, 0,
    ]
}

#[tokio::test]
async fn every_failure_code_is_on_the_wire() {
    for code in [1, 2, 3, 4, 5, 6, 99] {
        let running = lab(&format!("failure-{code}")).await;
        assert_eq!(ask(&running, &x224(11)).await, (failure(code), End::Fin));
    }
}

#[tokio::test]
async fn hosts_select_and_refuse_like_windows() {
    let nla = lab("healthy-nla").await;
    assert_eq!(ask(&nla, &x224(11)).await.0, selected(8));
    assert_eq!(ask(&nla, &x224(3)).await.0, selected(2));
    assert_eq!(ask(&nla, &x224(1)).await, (failure(5), End::Fin));
    assert_eq!(
        ask(&nla, &[3, 0, 0, 11, 6, 0xe0, 0, 0, 0, 0, 0]).await,
        (vec![], End::Fin)
    );
    let plain = lab("plain-only").await;
    assert_eq!(ask(&plain, &x224(11)).await, (failure(2), End::Fin));
    assert_eq!(ask(&plain, &x224(0)).await, (selected(0), End::Silence));
    let bare = ask(&plain, &[3, 0, 0, 11, 6, 0xe0, 0, 0, 0, 0, 0]).await.0;
    assert_eq!(bare, [3, 0, 0, 11, 6, 0xd0, 0, 0, 0x12, 0x34, 0]);
}

#[tokio::test]
async fn other_answers_to_x224() {
    let cases: [(&str, &[u8], End); 9] = [
        ("silent", b"", End::Silence),
        ("x224-silent", b"", End::Silence),
        ("x224-close", b"", End::Fin),
        ("reset-after-x224", b"", End::Rst),
        (
            "disconnect-instead",
            &[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80],
            End::Fin,
        ),
        (
            "lying-length",
            &[3, 0, 0xff, 0xff, 0x0e, 0xd0, 0, 0, 0x12, 0x34, 0],
            End::Silence,
        ),
        ("vnc", b"RFB 003.008\n", End::Fin),
        ("proxy-expected", b"", End::Fin),
        ("tls-at-once", b"", End::Fin),
    ];
    for (id, bytes, end) in cases {
        let running = lab(id).await;
        assert_eq!(
            ask(&running, &x224(11)).await,
            (bytes.to_vec(), end),
            "{id}"
        );
    }
}

#[tokio::test]
async fn other_services_say_who_they_are() {
    for (id, sign) in [
        ("ssh", &b"SSH-2.0-OpenSSH"[..]),
        ("http", b"HTTP/1.1 400 "),
        ("smb", b"\0\0\0\x49\xfeSMB"),
        ("escapes", b"\x1b]0;"),
    ] {
        let running = lab(id).await;
        let (said, end) = ask(&running, &x224(11)).await;
        assert!(said.starts_with(sign), "{id}: {said:?}");
        assert_eq!(end, End::Fin, "{id}");
    }
    let running = lab("smb").await;
    assert_eq!(ask(&running, b"hello").await.0.len(), 4 + 0x49);
    let running = lab("http").await;
    let page = String::from_utf8(ask(&running, b"GET / HTTP/1.0\r\n\r\n").await.0).expect("text");
    let (_, body) = page.split_once("\r\n\r\n").expect("a body");
    assert!(
        page.contains(&format!("Content-Length: {}\r\n", body.len())),
        "{}",
        body.len()
    );
}

#[tokio::test]
async fn rdp_is_found_behind_what_stands_before_it() {
    let running = lab("proxy-expected").await;
    let version_1 = b"PROXY TCP4 192.0.2.1 192.0.2.2 50000 3389\r\n";
    let (answer, _) = ask(&running, &[&version_1[..], &x224(11)].concat()).await;
    assert_eq!(answer, selected(8));
    let version_2 = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let (answer, _) = ask(&running, &[&version_2[..], &x224(11)].concat()).await;
    assert_eq!(answer, selected(8));

    let running = lab("tls-at-once").await;
    let stream = connect(&running).await.expect("a connection");
    let mut outer = secure(stream, |_| ()).await.expect("TLS at once");
    assert_eq!(exchange(&mut outer, &x224(11)).await, selected(8));
    let mut inner = secure(outer, |_| ()).await.expect("TLS in TLS");
    assert!(
        exchange(&mut inner, &ts_request(&NEGOTIATE))
            .await
            .starts_with(&[0x30])
    );
}

/// An NTLM NEGOTIATE_MESSAGE with the flags of mstsc.
const NEGOTIATE: [u8; 32] = [
    b'N', b'T', b'L', b'M', b'S', b'S', b'P', 0, 1, 0, 0, 0, 0xb7, 0x82, 0x08, 0xe2, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

/// A TSRequest of version 6 with a short token.
fn ts_request(token: &[u8]) -> Vec<u8> {
    let size = u8::try_from(token.len()).expect("a short token");
    let mut out = vec![
        0x30,
        size + 15,
        0xa0,
        3,
        2,
        1,
        6,
        0xa1,
        size + 8,
        0x30,
        size + 6,
    ];
    out.extend([0x30, size + 4, 0xa0, size + 2, 4, size]);
    out.extend_from_slice(token);
    out
}

/// A NegTokenInit ([RFC 4178] 4.2.1) with NTLM and its first message.
fn spnego_init(token: &[u8]) -> Vec<u8> {
    let size = u8::try_from(token.len()).expect("a short token");
    let mut inner = vec![
        0xa0, 14, 0x30, 12, 6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10,
    ];
    inner.extend([0xa2, size + 2, 4, size]);
    inner.extend_from_slice(token);
    let length = u8::try_from(inner.len()).expect("a short token");
    let mut out = vec![
        0x60,
        length + 12,
        6,
        6,
        0x2b,
        6,
        1,
        5,
        5,
        2,
        0xa0,
        length + 2,
        0x30,
        length,
    ];
    out.extend(inner);
    out
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The seconds by which the clock in a challenge is ahead of ours.
fn ahead(challenge: &[u8]) -> i128 {
    let at = position(challenge, &[7, 0, 8, 0]).expect("a time stamp") + 4;
    let time = u64::from_le_bytes(challenge[at..at + 8].try_into().expect("eight bytes"));
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock")
        .as_secs();
    i128::from(time / 10_000_000) - 11_644_473_600 - i128::from(now)
}

#[tokio::test]
async fn the_challenge_tells_names_build_and_clock() {
    for (id, version, build, skew) in [
        ("healthy-nla", 6, 20348u16, 0),
        ("healthy-tls12", 6, 14393, 0),
        ("nla-clock-skew", 6, 20348, 1200),
        ("nla-old-credssp", 2, 20348, 0),
    ] {
        let running = lab(id).await;
        let mut tls = negotiate_and_secure(&running, 11, |_| ())
            .await
            .expect("TLS");
        let answer = exchange(&mut tls, &ts_request(&NEGOTIATE)).await;
        assert_eq!(answer[0], 0x30);
        let at = position(&answer, &[0xa0, 3, 2, 1]).expect("a version");
        assert_eq!(answer[at + 4], version, "{id}");
        let message = &answer[position(&answer, b"NTLMSSP\0\x02\0\0\0").expect("a challenge")..];
        assert_eq!(
            message[48..56],
            [[10, 0], build.to_le_bytes(), [0, 0], [0, 15]].concat()
        );
        for name in ["LAB", "PC42", "lab.example", "pc42.lab.example"] {
            assert!(position(message, &utf16(name)).is_some(), "{id}: {name}");
        }
        assert!(
            (skew - 5..=skew + 5).contains(&ahead(message)),
            "{id}: {}",
            ahead(message)
        );

        // An answer is refused: with a code where the version has one, and the end in any case.
        let mut authenticate = NEGOTIATE;
        authenticate[8] = 3;
        tls.write_all(&ts_request(&authenticate))
            .await
            .expect("the server listens");
        let (refusal, end) = rest(&mut tls).await;
        let expected: &[u8] = match version {
            2 => &[],
            _ => &[0x30, 13, 0xa0, 3, 2, 1, 6, 0xa4, 6, 2, 4, 0xc0, 0, 0, 0x6d],
        };
        assert_eq!((refusal.as_slice(), end), (expected, End::Fin), "{id}");
    }
}

#[tokio::test]
async fn spnego_is_answered_in_kind() {
    let running = lab("healthy-nla").await;
    let mut tls = negotiate_and_secure(&running, 11, |_| ())
        .await
        .expect("TLS");
    let answer = exchange(&mut tls, &ts_request(&spnego_init(&NEGOTIATE))).await;
    let at = position(&answer, b"NTLMSSP\0\x02").expect("a challenge");
    let accept_incomplete = position(&answer, &[0xa0, 3, 10, 1, 1]).expect("a NegTokenResp");
    assert!(accept_incomplete < at);
}

#[tokio::test]
async fn other_answers_to_credssp() {
    for (id, first, end) in [
        ("nla-close", None, End::Fin),
        ("nla-reset", None, End::Rst),
        ("nla-silent", None, End::Silence),
        ("nla-garbage", Some(0xd7), End::Fin),
        ("nla-lying-length", Some(0x30), End::Silence),
        ("nla-ntlm-blocked", Some(0x30), End::Fin),
    ] {
        let running = lab(id).await;
        let mut tls = negotiate_and_secure(&running, 11, |_| ())
            .await
            .expect("TLS");
        tls.write_all(&ts_request(&NEGOTIATE))
            .await
            .expect("the server listens");
        let (bytes, how) = rest(&mut tls).await;
        assert_eq!((bytes.first().copied(), how), (first, end), "{id}");
    }
}

/// As much of an MCS Connect Initial as a server looks at, with three virtual channels.
fn connect_initial() -> Vec<u8> {
    let mut body = vec![2, 0xf0, 0x80, 0x7f, 0x65, 0x82, 0, 60];
    body.extend([0; 20]);
    body.extend(b"Duca\x80\x38");
    body.extend([3, 0xc0, 44, 0, 3, 0, 0, 0]);
    body.extend([0; 36]);
    let mut out = vec![
        3,
        0,
        0,
        u8::try_from(body.len() + 4).expect("a short packet"),
    ];
    out.extend(body);
    out
}

#[tokio::test]
async fn the_basic_settings_are_answered() {
    let running = lab("healthy-tls").await;
    let mut tls = negotiate_and_secure(&running, 11, |_| ())
        .await
        .expect("TLS");
    let answer = exchange(&mut tls, &connect_initial()).await;
    assert_eq!(
        usize::from(u16::from_be_bytes([answer[2], answer[3]])),
        answer.len()
    );
    assert_eq!(answer[7..9], [0x7f, 0x66]);
    assert!(position(&answer, &[1, 0x0c, 16, 0, 4, 0, 8, 0, 11, 0, 0, 0]).is_some());
    assert!(position(&answer, &[3, 0x0c, 16, 0, 0xeb, 3, 3, 0, 0xec, 3, 0xed, 3]).is_some());

    // Erect domain and attach user at once, as clients send them.
    let domain = [
        3, 0, 0, 12, 2, 0xf0, 0x80, 4, 1, 0, 1, 0, 3, 0, 0, 8, 2, 0xf0, 0x80, 0x28,
    ];
    let confirm = exchange(&mut tls, &domain).await;
    assert_eq!(confirm, [3, 0, 0, 11, 2, 0xf0, 0x80, 0x2e, 0, 0, 6]);
    let join = [3, 0, 0, 12, 2, 0xf0, 0x80, 0x38, 0, 6, 3, 0xeb];
    let confirm = exchange(&mut tls, &join).await;
    assert_eq!(
        confirm,
        [3, 0, 0, 15, 2, 0xf0, 0x80, 0x3e, 0, 0, 6, 3, 0xeb, 3, 0xeb]
    );
    tls.write_all(&[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80])
        .await
        .expect("the server listens");
    assert_eq!(rest(&mut tls).await, (vec![], End::Fin));

    for (id, end) in [("mcs-close", End::Fin), ("mcs-silent", End::Silence)] {
        let running = lab(id).await;
        let mut tls = negotiate_and_secure(&running, 11, |_| ())
            .await
            .expect("TLS");
        tls.write_all(&connect_initial())
            .await
            .expect("the server listens");
        assert_eq!(rest(&mut tls).await, (vec![], end), "{id}");
    }
}

#[tokio::test]
async fn slow_is_slow_at_every_answer() {
    let running = lab("slow-but-healthy").await;
    let mut stream = connect(&running).await.expect("a connection");
    let begin = Instant::now();
    exchange(&mut stream, &x224(11)).await;
    assert!(begin.elapsed() >= Duration::from_millis(290));
    let begin = Instant::now();
    secure(stream, |_| ()).await.expect("TLS");
    assert!(begin.elapsed() >= Duration::from_millis(290));
}

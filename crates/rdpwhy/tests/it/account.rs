//! How often an account is proved, counted where the proofs arrive: at a host that ends TLS itself,
//! and at a domain controller.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslMethod, SslStream};
use openssl::x509::{X509, X509Name};
use rdpwhy_wire::kerberos::{self, Message};
use serde_json::Value;

/// NTLMSSP and the number of an AUTHENTICATE_MESSAGE ([MS-NLMP] 2.2.1.3).
const AUTHENTICATE: &[u8] = b"NTLMSSP\0\x03\0\0\0";
/// A challenge in a TSRequest, as FreeRDP's server sent it.
const CHALLENGE: &str = "30819fa003020106a17430723070a06e046c4e544c4d53535000020000000400040038000000b7a288e20b07e166fdf3b81b0000000000000000300030003c0000000601b11d0000000f56004d000200040056004d000100040056004d000400040076006d000300040076006d000700080080cbe98a017ddd0100000000a5220420b67aca5b01fb0629b1befe7bc7303296f1d82169636729f2a567160b739d2c67";
/// A TSRequest with STATUS_LOGON_FAILURE.
const REFUSAL: [u8; 15] = [0x30, 13, 0xa0, 3, 2, 1, 6, 0xa4, 6, 2, 4, 0xc0, 0, 0, 0x6d];

/// A host that wants NLA and refuses every account; it counts.
struct Host {
    port: u16,
    proofs: Arc<AtomicU32>,
    /// Context tags of the TSRequests that came, in order.
    fields: Arc<Mutex<Vec<u8>>>,
}

impl Host {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let proofs = Arc::new(AtomicU32::new(0));
        let fields = Arc::new(Mutex::new(Vec::new()));
        let acceptor = Arc::new(acceptor());
        let (counted, seen) = (Arc::clone(&proofs), Arc::clone(&fields));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (acceptor, counted, seen) = (
                    Arc::clone(&acceptor),
                    Arc::clone(&counted),
                    Arc::clone(&seen),
                );
                std::thread::spawn(move || serve(stream, &acceptor, &counted, &seen));
            }
        });
        Self {
            port,
            proofs,
            fields,
        }
    }

    fn proofs(&self) -> u32 {
        self.proofs.load(Ordering::SeqCst)
    }
}

fn serve(
    mut stream: TcpStream,
    acceptor: &SslAcceptor,
    proofs: &AtomicU32,
    fields: &Mutex<Vec<u8>>,
) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let mut request = [0; 19];
    stream.read_exact(&mut request).ok()?;
    // Connection Confirm: HYBRID
    stream
        .write_all(&[
            3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 2, 0, 0, 0,
        ])
        .ok()?;
    let mut tls = acceptor.accept(stream).ok()?;
    loop {
        let message = element(&mut tls)?;
        let mut at = message.get(header(&message)?..)?;
        while let [tag, ..] = at {
            fields.lock().unwrap().push(*tag);
            let length = header(at)? + content(at)?;
            at = at.get(length..)?;
        }
        if message
            .windows(AUTHENTICATE.len())
            .any(|w| w == AUTHENTICATE)
        {
            proofs.fetch_add(1, Ordering::SeqCst);
            tls.write_all(&REFUSAL).ok()?;
            let _ = tls.shutdown();
            return Some(());
        }
        tls.write_all(&rdpwhy_model::text::unhex(CHALLENGE).unwrap())
            .ok()?;
    }
}

/// Length of the tag and length of a DER element.
fn header(bytes: &[u8]) -> Option<usize> {
    let first = *bytes.get(1)?;
    Some(if first < 0x80 {
        2
    } else {
        2 + usize::from(first & 0x7f)
    })
}

fn content(bytes: &[u8]) -> Option<usize> {
    let first = *bytes.get(1)?;
    if first < 0x80 {
        return Some(usize::from(first));
    }
    let digits = bytes.get(2..header(bytes)?)?;
    Some(digits.iter().fold(0, |n, d| n << 8 | usize::from(*d)))
}

fn element(tls: &mut SslStream<TcpStream>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 2];
    tls.read_exact(&mut bytes).ok()?;
    let mut rest = vec![0; header(&bytes)? - 2];
    tls.read_exact(&mut rest).ok()?;
    bytes.extend(rest);
    let mut rest = vec![0; content(&bytes)?];
    tls.read_exact(&mut rest).ok()?;
    bytes.extend(rest);
    Some(bytes)
}

fn acceptor() -> SslAcceptor {
    let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", "counting").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_pubkey(&key).unwrap();
    let (from, until) = (Asn1Time::days_from_now(0), Asn1Time::days_from_now(30));
    builder.set_not_before(&from.unwrap()).unwrap();
    builder.set_not_after(&until.unwrap()).unwrap();
    builder.sign(&key, MessageDigest::sha256()).unwrap();
    let certificate = builder.build();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_private_key(&key).unwrap();
    acceptor.set_certificate(&certificate).unwrap();
    acceptor.build()
}

/// A domain controller: what it answers to a request for the account's ticket, without and with the
/// proof of the password; it counts the proofs.
fn domain_controller(without: Vec<u8>, with: Vec<u8>) -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let proofs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&proofs);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
            let mut head = [0; 4];
            while stream.read_exact(&mut head).is_ok() {
                let length = usize::try_from(u32::from_be_bytes(head)).unwrap();
                let mut request = vec![0; length];
                if stream.read_exact(&mut request).is_err() {
                    break;
                }
                let proof = kerberos::read(&request) == Some(Message::AsReq { proof: true });
                counted.fetch_add(u32::from(proof), Ordering::SeqCst);
                let answer = if proof { &with } else { &without };
                let length = u32::try_from(answer.len()).unwrap().to_be_bytes();
                let _ = stream.write_all(&[&length[..], answer].concat());
            }
        }
    });
    (port, proofs)
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut out = vec![tag];
    match u8::try_from(content.len()) {
        Ok(short @ 0..0x80) => out.push(short),
        Ok(byte) => out.extend([0x81, byte]),
        Err(_) => {
            out.push(0x82);
            out.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
        }
    }
    out.extend(content);
    out
}

/// A KRB-ERROR with the clock of now.
fn krb_error(code: u8, data: Option<&[u8]>) -> Vec<u8> {
    let now = jiff::Timestamp::now().strftime("%Y%m%d%H%M%SZ").to_string();
    let text = |s: &str| tlv(0x1b, &[s.as_bytes()]);
    let sname = tlv(
        0x30,
        &[
            &tlv(0xa0, &[&[2, 1, 2]]),
            &tlv(0xa1, &[&tlv(0x30, &[&text("krbtgt"), &text("LAB.TEST")])]),
        ],
    );
    let mut fields = vec![
        tlv(0xa0, &[&[2, 1, 5]]),
        tlv(0xa1, &[&[2, 1, 30]]),
        tlv(0xa4, &[&tlv(0x18, &[now.as_bytes()])]),
        tlv(0xa5, &[&[2, 1, 0]]),
        tlv(0xa6, &[&[2, 1, code]]),
        tlv(0xa9, &[&text("LAB.TEST")]),
        tlv(0xaa, &[&sname]),
    ];
    if let Some(data) = data {
        fields.push(tlv(0xac, &[&tlv(4, &[data])]));
    }
    let fields: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
    tlv(0x7e, &[&tlv(0x30, &fields)])
}

/// KDC_ERR_PREAUTH_REQUIRED with PA-ETYPE-INFO2: AES-256 and a salt.
fn wants_proof() -> Vec<u8> {
    let entry = tlv(
        0x30,
        &[
            &tlv(0xa0, &[&[2, 1, 18]]),
            &tlv(0xa1, &[&tlv(0x1b, &[b"LAB.TESTalice"])]),
        ],
    );
    let info = tlv(0x30, &[&entry]);
    let pa = tlv(
        0x30,
        &[&tlv(0xa1, &[&[2, 1, 19]]), &tlv(0xa2, &[&tlv(4, &[&info])])],
    );
    krb_error(25, Some(&tlv(0x30, &[&pa])))
}

fn probe(target: &str, user: &str, more: &[&str]) -> Value {
    let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
        .args([
            "probe",
            "--json",
            "--no-memory",
            target,
            "--any-host",
            "--user",
            user,
        ])
        .args(more)
        .env("RDPWHY_PASSWORD", "any at all")
        .timeout(Duration::from_mins(2))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {said}"))
}

fn fact(report: &Value, name: &str) -> Value {
    let facts = report["evidence"]["facts"].as_array().unwrap();
    let found = facts.iter().find(|f| f["key"] == name);
    found.map_or(Value::Null, |f| f["value"].clone())
}

#[test]
fn one_attempt_whatever_is_asked_for() {
    for more in [
        &[][..],
        &["--repeat", "3"],
        &["--client", "all"],
        &["--repeat", "2", "--tls"],
    ] {
        let host = Host::start();
        let report = probe(&format!("127.0.0.1:{}", host.port), "alice", more);
        assert_eq!(host.proofs(), 1, "{more:?}");
        assert_eq!(fact(&report, "signin.attempts"), 1);
        assert_eq!(fact(&report, "signin.ntstatus"), "0xC000006D");
        assert_eq!(report["verdict"]["cause"], "wrong-password-or-user");
        // version, negoTokens, pubKeyAuth, clientNonce; never authInfo (0xa2)
        let fields = host.fields.lock().unwrap();
        assert!(
            fields.contains(&0xa3) && !fields.contains(&0xa2),
            "{fields:x?}"
        );
    }
}

#[test]
fn a_domain_controller_that_refuses_ends_it() {
    for (code, cause) in [
        (24, Some("wrong-password-or-user")),
        (23, Some("password-expired-under-nla")),
        // The library would send the proof again with the KDC's clock
        (37, Some("kerberos-clock-skew")),
        // Not even a refusal that blames no password is followed by another proof; that we have no
        // RC4 is no fault of the account's
        (14, None),
    ] {
        let host = Host::start();
        let (kdc, proofs) = domain_controller(wants_proof(), krb_error(code, None));
        let kdc = format!("127.0.0.1:{kdc}");
        let target = format!("127.0.0.1:{}", host.port);
        let report = probe(&target, "alice@lab.test", &["--kdc", &kdc, "--repeat", "2"]);
        assert_eq!(proofs.load(Ordering::SeqCst), 1, "{code}");
        assert_eq!(host.proofs(), 0, "{code}: no NTLM follows");
        assert_eq!(fact(&report, "signin.attempts"), 1);
        assert_eq!(fact(&report, "signin.kerberos_error"), i64::from(code));
        let outcome = if code == 14 {
            "undetermined"
        } else {
            "blocked"
        };
        assert_eq!(report["verdict"]["outcome"], outcome, "{code}");
        assert_eq!(report["verdict"]["cause"].as_str(), cause, "{code}");
    }
}

#[test]
fn a_domain_controller_that_falls_silent_leaves_it_open() {
    let host = Host::start();
    // Something that is no answer
    let (kdc, proofs) = domain_controller(wants_proof(), vec![0x30, 0]);
    let kdc = format!("127.0.0.1:{kdc}");
    let target = format!("127.0.0.1:{}", host.port);
    let report = probe(&target, "alice@lab.test", &["--kdc", &kdc]);
    assert_eq!((proofs.load(Ordering::SeqCst), host.proofs()), (1, 0));
    assert_eq!(fact(&report, "signin.answer"), "kdc-silent");
    assert_eq!(report["verdict"]["outcome"], "undetermined");
    assert!(report["causes"].as_array().unwrap().is_empty());
}

#[test]
fn ntlm_follows_where_no_proof_was_sent() {
    // KDC_ERR_WRONG_REALM to the request without a proof
    let host = Host::start();
    let (kdc, proofs) = domain_controller(krb_error(68, None), krb_error(24, None));
    let kdc = format!("127.0.0.1:{kdc}");
    let target = format!("127.0.0.1:{}", host.port);
    let report = probe(&target, "alice@lab.test", &["--kdc", &kdc]);
    assert_eq!(proofs.load(Ordering::SeqCst), 0);
    assert_eq!(host.proofs(), 1);
    assert_eq!(fact(&report, "signin.attempts"), 1);
    // An account that the realm does not know is no case for NTLM
    let host = Host::start();
    let (kdc, _) = domain_controller(krb_error(6, None), krb_error(24, None));
    let kdc = format!("127.0.0.1:{kdc}");
    let target = format!("127.0.0.1:{}", host.port);
    let report = probe(&target, "alice@lab.test", &["--kdc", &kdc]);
    assert_eq!(host.proofs(), 0);
    assert_eq!(fact(&report, "signin.attempts"), 0);
    assert_eq!(report["verdict"]["cause"], "wrong-password-or-user");
}

#[test]
fn a_password_is_never_an_argument_and_an_account_has_a_form() {
    let run = |more: &[&str]| {
        let output = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
            .args(["127.0.0.1:1", "--no-memory"])
            .args(more)
            .env_remove("RDPWHY_PASSWORD")
            .write_stdin("")
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let (status, said) = run(&["--user", "alice"]);
    assert_eq!(status, Some(2));
    assert!(
        said.contains("RDPWHY_PASSWORD") && said.contains("--password-fd"),
        "{said}"
    );
    assert_eq!(run(&["--password", "x"]).0, Some(2));
    let (status, said) = run(&["--user", "\\alice"]);
    assert_eq!((status, said.lines().count()), (Some(2), 1), "{said}");
    assert_eq!(run(&["--any-host"]).0, Some(2));
}

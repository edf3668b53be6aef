//! Writes the seeds: `cargo run --manifest-path fuzz/Cargo.toml --no-default-features --example seeds`.

use std::error::Error;
use std::path::Path;

use rdpwhy_fuzz::made::{self, Certificate, Challenge, Key};
use rdpwhy_fuzz::wire;
use rdpwhy_model::recording::{Lookup, LookupAnswer, Recording, Route, SCHEMA};
use rdpwhy_wire::hello::{Hello, Shares};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    for (target, name, bytes) in seeds()? {
        let folder = folder.join(target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

type Seed = (&'static str, String, Vec<u8>);

fn seeds() -> Result<Vec<Seed>, Box<dyn Error>> {
    let mut out: Vec<Seed> = Vec::new();
    let mut put = |target, name: &str, bytes: Vec<u8>| out.push((target, name.to_owned(), bytes));

    let selected = |protocol| made::confirm(0x1234, &made::negotiated(2, 0x1f, protocol));
    put("x224", "selected-hybrid-ex", selected(8));
    let failure = made::confirm(0, &made::negotiated(3, 0, 5));
    put("x224", "failure-5", failure.clone());
    put("x224", "no-structure", made::confirm(0x1234, &[]));
    put("x224", "disconnect", made::ultimatum());

    let supported = [0, 0x2b, 0, 2, 3, 4];
    let hello12 = made::server_hello(0x0303, [7; 32], 0xc030, &[]);
    let hello13 = made::server_hello(0x0303, [7; 32], 0x1302, &supported);
    put("tls", "hello-1.2", made::records(&hello12, 4000));
    put("tls", "hello-1.3-in-pieces", made::records(&hello13, 30));
    put("tls", "alert-70", made::alert(2, 70));
    let warned = [made::alert(1, 112), made::records(&hello12, 4000)].concat();
    put("tls", "warning-then-hello", warned);

    let challenge = Challenge {
        version: (10, 0, 26100),
        ..Challenge::default()
    }
    .name(2, "CORP")
    .name(1, "PC42")
    .name(4, "corp.example")
    .name(3, "pc42.corp.example")
    .name(5, "corp.example")
    .clock(134_200_000_000_000_000)
    .message();
    put("ntlm", "challenge", challenge.clone());
    let request = made::ts_request(6, Some(&challenge), None);
    put("credssp", "challenge", request.clone());
    let refused = made::ts_request(6, None, Some(0xc000_006d));
    put("credssp", "error-code", refused);

    let response = made::connect_response(0, 0x0008_0004, 34);
    put("mcs", "response", response.clone());
    let no = made::connect_response(5, 0x0008_0004, 34);
    put("mcs", "refused", no);
    put("mcs", "disconnect", made::ultimatum());

    let plain = Certificate::of("pc42.corp.example");
    put("certificate", "one-name", plain.der());
    let issued = Certificate {
        issuer: vec![(
            made::COMMON_NAME.to_vec(),
            0x13,
            b"Corp Issuing CA".to_vec(),
        )],
        names: vec![
            (0x82, b"*.corp.example".to_vec()),
            (0x87, vec![192, 0, 2, 5]),
            (0x87, vec![0x20; 16]),
        ],
        usages: vec![
            made::SERVER_AUTH.to_vec(),
            vec![0x2b, 6, 1, 4, 1, 0x82, 0x37, 54, 1, 2],
        ],
        key: Key::Ec([&[4][..], &[0x5a; 64]].concat()),
        ..plain.clone()
    };
    put("certificate", "several-names", issued.der());
    put("revocation", "plain", made::list(&[]));
    let part = made::issued_at(b"http://crl.example/a.crl");
    put("revocation", "of-one-address", made::list(&part));
    let authority = Certificate {
        more: vec![
            made::authority(Some(0)),
            made::key_usage(0x06),
            made::constraint(0, b"corp.example"),
        ],
        ..Certificate::of("Corp Issuing CA")
    };
    let host = Certificate {
        more: vec![
            made::key_usage(0xa0),
            made::crl_at(b"http://pki.example/ca.crl"),
            made::access_at(&[
                (1, b"http://ocsp.example/"),
                (2, b"http://pki.example/ca.crt"),
            ]),
        ],
        ..Certificate::below("pc42.corp.example", &authority)
    };
    put(
        "certificate",
        "chain",
        [host.der(), authority.der()].concat(),
    );
    let message = made::certificates(&[&host.der(), &authority.der()]);
    put(
        "tls",
        "certificates",
        [made::records(&hello12, 4000), made::records(&message, 300)].concat(),
    );

    let done = [14, 0, 0, 0];
    let curve = [12, 0, 0, 13, 3, 0, 0x1d, 1, 4, 4, 1, 0, 4, 9, 9, 9, 9];
    let whole = [&hello12[..], &message, &curve, &done].concat();
    put("flight", "whole-1.2", made::records(&whole, 4000));
    put("flight", "in-pieces", made::records(&whole, 60));
    put("flight", "hello-1.3", made::records(&hello13, 4000));
    let cut_off = [made::records(&hello12, 4000), made::alert(2, 40)].concat();
    put("flight", "alert-after-the-hello", cut_off);

    let hello = Hello {
        version: 0x0303,
        suites: vec![0xc030, 0x002f],
        groups: vec![0x001d, 0x0017],
        signatures: vec![0x0804],
        server_name: Some("pc42.corp.example".to_owned()),
        asks_more: true,
        ..Hello::default()
    };
    put("hello", "made-1.2", hello.record([7; 32]));
    let hello = Hello {
        version: 0x0304,
        shares: Shares::Given,
        ..hello
    };
    put("hello", "made-1.3", hello.record([7; 32]));

    put("matrix", "any", vec![7, 1]);
    put("matrix", "one-at-a-time", vec![0, 0, 0, 0x80]);
    let changes = r#"{"versions":["TLS1.2"],"suites":["0xC030 secp256r1"],"fips":"3des-only"}
{"groups":["x25519"],"cert":{"key":"ECDSA","bits":384,"curve":"secp384r1","key_usage":["digitalSignature"]}}"#;
    put(
        "simulate",
        "changed",
        [&[5, 9], changes.as_bytes()].concat(),
    );
    let custom =
        r#"{"versions":["TLS1.3"],"suites":["TLS_AES_128_GCM_SHA256"],"groups":["x25519"]}"#;
    let custom = [&[0, 0], custom.as_bytes(), b"\n", custom.as_bytes()].concat();
    put("simulate", "custom", custom);

    put("peer", "ssh", b"SSH-2.0-OpenSSH_9.2\r\n".to_vec());
    put("peer", "http", b"HTTP/1.1 400 Bad Request\r\n".to_vec());
    put("peer", "smtp", b"220 mail.example ESMTP\r\n".to_vec());
    put("peer", "smb", b"\0\0\0\x45\xffSMB".to_vec());

    let start = |end: u8, phase: u8| vec![0, end, phase, 20];
    let up = handshake(&[&issued.der(), &plain.der()]);
    let nla = [
        start(0, 3),
        event(1, 0, b"?"),
        event(1, 1, &selected(8)),
        event(2, 0, b"?"),
        event(2, 1, &made::records(&hello12, 4000)),
        up.clone(),
        event(3, 2, b"?"),
        event(3, 3, &request),
    ]
    .concat();
    put("walk", "up-to-the-challenge", nla.clone());
    let settings = [
        start(0, 4),
        event(1, 0, b"?"),
        event(1, 1, &selected(1)),
        event(2, 0, b"?"),
        up,
        event(4, 2, b"?"),
        event(4, 3, &response),
    ]
    .concat();
    put("walk", "up-to-the-settings", settings.clone());
    let reset = [
        start(2, 2),
        event(1, 0, b"?"),
        event(1, 1, &selected(2)),
        event(2, 0, b"?"),
    ]
    .concat();
    put("walk", "reset-at-the-hello", reset.clone());
    let closed = [start(1, 1), event(1, 0, b"?"), event(1, 1, &failure)].concat();
    put("walk", "failure-5", closed.clone());

    let mechanisms = rdpwhy_wire::spnego::Mechanism::ALL;
    put("spnego", "list", rdpwhy_wire::spnego::list(&mechanisms));
    let ntlm = [0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
    let chosen = [
        made::der(0xa0, &[10, 1, 1]),
        made::der(0xa1, &made::der(6, &ntlm)),
    ]
    .concat();
    put(
        "spnego",
        "chosen",
        made::der(0xa1, &made::der(0x30, &chosen)),
    );
    put("onward", "settings", made::encrypted_response(2));
    let indication = |data: &[u8]| {
        let mut pdu = vec![0x68, 0, 1, 3, 0xeb, 0x70, data.len().try_into().unwrap_or(0)];
        pdu.extend(data);
        made::data(&pdu)
    };
    let alert = [
        0x80, 0, 0, 0, 0xff, 3, 16, 0, 7, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0,
    ];
    put("onward", "valid-client", indication(&alert));
    let info = [
        22, 0, 0x17, 0, 0xea, 3, 0xea, 3, 1, 0, 0, 1, 4, 0, 47, 0, 0, 0, 1, 1, 0, 0,
    ];
    put("onward", "error-info", indication(&info));

    for (name, walk) in [
        ("challenge", nla),
        ("settings", settings),
        ("reset", reset),
        ("failure", closed),
    ] {
        put("understand", name, serde_json::to_vec(&recording(&walk))?);
        let mut connections = vec![0, 0, 0, 11, 2, 0, 0, 1];
        // the walk, and some checks, on the same address
        for check in [0, 2, 3, 9, 12, 20] {
            connections.extend([check, 0, 0, 99]);
            connections.extend(block(&walk));
        }
        put("understand", &format!("made-{name}"), connections);
    }

    for (name, text) in [
        ("name", "pc42.corp.example:3390"),
        ("bare", "pc42"),
        ("v4", "192.0.2.5:3389"),
        ("v6", "[2001:db8::5]:3389"),
        ("url", "rdp://pc42"),
    ] {
        put("target", name, text.as_bytes().to_vec());
    }

    let lines = "screen mode id:i:2\r\nfull address:s:pc42.corp.example\r\nserver port:i:3390\r\n";
    put("rdp_file", "utf-8", lines.as_bytes().to_vec());
    let units = lines.encode_utf16().flat_map(u16::to_le_bytes);
    let marked = [0xff, 0xfe].into_iter().chain(units).collect();
    put("rdp_file", "utf-16", marked);
    Ok(out)
}

/// An event as `wire::connection` takes it.
fn event(phase: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    [&[phase + 5 * kind, 3], &block(body)[..]].concat()
}

fn block(body: &[u8]) -> Vec<u8> {
    let n = u16::try_from(body.len()).unwrap_or(u16::MAX);
    [&n.to_le_bytes(), body].concat()
}

/// A completed handshake with that chain.
fn handshake(chain: &[&[u8]]) -> Vec<u8> {
    let mut body = vec![2];
    for text in ["TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384", "x25519"] {
        body.extend(block(text.as_bytes()));
    }
    body.extend(chain.iter().flat_map(|c| block(c)));
    event(2, 4, &body)
}

/// A run whose walk went so, with an experiment of each kind that ended likewise.
fn recording(walk: &[u8]) -> Recording {
    let address = [192, 0, 2, 5].into();
    let checks = ["walk", "again", "greeting", "tls-at-once", "every-suite"];
    let connections = (1..)
        .zip(checks)
        .map(|(id, check)| {
            let mut connection = wire::connection(walk);
            connection.id = id;
            check.clone_into(&mut connection.check);
            connection
        })
        .collect();
    Recording {
        schema: SCHEMA.to_owned(),
        input: "pc42.corp.example".to_owned(),
        host: "pc42.corp.example".to_owned(),
        port: 3389,
        client: "windows-11".to_owned(),
        client_json: None,
        started: "2026-06-01T12:00:00Z".parse().unwrap_or_default(),
        lookups: vec![Lookup {
            server: "system".to_owned(),
            check: "resolve".to_owned(),
            took_us: 700,
            answer: LookupAnswer::Addresses(vec![address]),
        }],
        nla: false,
        asks: None,
        every_client: false,
        matrix_rounds: None,
        routes: vec![Route {
            to: address,
            interface: Some("eth0".to_owned()),
            gateway: None,
            on_link: true,
        }],
        connections,
        revocation: None,
        remembered: None,
        signin: None,
    }
}

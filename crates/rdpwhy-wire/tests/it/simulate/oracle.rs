//! Agreement with the reference implementation and its cases. They lie beside the repository, not
//! in it: without them, or without Python, these tests say so and pass.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rdpwhy_wire::profiles::{self, Role};
use rdpwhy_wire::simulate::{Endpoint, Overrides, SimulateError, run};
use rdpwhy_wire::{groups, signatures, suites};
use serde_json::{Value, json};

const PAIRS: usize = 10_000;

/// Answers one question a line: client, server, changes of the client, changes of the server.
const DRIVER: &str = "
import json, simulate, sys
for line in sys.stdin:
    try:
        print(json.dumps(simulate.simulate(*json.loads(line))))
    except (ValueError, KeyError) as e:
        print(json.dumps({'error': str(e)}))
";

fn facts() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/facts/tls");
    if folder.join("simulate.py").exists() {
        return Some(folder);
    }
    println!("skipped: no reference implementation beside the repository");
    None
}

fn answer(question: &Value) -> Result<Value, SimulateError> {
    let side = |at: usize, role| {
        let changes = Overrides::from_value(&question[at + 2])?;
        Endpoint::new(question[at].as_str().unwrap(), role, &changes)
    };
    let (client, server) = (side(0, Role::Client)?, side(1, Role::Server)?);
    Ok(serde_json::to_value(run(&client, &server)).unwrap())
}

#[test]
fn every_case_of_the_reference_comes_out_as_expected() {
    let Some(folder) = facts() else { return };
    let text = std::fs::read_to_string(folder.join("cases.tsv")).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let mut wrong = Vec::new();
    let mut cases = 0;
    for line in lines.filter(|l| !l.is_empty()) {
        let cells: Vec<&str> = line.split('\t').collect();
        let cell = |name: &str| cells[head.iter().position(|h| *h == name).unwrap()];
        let changes = |name: &str| serde_json::from_str::<Value>(cell(name)).unwrap();
        let question = json!([
            cell("client"),
            cell("server"),
            changes("client_json"),
            changes("server_json")
        ]);
        let got = answer(&question).unwrap();
        let columns = [
            "result",
            "reason",
            "version",
            "code",
            "alert",
            "server_events",
            "client_events",
            "warnings",
            "shared_groups",
        ];
        for column in columns {
            let seen = match &got[column] {
                Value::Null => "-".to_owned(),
                Value::Array(list) if list.is_empty() => "-".to_owned(),
                Value::Array(list) => {
                    let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
                    words.join(";")
                }
                Value::String(s) => s.clone(),
                other => other.to_string(),
            };
            if cell(column) != "*" && cell(column) != seen {
                wrong.push(format!(
                    "{} {column}: {seen}, not {}",
                    cell("id"),
                    cell(column)
                ));
            }
        }
        cases += 1;
    }
    assert!(cases >= 54 && wrong.is_empty(), "{cases} cases: {wrong:#?}");
}

/// Numbers that look random and are the same every time (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % end
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Some of them, in any order, rarely one twice.
    fn some(&mut self, of: &[&str], most: usize) -> Vec<String> {
        (0..self.below(most + 1))
            .map(|_| self.pick(of).to_owned())
            .collect()
    }
}

const VERSIONS: [&str; 6] = ["TLS1.0", "TLS1.1", "TLS1.2", "TLS1.3", "TLS1.2", "SSL3.0"];
const CURVES: [&str; 5] = [
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "x25519",
    "X25519MLKEM768",
];
const BITS: [u32; 8] = [0, 512, 1023, 1024, 2048, 3072, 4096, 256];

fn suite_words(n: &mut Numbers, most: usize) -> Vec<String> {
    // The usual ones more often, or few pairs would agree on any
    let usual = [
        0x1302, 0x1301, 0xc030, 0xc02f, 0xc02c, 0xc028, 0xc014, 0x009f, 0x002f, 0x000a,
    ];
    let all: Vec<u16> = suites::all().iter().map(|s| s.code).collect();
    let mut out = Vec::new();
    for _ in 0..n.below(most + 1) {
        let from = if n.one_in(2) { &usual[..] } else { &all };
        let suite = suites::by_code(from[n.below(from.len())]).unwrap();
        let mut word = match n.below(3) {
            0 => format!("0x{:04X}", suite.code),
            1 => suite.name.to_owned(),
            _ => format!("0x{:04x} {}", suite.code, suite.name),
        };
        if n.one_in(6) {
            for curve in n.some(&CURVES, 2) {
                let _ = write!(word, " {curve}");
            }
        }
        out.push(word);
    }
    out
}

fn certificate(n: &mut Numbers) -> Value {
    let mut c = serde_json::Map::new();
    if n.one_in(2) {
        c.insert(
            "key".into(),
            n.pick(&["RSA", "ECDSA", "ECDSA", "DSA"]).into(),
        );
    }
    if n.one_in(2) {
        c.insert("bits".into(), BITS[n.below(BITS.len())].into());
    }
    if n.one_in(2) {
        c.insert("curve".into(), n.pick(&CURVES).into());
    }
    if n.one_in(2) {
        let schemes = [
            "rsa_pkcs1_sha1",
            "rsa_pkcs1_sha256",
            "rsa_pkcs1_sha512",
            "ecdsa_sha1",
            "ecdsa_secp384r1_sha384",
            "rsa_pkcs1_md5",
            "of_nobody",
        ];
        c.insert("signature".into(), n.pick(&schemes).into());
    }
    if n.one_in(2) {
        let usages = ["digitalSignature", "keyEncipherment", "dataEncipherment"];
        c.insert("key_usage".into(), n.some(&usages, 2).into());
    }
    for key in ["self_signed", "public_ca"] {
        if n.one_in(2) {
            c.insert(key.into(), n.one_in(2).into());
        }
    }
    if n.one_in(4) {
        c.insert(
            "key_spec".into(),
            n.pick(&["AT_SIGNATURE", "AT_KEYEXCHANGE"]).into(),
        );
    }
    c.into()
}

fn changes(n: &mut Numbers, custom: bool) -> Value {
    let mut out = serde_json::Map::new();
    // One without a profile needs more said of it
    let often = if custom { 1 } else { 6 };
    let all_groups: Vec<&str> = groups::ALL.iter().map(|g| g.name).collect();
    let all_schemes: Vec<&str> = signatures::ALL.iter().map(|s| s.name).collect();
    let usual = [
        "rsa_pss_rsae_sha256",
        "rsa_pkcs1_sha256",
        "ecdsa_secp256r1_sha256",
        "dsa_sha1",
    ];
    if n.one_in(often) {
        out.insert("versions".into(), n.some(&VERSIONS, 4).into());
    }
    if n.one_in(often) {
        out.insert("suites".into(), suite_words(n, 25).into());
    }
    if n.one_in(often) {
        let from = if n.one_in(3) {
            &all_groups[..]
        } else {
            &CURVES
        };
        let names = n.some(from, 5);
        let coded = |g: String| match groups::by_name(&g) {
            Some(group) if g.len().is_multiple_of(2) => format!("0x{:04X} {g}", group.code),
            _ => g,
        };
        out.insert("groups".into(), names.into_iter().map(coded).collect());
    }
    if n.one_in(often.max(3)) {
        let from = if n.one_in(2) {
            &all_schemes[..]
        } else {
            &usual
        };
        out.insert("signature_algorithms".into(), n.some(from, 6).into());
    }
    if n.one_in(8) {
        out.insert("suites_remove".into(), suite_words(n, 12).into());
    }
    if n.one_in(8) {
        let fips = [json!(true), json!("3des-only"), json!(false)];
        out.insert("fips".into(), fips[n.below(3)].clone());
    }
    for key in [
        "min_dh_bits_client",
        "min_rsa_bits_client",
        "dh_bits_server",
    ] {
        if n.one_in(8) {
            out.insert(key.into(), BITS[n.below(BITS.len())].into());
        }
    }
    if n.one_in(10) {
        out.insert("security_level".into(), n.below(4).into());
    }
    for key in [
        "strong_crypto",
        "server_preference",
        "private_key_usable",
        "ecdh_not_weaker_than_cert",
        "enforces_key_usage",
        "legacy_sha1md5_signatures",
        "verifies_weak_key",
    ] {
        if n.one_in(8) {
            // A key that cannot be used ends all else
            let yes = if key == "private_key_usable" {
                !n.one_in(4)
            } else {
                n.one_in(2)
            };
            out.insert(key.into(), yes.into());
        }
    }
    if n.one_in(6) {
        let stacks = ["schannel", "openssl", "unknown", "of nobody"];
        out.insert("stack".into(), n.pick(&stacks).into());
    }
    if n.one_in(3) {
        out.insert("cert".into(), certificate(n));
    }
    // What a signalling value is made of has no numbers, which the reference cannot filter
    if out.get("fips").is_some_and(|f| *f != json!(false)) {
        let signal = |v: &Value| {
            v.as_str()
                .is_some_and(|s| s.contains("SCSV") || is_signal(s))
        };
        for key in ["suites", "suites_remove"] {
            if let Some(Value::Array(list)) = out.get_mut(key) {
                list.retain(|v| !signal(v));
            }
        }
    }
    out.into()
}

fn is_signal(word: &str) -> bool {
    word.starts_with("0x00FF") || word.starts_with("0x5600")
}

fn questions() -> Vec<Value> {
    let mut n = Numbers(0x5eed);
    let names: Vec<&str> = profiles::all().iter().map(|p| p.id.as_str()).collect();
    let by_role = |role| {
        let fitting = profiles::all().iter().filter(move |p| p.can_be(role));
        fitting.map(|p| p.id.as_str()).collect::<Vec<_>>()
    };
    let (clients, servers) = (by_role(Role::Client), by_role(Role::Server));
    let side = |n: &mut Numbers, fitting: &[&'static str]| {
        let name = match n.below(40) {
            0..=5 => "custom",
            6 => n.pick(&["remmina", "ironrdp-rustls"]),
            7 => n.pick(&names), // perhaps on a side that it cannot take
            _ => n.pick(fitting),
        };
        let changes = if n.one_in(8) {
            json!({})
        } else {
            changes(n, name == "custom")
        };
        (name, changes)
    };
    (0..PAIRS)
        .map(|_| {
            let (client, of_client) = side(&mut n, &clients);
            let (server, of_server) = side(&mut n, &servers);
            json!([client, server, of_client, of_server])
        })
        .collect()
}

/// What the reference answers to each, from one process. `None` when there is no Python.
fn reference(folder: &Path, questions: &[Value]) -> Option<Vec<Value>> {
    let started = Command::new("python3")
        .args(["-B", "-c", DRIVER])
        .env("PYTHONPATH", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut python) = started else {
        println!("skipped: no python3 for the reference implementation");
        return None;
    };
    let mut input = python.stdin.take().unwrap();
    let mut text = String::new();
    for q in questions {
        let _ = writeln!(text, "{q}");
    }
    // Both ways at once: neither pipe holds ten thousand lines
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(
        answers
            .lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect(),
    )
}

#[test]
fn generated_pairs_come_out_as_in_the_reference() {
    let Some(folder) = facts() else { return };
    let questions = questions();
    let Some(expected) = reference(&folder, &questions) else {
        return;
    };
    assert_eq!(expected.len(), PAIRS);
    let mut wrong = Vec::new();
    let mut reasons = std::collections::BTreeMap::new();
    for (question, expected) in questions.iter().zip(&expected) {
        let alike = match answer(question) {
            Ok(got) => got == *expected,
            Err(_) => expected["error"].is_string(),
        };
        if !alike {
            wrong.push(format!(
                "{question}\n  {:?}\n  {expected}",
                answer(question)
            ));
        }
        let reason = expected["reason"].as_str().unwrap_or("error").to_owned();
        *reasons.entry(reason).or_insert(0) += 1;
    }
    println!("{reasons:?}");
    let count = wrong.len();
    wrong.truncate(5);
    assert!(wrong.is_empty(), "{count} differ:\n{}", wrong.join("\n"));
    // Every way to end is among them, so none goes unchecked
    assert_eq!(reasons.len(), 15, "{reasons:?}");
}

/// Everything that the profiles of the reference say is in ours.
#[test]
fn profiles_hold_what_the_reference_has() {
    let Some(folder) = facts() else { return };
    let text = std::fs::read_to_string(folder.join("profiles.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let rows = table["profile"].as_array().unwrap();
    assert_eq!(rows.len(), profiles::all().len());
    for row in rows {
        let id = row["id"].as_str().unwrap();
        let p = profiles::find(id).unwrap();
        let strings = |key: &str| -> Vec<&str> {
            let list = row[key].as_array().unwrap().iter();
            list.map(|v| v.as_str().unwrap()).collect()
        };
        let builds = row["builds"].as_array().unwrap().iter();
        let builds: Vec<i64> = builds.map(|b| b.as_integer().unwrap()).collect();
        let own: Vec<i64> = p.builds.iter().map(|b| i64::from(*b)).collect();
        assert_eq!(
            (p.name.as_str(), own),
            (row["name"].as_str().unwrap(), builds),
            "{id}"
        );
        assert_eq!(p.os, strings("os"), "{id}");
        let names: Vec<String> = p.signatures.iter().map(|s| signatures::name(*s)).collect();
        let last = |s: &&str| s.split(' ').next_back().unwrap().to_owned();
        let theirs: Vec<String> = strings("signature_algorithms").iter().map(last).collect();
        assert_eq!(names, theirs, "{id}");
        let bytes = row
            .get("client_hello_bytes")
            .map_or(0, |b| b.as_integer().unwrap());
        assert_eq!(i64::from(p.client_hello_bytes), bytes, "{id}");
    }
}

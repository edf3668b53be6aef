//! What must hold for the readers of the whole program: of recordings, which users hand over as
//! files, and of what users type.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use rdpwhy::render::{Amount, Style, text};
use rdpwhy::target::Target;
use rdpwhy_model::recording::{EndHow, Icmp, Lookup, LookupAnswer, Recording, SCHEMA};
use rdpwhy_model::report::Report;
use rdpwhy_model::text::shown;
use rdpwhy_probe::checks;
use rdpwhy_probe::checks::walk::{REACH, WALK};
use rdpwhy_wire::{clients, matrix};
use serde_json::Value as Json;

use crate::wire::{self, Oracle, Taken, pick, printable};

/// Every oracle by the name of its target.
pub const ORACLES: [(&str, Oracle); 3] = [
    ("understand", recording),
    ("target", typed),
    ("rdp_file", rdp_file),
];

/// A recording as `rdpwhy replay` takes it: read, understood, judged and shown. What does not
/// begin as JSON is made into a recording, see [`made`].
pub fn recording(bytes: &[u8]) {
    let mut recording = match bytes {
        [b'{', ..] => match serde_json::from_slice(bytes) {
            Ok(recording) => recording,
            Err(_) => return,
        },
        _ => made(bytes),
    };
    let again = serde_json::to_vec(&recording).expect("what was read can be written");
    let again: Recording = serde_json::from_slice(&again).expect("what was written can be read");
    assert_eq!(again, recording);
    escape_own_text(&mut recording);

    let stopped = recording
        .connections
        .iter()
        .any(|c| c.end.how == EndHow::Interrupted);
    let report = rdpwhy::diagnose::conclude(&recording, 1.0, stopped, Vec::new());
    for fact in report.evidence.facts.iter() {
        let (key, value) = (fact.key, &fact.value);
        assert!(key.allows(value), "{key} may not be {value:?}");
    }
    let json = serde_json::to_string(&report).expect("a report can be written");
    serde_json::from_str::<Report>(&json).expect("a report can be read");
    let json = serde_json::from_str(&json).expect("JSON");
    fit_to_show("report", &json);
    for amount in [Amount::Brief, Amount::Usual, Amount::All] {
        let style = Style {
            colour: false,
            signs: false,
            amount,
        };
        for line in text::report(&report, style).lines() {
            assert!(printable(line), "the text shows {line:?}");
        }
    }
}

/// Makes a recording out of any bytes: how the name was resolved, then connections, each with the
/// check that made it, its port, and a block for [`wire::connection`].
pub fn made(bytes: &[u8]) -> Recording {
    let mut rest = Taken(bytes);
    let address = |n: u8| match n {
        0..0xc0 => IpAddr::from([192, 0, 2, n % 4]),
        _ => IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(n % 4)]),
    };
    let text = || "\u{1b}[2J".to_owned();
    let answer = |rest: &mut Taken<'_>| match rest.byte() % 12 {
        0 => LookupAnswer::NotFound,
        1 => LookupAnswer::NoAddress,
        2 => LookupAnswer::Refused,
        3 => LookupAnswer::ServerFailure,
        4 => LookupAnswer::NoAnswer,
        5 => LookupAnswer::NoServer,
        6 => LookupAnswer::Unreadable(text()),
        7 => LookupAnswer::Failed(text()),
        8 => LookupAnswer::Invalid(text()),
        9 => LookupAnswer::Literal(address(rest.byte())),
        _ => {
            let list = rest.block().iter().take(20);
            LookupAnswer::Addresses(list.map(|n| address(*n)).collect())
        }
    };
    let clients = clients::names();
    let client = pick(&clients, rest.byte()).to_owned();
    let host = pick(&["pc42.corp.example", "192.0.2.1", "pc42"], rest.byte()).to_owned();
    let mut lookups = Vec::new();
    for n in 0..=rest.byte() % 4 {
        let check = if n == 0 { "resolve" } else { "second-opinion" };
        lookups.push(Lookup {
            server: format!("192.0.2.{n}"),
            check: check.to_owned(),
            took_us: 1000,
            answer: answer(&mut rest),
        });
    }
    let ids: Vec<&str> = checks::ALL.iter().map(|c| c.id).collect();
    let ids = [&[WALK, REACH], &ids[..], &[matrix::CHECK]].concat();
    let ports = [3389, 3390, 22, 135];
    let mut connections = Vec::new();
    for id in 1..=100 {
        if rest.is_empty() {
            break;
        }
        let check = pick(&ids, rest.byte()).to_owned();
        let (port, ip) = (pick(&ports, rest.byte()), address(rest.byte()));
        let icmp = match rest.byte() {
            n @ 0..8 => Some(Icmp {
                kind: 3,
                code: n,
                from: Some(address(n)).filter(|_| n != 7),
            }),
            _ => None,
        };
        let mut connection = wire::connection(rest.block());
        (connection.id, connection.check) = (id, check);
        connection.to = SocketAddr::new(ip, port);
        connection.connect.icmp = icmp;
        connections.push(connection);
    }
    Recording {
        schema: SCHEMA.to_owned(),
        input: host.clone(),
        host,
        port: 3389,
        client,
        client_json: None,
        started: "2026-06-01T12:00:00Z".parse().unwrap_or_default(),
        lookups,
        routes: Vec::new(),
        nla: false,
        asks: None,
        every_client: false,
        matrix_rounds: None,
        connections,
        revocation: None,
        remembered: None,
        signin: None,
    }
}

/// Escapes what a live run fills in by itself, and which is therefore not escaped further on. In
/// a stranger's file it may be anything; the door to such files (`rdpwhy replay`) has yet to do
/// this, and then it need not be done here.
fn escape_own_text(recording: &mut Recording) {
    let escape = |text: &mut String| *text = shown(text, 200);
    escape(&mut recording.client);
    for lookup in &mut recording.lookups {
        escape(&mut lookup.server);
        escape(&mut lookup.check);
        match &mut lookup.answer {
            LookupAnswer::Unreadable(t) | LookupAnswer::Failed(t) | LookupAnswer::Invalid(t) => {
                escape(t);
            }
            _ => {}
        }
    }
    for route in &mut recording.routes {
        route.interface.as_mut().map(escape);
    }
    for connection in &mut recording.connections {
        escape(&mut connection.check);
        connection.connect.error.as_mut().map(escape);
    }
}

/// Every text in a report is fit to show, wherever it stands: whoever displays one need not know
/// which of them came from a peer or a stranger's file.
fn fit_to_show(place: &str, json: &Json) {
    match json {
        Json::String(text) => assert!(printable(text), "{place} shows {text:?}"),
        Json::Array(list) => list.iter().for_each(|j| fit_to_show(place, j)),
        Json::Object(map) => map
            .iter()
            .for_each(|(k, j)| fit_to_show(&format!("{place}.{k}"), j)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// What a user types as the host. A `.rdp` file is another matter, see [`rdp_file`].
pub fn typed(bytes: &[u8]) {
    let Ok(input) = str::from_utf8(bytes) else {
        return;
    };
    // whatever files of this machine the fuzzer might name
    let extension = Path::new(input).extension();
    if extension.is_some_and(|e| e.eq_ignore_ascii_case("rdp")) {
        return;
    }
    if let Some(target) = target(input) {
        assert_eq!(target.input, input);
    }
}

/// The content of a `.rdp` file.
pub fn rdp_file(bytes: &[u8]) {
    let name = format!("rdpwhy-fuzz-{}.rdp", std::process::id());
    let file = std::env::temp_dir().join(name);
    std::fs::write(&file, bytes).expect("a temporary file");
    target(file.to_str().expect("a path in UTF-8"));
    std::fs::remove_file(&file).expect("the temporary file");
}

fn target(input: &str) -> Option<Target> {
    match Target::parse(input, None) {
        Ok(target) => {
            assert!(!target.host.is_empty() && target.port != 0);
            assert!(printable(&target.host), "{:?}", target.host);
            // put together again, it means the same
            let host = if target.host.contains(':') {
                format!("[{}]", target.host)
            } else {
                target.host.clone()
            };
            let again = Target::parse(&format!("{host}:{}", target.port), None);
            let again = again.expect("what was read can be typed");
            assert_eq!((&again.host, again.port), (&target.host, target.port));
            Some(target)
        }
        Err(e) => {
            let line = format!("{e:#}");
            assert!(printable(&line), "{line:?}");
            None
        }
    }
}

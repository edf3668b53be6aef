//! `--tls` against hosts that change their minds in the middle of it: the run ends soon, with a
//! report that says what happened.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::Value;

/// What a host does with a connection.
#[derive(Clone, Copy)]
enum Manner {
    /// Takes it and says nothing more.
    Mute,
    /// Closes it after the ClientHello.
    Closes,
    /// Says that it selects TLS, and answers the ClientHello with a suite that it accepts.
    Answers,
    /// The same, with a chain that is as long as is read.
    AnswersAtLength,
}

/// Suites in the order of this host.
const SUITES: [u16; 6] = [0xc030, 0xc02f, 0x009d, 0x009c, 0x0035, 0x002f];

/// A host that does as its manner for each connection says; gives its port and the count of
/// connections. It ends with the test.
fn host(manner: impl Fn(usize) -> Manner + Send + Sync + 'static) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let manner = Arc::new(manner);
    // Those that are neither answered nor closed
    let kept = Arc::new(Mutex::new(Vec::new()));
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let n = counted.fetch_add(1, Ordering::SeqCst);
            let manner = manner(n);
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || match manner {
                Manner::Mute => kept.lock().unwrap().push(stream),
                // That the client went away is no failure of the host
                _ => drop(talk(stream, manner)),
            });
        }
    });
    (port, count)
}

fn talk(mut stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    let mut start = [0; 4];
    stream.read_exact(&mut start)?;
    let mut rest = vec![0; usize::from(start[3]) - 4];
    stream.read_exact(&mut rest)?;
    stream.write_all(&[
        3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 1, 0, 0, 0,
    ])?;
    let mut start = [0; 5];
    stream.read_exact(&mut start)?;
    let mut hello = vec![0; usize::from(u16::from_be_bytes([start[3], start[4]]))];
    stream.read_exact(&mut hello)?;
    if matches!(manner, Manner::Closes) {
        return Ok(());
    }
    // type, length, version and random; then the session
    let at = 38 + 1 + usize::from(hello[38]);
    let length = usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    let offered = hello[at + 2..at + 2 + length].chunks(2);
    let offered: Vec<u16> = offered.map(|c| u16::from_be_bytes([c[0], c[1]])).collect();
    let chosen = SUITES.iter().find(|s| offered.contains(s));
    // TLS 1.2 alone; a hello of TLS 1.3 offers none of the suites
    let answer = match (chosen, &hello[4..6]) {
        (None, _) => vec![21, 3, 3, 0, 2, 2, 40],
        (Some(suite), [3, 3]) => flight(*suite, manner),
        (Some(_), _) => vec![21, 3, 3, 0, 2, 2, 70],
    };
    stream.write_all(&answer)?;
    stream.read_to_end(&mut Vec::new())?;
    Ok(())
}

fn flight(suite: u16, manner: Manner) -> Vec<u8> {
    let message = |kind: u8, body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[kind][..], &length[1..], body].concat()
    };
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(0);
    let mut messages = message(2, &body);
    if let Manner::AnswersAtLength = manner {
        let one = message(0, &vec![0x30; 60_000]);
        let list = message(0, &one[1..]);
        messages.extend(message(11, &list[1..]));
    }
    messages.extend(message(14, &[]));
    let mut out = Vec::new();
    for part in messages.chunks(16_000) {
        out.extend([22, 3, 3]);
        out.extend(u16::try_from(part.len()).unwrap().to_be_bytes());
        out.extend(part);
    }
    out
}

/// Asks a host for its matrix; gives the report, which stands on stdout alone.
fn survey(port: u16) -> Value {
    let host = format!("127.0.0.1:{port}");
    let output = assert_cmd::Command::cargo_bin("rdpwhy")
        .unwrap()
        .args([&host, "--tls", "--no-memory", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.is_empty(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Why the matrix was not asked to its end.
fn not_done(report: &Value) -> String {
    let notes = report["evidence"]["not_done"].as_array().unwrap();
    let note = notes.iter().find(|n| n["check"] == "tls-matrix");
    note.map_or_else(String::new, |n| n["why"].as_str().unwrap().to_owned())
}

/// Every connection has an end; none was dropped in the middle.
fn none_was_dropped(report: &Value) {
    let made = report["evidence"]["connections"].as_array().unwrap();
    assert!(made.iter().all(|c| c["end"]["how"] != "interrupted"));
}

#[test]
fn a_host_that_answers_no_more_is_left_alone() {
    let begun = Instant::now();
    let (port, count) = host(|n| {
        if n < 12 {
            Manner::Answers
        } else {
            Manner::Mute
        }
    });
    let report = survey(port);
    assert!(not_done(&report).contains("began to refuse"), "{report:#}");
    none_was_dropped(&report);
    assert_eq!(report["evidence"]["tls_matrix"]["complete"], false);
    assert!(count.load(Ordering::SeqCst) < 30);
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn a_host_that_begins_to_close_at_the_hello_is_not_said_to_accept_no_more() {
    let (port, _) = host(|n| {
        if n < 16 {
            Manner::Answers
        } else {
            Manner::Closes
        }
    });
    let report = survey(port);
    assert!(not_done(&report).contains("answered before"), "{report:#}");
    let matrix = &report["evidence"]["tls_matrix"];
    assert_eq!(matrix["complete"], false);
    none_was_dropped(&report);
}

#[test]
fn a_host_that_keeps_to_what_it_said_is_asked_to_the_end() {
    for manner in [Manner::Answers, Manner::AnswersAtLength] {
        let (port, _) = host(move |_| manner);
        let report = survey(port);
        assert_eq!(not_done(&report), "");
        let matrix = &report["evidence"]["tls_matrix"];
        assert_eq!(matrix["complete"], true, "{matrix:#}");
        let suites = matrix["versions"][3]["suites"].as_array().unwrap();
        assert_eq!(suites.len(), SUITES.len());
    }
}

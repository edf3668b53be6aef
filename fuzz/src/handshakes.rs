//! What must hold for what is asked and worked out about TLS, whatever the bytes: our own hellos
//! read again, the flight of a server, the matrix of what it accepts, a simulated handshake.
//!
//! Shared as `wire.rs` is.

use std::collections::BTreeSet;

use rdpwhy_model::Value;
use rdpwhy_model::matrix::TlsMatrix;
use rdpwhy_model::recording::{Bytes, Connection, EndHow, Event, Phase, What};
use rdpwhy_wire::hello::{Hello, Shares};
use rdpwhy_wire::matrix::{self, Answer, Asked, plan};
use rdpwhy_wire::profiles::{self, Role};
use rdpwhy_wire::script::{Framed, Framing};
use rdpwhy_wire::simulate::{CUSTOM, Endpoint, Overrides, gap, run};
use rdpwhy_wire::version::{self, Version};
use rdpwhy_wire::{flight, groups, signatures, suites};

use crate::wire::{LONGEST, Oracle, Taken, connection, pick, printable, settles};

/// Every oracle by the name of its target.
pub const ORACLES: [(&str, Oracle); 4] = [
    ("hello", client_hello),
    ("flight", whole_flight),
    ("matrix", survey),
    ("simulate", simulation),
];

/// Up to this length every prefix is read; the time grows with the square of it.
const EVERY_PREFIX: usize = 700;
/// Certificates of a chain that are kept, at most.
const CHAIN: usize = 16;
/// The longest input that is taken for a hello: what is read again must fit into one record.
const HELLO: usize = 20_000;

/// A ClientHello, as it was sent and as it is described by the same bytes: what is made of it is
/// read again.
pub fn client_hello(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(HELLO)];
    if let Some(read) = Hello::read(bytes) {
        let again = made_again(&read);
        assert_eq!((again.version, &again.suites), (read.version, &read.suites));
    }
    let mut rest = Taken(bytes);
    let codes = |rest: &mut Taken<'_>| -> Vec<u16> {
        let pairs = rest.block().chunks_exact(2);
        pairs.map(|c| u16::from_be_bytes([c[0], c[1]])).collect()
    };
    let hello = Hello {
        version: pick(&version::ALL, rest.byte()),
        asks_more: rest.byte() % 2 == 1,
        shares: pick(&[Shares::Asked, Shares::Given], rest.byte()),
        padding: usize::from(rest.byte()) * 16,
        suites: codes(&mut rest),
        groups: codes(&mut rest),
        signatures: codes(&mut rest),
        server_name: str::from_utf8(rest.block()).ok().map(str::to_owned),
    };
    let again = made_again(&hello);
    let mut suites = hello.suites.clone();
    suites.retain(|s| *s != 0x00ff); // the signal that every hello has
    assert_eq!((again.version, again.suites), (hello.version, suites));
    if hello.version > version::SSL3 {
        assert_eq!(again.groups, hello.groups);
        assert_eq!(again.server_name, hello.server_name);
        assert_eq!(again.padding, hello.padding);
    }
}

/// The hello that is read from the record of one; its own record gives the same.
fn made_again(hello: &Hello) -> Hello {
    let record = hello.record([7; 32]);
    let once = Hello::read(&record).expect("what was made can be read");
    let twice = Hello::read(&once.record([9; 32]));
    assert_eq!(twice.as_ref(), Some(&once), "another time");
    let longer = [&record[..], &[22, 3, 1, 0, 0]].concat();
    assert_eq!(
        Hello::read(&longer).as_ref(),
        Some(&once),
        "with what follows"
    );
    for n in 0..record.len().min(EVERY_PREFIX) {
        assert_eq!(Hello::read(&record[..n]), None, "{n} bytes");
    }
    once
}

/// What a server sends in the clear. Whether it comes in one piece or in many, and with how much
/// behind it, changes nothing.
pub fn whole_flight(bytes: &[u8]) {
    settles(Framing::TlsFlight, bytes);
    let whole = flight::read(bytes);
    assert!(whole.chain.len() <= CHAIN);
    assert!(whole.chain.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    let judged = Framing::TlsFlight.judge(bytes);
    let ends = whole.done || whole.alert.is_some();
    assert!(judged != Framed::Whole || ends);
    for n in 0..bytes.len().min(EVERY_PREFIX) {
        let cut = flight::read(&bytes[..n]);
        assert!(cut.hello.is_none() || cut.hello == whole.hello, "{n} bytes");
        assert!(!cut.done || whole.done, "{n} bytes");
        if Framing::TlsFlight.judge(&bytes[..n]) == Framed::Whole {
            assert_eq!(cut, whole, "with what follows {n} bytes");
        }
    }
}

/// A server whose every answer the bytes decide, asked for its matrix: it comes to an end, asks
/// nothing twice, and says nothing that was not seen.
pub fn survey(bytes: &[u8]) {
    let mut server = Server::new(bytes);
    let at_once = 1 + usize::from(server.byte() % 8);
    let name = pick(&[None, Some("pc42.corp.example")], server.byte());
    let mut asked: Vec<Asked> = Vec::new();
    let mut sent: Vec<Hello> = Vec::new();
    let mut pending: Vec<Hello> = Vec::new();
    let mut made: Vec<Connection> = Vec::new();
    loop {
        let room = at_once - pending.len();
        let new = plan::next(&asked, &pending, name, room);
        assert!(new.len() <= room);
        for hello in new {
            assert!(!sent.contains(&hello), "{hello:?} again");
            assert!(hello.suites.len() <= 256 && !hello.suites.is_empty());
            sent.push(hello.clone());
            pending.push(hello);
        }
        if pending.is_empty() {
            break;
        }
        let place = usize::from(server.byte()) % pending.len();
        let hello = pending.remove(place);
        let mut c = server.converse(&hello);
        c.id = u32::try_from(made.len()).expect("few");
        // One that did not come to a hello is asked for again in vain: the driver gives up
        let Some(answered) = Asked::of(&c) else {
            continue;
        };
        assert_eq!(answered.hello, hello);
        asked.push(answered);
        made.push(c);
    }
    let accepted: BTreeSet<(Version, u16)> = asked.iter().filter_map(chosen).collect();
    let most = 4 * accepted.len() + 150;
    assert!(sent.len() <= most, "{} of {most} hellos", sent.len());
    let made: Vec<&Connection> = made.iter().collect();
    let Some(found) = matrix::read(&made, Some(3)) else {
        assert!(made.is_empty());
        return;
    };
    only_what_was_seen(&found, &accepted);
}

/// The version and suite of a ServerHello.
fn chosen(asked: &Asked) -> Option<(Version, u16)> {
    match &asked.answer {
        Answer::Chose(flight) => flight.hello.map(|h| (h.version, h.suite)),
        _ => None,
    }
}

/// A matrix names no suite that was not chosen, and its facts are ones that their keys allow.
fn only_what_was_seen(found: &TlsMatrix, accepted: &BTreeSet<(Version, u16)>) {
    assert_eq!(found.versions.len(), version::ALL.len());
    for (row, version) in found.versions.iter().zip(version::ALL) {
        assert_eq!(row.accepted == Some(true), !row.suites.is_empty());
        let mut codes = BTreeSet::new();
        for suite in &row.suites {
            let code = u16::from_str_radix(&suite.code[2..], 16).expect("a number");
            assert!(codes.insert(code), "{} twice", suite.code);
            assert!(
                accepted.contains(&(version, code)),
                "{} not seen",
                suite.code
            );
        }
    }
    let json = serde_json::to_string(found).expect("a matrix can be written");
    assert!(printable(&json), "{json:?}");
    assert_eq!(serde_json::from_str(&json).ok().as_ref(), Some(found));
    let suites: usize = found.versions.iter().map(|v| v.suites.len()).sum();
    for (key, value) in matrix::facts(found) {
        assert!(key.allows(&value), "{key} may not be {value:?}");
        let texts = match &value {
            Value::Text(t) => std::slice::from_ref(t),
            Value::List(l) => l.as_slice(),
            Value::Bool(_) | Value::Int(_) => &[],
        };
        assert!(texts.len() <= suites.max(200), "{key}: {}", texts.len());
        for text in texts {
            assert!(printable(text) && text.len() <= LONGEST, "{key}: {text:?}");
        }
    }
}

/// A server that does as the bytes say, and as a hash of them says when they are used up.
struct Server<'a> {
    rest: Taken<'a>,
    state: u64,
}

impl<'a> Server<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        // FNV-1a
        let mix = |h: u64, b: &u8| (h ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3);
        Self {
            rest: Taken(bytes),
            state: bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix),
        }
    }

    fn byte(&mut self) -> u8 {
        if !self.rest.is_empty() {
            return self.rest.byte();
        }
        // xorshift
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 24).to_le_bytes()[0]
    }

    fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// One of a list, where it has any.
    fn one<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        let n = usize::from(self.number());
        list.get(n % list.len().max(1)).copied()
    }

    /// A connection on which that hello was sent.
    fn converse(&mut self, hello: &Hello) -> Connection {
        let answer = self.answer(hello);
        let how = if answer.is_empty() {
            pick(
                &[EndHow::Closed, EndHow::Reset, EndHow::TimedOut],
                self.byte(),
            )
        } else {
            EndHow::ByUs
        };
        let event = |what| Event {
            at_us: 10,
            phase: Phase::Tls,
            what,
        };
        let mut c = connection(&[]);
        matrix::CHECK.clone_into(&mut c.check);
        c.events = vec![event(What::Sent(Bytes(hello.record([7; 32]))))];
        c.events.push(event(What::Received(Bytes(answer))));
        (c.end.how, c.end.phase, c.end.at_us) = (how, Phase::Tls, 20);
        c
    }

    /// What it sends; mostly a choice of what was offered.
    fn answer(&mut self, hello: &Hello) -> Vec<u8> {
        match self.byte() {
            0..0x10 => Vec::new(),
            0x10..0x30 => record(21, &[2, pick(&[40, 70, 71, 80, 47], self.byte())]),
            0x30..0x32 => vec![self.byte(), self.byte(), self.byte(), self.byte()],
            0x32..0x36 => {
                let any = self.number();
                self.flight(hello, hello.version, any)
            }
            0x36..0x3a => {
                let version = pick(&version::ALL, self.byte());
                let suite = self.one(&hello.suites).unwrap_or(0);
                self.flight(hello, version, suite)
            }
            0x3a..0x3c => {
                let (version, suite) = (self.number(), self.number());
                self.flight(hello, version, suite)
            }
            _ => {
                let suite = self.one(&hello.suites).unwrap_or(0);
                self.flight(hello, hello.version, suite)
            }
        }
    }

    fn flight(&mut self, hello: &Hello, version: Version, suite: u16) -> Vec<u8> {
        let group = match self.byte() {
            0 => self.number(),
            _ => self.one(&hello.groups).unwrap_or(0x17),
        };
        let scheme = match self.byte() {
            0 => self.number(),
            _ => self.one(&hello.signatures).unwrap_or(0x0401),
        };
        let mut extensions = vec![0xff, 1, 0, 1, 0];
        if version == version::TLS13 {
            extensions = vec![0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 2];
            extensions.extend(group.to_be_bytes());
        }
        let mut body = version.min(version::TLS12).to_be_bytes().to_vec();
        body.extend([self.byte(); 32]);
        body.push(0);
        body.extend(suite.to_be_bytes());
        body.push(0);
        body.extend(length(&extensions));
        body.extend(extensions);
        let mut messages = message(2, &body);
        if version != version::TLS13 {
            let exchange = suites::by_code(suite).map_or("", |s| s.key_exchange);
            let mut body = match exchange {
                "ECDHE" | "ECDH" => {
                    let [high, low] = group.to_be_bytes();
                    vec![3, high, low, 1, 4]
                }
                "DHE" | "DH" => vec![0, 2, self.byte(), 1, 0, 1, 2, 0, 1, 9],
                _ => Vec::new(),
            };
            if !body.is_empty() {
                body.extend(scheme.to_be_bytes());
                messages.extend(message(12, &body));
            }
            messages.extend(message(14, &[]));
        }
        record(22, &messages)
    }
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len())
        .expect("a short message")
        .to_be_bytes()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0][..], &length(body), body].concat()
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 3, 3][..], &length(body), body].concat()
}

/// Two sides of a handshake: who they are, then what is different about each as JSON, a line for
/// each.
pub fn simulation(bytes: &[u8]) {
    let mut rest = Taken(bytes);
    let names = [rest.byte(), rest.byte()];
    let Ok(text) = str::from_utf8(rest.0) else {
        return;
    };
    let (client, server) = text.split_once('\n').unwrap_or((text, ""));
    let side = |n: u8, role: Role, text: &str| {
        let mut ids = vec![CUSTOM];
        let able = profiles::all().iter().filter(|p| p.can_be(role));
        ids.extend(able.map(|p| p.id.as_str()));
        let changes = match Overrides::parse(text) {
            Ok(changes) => changes,
            Err(e) => return said(&e.to_string()),
        };
        assert_eq!(
            Overrides::from_value(&changes.to_value()),
            Ok(changes.clone())
        );
        match Endpoint::new(pick(&ids, n), role, &changes) {
            Ok(endpoint) => Some(endpoint),
            Err(e) => said(&e.to_string()),
        }
    };
    let client = side(names[0], Role::Client, client);
    let server = side(names[1], Role::Server, server);
    let (Some(client), Some(server)) = (client, server) else {
        return;
    };
    let result = run(&client, &server);
    assert_eq!(gap(&client, &server, &result).is_none(), result.is_ok());
    assert!(!result.is_ok() || result.suite.is_some());
    if let Some(version) = result.version {
        assert!(client.versions().contains(&version) && server.versions().contains(&version));
    }
    if let Some(code) = result.code {
        assert!(client.every_suite().contains(&code) && server.every_suite().contains(&code));
    }
    for group in &result.shared_groups {
        assert!(printable(&groups::name(*group)));
    }
    for scheme in client.signatures() {
        assert!(printable(&signatures::name(*scheme)));
    }
    let json = serde_json::to_string(&result).expect("a result can be written");
    assert!(printable(&json), "{json:?}");
}

/// What is wrong is told in a line that can be shown. `None` for the side that there is not.
fn said(error: &str) -> Option<Endpoint> {
    assert!(printable(error) && error.len() <= LONGEST, "{error:?}");
    None
}

//! What must hold for the readers of `rdpwhy-wire`, whatever the bytes: one function per reader.
//!
//! Each panics where its reader is wrong. Fuzzing calls them, and so do the property tests and
//! the replays of `crates/rdpwhy-wire/tests`, which include this file.

use std::net::SocketAddr;

use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::{
    Bytes, Connect, ConnectOutcome, Connection, End, EndHow, Event, Handshake, HandshakeFailed,
    Phase, Trust, What,
};
use rdpwhy_model::text::shown;
use rdpwhy_wire::certificate::{self, Viewpoint};
use rdpwhy_wire::read::{self, Facts};
use rdpwhy_wire::script::{Framed, Framing};
use rdpwhy_wire::security::{CLIENT_RANDOM, Keys, PublicKey};
use rdpwhy_wire::settings::{self, Settings};
use rdpwhy_wire::x224::Answer;
use rdpwhy_wire::{credssp, licensing, mcs, ntlm, peer, revocation, spnego, tls, x224};

/// What holds for one reader.
pub type Oracle = fn(&[u8]);

/// Every oracle by the name of its target.
pub const ORACLES: [(&str, Oracle); 11] = [
    ("x224", confirm),
    ("tls", server_flight),
    ("credssp", ts_request),
    ("ntlm", challenge),
    ("mcs", connect_response),
    ("certificate", chain),
    ("revocation", list),
    ("peer", greeting),
    ("walk", walk),
    ("spnego", mechanisms),
    ("onward", onward),
];

/// The longest text that a fact may hold, in bytes.
pub const LONGEST: usize = 4096;
/// The longest list.
pub const MOST: usize = 100;

/// Up to this length every prefix is tried; the time grows with the square of it.
const EVERY_PREFIX: usize = 512;

/// Whether text can be shown as it is: nothing in it drives a terminal or hides.
pub fn printable(text: &str) -> bool {
    shown(text, usize::MAX) == text
}

/// The facts are ones that their keys allow, fit to show, and of bounded size.
pub fn sane(facts: &Facts) {
    for (key, value) in facts {
        assert!(key.allows(value), "{key} may not be {value:?}");
        let texts = match value {
            Value::Text(t) => std::slice::from_ref(t),
            Value::List(l) => l.as_slice(),
            Value::Bool(_) | Value::Int(_) => &[],
        };
        assert!(texts.len() <= MOST, "{key} has {} entries", texts.len());
        for text in texts {
            assert!(printable(text), "{key} shows {text:?}");
            assert!(text.len() <= LONGEST, "{key} has {} bytes", text.len());
        }
    }
}

/// What a framing says stays said, so it does not matter in which pieces the bytes come.
pub fn settles(framing: Framing, bytes: &[u8]) {
    let mut said = Framed::More;
    for n in 0..=bytes.len().min(EVERY_PREFIX) {
        let now = framing.judge(&bytes[..n]);
        assert!(
            said == Framed::More || now == said,
            "{framing:?}: {said:?}, and {now:?} after {n} bytes"
        );
        said = now;
    }
}

/// A word that a key allows.
fn allowed(key: FactKey, word: &str) {
    assert!(key.allows(&word.into()), "{key} may not be {word}");
}

/// The answer to a Connection Request.
pub fn confirm(bytes: &[u8]) {
    settles(Framing::Tpkt, bytes);
    let answer = x224::read_answer(bytes);
    allowed(FactKey::NegAnswer, &x224::word(&answer));
    let reference = x224::source_reference(bytes);
    assert_eq!(reference.is_some(), matches!(answer, Answer::Confirm(_)));
    match x224::packet_length(bytes) {
        Ok(Some(n)) if n <= bytes.len() => {
            assert_ne!(answer, Answer::Incomplete, "a whole packet");
            assert_eq!(x224::read_answer(&bytes[..n]), answer, "with what follows");
        }
        Ok(_) => assert_eq!(answer, Answer::Incomplete),
        Err(_) => assert_eq!(answer, Answer::NotRdp),
    }
}

/// The answer to a ClientHello.
pub fn server_flight(bytes: &[u8]) {
    settles(Framing::TlsAnswer, bytes);
    let whole = tls::read(bytes);
    assert!(whole.tls || (whole.hello.is_none() && whole.alert.is_none()));
    if let Some(sent) = tls::sent_chain(bytes) {
        let sizes: usize = sent.certificates.iter().map(Vec::len).sum();
        assert!(sizes <= bytes.len());
    }
    for n in 0..bytes.len().min(EVERY_PREFIX) {
        let cut = tls::read(&bytes[..n]);
        assert!(cut.hello.is_none() || cut.hello == whole.hello, "{n} bytes");
        assert!(!cut.tls || whole.tls, "{n} bytes");
    }
}

/// The answer to a TSRequest, and our own TSRequest with the bytes as its token.
pub fn ts_request(bytes: &[u8]) {
    settles(Framing::Der, bytes);
    let read = credssp::read(bytes);
    if let Some(message) = &read {
        assert_eq!(Framing::Der.judge(bytes), Framed::Whole);
        let longer = [bytes, &[0x30, 0]].concat();
        assert_eq!(credssp::read(&longer), read, "with what follows");
        if let Some(token) = &message.token {
            assert!(token.len() < bytes.len());
        }
    }
    if let Some(message) = credssp::ntlm_in(bytes) {
        assert!(message.starts_with(b"NTLMSSP\0"));
    }
    // longer ones than this are nobody's
    let token = &bytes[..bytes.len().min(60_000)];
    let message = credssp::request(token);
    let back = credssp::read(&message).map(|m| m.token);
    assert_eq!(back, Some(Some(token.to_vec())));
}

/// An NTLM CHALLENGE.
pub fn challenge(bytes: &[u8]) {
    let Some(whole) = ntlm::read_challenge(bytes) else {
        return;
    };
    if let Some(seconds) = whole.timestamp.and_then(ntlm::unix_seconds) {
        assert!(!rdpwhy_model::text::time(seconds).is_empty());
    }
    for n in 0..bytes.len().min(EVERY_PREFIX) {
        let Some(cut) = ntlm::read_challenge(&bytes[..n]) else {
            continue;
        };
        let names = [
            (&cut.computer, &whole.computer),
            (&cut.domain, &whole.domain),
            (&cut.dns_computer, &whole.dns_computer),
            (&cut.dns_domain, &whole.dns_domain),
            (&cut.dns_tree, &whole.dns_tree),
        ];
        for (cut, whole) in names {
            assert!(cut.is_none() || cut == whole, "{n} bytes: {cut:?}");
        }
        assert!(cut.version.is_none() || cut.version == whole.version);
        assert!(cut.timestamp.is_none() || cut.timestamp == whole.timestamp);
    }
}

/// The answer to a Connect Initial.
pub fn connect_response(bytes: &[u8]) {
    let answer = mcs::read_answer(bytes);
    if let mcs::Answer::Response {
        version,
        encryption_method,
        ..
    } = answer
    {
        allowed(
            FactKey::McsEncryption,
            mcs::encryption_word(encryption_method),
        );
        assert!(printable(&mcs::version_name(version)));
    }
    match x224::packet_length(bytes) {
        Ok(Some(n)) if n <= bytes.len() => {
            assert_eq!(mcs::read_answer(&bytes[..n]), answer, "with what follows");
        }
        Ok(_) => {}
        Err(_) => assert_eq!(answer, mcs::Answer::Malformed, "no packet"),
    }
}

/// The answer to a list of mechanisms, and the list that the bytes choose.
pub fn mechanisms(bytes: &[u8]) {
    if let Some(spnego::Answer::List(list)) = spnego::read(bytes) {
        assert!(list.len() <= 16, "{} mechanisms", list.len());
    }
    let all = spnego::Mechanism::ALL;
    let chosen: Vec<spnego::Mechanism> = bytes
        .iter()
        .take(all.len())
        .map(|b| all[usize::from(*b) % all.len()])
        .collect();
    let back = spnego::read(&spnego::list(&chosen));
    assert_eq!(back, Some(spnego::Answer::List(chosen)));
}

/// What comes after the channels: as a host's settings, as its certificate, as the bytes that its
/// key sealed, and as its words on licences, under every encryption.
pub fn onward(bytes: &[u8]) {
    settles(Framing::Licence, bytes);
    if let Some(read) = Settings::read(bytes) {
        assert!(read.channels.len() <= 4 && read.certificate.len() <= bytes.len());
        allowed(
            FactKey::McsEncryptionLevel,
            settings::level_word(read.level),
        );
        let cut = bytes
            .get(..bytes.len().saturating_sub(1))
            .unwrap_or_default();
        assert!(Settings::read(cut).is_none_or(|cut| cut == read));
    }
    if let Some(key) = PublicKey::in_certificate(bytes) {
        let sealed = key.encrypt(CLIENT_RANDOM);
        assert!(sealed.len() <= bytes.len() + 8, "{} bytes", sealed.len());
    }
    for method in [0, 1, 2, 8, 0x10] {
        if let Some(keys) = Keys::derive(method, &CLIENT_RANDOM, bytes) {
            let open = keys.opener().open(bytes, true);
            assert!(open.is_none_or(|o| o.len() + 8 == bytes.len()));
        }
        // reached, and ended by us
        let mut c = connection(&[0, 0, 0, 0]);
        c.end.phase = Phase::Licensing;
        let at_us = 1;
        let mut put = |phase, what| c.events.push(Event { at_us, phase, what });
        put(
            Phase::Mcs,
            What::Received(Bytes(crate::made::encrypted_response(method))),
        );
        put(Phase::Channels, What::Sent(Bytes(vec![3])));
        put(Phase::Channels, What::Received(Bytes(bytes.to_vec())));
        put(Phase::Licensing, What::Sent(Bytes(vec![3])));
        put(Phase::Licensing, What::Received(Bytes(bytes.to_vec())));
        assert!(licensing::read(&c).len() <= 32);
        let view = Viewpoint {
            host: "pc42",
            now: 0,
        };
        sane(&read::walk(&c, view));
    }
}

/// The DER structures that stand one after the other, and what is left.
fn structures(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut out = Vec::new();
    while let [_, 0x82, high, low, ..] = bytes {
        let length = 4 + usize::from(u16::from_be_bytes([*high, *low]));
        let Some((one, rest)) = bytes.split_at_checked(length) else {
            break;
        };
        out.push(one);
        bytes = rest;
    }
    out.push(bytes);
    out
}

/// A certificate, alone and above itself, and several as a chain.
pub fn chain(bytes: &[u8]) {
    let views = [
        ("pc42.corp.example", 1_780_000_000),
        ("10.0.0.5", i64::MIN),
        ("", i64::MAX),
    ];
    for (host, now) in views {
        let view = Viewpoint { host, now };
        let alone = certificate::facts(&[bytes], view);
        let above = certificate::facts(&[bytes, bytes], view);
        let several = certificate::facts(&structures(bytes), view);
        assert!(!alone.is_empty() && !above.is_empty());
        for facts in [alone, above, several] {
            sane(&facts);
            for (i, (key, _)) in facts.iter().enumerate() {
                assert!(facts[..i].iter().all(|f| f.0 != *key), "{key} twice");
            }
        }
    }
}

/// A revocation list, and the same bytes as a chain that names such lists.
pub fn list(bytes: &[u8]) {
    let named = ["http://crl.example/a.crl".to_owned()];
    for authority in [false, true] {
        let less = revocation::covers(bytes, &[], authority);
        let more = revocation::covers(bytes, &named, authority);
        assert!(
            more || !less,
            "it covers less where more addresses are named"
        );
    }
    let pointers = revocation::pointers(&[bytes, bytes]);
    assert!(pointers.len() <= MOST, "{} addresses", pointers.len());
    for (i, pointer) in pointers.iter().enumerate() {
        assert!(printable(&pointer.url), "{:?}", pointer.url);
        assert!(pointer.url.len() <= LONGEST, "{:?}", pointer.url);
        assert!(!pointers[..i].contains(pointer), "{pointer:?} twice");
    }
}

/// What speaks first.
pub fn greeting(bytes: &[u8]) {
    let word = peer::recognise(bytes);
    allowed(FactKey::NegPeer, word);
}

/// A recorded connection.
pub fn walk(bytes: &[u8]) {
    let connection = connection(bytes);
    let host = match bytes.len() % 3 {
        0 => "pc42.corp.example",
        1 => "10.0.0.5",
        _ => "",
    };
    for now in [1_780_000_000, i64::MIN, i64::MAX] {
        reading(&connection, Viewpoint { host, now });
    }
}

/// The readings of a recorded connection.
pub fn reading(c: &Connection, view: Viewpoint<'_>) {
    let facts = read::walk(c, view);
    sane(&facts);
    allowed(FactKey::NegAnswer, &read::negotiation(c));
    allowed(FactKey::TlsAnswer, &read::tls(c));
    for phase in PHASES {
        allowed(FactKey::TlsPartialHello, read::reaction(c, phase));
    }
    let outcome = read::outcome(c);
    assert!(printable(&outcome) && outcome.len() <= 40, "{outcome}");
    let pieces = in_pieces(c);
    assert_eq!(read::walk(&pieces, view), facts, "in other pieces");
    assert_eq!(read::outcome(&pieces), outcome, "in other pieces");
}

/// The same connection, with every byte received by itself.
fn in_pieces(c: &Connection) -> Connection {
    let mut out = c.clone();
    out.events = Vec::new();
    for event in &c.events {
        let again = |bytes: &Bytes, what: fn(Bytes) -> What| -> Vec<Event> {
            let one = |b: &u8| Event {
                what: what(Bytes(vec![*b])),
                ..event.clone()
            };
            bytes.0.iter().map(one).collect()
        };
        match &event.what {
            // nothing received is an event too, for the time that it took
            What::Received(b) if !b.0.is_empty() => out.events.extend(again(b, What::Received)),
            What::ReceivedInTls(b) if !b.0.is_empty() => {
                out.events.extend(again(b, What::ReceivedInTls));
            }
            _ => out.events.push(event.clone()),
        }
    }
    out
}

const FAILURES: [ConnectOutcome; 10] = [
    ConnectOutcome::Refused,
    ConnectOutcome::PortUnreachable,
    ConnectOutcome::Prohibited,
    ConnectOutcome::HostUnreachable,
    ConnectOutcome::NetUnreachable,
    ConnectOutcome::NoRoute,
    ConnectOutcome::DeniedHere,
    ConnectOutcome::Reset,
    ConnectOutcome::Timeout,
    ConnectOutcome::Failed,
];
const PHASES: [Phase; 5] = [
    Phase::Before,
    Phase::Negotiate,
    Phase::Tls,
    Phase::Nla,
    Phase::Mcs,
];
const ENDS: [EndHow; 9] = [
    EndHow::ByUs,
    EndHow::Closed,
    EndHow::Reset,
    EndHow::TimedOut,
    EndHow::Flood,
    EndHow::Violation,
    EndHow::HandshakeFailed,
    EndHow::Interrupted,
    EndHow::NotConnected,
];
const TRUSTS: [Trust; 6] = [
    Trust::Trusted,
    Trust::SelfSigned,
    Trust::UnknownIssuer,
    Trust::BadSignature,
    Trust::BadChain,
    Trust::NotChecked,
];

/// Makes a recorded connection out of any bytes, so that mutating them mutates it: first how it
/// was reached and how it ended, then events, each a kind, a phase, a time and a block.
pub fn connection(bytes: &[u8]) -> Connection {
    let mut rest = Taken(bytes);
    let outcome = match rest.byte() {
        0..0xe0 => ConnectOutcome::Connected,
        n => pick(&FAILURES, n),
    };
    let how = pick(&ENDS, rest.byte());
    let phase = pick(&PHASES, rest.byte());
    // small steps, the end of all time, or somewhere between
    let ended = match rest.byte() {
        255 => u64::MAX,
        n => 1 << (n % 64),
    };
    let mut events = Vec::new();
    let mut at_us = 0;
    while !rest.is_empty() {
        let kind = rest.byte();
        at_us += u64::from(rest.byte()) * 1000;
        let body = rest.block();
        let phase = pick(&PHASES, kind);
        let whole = || Bytes(body.to_vec());
        let what = match kind / 5 % 6 {
            0 => What::Sent(whole()),
            1 => What::Received(whole()),
            2 => What::SentInTls(whole()),
            3 => What::ReceivedInTls(whole()),
            4 => What::Handshake(handshake(body)),
            _ => What::HandshakeFailed(failure(body)),
        };
        events.push(Event { at_us, phase, what });
    }
    Connection {
        id: 1,
        check: "walk".to_owned(),
        to: SocketAddr::from(([192, 0, 2, 5], 3389)),
        local: None,
        started_us: 0,
        connect: Connect {
            outcome,
            took_us: 1000,
            icmp: None,
            error: None,
        },
        events,
        end: End {
            how,
            phase,
            at_us: ended,
        },
    }
}

fn handshake(body: &[u8]) -> Handshake {
    let mut rest = Taken(body);
    Handshake {
        trust: pick(&TRUSTS, rest.byte()),
        trust_reason: None,
        signed_by_itself: None,
        version: rest.text(),
        suite: rest.text(),
        group: Some(rest.text()).filter(|g| !g.is_empty()),
        chain: rest.chain(),
    }
}

fn failure(body: &[u8]) -> HandshakeFailed {
    let mut rest = Taken(body);
    HandshakeFailed {
        alert: Some(rest.byte()).filter(|a| *a != 0),
        reason: rest.text(),
        chain: rest.chain(),
    }
}

/// One of a list, by a byte.
pub fn pick<T: Copy>(list: &[T], n: u8) -> T {
    list[usize::from(n) % list.len()]
}

/// Bytes that are used up from the front; after the end come zeros.
pub struct Taken<'a>(pub &'a [u8]);

impl<'a> Taken<'a> {
    /// Whether all of them are used up.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    /// As many bytes as the next two say, or as there are.
    pub fn block(&mut self) -> &'a [u8] {
        let n = usize::from(u16::from_le_bytes([self.byte(), self.byte()]));
        let (head, tail) = self.0.split_at(n.min(self.0.len()));
        self.0 = tail;
        head
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.block()).into_owned()
    }

    fn chain(&mut self) -> Vec<Bytes> {
        let mut out = Vec::new();
        while !self.is_empty() {
            out.push(Bytes(self.block().to_vec()));
        }
        out
    }
}

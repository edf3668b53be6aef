//! What recorded connections say, as words and facts. Nothing here is uncertain: a fact is what
//! was seen; what it means is decided elsewhere.

use rdpwhy_model::Value;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::{ConnectOutcome, Connection, EndHow, Phase, What};
use rdpwhy_model::text::{shown, shown_bytes};

use crate::certificate::{self, Viewpoint};
use crate::hello::Hello;
use crate::onward::received;
use crate::settings::level_word;
use crate::x224::{Answer, Confirm};
use crate::{credssp, licensing, mcs, ntlm, peer, spnego, suites, tls, x224};

/// Facts of one connection.
pub type Facts = Vec<(FactKey, Value)>;

/// How long text of a peer may be that is kept.
const KEPT: usize = 120;

/// Word of the negotiation facts for a connection.
pub fn negotiation(c: &Connection) -> String {
    let answer = negotiation_bytes(c);
    if c.began_us(Phase::Negotiate).is_none() && answer.is_empty() {
        return match (c.connect.outcome, c.end.how) {
            (ConnectOutcome::Connected, EndHow::Closed) => "closed",
            (ConnectOutcome::Connected, EndHow::Reset) => "reset",
            _ => "unreached",
        }
        .to_owned();
    }
    if answer.is_empty() {
        return ended(c, "silent").to_owned();
    }
    match x224::read_answer(&answer) {
        Answer::NotRdp | Answer::Incomplete if c.end.how == EndHow::Flood => "flood".to_owned(),
        read => x224::word(&read),
    }
}

fn negotiation_bytes(c: &Connection) -> Vec<u8> {
    let plain = c.received(Phase::Negotiate);
    if plain.is_empty() {
        c.received_in_tls(Phase::Negotiate)
    } else {
        plain
    }
}

/// The word for an end without an answer.
pub(crate) fn ended(c: &Connection, silent: &'static str) -> &'static str {
    match c.end.how {
        EndHow::Closed => "closed",
        EndHow::Reset => "reset",
        EndHow::Flood => "flood",
        _ => silent,
    }
}

/// Word of the TLS facts for a connection.
pub fn tls(c: &Connection) -> String {
    if c.began_us(Phase::Tls).is_none() {
        return "unreached".to_owned();
    }
    if c.handshake().is_some() {
        return "established".to_owned();
    }
    let bytes = c.received(Phase::Tls);
    let said = tls::read(&bytes);
    let failed = failure(c, Phase::Tls);
    if let Some(alert) = said.alert.map(|a| a.1).or(failed.and_then(|f| f.alert)) {
        return format!("alert-{alert}");
    }
    if !bytes.is_empty() && !said.tls {
        return match (x224::read_answer(&bytes), c.end.how) {
            (Answer::Disconnect, _) => "disconnect",
            // OpenSSL stops at five bytes: a TPKT packet of nine holds nothing but an ultimatum
            _ if bytes.starts_with(&[3, 0, 0, 9, 2]) => "disconnect",
            (_, EndHow::Flood) => "flood",
            _ => "not-tls",
        }
        .to_owned();
    }
    match (&said.hello, failed) {
        (Some(_), None) => "server-hello",
        // It had begun to answer: that is another thing than ending it without a word
        (None, _) if !bytes.is_empty() && c.end.how != EndHow::TimedOut => "malformed",
        _ => match (c.end.how, failed) {
            (EndHow::Closed, _) => "closed",
            (EndHow::Reset, _) => "reset",
            (EndHow::Flood, _) => "flood",
            (EndHow::TimedOut, _) => "silent",
            (_, Some(_)) => "refused-here",
            _ if bytes.is_empty() => "silent",
            _ => "malformed",
        },
    }
    .to_owned()
}

fn failure(c: &Connection, phase: Phase) -> Option<&rdpwhy_model::recording::HandshakeFailed> {
    c.events
        .iter()
        .filter(|e| e.phase == phase)
        .find_map(|e| match &e.what {
            What::HandshakeFailed(f) => Some(f),
            _ => None,
        })
}

/// Word for what a peer does after bytes that it cannot answer yet, or not at all.
pub fn reaction(c: &Connection, phase: Phase) -> &'static str {
    if c.began_us(phase).is_none() && phase != Phase::Before {
        return "unreached";
    }
    let bytes = c.received(phase);
    if !bytes.is_empty() {
        return if x224::read_answer(&bytes) == Answer::Disconnect {
            "disconnect"
        } else {
            "speaks"
        };
    }
    match c.end.how {
        EndHow::Closed => "closed",
        EndHow::Reset => "reset",
        EndHow::NotConnected => "unreached",
        _ => "waits",
    }
}

/// The stage at which a walk ended, and how, in one word: to compare walks with each other.
pub fn outcome(c: &Connection) -> String {
    if c.connect.outcome != ConnectOutcome::Connected {
        return format!("tcp:{}", c.connect.outcome.word());
    }
    let words = [
        (
            "licensing",
            c.began_us(Phase::Licensing)
                .map(|_| licensing::word(c).to_owned()),
        ),
        (
            "channels",
            c.began_us(Phase::Channels)
                .map(|_| licensing::channels_word(c).to_owned()),
        ),
        ("mcs", c.began_us(Phase::Mcs).map(|_| mcs_word(c))),
        ("nla", c.began_us(Phase::Nla).map(|_| nla_word(c))),
        ("tls", c.began_us(Phase::Tls).map(|_| tls(c))),
    ];
    for (stage, word) in words {
        if let Some(word) = word {
            // Two machines behind one address may both answer, and differ in this
            let late = matches!(stage, "mcs" | "channels" | "licensing");
            let plain = if late && c.handshake().is_none() {
                PLAIN
            } else {
                ""
            };
            return format!("{stage}:{word}{plain}");
        }
    }
    format!("negotiate:{}", negotiation(c))
}

/// What stands behind the end of a walk without TLS.
const PLAIN: &str = " without TLS";

/// Whether a walk that ended so got as far as one can get without an account.
pub fn works(outcome: &str) -> bool {
    matches!(
        outcome.trim_end_matches(PLAIN),
        "mcs:response"
            | "nla:challenge"
            | "nla:no-ntlm"
            | "licensing:valid-client"
            | "licensing:license-request"
            | "licensing:platform-challenge"
            | "licensing:new-license"
            | "licensing:upgrade-license"
            | "licensing:none"
    )
}

/// Every fact of a walk, stage by stage.
pub fn walk(c: &Connection, view: Viewpoint<'_>) -> Facts {
    let mut out = Facts::new();
    if c.connect.outcome != ConnectOutcome::Connected {
        return out;
    }
    // Where a stopped run stands says nothing about the host yet
    let over = |phase| c.end.how != EndHow::Interrupted || c.end.phase != phase;
    if over(Phase::Before) && over(Phase::Negotiate) {
        negotiate_facts(c, &mut out);
    }
    if over(Phase::Tls) {
        tls_facts(c, view, &mut out);
    }
    if over(Phase::Nla) {
        nla_facts(c, view, &mut out);
    }
    if over(Phase::Mcs) {
        mcs_facts(c, &mut out);
    }
    if over(Phase::Channels) && over(Phase::Licensing) {
        licensing::facts(c, &mut out);
    }
    out
}

fn negotiate_facts(c: &Connection, out: &mut Facts) {
    let word = negotiation(c);
    let bytes = negotiation_bytes(c);
    if let Some(ms) = took_ms(c, Phase::Negotiate) {
        out.push((FactKey::NegTookMs, ms.into()));
    }
    if let Some(reference) = x224::source_reference(&bytes) {
        out.push((FactKey::NegSourceReference, i64::from(reference).into()));
    }
    if let Answer::Confirm(Confirm::Response { flags, .. }) = x224::read_answer(&bytes) {
        out.push((FactKey::NegFlags, i64::from(flags).into()));
        out.push((FactKey::NegExtendedClientData, (flags & 0x01 != 0).into()));
        out.push((FactKey::NegGraphics, (flags & 0x02 != 0).into()));
        out.push((FactKey::NegRestrictedAdmin, (flags & 0x08 != 0).into()));
        out.push((FactKey::NegRedirectedAuth, (flags & 0x10 != 0).into()));
    }
    if matches!(word.as_str(), "not-rdp" | "flood" | "malformed") && !bytes.is_empty() {
        out.push((FactKey::NegFirstBytes, shown_bytes(&bytes, KEPT).into()));
        if word != "malformed" {
            out.push((FactKey::NegPeer, peer::recognise(&bytes).into()));
        }
    }
    out.push((FactKey::NegAnswer, word.into()));
}

fn tls_facts(c: &Connection, view: Viewpoint<'_>, out: &mut Facts) {
    if c.began_us(Phase::Tls).is_none() {
        return;
    }
    let said = tls::read(&c.received(Phase::Tls));
    out.push((FactKey::TlsAnswer, tls(c).into()));
    out.push((FactKey::TlsServerSpoke, said.hello.is_some().into()));
    if let Some((sent, chosen)) = sent(c, Phase::Tls).and_then(Hello::read).zip(said.hello) {
        let odd = sent.not_offered(&chosen);
        out.push((FactKey::TlsIsOdd, odd.is_some().into()));
        out.extend(odd.map(|o| (FactKey::TlsOdd, o.into())));
    }
    if let Some(ms) = took_ms(c, Phase::Tls) {
        out.push((FactKey::TlsTookMs, ms.into()));
    }
    if let Some(f) = failure(c, Phase::Tls)
        && f.alert.is_none()
        && tls(c) == "refused-here"
    {
        out.push((FactKey::TlsRefusal, shown(&f.reason, KEPT).into()));
    }
    out.extend(certificate::seen(c, view));
    let Some(h) = c.handshake() else { return };
    out.push((FactKey::TlsVersion, known_version(&h.version).into()));
    out.push((FactKey::TlsSuite, suite_name(&h.suite).into()));
    if let Some(group) = &h.group {
        out.push((FactKey::TlsGroup, shown(group, KEPT).into()));
    }
}

/// The first bytes that were sent in a part of the connection.
pub(crate) fn sent(c: &Connection, phase: Phase) -> Option<&[u8]> {
    c.events.iter().find_map(|e| match &e.what {
        What::Sent(bytes) if e.phase == phase => Some(bytes.0.as_slice()),
        _ => None,
    })
}

fn known_version(text: &str) -> &str {
    match text {
        "SSLv3" | "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3" => text,
        _ => "unknown",
    }
}

/// The registry's name of a suite that OpenSSL names.
fn suite_name(openssl: &str) -> String {
    suites::by_openssl(openssl).map_or_else(|| shown(openssl, KEPT), |s| s.name.to_owned())
}

fn nla_word(c: &Connection) -> String {
    let bytes = c.received_in_tls(Phase::Nla);
    if bytes.is_empty() {
        return if failure(c, Phase::Nla).is_some_and(|f| f.alert.is_some()) {
            "alert"
        } else {
            ended(c, "silent")
        }
        .to_owned();
    }
    let Some(message) = credssp::read(&bytes) else {
        return if c.end.how == EndHow::Flood {
            "flood"
        } else {
            "malformed"
        }
        .to_owned();
    };
    if message.error_code.is_some_and(|e| e != 0) {
        return "error-code".to_owned();
    }
    let challenge = message
        .token
        .as_deref()
        .and_then(credssp::ntlm_in)
        .and_then(ntlm::read_challenge);
    if challenge.is_some() {
        "challenge"
    } else {
        "no-ntlm"
    }
    .to_owned()
}

/// What a host answered to a list of mechanisms, where it did so in SPNEGO.
pub fn spnego(c: &Connection) -> Option<spnego::Answer> {
    spnego::read(&credssp::read(&c.received_in_tls(Phase::Nla))?.token?)
}

/// The mechanisms that were asked for on a connection.
pub fn spnego_asked(c: &Connection) -> Vec<spnego::Mechanism> {
    let sent = c.events.iter().find_map(|e| match &e.what {
        What::SentInTls(bytes) if e.phase == Phase::Nla => credssp::read(&bytes.0),
        _ => None,
    });
    match sent.and_then(|s| s.token).as_deref().and_then(spnego::read) {
        Some(spnego::Answer::List(list)) => list,
        _ => Vec::new(),
    }
}

/// The word of the fact `nla.spnego`.
pub fn spnego_word(c: &Connection) -> String {
    if c.began_us(Phase::Nla).is_none() {
        return "unreached".to_owned();
    }
    match spnego(c) {
        Some(spnego::Answer::Chosen(_)) => "chosen".to_owned(),
        Some(spnego::Answer::Rejected) => "rejected".to_owned(),
        Some(spnego::Answer::List(_)) => "list".to_owned(),
        None => match nla_word(c).as_str() {
            // A token that is neither SPNEGO nor NTLM
            "no-ntlm" => "malformed".to_owned(),
            word => word.to_owned(),
        },
    }
}

fn nla_facts(c: &Connection, view: Viewpoint<'_>, out: &mut Facts) {
    let Some(began) = c.began_us(Phase::Nla) else {
        return;
    };
    out.push((FactKey::NlaAnswer, nla_word(c).into()));
    let Some(message) = credssp::read(&c.received_in_tls(Phase::Nla)) else {
        return;
    };
    if let Some(version) = message.version {
        out.push((FactKey::NlaVersion, version.into()));
    }
    if let Some(code) = message.error_code.filter(|e| *e != 0) {
        out.push((FactKey::NlaErrorCode, format!("0x{code:08X}").into()));
    }
    let token = message.token.unwrap_or_default();
    let Some(ch) = credssp::ntlm_in(&token).and_then(ntlm::read_challenge) else {
        return;
    };
    let own = |name: &Option<String>| name.as_ref().map(|n| shown(n, KEPT));
    let names = [
        (FactKey::NlaComputer, own(&ch.computer)),
        (FactKey::NlaDomain, own(&ch.domain)),
        (FactKey::NlaDnsComputer, own(&ch.dns_computer)),
        (FactKey::NlaDnsDomain, own(&ch.dns_domain)),
        (FactKey::NlaDnsTree, own(&ch.dns_tree)),
    ];
    for (key, name) in names {
        if let Some(name) = name.filter(|n| !n.is_empty()) {
            out.push((key, name.into()));
        }
    }
    if view.host.parse::<std::net::IpAddr>().is_err() {
        let asked = view.host.split('.').next().unwrap_or_default();
        let full = ch.dns_computer.as_deref().unwrap_or_default();
        let same = ch
            .computer
            .as_deref()
            .is_some_and(|n| same_computer(n, asked))
            || full.eq_ignore_ascii_case(view.host.trim_end_matches('.'))
            || full
                .split('.')
                .next()
                .is_some_and(|n| !n.is_empty() && n.eq_ignore_ascii_case(asked));
        out.push((FactKey::NlaNameMatches, same.into()));
    }
    if let Some((major, minor, build)) = ch.version {
        out.push((FactKey::NlaBuild, format!("{major}.{minor}.{build}").into()));
        out.push((FactKey::NlaBuildNumber, i64::from(build).into()));
    }
    if let Some(seconds) = ch.timestamp.and_then(ntlm::unix_seconds) {
        out.push((FactKey::NlaTime, rdpwhy_model::text::time(seconds).into()));
        // The host read its clock about half-way between our question and its answer
        let answered = c.ended_us(Phase::Nla).unwrap_or(began);
        let middle = i64::try_from(began.midpoint(answered) / 1_000_000).unwrap_or(0);
        out.push((
            FactKey::NlaSkewS,
            seconds
                .saturating_sub(view.now.saturating_add(middle))
                .into(),
        ));
    }
}

/// NetBIOS names are cut to 15 characters.
fn same_computer(netbios: &str, asked: &str) -> bool {
    let cut: String = asked.chars().take(15).collect();
    netbios.eq_ignore_ascii_case(&cut)
}

fn mcs_word(c: &Connection) -> String {
    let plain = c.received(Phase::Mcs);
    let bytes = if plain.is_empty() || c.handshake().is_some() {
        c.received_in_tls(Phase::Mcs)
    } else {
        plain
    };
    if bytes.is_empty() {
        return ended(c, "silent").to_owned();
    }
    match mcs::read_answer(&bytes) {
        mcs::Answer::Response { .. } => "response",
        mcs::Answer::Refused(_) => "refused",
        mcs::Answer::Disconnect => "disconnect",
        mcs::Answer::Malformed if c.end.how == EndHow::Flood => "flood",
        mcs::Answer::Malformed => "malformed",
    }
    .to_owned()
}

fn mcs_facts(c: &Connection, out: &mut Facts) {
    if c.began_us(Phase::Mcs).is_none() {
        return;
    }
    out.push((FactKey::McsAnswer, mcs_word(c).into()));
    let bytes = received(c, Phase::Mcs);
    match mcs::read_answer(&bytes) {
        mcs::Answer::Response {
            version,
            encryption_method,
            encryption_level,
            max_channels,
        } => {
            if let Some(most) = max_channels {
                out.push((FactKey::McsMaxChannels, i64::from(most).into()));
            }
            if let Some(level) = encryption_level {
                out.push((FactKey::McsEncryptionLevel, level_word(level).into()));
            }
            out.push((FactKey::McsVersion, mcs::version_name(version).into()));
            out.push((
                FactKey::McsEncryption,
                mcs::encryption_word(encryption_method).into(),
            ));
        }
        mcs::Answer::Refused(code) => out.push((FactKey::McsResult, code.to_string().into())),
        _ => {}
    }
}

fn took_ms(c: &Connection, phase: Phase) -> Option<i64> {
    let took = c.ended_us(phase)?.saturating_sub(c.began_us(phase)?);
    i64::try_from(took / 1000).ok()
}

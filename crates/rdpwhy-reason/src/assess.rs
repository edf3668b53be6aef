//! From judgements to the report: one verdict, its causes, its findings, and what was not seen.

use std::collections::BTreeSet;

use rdpwhy_model::matrix::{ClientOutcome, TlsMatrix};
use rdpwhy_model::recording::{Connection, EndHow, Recording};
use rdpwhy_model::report::{
    Cause, Certainty, Client, ConnectionSummary, Evidence, EvidenceItem, Fix, Group, NotDone,
    Outcome, Report, RuledOut, SCHEMA, StageReport, StageState, Target, Unseen, Verdict, WHICH,
};
use rdpwhy_model::text::shown;
use rdpwhy_model::{FactKey, FactSet, Stage};

use crate::catalogue::{Catalogue, CauseEntry, FixEntry, GroupEntry};
use crate::findings::findings;
use crate::judge::{Judgement, judge};
use crate::ladder;
use crate::revocation;
use crate::signin;

/// How many causes that are merely possible are listed.
const POSSIBLE: usize = 6;
/// Facts that the ladder shows already, in its own words.
const LADDER: [FactKey; 12] = [
    FactKey::ResolveOutcome,
    FactKey::ResolveServerAnswer,
    FactKey::TcpOutcome,
    FactKey::NegAnswer,
    FactKey::TlsAnswer,
    FactKey::TlsVersion,
    FactKey::NlaAnswer,
    FactKey::SignInAnswer,
    FactKey::McsAnswer,
    FactKey::LicensingAnswer,
    FactKey::LicensingErrorCode,
    FactKey::SessionErrorInfo,
];
/// How long a value may be that is shown as evidence.
const KEPT: usize = 160;

/// What a verdict is made from.
pub struct Case<'a> {
    /// What was sent and received.
    pub recording: &'a Recording,
    /// What is known of it, derived facts and all.
    pub facts: &'a FactSet,
    /// How long the run took.
    pub elapsed_ms: f64,
    /// Whether the run was stopped before it was done.
    pub stopped: bool,
    /// What the client stands for.
    pub client_os: &'a str,
    /// The version of this program.
    pub version: &'a str,
    /// Checks that were not made.
    pub not_done: Vec<NotDone>,
    /// What the server accepts in TLS, where the whole of it was asked for.
    pub tls_matrix: Option<TlsMatrix>,
    /// What every client would get then.
    pub clients: Vec<ClientOutcome>,
}

/// Makes the report.
pub fn assess(catalogue: &Catalogue, case: &Case<'_>) -> Report {
    let judgements = judge(catalogue, case.facts);
    let stages = ladder::rungs(case.recording, case.facts);
    let (outcome, stage) = outcome(&stages, case);
    let causes = match outcome {
        Outcome::Connectable => Vec::new(),
        _ => leading(&judgements),
    };
    let ids: BTreeSet<&str> = causes.iter().map(|j| j.cause.id.as_str()).collect();
    let findings = findings(catalogue, &judgements, &ids, case);
    let first = causes.first().copied();
    let certainty = first.and_then(|j| j.certainty);
    let verdict = Verdict {
        outcome,
        stage,
        cause: first.map(|j| j.cause.id.clone()),
        certainty,
        summary: summary(catalogue, outcome, &stages, &causes, case),
    };
    Report {
        schema: SCHEMA.to_owned(),
        target: Some(target(case)),
        client: Client {
            profile: case.recording.client.clone(),
            os: case.client_os.to_owned(),
            version: case.version.to_owned(),
            every: case.recording.every_client,
            asks: case.recording.asks,
        },
        started: case.recording.started,
        elapsed_ms: case.elapsed_ms,
        unseen: unseen(catalogue, outcome, &causes, case),
        verdict,
        causes: causes.iter().map(|j| cause(catalogue, j, case)).collect(),
        findings,
        ruled_out: ruled_out(&judgements, case.facts),
        stages,
        evidence: evidence(case),
    }
}

fn target(case: &Case<'_>) -> Target {
    let r = case.recording;
    Target {
        input: shown(&r.input, KEPT),
        host: shown(&r.host, KEPT),
        port: r.port,
        addresses: case.facts.list(FactKey::ResolveAddresses).to_vec(),
    }
}

/// Whether a client would connect, and the first stage that fails.
fn outcome(stages: &[StageReport], case: &Case<'_>) -> (Outcome, Option<Stage>) {
    let facts = case.facts;
    let truth = |key| facts.truth(key) == Some(true);
    let failed = stages
        .iter()
        .find(|s| s.state == StageState::Failed)
        .map(|s| s.stage);
    let unknown = stages
        .iter()
        .find(|s| s.state == StageState::Unknown)
        .map(|s| s.stage);
    match (failed, unknown) {
        (Some(stage), _) => {
            let detour = facts.text(FactKey::NegAnswer) == Some("failure-2")
                && matches!(
                    facts.text(FactKey::NegPlain),
                    Some("selected-rdp" | "no-response-structure")
                );
            let gets_through = truth(FactKey::AgainWorks) || truth(FactKey::OthersWork) || detour;
            (
                if gets_through {
                    Outcome::Degraded
                } else {
                    Outcome::Blocked
                },
                Some(stage),
            )
        }
        (None, Some(_)) => (Outcome::Undetermined, None),
        (None, None) if !facts.list(FactKey::TcpDead).is_empty() => {
            (Outcome::Degraded, Some(Stage::Tcp))
        }
        (None, None) if signin::detour(facts) => (Outcome::Degraded, Some(Stage::Nla)),
        (None, None) if truth(FactKey::AgainWorks) => (Outcome::Degraded, Some(Stage::Negotiate)),
        (None, None) if case.stopped && !complete(stages) => (Outcome::Undetermined, None),
        (None, None) => (Outcome::Connectable, None),
    }
}

/// Whether the walk went as far as one can go without an account.
fn complete(stages: &[StageReport]) -> bool {
    let passed = |stage| {
        stages
            .iter()
            .any(|s| s.stage == stage && s.state == StageState::Passed)
    };
    passed(Stage::Nla) || passed(Stage::Mcs)
}

/// The causes worth naming, best first. Where one is proved, the others that merely fit are not it.
fn leading<'a, 'b>(judgements: &'b [Judgement<'a>]) -> Vec<&'b Judgement<'a>> {
    let mut named: Vec<&Judgement<'_>> = judgements
        .iter()
        .filter(|j| !j.excluded && j.certainty.is_some())
        .collect();
    named.sort_by(|a, b| {
        let rank = |j: &Judgement<'_>| (j.certainty, j.cause.common);
        rank(b)
            .cmp(&rank(a))
            .then_with(|| a.cause.id.cmp(&b.cause.id))
    });
    let Some(best) = named.first().and_then(|j| j.certainty) else {
        return named;
    };
    let group = named.first().and_then(|j| j.cause.group.as_deref());
    if best == Certainty::Proved {
        named.retain(|j| {
            j.certainty == Some(Certainty::Proved)
                || (group.is_some() && j.cause.group.as_deref() == group)
        });
    }
    let mut possible = 0;
    named.retain(|j| {
        possible += usize::from(j.certainty == Some(Certainty::Possible));
        j.certainty != Some(Certainty::Possible)
            || best == Certainty::Possible
            || possible <= POSSIBLE
    });
    named
}

fn cause(catalogue: &Catalogue, j: &Judgement<'_>, case: &Case<'_>) -> Cause {
    let group = j.cause.group.as_deref().and_then(|g| catalogue.group(g));
    Cause {
        id: j.cause.id.clone(),
        title: j.cause.title.clone(),
        stage: j.cause.stage,
        certainty: j.certainty.unwrap_or(Certainty::Possible),
        evidence: items(&j.because, case.facts),
        codes: j.cause.codes.clone(),
        fixes: j.cause.fixes.iter().map(|f| fix(f, case)).collect(),
        verify: filled(&j.cause.verify, case),
        tell_apart: j.cause.tell_apart.clone(),
        group: group.map(|g| Group {
            id: g.id.clone(),
            title: g.title.clone(),
            summary: g.summary.clone(),
            see: g.see.clone(),
            not: g.not.clone(),
        }),
    }
}

pub(crate) fn fix(f: &FixEntry, case: &Case<'_>) -> Fix {
    Fix {
        id: f.id.clone(),
        who: f.who.clone(),
        steps: f.steps.iter().map(|s| filled(s, case)).collect(),
        command: f.command.as_ref().map(|c| filled(c, case)),
    }
}

/// The facts behind a judgement, for people.
pub(crate) fn items(keys: &BTreeSet<FactKey>, facts: &FactSet) -> Vec<EvidenceItem> {
    let seen = keys
        .iter()
        .filter_map(|k| facts.get(spelled_out(*k)).or_else(|| facts.get(*k)));
    seen.map(|o| EvidenceItem {
        what: o.key.info().meaning.to_owned(),
        value: words(o.key, &o.value.to_string()),
        source: o.source.clone(),
        on_the_ladder: LADDER.contains(&o.key),
    })
    .collect()
}

/// The fact that says more than a plain yes: which ports, not only that there are some.
const fn spelled_out(key: FactKey) -> FactKey {
    match key {
        FactKey::PortsAnyOpen => FactKey::PortsOpen,
        FactKey::PortsAnyRdp => FactKey::PortsRdp,
        FactKey::TlsIsOdd => FactKey::TlsOdd,
        FactKey::TlsWideSuiteOffered
        | FactKey::TlsWide13SuiteOffered
        | FactKey::TlsWide13GroupOffered => FactKey::TlsMissing,
        FactKey::MatrixIsOdd => FactKey::MatrixOdd,
        FactKey::MatrixAnyWeak => FactKey::MatrixWeakSuites,
        FactKey::ClientReason => FactKey::ClientMissing,
        FactKey::CertSeenElsewhereAny => FactKey::CertSeenElsewhere,
        key => key,
    }
}

/// A text of the catalogue for this host: `HOST` is what was typed, `HOST:PORT` where RDP was
/// found to answer instead.
fn filled(text: &str, case: &Case<'_>) -> String {
    let recording = case.recording;
    let found = case.facts.list(FactKey::PortsRdp).first();
    let port = found.cloned().unwrap_or_else(|| recording.port.to_string());
    let moved = format!("{}:{port}", shown(&recording.host, KEPT));
    let host = shown(&recording.host, KEPT);
    let address = case.facts.list(FactKey::ResolveAddresses).first();
    // Other programs take a host alone; only rdpwhy takes what was typed
    text.replace("HOST:PORT", &moved)
        .replace("HOST_ADDRESS", address.unwrap_or(&host))
        .replace(
            "rdpwhy HOST",
            &format!("rdpwhy {}", shown(&recording.input, KEPT)),
        )
        .replace("HOST", &host)
}

/// A value for people: the words of negotiation and TLS are spelled out.
fn words(key: FactKey, value: &str) -> String {
    use rdpwhy_model::fact::{Kind, NEGOTIATION, TLS};
    match key.info().kind {
        Kind::Word(w) if w == NEGOTIATION => ladder::negotiation_words(value),
        Kind::Word(w) if w == TLS => ladder::tls_words(value),
        _ => shown(value, KEPT),
    }
}

fn ruled_out(judgements: &[Judgement<'_>], facts: &FactSet) -> Vec<RuledOut> {
    let because = |j: &Judgement<'_>| {
        let parts: Vec<String> = items(&j.because, facts)
            .iter()
            .map(|i| format!("{}: {}", i.what, i.value))
            .collect();
        parts.join("; ")
    };
    judgements
        .iter()
        .filter(|j| j.excluded)
        .map(|j| RuledOut {
            id: j.cause.id.clone(),
            because: because(j),
        })
        .collect()
}

fn unseen(
    catalogue: &Catalogue,
    outcome: Outcome,
    causes: &[&Judgement<'_>],
    case: &Case<'_>,
) -> Vec<Unseen> {
    let mut out = Vec::new();
    let mut put = |what: &str, how: &str| {
        out.push(Unseen {
            what: what.to_owned(),
            how: how.to_owned(),
        });
    };
    if let Some((what, how)) = signin::unseen(case.facts) {
        put(what, how);
    }
    let leader = causes.first();
    let mut apart = leader.and_then(|j| j.cause.tell_apart.clone());
    if let Some(group) = shown_group(catalogue, causes) {
        apart = Some(group.see.clone());
    }
    if let Some(apart) =
        apart.filter(|_| leader.and_then(|j| j.certainty) != Some(Certainty::Proved))
    {
        put(WHICH, &apart);
    }
    if outcome == Outcome::Connectable {
        put(signin::after(case.facts), "connect with a client");
    } else {
        put(
            "the host's own settings and logs",
            "on the host: the System log (Schannel, TermDD) and the TerminalServices logs at the time of this run",
        );
    }
    if case
        .facts
        .text(FactKey::TcpOutcome)
        .is_some_and(|o| o != "connected")
        && !case.facts.knows(FactKey::TcpIcmp)
    {
        put(
            "whether the packets reach the host",
            "a capture on the host while rdpwhy runs: does the SYN arrive?",
        );
    }
    if let Some((what, how)) = revocation::unseen(case.facts) {
        put(what, how);
    }
    for n in &case.not_done {
        put(&format!("the check {}", n.check), &n.why);
    }
    if case.stopped {
        put(
            "what comes after the point where this run was stopped",
            "run it again to the end",
        );
    }
    out
}

/// The group that the leading causes form, when they can't be told apart.
fn shown_group<'c>(catalogue: &'c Catalogue, causes: &[&Judgement<'_>]) -> Option<&'c GroupEntry> {
    let first = causes.first()?;
    let group = first.cause.group.as_deref()?;
    if first.certainty == Some(Certainty::Proved) {
        return None;
    }
    let members = causes
        .iter()
        .filter(|j| j.certainty == first.certainty && j.cause.group.as_deref() == Some(group));
    (members.count() > 1)
        .then(|| catalogue.group(group))
        .flatten()
}

fn summary(
    catalogue: &Catalogue,
    outcome: Outcome,
    stages: &[StageReport],
    causes: &[&Judgement<'_>],
    case: &Case<'_>,
) -> String {
    let failed = stages.iter().find(|s| s.state == StageState::Failed);
    let mut out = match outcome {
        Outcome::Connectable => signin::summary(case.facts).to_owned(),
        Outcome::Undetermined if case.stopped => {
            "The run was stopped before it could tell whether a client would connect.".to_owned()
        }
        Outcome::Undetermined => {
            let unknown = stages.iter().find(|s| s.state == StageState::Unknown);
            match unknown {
                Some(s) if !s.detail.is_empty() => {
                    format!(
                        "It cannot be told from here whether a client would connect: {}.",
                        s.detail
                    )
                }
                _ => "It cannot be told from here whether a client would connect.".to_owned(),
            }
        }
        Outcome::Blocked => failed.map_or_else(
            || "A client cannot connect.".to_owned(),
            |s| {
                format!(
                    "A client cannot connect; it stops at {}: {}.",
                    s.stage, s.detail
                )
            },
        ),
        Outcome::Degraded => "A client connects, but not always or only after a detour.".to_owned(),
    };
    if let Some(group) = shown_group(catalogue, causes) {
        out.push_str(&format!(" {}: {}", group.title, group.summary));
    } else if let Some(j) = causes.first() {
        out.push_str(&format!(" {}.", title(j.cause)));
    } else if outcome == Outcome::Blocked {
        out.push_str(" No cause in the catalogue fits what was seen.");
    }
    out
}

fn title(cause: &CauseEntry) -> &str {
    cause.title.trim_end_matches('.')
}

fn evidence(case: &Case<'_>) -> Evidence {
    let r = case.recording;
    let summary = |c: &Connection| ConnectionSummary {
        id: c.id,
        check: c.check.clone(),
        to: c.to.to_string(),
        local: c.local.map(|l| l.to_string()),
        at: r
            .started
            .checked_add(std::time::Duration::from_micros(c.started_us))
            .unwrap_or(r.started),
        connect: c.connect.clone(),
        end: c.end.clone(),
    };
    debug_assert!(
        case.stopped
            || r.connections
                .iter()
                .all(|c| c.end.how != EndHow::Interrupted)
    );
    Evidence {
        facts: case.facts.clone(),
        lookups: r.lookups.clone(),
        routes: r.routes.clone(),
        connections: r.connections.iter().map(summary).collect(),
        tls_matrix: case.tls_matrix.clone(),
        clients: case.clients.clone(),
        not_done: case.not_done.clone(),
    }
}

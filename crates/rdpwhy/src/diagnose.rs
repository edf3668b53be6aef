//! The loop of a live diagnosis: walk, understand, ask what is missing, look again.
//!
//! The reasoning names the facts that it lacks; this driver runs the checks that yield them, in
//! waves, until nothing more can be learned within the limits.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;
use rdpwhy_model::recording::{Asks, ConnectOutcome, Connection, Lookup, Recording, SCHEMA};
use rdpwhy_model::report::{NotDone, Report};
use rdpwhy_model::{FactKey, FactSet};
use rdpwhy_probe::checks::walk::{REACH, WALK};
use rdpwhy_probe::checks::{self, ALL, Check, Context, SIGN_IN};
use rdpwhy_probe::{Limits, Patience, Run, TrustStore, context, names, random, understand};
use rdpwhy_reason::assess::{Case, assess};
use rdpwhy_reason::catalogue::Catalogue;
use rdpwhy_reason::derive::derive;
use rdpwhy_reason::judge::{judge, wanted};
use rdpwhy_wire::clients;

use crate::memory::{Store, recall};
use crate::target::Target;

/// Addresses of a name that are tried at the beginning, at most: a healthy host with many
/// addresses sees no more connections than one with few.
const ADDRESSES: usize = 3;
/// Connections that a healthy host sees, at most.
const HEALTHY: u32 = 4;
/// How long the addresses of a name with several are waited for: a second SYN fits in.
const SEVERAL: Duration = Duration::from_secs(3);
/// How long an experiment waits for an answer: the walk has been more patient already.
const EXPERIMENT: Duration = Duration::from_secs(3);
/// The check that walks again; a series that was asked for counts as it.
const AGAIN: &str = "again";
/// The checks that repeat the walk.
const WALKS: [&str; 2] = [AGAIN, "other-addresses"];
/// The pause between the walks of a series: some servers take one connection at a time.
const PAUSE: Duration = Duration::from_millis(400);
/// How long another port is waited for.
const OTHER_PORT: Duration = Duration::from_millis(1500);

/// What to diagnose, and how.
pub struct Request {
    /// What the user typed.
    pub target: Target,
    /// The client through whose eyes to look.
    pub client: String,
    /// What is different about that client.
    pub client_json: Option<serde_json::Value>,
    /// The name server to ask instead of the system's.
    pub resolver: Option<SocketAddr>,
    /// What the run may cost.
    pub limits: Limits,
    /// How often to walk, one after the other, for one verdict over the series.
    pub repeat: u32,
    /// Whether to ask what the authorities publish about the host's certificates.
    pub revocation: bool,
    /// Where earlier runs kept what they saw; `None` does without.
    pub memory: Option<Store>,
    /// Whom to trust.
    pub trust: TrustStore,
    /// Whether to ask for the whole matrix of TLS.
    pub tls: bool,
    /// Whether to say what every client would get; that takes the matrix.
    pub every_client: bool,
    /// The account to sign in with once.
    pub login: Option<Login>,
    /// What to ask about sign-in.
    pub sign_in: SignIn,
}

/// What to ask about sign-in, beyond what every walk shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct SignIn {
    /// Everything that needs no account.
    pub everything: bool,
    /// As which kind of client to ask, where that was chosen.
    pub asks: Option<Asks>,
}

/// What a diagnosis gives.
pub struct Diagnosis {
    /// The report.
    pub report: Report,
    /// What was sent and received.
    pub recording: Recording,
}

/// Told what is being waited for.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// Diagnoses a host. Ctrl-C ends it early with what is known by then.
pub async fn diagnose(request: Request, progress: Progress<'_>) -> Diagnosis {
    let Request {
        target,
        client,
        client_json,
        resolver,
        mut limits,
        repeat,
        revocation,
        memory,
        trust,
        tls,
        every_client,
        login,
        sign_in,
    } = request;
    let tls = tls || every_client;
    if tls {
        survey::extend(&mut limits);
    }
    // A series adds its own connections and its own time
    limits.connections += repeat.saturating_sub(1);
    limits.run += (limits.stage + PAUSE) * repeat.saturating_sub(1);
    // So do the fetches of revocation, which run all at once
    limits.run += if revocation {
        limits.stage
    } else {
        Duration::ZERO
    };
    // A person may be asked
    limits.run += login.as_ref().map_or(Duration::ZERO, signin::time);
    let session = Session {
        run: Run::new(limits, trust),
        shared: Mutex::new(Shared {
            recording: Recording {
                schema: SCHEMA.to_owned(),
                input: target.input,
                host: target.host,
                port: target.port,
                client,
                client_json,
                started: Timestamp::now(),
                lookups: Vec::new(),
                routes: Vec::new(),
                nla: sign_in.everything,
                asks: sign_in.asks,
                every_client,
                matrix_rounds: None,
                connections: Vec::new(),
                revocation: None,
                remembered: None,
                signin: None,
            },
            not_done: Vec::new(),
        }),
        memory,
        random: random(),
    };
    let limit = session.run.limits().run;
    let stopped = tokio::select! {
        () = async {
            session.look(resolver, repeat, login, progress).await;
            if tls {
                session.survey(progress).await;
            }
            if revocation {
                session.look_up_revocation(resolver, progress).await;
            }
        } => false,
        _ = tokio::signal::ctrl_c() => true,
        () = tokio::time::sleep(limit) => {
            session.not_done("the rest", &format!("the run's limit of {} s was reached", limit.as_secs()));
            true
        }
    };
    session.conclude(stopped)
}

/// The report that a recording leads to: what a live run does at its end, and what a replay does.
pub fn conclude(
    recording: &Recording,
    elapsed_ms: f64,
    stopped: bool,
    not_done: Vec<NotDone>,
) -> Report {
    let mut facts = understand(recording);
    derive(&mut facts);
    let client = clients::of(recording);
    let os = client.map(|c| c.description()).unwrap_or_default();
    assess(
        Catalogue::built_in(),
        &Case {
            recording,
            facts: &facts,
            elapsed_ms,
            stopped,
            client_os: &os,
            version: env!("CARGO_PKG_VERSION"),
            not_done,
            tls_matrix: rdpwhy_probe::matrix(recording),
            clients: rdpwhy_probe::clients(recording, &facts),
        },
    )
}

mod signin;
mod survey;

pub use signin::{Asker, Login, Voice};

struct Session {
    run: Run,
    shared: Mutex<Shared>,
    memory: Option<Store>,
    random: [u8; 32],
}

struct Shared {
    recording: Recording,
    not_done: Vec<NotDone>,
}

impl Session {
    fn with<T>(&self, f: impl FnOnce(&mut Shared) -> T) -> T {
        f(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn not_done(&self, check: &str, why: &str) {
        let note = NotDone {
            check: check.to_owned(),
            why: why.to_owned(),
            facts: Vec::new(),
        };
        self.with(|s| s.not_done.push(note));
    }

    fn recording(&self) -> Recording {
        // Not kept here as well: a run with the matrix has megabytes of them
        Recording {
            connections: self.run.connections(),
            ..self.with(|s| s.recording.clone())
        }
    }

    fn conclude(self, stopped: bool) -> Diagnosis {
        let mut recording = self.recording();
        let elapsed_ms = f64::from(u32::try_from(self.run.now_us()).unwrap_or(u32::MAX)) / 1000.0;
        let mut not_done = self.with(|s| std::mem::take(&mut s.not_done));
        let Self { run, memory, .. } = self;
        drop(run); // every byte is in the recording by now
        not_done.extend(recall(memory.as_ref(), &mut recording));
        let report = conclude(&recording, elapsed_ms, stopped, not_done);
        Diagnosis { report, recording }
    }

    async fn look(
        &self,
        resolver: Option<SocketAddr>,
        repeat: u32,
        login: Option<Login>,
        progress: Progress<'_>,
    ) {
        let stage = self.run.limits().stage;
        let (host, port) = self.with(|s| (s.recording.host.clone(), s.recording.port));
        progress("resolving the name");
        let lookup = names::resolve(&host, resolver, stage).await;
        let addresses = checks::walk::addresses(&lookup.answer);
        self.with(|s| s.recording.lookups.push(lookup));
        if !addresses.is_empty() {
            progress("walking down the ladder");
            self.walk(&addresses, port).await;
        }
        if let Some(login) = login {
            self.sign_in(login, &addresses, resolver, progress).await;
        }
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for n in 1..repeat {
            progress(&format!("try {} of {repeat}", n + 1));
            tokio::time::sleep(PAUSE).await;
            self.walk_again(&addresses).await;
            done.insert(AGAIN);
        }
        let mut asked_servers = resolver.is_some();
        // Every wave runs at least one check that was not run before, so this ends
        loop {
            let mut facts = understand(&self.recording());
            derive(&mut facts);
            let catalogue = Catalogue::built_in();
            let mut keys = wanted(catalogue, &judge(catalogue, &facts), &facts);
            if self.with(|s| s.recording.nla) {
                keys.extend(SIGN_IN.iter().filter(|k| !facts.knows(**k)));
            }
            let ask_servers = !asked_servers && keys.iter().any(|k| is_server_fact(*k));
            asked_servers |= ask_servers;
            let checks = self.plan(&addresses, &facts, &keys, &mut done);
            if checks.is_empty() && !ask_servers {
                return;
            }
            let questions: Vec<&str> = checks.iter().map(|(c, _)| c.question).collect();
            progress(questions.first().unwrap_or(&"asking the name servers"));
            let lookups = async {
                if ask_servers {
                    names::second_opinion(&host, EXPERIMENT).await
                } else {
                    Vec::new()
                }
            };
            let (lookups, ()) = tokio::join!(lookups, self.wave(checks));
            self.with(|s| s.recording.lookups.extend::<Vec<Lookup>>(lookups));
        }
    }

    /// Asks the addresses that the host's certificates name for their revocation.
    async fn look_up_revocation(&self, resolver: Option<SocketAddr>, progress: Progress<'_>) {
        progress("asking whether the certificate is revoked");
        let asked = self.run.revocation(&self.recording(), resolver).await;
        self.with(|s| s.recording.revocation = asked);
    }

    /// Reaches every address, and walks down the ladder on the first that connects.
    async fn walk(&self, addresses: &[IpAddr], port: u16) {
        let stage = self.run.limits().stage;
        let connect = if addresses.len() > 1 {
            stage.min(SEVERAL)
        } else {
            stage
        };
        let patience = Patience {
            connect,
            answer: stage,
        };
        let Some(script) = self.walk_script(addresses, WALK) else {
            return;
        };
        let first = self
            .run
            .converse(SocketAddr::new(addresses[0], port), script, patience);
        let others = addresses.iter().skip(1).take(ADDRESSES - 1).map(|a| {
            self.run
                .converse(SocketAddr::new(*a, port), checks::walk::reach(), patience)
        });
        let (first, others) = tokio::join!(first, futures_of(others));
        let connected = |c: &Connection| c.connect.outcome == ConnectOutcome::Connected;
        let mut walked = first;
        if !walked.as_ref().is_some_and(connected)
            && let Some(other) = others.into_iter().flatten().find(connected)
            && let Some(script) = self.walk_script(addresses, WALK)
        {
            walked = self.run.converse(other.to, script, patience).await;
        }
        if let Some((to, local)) = walked.and_then(|c| Some((c.to.ip(), c.local?.ip())))
            && let Some(route) = rdpwhy_probe::route_to(to, local)
        {
            self.with(|s| s.recording.routes.push(route));
        }
    }

    /// One more walk of a series, on the address of the first.
    async fn walk_again(&self, addresses: &[IpAddr]) {
        let stage = self.run.limits().stage;
        let patience = Patience {
            connect: stage,
            answer: stage,
        };
        let recording = self.recording();
        let facts = FactSet::default();
        let Some(context) = context(&recording, addresses, &facts, self.random) else {
            return;
        };
        let script = checks::walk::script(AGAIN, &context);
        self.run.converse(context.target(), script, patience).await;
    }

    fn walk_script(
        &self,
        addresses: &[IpAddr],
        name: &'static str,
    ) -> Option<rdpwhy_wire::script::Script> {
        let recording = self.recording();
        let facts = FactSet::default();
        let context = context(&recording, addresses, &facts, self.random)?;
        Some(checks::walk::script(name, &context))
    }

    /// The checks that would yield a wanted fact, with what each is to do.
    fn plan(
        &self,
        addresses: &[IpAddr],
        facts: &FactSet,
        keys: &BTreeSet<FactKey>,
        done: &mut BTreeSet<&'static str>,
    ) -> Vec<(
        &'static Check,
        Vec<(SocketAddr, rdpwhy_wire::script::Script)>,
    )> {
        let recording = self.recording();
        let Some(context) = context(&recording, addresses, facts, self.random) else {
            return Vec::new();
        };
        // Who asks for everything about sign-in accepts that the host sees more
        let spared = !recording.nla
            && facts
                .text(FactKey::WalkEnd)
                .is_some_and(rdpwhy_wire::read::works);
        let mut budget = budget(&recording.connections, spared, self.run.connections_left());
        let mut out = Vec::new();
        for check in ALL {
            let gives = check.yields.iter().any(|k| keys.contains(k));
            if !gives || done.contains(check.id) || !(check.applies)(&context) {
                continue;
            }
            done.insert(check.id);
            let scripts = (check.scripts)(&context);
            let cost = u32::try_from(scripts.len()).unwrap_or(u32::MAX);
            if let Some(why) = self.cannot(&context, check, cost, budget) {
                let facts = check.yields.to_vec();
                let note = NotDone {
                    check: check.id.to_owned(),
                    why,
                    facts,
                };
                self.with(|s| s.not_done.push(note));
                continue;
            }
            budget -= cost;
            out.push((*check, scripts));
        }
        out
    }

    /// Why a check cannot be made now.
    fn cannot(
        &self,
        context: &Context<'_>,
        check: &Check,
        cost: u32,
        budget: u32,
    ) -> Option<String> {
        if cost > budget {
            return Some(format!(
                "it needs {cost} connections and the run has {budget} left"
            ));
        }
        let refused_since = self.run.connections().iter().any(|c| {
            c.check != WALK
                && c.check != REACH
                && c.to == context.target()
                && c.connect.outcome == ConnectOutcome::Refused
        });
        if context.facts.text(FactKey::TcpOutcome) == Some("connected") && refused_since {
            return Some(
                "the host began to refuse connections during this run, so it was left alone".into(),
            );
        }
        (check.connections < cost).then(|| "it would make more connections than it declares".into())
    }

    async fn wave(
        &self,
        checks: Vec<(
            &'static Check,
            Vec<(SocketAddr, rdpwhy_wire::script::Script)>,
        )>,
    ) {
        let stage = self.run.limits().stage;
        let talks = checks.into_iter().flat_map(|(check, scripts)| {
            let connect = if check.id == "other-ports" {
                stage.min(OTHER_PORT)
            } else {
                stage.min(EXPERIMENT)
            };
            let patience = Patience {
                connect,
                // What is compared with the walk is as patient as the walk was
                answer: if WALKS.contains(&check.id) {
                    stage
                } else {
                    stage.min(EXPERIMENT)
                },
            };
            scripts
                .into_iter()
                .map(move |(to, script)| self.run.converse(to, script, patience))
        });
        futures_of(talks).await;
    }
}

/// Connections that may still be made. A host that answers every step is spared: it sees few, not
/// counting the walks of a series that was asked for.
fn budget(made: &[Connection], works: bool, left: u32) -> u32 {
    if !works {
        return left;
    }
    let seen = made.iter().filter(|c| c.check != AGAIN).count();
    left.min(HEALTHY.saturating_sub(u32::try_from(seen).unwrap_or(u32::MAX)))
}

fn is_server_fact(key: FactKey) -> bool {
    matches!(
        key,
        FactKey::ResolveServerAnswer
            | FactKey::ResolveServersAgree
            | FactKey::ResolveServerAddresses
    )
}

/// Waits for all of them at once, on this task: nothing is spawned, so a stopped run stops them.
async fn futures_of<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures.into_iter().map(|f| (Box::pin(f), None)).collect();
    std::future::poll_fn(|cx| {
        let mut pending = false;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(v) => *output = Some(v),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, v)| v).collect()
}

#[cfg(test)]
mod tests {
    use rdpwhy_model::recording::{Connect, End, EndHow, Phase};

    use super::*;

    fn made(check: &str, how: EndHow, connected: bool) -> Connection {
        let local = connected.then(|| ([127, 0, 0, 1], 50_000).into());
        let outcome = if connected {
            ConnectOutcome::Connected
        } else {
            ConnectOutcome::Timeout
        };
        Connection {
            id: 1,
            check: check.to_owned(),
            to: ([127, 0, 0, 1], 3389).into(),
            local,
            started_us: 0,
            connect: Connect {
                outcome,
                took_us: 0,
                icmp: None,
                error: None,
            },
            events: Vec::new(),
            end: End {
                how,
                phase: Phase::Before,
                at_us: 0,
            },
        }
    }

    #[test]
    fn a_healthy_host_with_many_addresses_is_spared() {
        let three: Vec<Connection> = [WALK, REACH, REACH]
            .map(|c| made(c, EndHow::ByUs, true))
            .into();
        assert_eq!(budget(&three, true, 57), 1);
        assert_eq!(budget(&three, false, 57), 57);
        let series: Vec<Connection> = [WALK, AGAIN, AGAIN, AGAIN]
            .map(|c| made(c, EndHow::ByUs, true))
            .into();
        assert_eq!(budget(&series, true, 60), 3);
    }

    #[test]
    fn a_run_that_is_stopped_while_it_connects_blames_nobody() {
        let recording = Recording {
            schema: SCHEMA.to_owned(),
            input: "127.0.0.1".into(),
            host: "127.0.0.1".into(),
            port: 3389,
            client: clients::DEFAULT.into(),
            client_json: None,
            started: Timestamp::UNIX_EPOCH,
            lookups: vec![Lookup {
                server: "system".into(),
                check: names::RESOLVE.into(),
                took_us: 0,
                answer: rdpwhy_model::recording::LookupAnswer::Literal([127, 0, 0, 1].into()),
            }],
            routes: Vec::new(),
            nla: false,
            asks: None,
            every_client: false,
            matrix_rounds: None,
            connections: vec![made(WALK, EndHow::Interrupted, false)],
            revocation: None,
            remembered: None,
            signin: None,
        };
        let report = conclude(&recording, 1.0, true, Vec::new());
        assert_eq!(
            report.verdict.outcome,
            rdpwhy_model::report::Outcome::Undetermined
        );
        assert!(report.causes.is_empty(), "{:?}", report.causes);
    }
}

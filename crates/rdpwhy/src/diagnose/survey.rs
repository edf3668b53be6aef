//! `--tls`: asks for the whole matrix of a server's TLS, so many questions at once.

use std::cell::Cell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use rdpwhy_model::FactKey;
use rdpwhy_model::recording::{Connection, Phase};
use rdpwhy_probe::{Limits, Patience, context, understand};
use rdpwhy_wire::hello::Hello;
use rdpwhy_wire::matrix::{self, Asked, plan};
use rdpwhy_wire::script::{Act, Framing, Script};
use rdpwhy_wire::walk;
use tokio::time::Instant;

use super::{EXPERIMENT, Progress, Session};

/// Connections that a run with the matrix may make, all in all.
const CONNECTIONS: u32 = 400;
/// The time that the matrix adds to a run.
const TIME: Duration = Duration::from_mins(1);
/// So many connections that do not come to a ClientHello end it: the host wants no more.
const TIRED: usize = 2;
/// So many answers that are no TLS say that it is not spoken directly on the port.
const DIRECT: usize = 3;
/// close_notify, as a warning in the clear (RFC 5246 7.2.1): some servers hang on connections that
/// end without a word.
const GOODBYE: [u8; 7] = [21, 3, 3, 0, 2, 1, 0];

/// Makes room for the matrix in what a run may cost.
pub(super) fn extend(limits: &mut Limits) {
    limits.connections = limits.connections.max(CONNECTIONS);
    limits.run += TIME;
}

/// How far apart connections begin: some servers keep three in their queue and drop a fourth.
const APART: Duration = Duration::from_millis(5);
/// A connect that takes so much longer than the quickest one has lost a packet.
const LOST: Duration = Duration::from_millis(700);
/// The least number of connections at once.
const LEAST: usize = 2;

impl Session {
    /// Asks for the matrix until nothing more can be learned, or the host has had enough.
    pub(super) async fn survey(&self, progress: Progress<'_>) {
        let recording = self.recording();
        let facts = understand(&recording);
        if facts.text(FactKey::TcpOutcome) != Some("connected") {
            self.not_done(matrix::CHECK, "there is no connection to ask over");
            return;
        }
        let addresses = facts.list(FactKey::ResolveAddresses);
        let addresses: Vec<_> = addresses.iter().filter_map(|a| a.parse().ok()).collect();
        let Some(context) = context(&recording, &addresses, &facts, self.random) else {
            return;
        };
        let direct = !context.chose_tls();
        let server_name = context.offer().server_name;
        if let Err(why) = self
            .ask(context.target(), direct, server_name, progress)
            .await
        {
            self.not_done(matrix::CHECK, &why);
        }
    }

    /// Asks all questions. The error says why it ended before its time. What is under way then
    /// comes to its end all the same: a host is not left with connections that were dropped.
    async fn ask(
        &self,
        to: SocketAddr,
        direct: bool,
        server_name: Option<String>,
        progress: Progress<'_>,
    ) -> Result<(), String> {
        let stage = self.run.limits().stage.min(EXPERIMENT);
        let patience = Patience {
            connect: stage,
            answer: stage,
        };
        let mut asked: Vec<Asked> = Vec::new();
        let enough = Cell::new(false);
        let mut under_way = Vec::new();
        let mut pace = Pace::new(self.run.limits().at_once);
        let mut made = 0;
        let mut round = 1;
        let mut asked_again = false;
        let ended = 'asking: loop {
            let pending: Vec<Hello> = under_way
                .iter()
                .map(|((h, _), _)| Hello::clone(h))
                .collect();
            let room = pace.at_once.saturating_sub(pending.len());
            let mut hellos = plan::next(&asked, &pending, server_name.as_deref(), room);
            if hellos.is_empty() && pending.is_empty() && !asked_again {
                asked_again = true;
                hellos.extend(matrix::doubted(&asked).cloned());
            }
            for hello in hellos {
                if self.run.connections_left() <= u32::try_from(pending.len()).unwrap_or(0) {
                    let why = format!("it takes more than {CONNECTIONS} connections");
                    break 'asking Err(why);
                }
                let script = script(&hello, direct, self.random(made));
                made += 1;
                let begin = pace.next();
                let enough = &enough;
                let talk = async move {
                    tokio::time::sleep_until(begin).await;
                    if enough.get() {
                        return None;
                    }
                    self.run.converse(to, script, patience).await
                };
                under_way.push(((hello, round), Box::pin(talk)));
                self.with(|s| {
                    s.recording.matrix_rounds = s.recording.matrix_rounds.max(Some(round));
                });
            }
            if under_way.is_empty() {
                break whole(&asked);
            }
            let ((_, asked_in), connection) = first_of(&mut under_way).await;
            let Some(connection) = connection else {
                break Err("the run has no connections left".to_owned());
            };
            round = asked_in + 1;
            pace.learn(&connection);
            match Asked::of(&connection) {
                Some(answered) => asked.push(answered),
                None => pace.unanswered += 1,
            }
            if pace.unanswered >= TIRED {
                let why =
                    "the host began to refuse connections during this run, so it was left alone";
                break Err(why.to_owned());
            }
            if direct && asked.len() >= DIRECT && asked.iter().all(Asked::is_no_tls) {
                break Err("the host does not speak TLS on this port".to_owned());
            }
            progress(&format!(
                "asking for the whole of TLS, answers so far: {}",
                asked.len()
            ));
        };
        enough.set(true);
        while !under_way.is_empty() {
            first_of(&mut under_way).await;
        }
        ended
    }

    /// The random bytes of one hello: no two are alike.
    fn random(&self, n: usize) -> [u8; 32] {
        let mut random = self.random;
        for (byte, number) in random.iter_mut().zip(n.to_le_bytes()) {
            *byte ^= number;
        }
        random
    }
}

/// Whether all that could be asked was answered, or what is wrong with the answers.
fn whole(asked: &[Asked]) -> Result<(), String> {
    if matrix::turned(asked).is_some() {
        return Err(
            "the host ended a hello that it had answered before, so it is not known what else it \
             would accept"
                .to_owned(),
        );
    }
    match asked.iter().filter(|a| !a.is_answered()).count() {
        0 => Ok(()),
        n => Err(format!("{n} of {} hellos were not answered", asked.len())),
    }
}

/// How quickly connections may follow each other.
struct Pace {
    at_once: usize,
    last: Instant,
    quickest_us: u64,
    unanswered: usize,
}

impl Pace {
    fn new(at_once: usize) -> Self {
        Self {
            at_once,
            last: Instant::now(),
            quickest_us: u64::MAX,
            unanswered: 0,
        }
    }

    /// When the next one may begin.
    fn next(&mut self) -> Instant {
        self.last = (self.last + APART).max(Instant::now());
        self.last
    }

    /// A server that drops a SYN has a short queue: fewer at once are quicker.
    fn learn(&mut self, connection: &Connection) {
        let took = connection.connect.took_us;
        self.quickest_us = self.quickest_us.min(took);
        let more = Duration::from_micros(took.saturating_sub(self.quickest_us));
        if more > LOST {
            self.at_once = (self.at_once - 1).max(LEAST);
        }
    }
}

/// Waits for the first of them to end, and takes it out.
async fn first_of<T, F: Future + Unpin>(under_way: &mut Vec<(T, F)>) -> (T, F::Output) {
    std::future::poll_fn(|cx| {
        for n in 0..under_way.len() {
            if let Some((_, talk)) = under_way.get_mut(n)
                && let Poll::Ready(output) = Pin::new(talk).poll(cx)
            {
                let (what, _) = under_way.swap_remove(n);
                return Poll::Ready((what, output));
            }
        }
        Poll::Pending
    })
    .await
}

fn script(hello: &Hello, direct: bool, random: [u8; 32]) -> Script {
    let acts = vec![
        Act::Send(Phase::Tls, hello.record(random)),
        Act::Receive(Phase::Tls, Framing::TlsFlight),
        Act::Send(Phase::Tls, GOODBYE.to_vec()),
    ];
    if direct {
        Script::new(matrix::CHECK, acts)
    } else {
        walk::after_negotiation(matrix::CHECK, walk::BASELINE, acts)
    }
}

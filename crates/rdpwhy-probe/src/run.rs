//! One run: its limits, its clock, and the recording that grows.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdpwhy_model::recording::{Connection, Recording};
use rdpwhy_model::revocation::Revocation;
use rdpwhy_model::signin::SignIn;
use rdpwhy_wire::script::Script;
use tokio::sync::Semaphore;

use crate::TrustStore;
use crate::converse::converse;
use crate::revocation;
use crate::signin::{Credentials, SignInPlan, sign_in};
use crate::socket::micros;
use crate::tape::Tape;

/// What a run may cost a target, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections in the whole run.
    pub connections: u32,
    /// Connections at once.
    pub at_once: usize,
    /// One stage's deadline.
    pub stage: Duration,
    /// The whole run's deadline.
    pub run: Duration,
}

/// How long to wait on one connection.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the answer to a SYN.
    pub connect: Duration,
    /// For each whole answer after that.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 60,
            at_once: 8,
            stage: Duration::from_secs(5),
            run: Duration::from_secs(30),
        }
    }
}

/// One run against one target.
pub struct Run {
    limits: Limits,
    begun: Instant,
    trust: TrustStore,
    slots: Semaphore,
    made: AtomicU32,
    tapes: Mutex<BTreeMap<u32, Tape>>,
}

impl Run {
    /// Starts the clock.
    pub fn new(limits: Limits, trust: TrustStore) -> Self {
        Self {
            limits,
            begun: Instant::now(),
            trust,
            slots: Semaphore::new(limits.at_once),
            made: AtomicU32::new(0),
            tapes: Mutex::new(BTreeMap::new()),
        }
    }

    /// The limits of the run.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// Microseconds since the start.
    pub fn now_us(&self) -> u64 {
        micros(self.begun.elapsed())
    }

    /// Time that is left of the run.
    pub fn left(&self) -> Duration {
        self.limits.run.saturating_sub(self.begun.elapsed())
    }

    /// Connections that may still be made.
    pub fn connections_left(&self) -> u32 {
        self.limits
            .connections
            .saturating_sub(self.made.load(Ordering::Relaxed))
    }

    /// Carries out a script on a connection to that address. `None` when the run has no
    /// connections left.
    pub async fn converse(
        &self,
        to: SocketAddr,
        script: Script,
        patience: Patience,
    ) -> Option<Connection> {
        let _slot = self.slots.acquire().await.ok()?;
        let id = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        if id > self.limits.connections {
            return None;
        }
        // The run's own deadline beats every stage's
        let patience = Patience {
            connect: patience.connect.min(self.left()),
            answer: patience.answer.min(self.left()),
        };
        Some(converse(self, id, to, script, patience).await)
    }

    /// Signs in once, on a connection of its own, and takes the credentials when it comes to it; a
    /// connection that ends before leaves them. `tell` is told by which mechanism and to whom, before
    /// a proof of the password leaves. `None` when the run has no connections left, or the credentials
    /// are spent.
    pub async fn sign_in(
        &self,
        credentials: &mut Option<Credentials>,
        plan: &SignInPlan<'_>,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Option<SignIn> {
        let _slot = self.slots.acquire().await.ok()?;
        let id = self.made.fetch_add(1, Ordering::Relaxed) + 1;
        if id > self.limits.connections {
            return None;
        }
        Box::pin(sign_in(self, id, credentials, plan, tell)).await
    }

    /// Asks what the authorities publish about the certificates that the recording shows, each
    /// address within one stage's deadline. These fetches go to other hosts than the target, and
    /// count as no connections of the run. `server` is the name server to ask instead of the
    /// system's. `None` when no certificate was seen.
    pub async fn revocation(
        &self,
        recording: &Recording,
        server: Option<SocketAddr>,
    ) -> Option<Vec<Revocation>> {
        let deadline = self.limits.stage.min(self.left());
        revocation::look_up(recording, &self.trust, server, deadline).await
    }

    /// Every connection so far, by number. One that is under way shows what has happened on it.
    pub fn connections(&self) -> Vec<Connection> {
        let tapes = self.tapes.lock().unwrap_or_else(PoisonError::into_inner);
        tapes.values().map(Tape::snapshot).collect()
    }

    pub(crate) fn tape(&self, connection: Connection) -> Tape {
        let id = connection.id;
        let tape = Tape::new(connection, self.begun);
        self.tapes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, tape.clone());
        tape
    }

    pub(crate) const fn trust(&self) -> &TrustStore {
        &self.trust
    }
}

//! The report: schema `rdpwhy.report/1`, as the contract has it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::matrix::{ClientOutcome, TlsMatrix};
use crate::recording::{Asks, Connect, End, Lookup, Route};
use crate::{FactKey, FactSet, Stage};

/// The name of the report's format.
pub const SCHEMA: &str = "rdpwhy.report/1";

/// One verdict with everything that it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// `rdpwhy.report/1`.
    pub schema: String,
    /// What was diagnosed; absent where there is no single target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// The client for which the verdict speaks.
    pub client: Client,
    /// When the run started, UTC.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// How long the run took.
    pub elapsed_ms: f64,
    /// The answer.
    pub verdict: Verdict,
    /// Why it does not connect, best first.
    pub causes: Vec<Cause>,
    /// What does not stop a connection and is worth knowing.
    pub findings: Vec<Finding>,
    /// What it is not.
    pub ruled_out: Vec<RuledOut>,
    /// What could not be seen, with how to see it.
    pub unseen: Vec<Unseen>,
    /// The ladder.
    pub stages: Vec<StageReport>,
    /// Everything observed.
    pub evidence: Evidence,
}

/// What was diagnosed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Target {
    /// As the user typed it.
    pub input: String,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// The addresses that the name has.
    pub addresses: Vec<String>,
}

/// The client for which the verdict speaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Client {
    /// Name of the profile.
    pub profile: String,
    /// Operating system that the profile stands for.
    pub os: String,
    /// Version of rdpwhy that looked.
    pub version: String,
    /// Whether it was asked what every client would get.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every: bool,
    /// Which security it asks for in the negotiation, where that was chosen (`--as-…`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<Asks>,
}

/// Whether a client would connect.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It would.
    Connectable,
    /// It would not.
    Blocked,
    /// It would, but some tries, addresses or times fail, or only after a detour.
    Degraded,
    /// Not enough could be seen.
    Undetermined,
}

/// How sure a cause is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// Fits, among others.
    Possible,
    /// Fits, and nothing else fits as well.
    Likely,
    /// The server, a log or an experiment says it.
    Proved,
}

impl Certainty {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Proved => "proved",
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// Whether a client would connect.
    pub outcome: Outcome,
    /// The first stage that fails.
    pub stage: Option<Stage>,
    /// The leading cause in the catalogue.
    pub cause: Option<String>,
    /// How sure that is.
    pub certainty: Option<Certainty>,
    /// The answer in one or two sentences.
    pub summary: String,
}

/// A cause and what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cause {
    /// Id in the catalogue.
    pub id: String,
    /// What is wrong, in one line.
    pub title: String,
    /// The stage that it stops.
    pub stage: Stage,
    /// How sure it is.
    pub certainty: Certainty,
    /// What was seen that speaks for it.
    pub evidence: Vec<EvidenceItem>,
    /// What a user sees in mstsc.
    pub codes: Vec<String>,
    /// What to do.
    pub fixes: Vec<Fix>,
    /// How to see that it is mended.
    pub verify: String,
    /// The group of causes that look alike from outside, where it belongs to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Group>,
    /// What would tell it from the others that fit, and on which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tell_apart: Option<String>,
}

/// Causes that look alike from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// Name of the group.
    pub id: String,
    /// What its members have in common.
    pub title: String,
    /// The same in a sentence or two.
    pub summary: String,
    /// How to see which of them it is, and where.
    pub see: String,
    /// What it is not.
    pub not: String,
}

/// Something seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceItem {
    /// What is known.
    pub what: String,
    /// Its value, escaped.
    pub value: String,
    /// Where it was seen.
    pub source: String,
    /// Whether the ladder shows it already.
    pub on_the_ladder: bool,
}

/// What to do about a cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fix {
    /// Id of the fix.
    pub id: String,
    /// Who can do it, and where.
    pub who: String,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// A command that does it or begins it.
    pub command: Option<String>,
}

/// How much a finding matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Stops or hampers a client in use, or will within 30 days.
    Warning,
    /// Does so for most.
    Critical,
}

impl Severity {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Something that does not stop this client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Id, that of the cause where it concerns one.
    pub id: String,
    /// What is so, in one line.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// What was seen.
    pub evidence: Vec<EvidenceItem>,
    /// What to do.
    pub fixes: Vec<Fix>,
    /// What it means to which client: whether it stops a connection depends on the client's
    /// settings. Empty where it means the same to all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientEffect>,
}

/// What a finding means to a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientEffect {
    /// Which client, with its settings where they matter.
    pub client: String,
    /// What it does: warns, refuses, connects.
    pub effect: String,
}

/// A cause that something seen contradicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuledOut {
    /// Id in the catalogue.
    pub id: String,
    /// What contradicts it.
    pub because: String,
}

/// What is unseen when causes that look alike are named together.
pub const WHICH: &str = "which of the causes it is";

/// Something that could not be seen from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// What.
    pub what: String,
    /// How to see it.
    pub how: String,
}

/// What became of a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// It works.
    Passed,
    /// It stops here.
    Failed,
    /// It works, with something to say about it.
    Warned,
    /// Not reached, or not looked at.
    Skipped,
    /// Looked at, and could not be told.
    Unknown,
}

/// One rung of the ladder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageReport {
    /// Which.
    pub stage: Stage,
    /// What became of it.
    pub state: StageState,
    /// How long it took.
    pub took_ms: Option<f64>,
    /// What was seen, in one line, escaped.
    pub detail: String,
}

/// Everything observed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The facts, each with where it was seen.
    pub facts: FactSet,
    /// Questions to name servers and their answers.
    pub lookups: Vec<Lookup>,
    /// How this machine reaches the addresses.
    pub routes: Vec<Route>,
    /// Every connection that was made, so that our own traces can be told in a host's logs.
    pub connections: Vec<ConnectionSummary>,
    /// What the server accepts in TLS, where the whole of it was asked for (`--tls`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_matrix: Option<TlsMatrix>,
    /// What every client that is known would get, as a simulation with that matrix says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientOutcome>,
    /// Checks that were not made, or not to the end, with the reason.
    pub not_done: Vec<NotDone>,
}

/// One connection without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionSummary {
    /// Number within the run.
    pub id: u32,
    /// The check that made it.
    pub check: String,
    /// Where it went.
    pub to: String,
    /// Our end of it.
    pub local: Option<String>,
    /// When it started, UTC.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// How connecting ended.
    pub connect: Connect,
    /// How it ended; microseconds since the start of the run.
    pub end: End,
}

/// A check that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NotDone {
    /// Which.
    pub check: String,
    /// Why not.
    pub why: String,
    /// The facts that it would have given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<FactKey>,
}

//! `rdpwhy demo`: inject a fault, diagnose it, and check the verdict against what was injected.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use rdpwhy_lab::{DEMO_DEFAULT, Fault, Kind, Options, faults, start};
use rdpwhy_model::report::{Report, Severity};
use rdpwhy_probe::{Account, Credentials, Limits, NoCoreDumps, Password, TrustStore};
use rdpwhy_wire::clients;

use super::Output;
use crate::diagnose::{Diagnosis, Login, Request, SignIn, Voice};
use crate::target::Target;

/// Diagnose a fault of the built-in lab on loopback, and check the verdict.
#[derive(Args)]
pub(super) struct Demo {
    /// The fault; without one, the host behind mstsc's 0x904/0x7
    fault: Option<String>,
    /// Name the faults
    #[arg(long)]
    list: bool,
    /// Every fault, one line each
    #[arg(long, conflicts_with_all = ["fault", "list", "tls", "record"])]
    all: bool,
    /// Ask for everything that the server accepts in TLS as well
    #[arg(long)]
    tls: bool,
    /// Keep everything that was sent and received in this file, for `rdpwhy replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

impl Demo {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        if self.list {
            output.write(&list())?;
            return Ok(0);
        }
        if self.all {
            return all(output);
        }
        let fault = super::lab::find(self.fault.as_deref().unwrap_or(DEMO_DEFAULT))?;
        let Diagnosis { report, recording } = diagnose(fault, self.tls, output)?;
        if let Some(file) = &self.record {
            std::fs::write(file, serde_json::to_string_pretty(&recording)? + "\n")
                .with_context(|| format!("{}: cannot be written", file.display()))?;
        }
        let miss = judge(fault, &report);
        if output.is_json() {
            super::show(&report, output)?;
        } else {
            let style = output.style();
            let told = format!("The lab injects {}: {}", fault.id, fault.title);
            let mut text = String::from("\n");
            for line in crate::render::wrap(&told, crate::render::WIDTH - 2) {
                text.push_str(&format!("  {line}\n"));
            }
            text.push_str(&crate::render::text::report(&report, style));
            text.push_str(&match &miss {
                None => "  The verdict names what was injected.\n".to_owned(),
                Some(miss) => format!("  The verdict does not name what was injected: {miss}\n"),
            });
            output.write(&text)?;
        }
        Ok(u8::from(miss.is_some()))
    }
}

/// Starts the fault, diagnoses it, ends it.
fn diagnose(fault: &'static Fault, tls: bool, output: &Output) -> Result<Diagnosis> {
    if let Some(why) = fault.unavailable() {
        anyhow::bail!("{} cannot be shown on this machine: {why}", fault.id);
    }
    // The servers need a thread of their own: the diagnosis blocks this one
    let (to_stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let (send, started) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        super::block_on(async move {
            let running = start(fault, Options::default()).await;
            let running = match running {
                Ok(r) => r,
                Err(e) => {
                    let _ = send.send(Err(e));
                    return;
                }
            };
            let told = (
                running.target.clone(),
                running.resolver,
                running.authority.clone(),
            );
            let _ = send.send(Ok(told));
            let _ = stopped.await;
            running.stop().await;
        })
    });
    let (target, resolver, authority) = started.recv().context("the lab did not start")??;
    let trust = authority
        .map(|pem| trust_file(fault.id, pem.as_ref()))
        .transpose()?;
    let request = Request {
        target: Target::parse(&target, None)?,
        client: clients::DEFAULT.to_owned(),
        client_json: None,
        resolver,
        limits: Limits::default(),
        repeat: 1,
        revocation: fault.revocation,
        memory: None,
        trust: TrustStore::new(trust.as_ref().map(|t| &t.0).as_slice())?,
        tls: fault.tls || tls,
        sign_in: SignIn {
            everything: fault.nla,
            asks: None,
        },
        every_client: false,
        login: fault.password.map(login).transpose()?,
    };
    let diagnosis = super::probe::watch(request, output);
    drop(trust);
    let _ = to_stop.send(());
    let _ = server.join();
    diagnosis
}

/// An account for a server of the lab, which looks at no password.
fn login(password: &str) -> Result<Login> {
    let password = Password::new(password.to_owned().into());
    Ok(Login {
        no_core_dumps: NoCoreDumps::begin(),
        credentials: Credentials::new(Account::parse("alice")?, password),
        any_host: true,
        pin: None,
        kdc: None,
        voice: Voice::silent(),
    })
}

/// A file that is gone with its owner.
struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn trust_file(id: &str, pem: &[u8]) -> Result<TemporaryFile> {
    let name = format!("rdpwhy-demo-{}-{id}.pem", std::process::id());
    let file = TemporaryFile(std::env::temp_dir().join(name));
    std::fs::write(&file.0, pem)
        .with_context(|| format!("{}: cannot be written", file.0.display()))?;
    Ok(file)
}

/// What the verdict misses of what was injected.
fn judge(fault: &Fault, report: &Report) -> Option<String> {
    let expect = &fault.expect;
    let outcome = serde_json::to_value(report.verdict.outcome).ok()?;
    if outcome.as_str() != Some(expect.outcome.name()) {
        return Some(format!(
            "{} was expected, not {}",
            expect.outcome,
            outcome.as_str()?
        ));
    }
    if expect.stage.is_some()
        && report.verdict.stage.is_some()
        && expect.stage != report.verdict.stage
    {
        let stage = report
            .verdict
            .stage
            .map_or("nowhere", rdpwhy_model::Stage::name);
        return Some(format!("it was said to stop at {stage}"));
    }
    let accused = report
        .findings
        .iter()
        .filter(|f| f.severity > Severity::Info);
    if expect.causes.is_empty() {
        // Where nothing need be named, only a healthy host is held to saying nothing
        let said: Vec<&str> = accused.map(|f| f.id.as_str()).collect();
        return (fault.kind == Kind::Healthy && !said.is_empty())
            .then(|| format!("a healthy host is accused of {}", said.join(", ")));
    }
    let leads = report
        .verdict
        .cause
        .as_deref()
        .is_some_and(|c| expect.causes.contains(&c));
    let found = report
        .findings
        .iter()
        .any(|f| expect.causes.contains(&f.id.as_str()));
    (!leads && !found).then(|| {
        let said = report.verdict.cause.as_deref().unwrap_or("nothing");
        format!("{} was expected, {said} leads", expect.causes.join(" or "))
    })
}

fn list() -> String {
    let widest = faults().iter().map(|f| f.id.len()).max().unwrap_or(0);
    let lines: Vec<String> = faults()
        .iter()
        .map(|f| {
            format!(
                "{:widest$}  {}
",
                f.id, f.title
            )
        })
        .collect();
    lines.concat()
}

fn all(output: &Output) -> Result<u8> {
    let widest = faults().iter().map(|f| f.id.len()).max().unwrap_or(0);
    let mut missed = 0u32;
    let mut text = String::new();
    for fault in faults() {
        let line = if let Some(why) = fault.unavailable() {
            format!("not here: {why}")
        } else {
            let report = diagnose(fault, false, output)?.report;
            let miss = judge(fault, &report);
            missed += u32::from(miss.is_some());
            let said = report.verdict.cause.clone().unwrap_or_else(|| {
                let ids: Vec<&str> = report.findings.iter().map(|f| f.id.as_str()).collect();
                ids.join(" ")
            });
            let made = report.evidence.connections.len();
            let verdict = miss.map_or_else(|| "named".to_owned(), |m| format!("MISSED: {m}"));
            format!(
                "{:>6.0} ms {made:>3} connections  {said:28} {verdict}",
                report.elapsed_ms
            )
        };
        text.push_str(&format!("{:widest$}  {line}\n", fault.id));
    }
    output.write(&text)?;
    Ok(u8::from(missed > 0))
}

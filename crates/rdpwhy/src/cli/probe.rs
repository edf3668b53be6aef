//! `rdpwhy probe`: diagnose a live host.

use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use rdpwhy_model::recording::Recording;
use rdpwhy_probe::this::this_client;
use rdpwhy_probe::{Limits, TrustStore};
use rdpwhy_wire::clients::{self, Client};

use super::Output;
use super::account::{SignIn, voice};
use super::simulate::{ALL, THIS};
use crate::diagnose::{Diagnosis, Request, diagnose};
use crate::memory::{Store, sighting};
use crate::target::Target;

/// Diagnose a live host from here, without credentials unless asked.
#[derive(Args)]
pub(super) struct Probe {
    /// Name, address, HOST:PORT, [IPv6]:PORT, or a .rdp file
    #[arg(required_unless_present = "server_profile")]
    host: Option<String>,
    /// Port, when it is not in HOST
    #[arg(short, long)]
    port: Option<u16>,
    /// Through whose eyes to look: a name, `this` machine's, or `all`; `--client help` lists them
    #[arg(long, default_value = clients::DEFAULT, value_name = "NAME")]
    client: String,
    /// Ask no host, but say whether the client could reach a server like this, or `all`
    #[arg(long, value_name = "NAME", conflicts_with_all = [
        "host", "port", "resolver", "trust", "timeout", "repeat", "tls", "revocation", "no_memory",
        "record", "nla", "as_nla", "as_tls", "as_plain", "user",
    ])]
    server_profile: Option<String>,
    /// Ask this name server instead of the system's
    #[arg(long, value_name = "ADDRESS[:PORT]")]
    resolver: Option<String>,
    /// Trust the certificates in this file (PEM or DER) as well
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// One stage's deadline, such as 5s or 800ms
    #[arg(long, default_value = "5s", value_name = "DURATION", value_parser = duration)]
    timeout: Duration,
    /// Walk so often, one after the other, for one verdict over the series
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    repeat: u32,
    /// Ask for everything that the server accepts in TLS: versions, suites, groups, their order
    #[arg(long)]
    tls: bool,
    #[command(flatten)]
    asking: super::sign_in::Options,
    /// Ask over http whether the certificate is revoked, at the addresses that it names (CRL, OCSP)
    #[arg(long)]
    revocation: bool,
    /// Neither read nor write the memory of certificates that earlier runs saw
    #[arg(long)]
    no_memory: bool,
    /// Keep everything that was sent and received in this file, for `rdpwhy replay`
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    #[command(flatten)]
    sign_in: SignIn,
}

impl Probe {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        if self.client == "help" {
            output.write(&(clients::names().join("\n") + "\n"))?;
            return Ok(0);
        }
        if let Some(server) = &self.server_profile {
            return super::simulate::simulate([&self.client, server], [""; 2], output);
        }
        let login = self.sign_in.login()?;
        // The verdict speaks for one client; the table beside it for all of them
        let every_client = self.client == ALL;
        let name = if every_client {
            clients::DEFAULT
        } else {
            &self.client
        };
        let (client, client_json) = client(name, output)?;
        let limits = Limits {
            stage: self.timeout,
            ..Limits::default()
        };
        let memory = Store::of_user().filter(|_| !self.no_memory);
        let mut request = Request {
            target: Target::parse(&self.host.unwrap_or_default(), self.port)?,
            client,
            client_json,
            resolver: self.resolver.as_deref().map(resolver).transpose()?,
            limits,
            repeat: self.repeat,
            tls: self.tls,
            every_client,
            sign_in: self.asking.wanted(),
            revocation: self.revocation,
            memory: memory.clone(),
            trust: trust(&self.trust)?,
            login,
        };
        let line = progress_line(output)?;
        if let Some(login) = &mut request.login {
            login.voice = voice(&line);
        }
        let Diagnosis { report, recording } = watch_on(request, &line)?;
        if let Some(file) = &self.record {
            let text = serde_json::to_string_pretty(&recording)? + "\n";
            std::fs::write(file, text)
                .with_context(|| format!("{}: cannot be written", file.display()))?;
        }
        super::show(&report, output)?;
        if let Some(store) = &memory {
            keep(store, &recording);
        }
        Ok(super::status(report.verdict.outcome))
    }
}

/// Remembers what the run saw. That it could not is said, and changes nothing else.
fn keep(store: &Store, recording: &Recording) {
    // A memory that could not be read is left alone
    let Some(seen) = sighting(recording).filter(|_| recording.remembered.is_some()) else {
        return;
    };
    if let Err(e) = store.remember(&seen) {
        let line = rdpwhy_model::text::shown(&format!("{e:#}"), 400);
        let _ = writeln!(
            anstream::stderr(),
            "rdpwhy: the certificate is not remembered: {line}; --no-memory does without"
        );
    }
}

/// The store with these files, and with that of `SSL_CERT_FILE`: a file that is named there and
/// cannot be used would make every certificate look untrusted, so it is said.
fn trust(files: &[PathBuf]) -> Result<TrustStore> {
    const VARIABLE: &str = "SSL_CERT_FILE";
    let mut all = files.to_vec();
    if let Some(named) = std::env::var_os(VARIABLE).filter(|v| !v.is_empty()) {
        let named = PathBuf::from(named);
        TrustStore::new(&[&named]).with_context(|| format!("{VARIABLE} cannot be used"))?;
        all.push(named);
    }
    Ok(TrustStore::new(&all)?)
}

/// Diagnoses, and says on a terminal what is being waited for.
pub(super) fn watch(request: Request, output: &Output) -> Result<Diagnosis> {
    watch_on(request, &progress_line(output)?)
}

fn progress_line(output: &Output) -> Result<ProgressBar> {
    if std::io::stderr().is_terminal() && !output.quiet {
        let line = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {msg} ({elapsed})")?;
        line.set_style(style);
        line.enable_steady_tick(Duration::from_millis(120));
        Ok(line)
    } else {
        Ok(ProgressBar::hidden())
    }
}

fn watch_on(request: Request, line: &ProgressBar) -> Result<Diagnosis> {
    let told = line.clone();
    let diagnosis = super::block_on(diagnose(request, &move |what| {
        told.set_message(what.to_owned());
    }));
    line.finish_and_clear();
    diagnosis
}

/// The profile of a client by its name, and what is different about it.
fn client(name: &str, output: &Output) -> Result<(String, Option<serde_json::Value>)> {
    if name == THIS {
        let this = this_client()?;
        let client = Client::of(this.profile, &this.changes)?;
        if client.versions.is_empty() || client.suites.is_empty() {
            bail!(
                "{}: that leaves this machine nothing to offer in TLS, so it reaches no host",
                this.found
            );
        }
        if !output.quiet {
            let _ = writeln!(anstream::stderr(), "rdpwhy: {}", this.found);
        }
        let changes = (!this.changes.is_empty()).then(|| this.changes.to_value());
        return Ok((this.profile.id.clone(), changes));
    }
    if clients::find(name).is_none() {
        let name = rdpwhy_model::text::shown(name, 40);
        bail!("no client is called \"{name}\"; --client help lists them");
    }
    Ok((name.to_owned(), None))
}

fn resolver(text: &str) -> Result<SocketAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(ip, 53));
    }
    let shown = rdpwhy_model::text::shown(text, 60);
    text.parse()
        .with_context(|| format!("--resolver \"{shown}\": type ADDRESS or ADDRESS:PORT"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits).unwrap_or_default();
    let number: f64 = digits
        .parse()
        .map_err(|_| "type a number and ms, s or m".to_owned())?;
    let seconds = match unit {
        "ms" => number / 1000.0,
        "" | "s" => number,
        "m" => number * 60.0,
        _ => return Err("the unit must be ms, s or m".to_owned()),
    };
    if !(0.05..=600.0).contains(&seconds) {
        return Err("from 50ms to 10m".to_owned());
    }
    Duration::try_from_secs_f64(seconds).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("800ms"), Ok(Duration::from_millis(800)));
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        for bad in ["", "s", "5h", "-1s", "0", "NaN", "1e9", "inf"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn resolvers() {
        assert!(resolver("127.0.0.1").is_ok_and(|a| a.port() == 53));
        assert!(resolver("[::1]:5353").is_ok_and(|a| a.port() == 5353));
        assert!(resolver("dns.example").is_err());
    }
}

//! `rdpwhy simulate`: would a client and a server agree on TLS, worked out without a network.

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use rdpwhy_probe::this::this_client;
use rdpwhy_wire::profiles::{self, Role};
use rdpwhy_wire::simulate::{CUSTOM, Endpoint, Overrides, SimulateError, Simulation, gap, run};
use serde::Serialize;
use serde_json::Value;

use super::Output;
use crate::render::simulate::{self as render, Pair, Row, Side};

/// The word for the client of this machine.
pub(super) const THIS: &str = "this";
/// The word for every profile.
pub(super) const ALL: &str = "all";

/// Say whether a client and a server would agree on TLS, without a network.
#[derive(Args)]
#[command(after_help = AFTER)]
pub(super) struct Simulate {
    /// Who connects: a profile, this, all, or custom
    #[arg(required_unless_present = "list")]
    client: Option<String>,
    /// Who listens: a profile, all, or custom
    #[arg(required_unless_present = "list")]
    server: Option<String>,
    /// What is different about the client, as a JSON object
    client_json: Option<String>,
    /// What is different about the server, as a JSON object
    server_json: Option<String>,
    /// Name the profiles, and the sides that each can take
    #[arg(long)]
    list: bool,
}

const AFTER: &str = "\
Keys of the JSON, for example '{\"versions\": [\"TLS1.2\"], \"cert\": {\"bits\": 1024}}':\n\
  versions, suites, suites_remove, groups, signature_algorithms, fips (true or \"3des-only\"),\n\
  strong_crypto, min_rsa_bits_client, min_dh_bits_client, dh_bits_server, server_preference,\n\
  private_key_usable, stack, cert {key, bits, curve, signature, key_usage, self_signed, public_ca,\n\
  key_spec}. A custom side has nothing but what its JSON says.\n\
Exit status: 0 they agree (with all: every one does), 1 they do not, 2 wrong usage.";

impl Simulate {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        if self.list {
            let text = if output.is_json() {
                serde_json::to_string_pretty(&render::list_json())? + "\n"
            } else {
                render::list(output.style())
            };
            output.write(&text)?;
            return Ok(0);
        }
        // clap demands both
        let (client, server) = (
            self.client.unwrap_or_default(),
            self.server.unwrap_or_default(),
        );
        let client_json = self.client_json.unwrap_or_default();
        let server_json = self.server_json.unwrap_or_default();
        simulate([&client, &server], [&client_json, &server_json], output)
    }
}

/// Simulates what the names of a client and a server ask for, with changes to each as JSON text.
pub(super) fn simulate(names: [&str; 2], changes: [&str; 2], output: &Output) -> Result<u8> {
    let [client, server] = names;
    if client == ALL && server == ALL {
        bail!("name a client or a server: all against all is too much to read");
    }
    if client == ALL || server == ALL {
        return table(names, changes, output);
    }
    let (client_side, client) = side(client, Role::Client, changes[0])?;
    let (server_side, server) = side(server, Role::Server, changes[1])?;
    let result = run(&client, &server);
    let text = if output.is_json() {
        serde_json::to_string_pretty(&result)? + "\n"
    } else {
        let pair = Pair {
            gap: gap(&client, &server, &result),
            client: client_side,
            server: server_side,
            result: &result,
        };
        render::pair(&pair, output.style())
    };
    output.write(&text)?;
    Ok(u8::from(!result.is_ok()))
}

/// A line of a table, for programs: the result, and whose it is.
#[derive(Serialize)]
struct Line<'a> {
    client: &'a str,
    server: &'a str,
    #[serde(flatten)]
    result: &'a Simulation,
}

/// One side against every profile that can take the other.
fn table(names: [&str; 2], changes: [&str; 2], output: &Output) -> Result<u8> {
    let (every, at) = if names[0] == ALL {
        (Role::Client, 0)
    } else {
        (Role::Server, 1)
    };
    let other = 1 - at;
    let (fixed, fixed_side) = match every {
        Role::Client => side(names[other], Role::Server, changes[other])?,
        Role::Server => side(names[other], Role::Client, changes[other])?,
    };
    let changes = overrides(changes[at], every)?;
    let mut rows = Vec::new();
    for profile in profiles::all().iter().filter(|p| p.can_be(every)) {
        let one =
            Endpoint::of(profile, every, &changes).map_err(|e| anyhow!("{}: {e}", every.name()))?;
        let result = match every {
            Role::Client => run(&one, &fixed_side),
            Role::Server => run(&fixed_side, &one),
        };
        rows.push(Row {
            id: &profile.id,
            result,
        });
    }
    let text = if output.is_json() {
        let lines = rows.iter().map(|row| {
            let (client, server) = match every {
                Role::Client => (row.id, fixed.id.as_str()),
                Role::Server => (fixed.id.as_str(), row.id),
            };
            Line {
                client,
                server,
                result: &row.result,
            }
        });
        let array: Vec<Line<'_>> = lines.collect();
        serde_json::to_string_pretty(&array)? + "\n"
    } else {
        render::table(&fixed, every, &rows, output.style())
    };
    output.write(&text)?;
    Ok(u8::from(!rows.iter().all(|r| r.result.is_ok())))
}

/// One side by its name, with changes, and what to call it.
fn side(name: &str, role: Role, changes: &str) -> Result<(Side, Endpoint)> {
    let mut changes = overrides(changes, role)?;
    let mut found = None;
    let mut id = name.to_owned();
    if name == THIS {
        if role == Role::Server {
            bail!("this is a client; name the server by a profile");
        }
        let this = this_client()?;
        changes = over(&this.changes, &changes)?;
        id.clone_from(&this.profile.id);
        found = Some(this.found);
    }
    let endpoint = Endpoint::new(&id, role, &changes).map_err(|e| wrong(&e, role))?;
    let profile = profiles::find(&id);
    let side = Side {
        id: profile.map_or_else(|| CUSTOM.to_owned(), |p| p.id.clone()),
        name: profile
            .map_or("described by its JSON alone", |p| &p.name)
            .to_owned(),
        changed: changes.keys(),
        found,
    };
    Ok((side, endpoint))
}

/// What is wrong with a side, and what helps.
fn wrong(error: &SimulateError, role: Role) -> anyhow::Error {
    let side = role.name();
    match error {
        SimulateError::UnknownProfile(_) | SimulateError::NoSuchRole { .. } => {
            anyhow!("{side}: {error}; rdpwhy simulate --list lists them")
        }
        _ => anyhow!("{side}_json: {error}"),
    }
}

fn overrides(text: &str, role: Role) -> Result<Overrides> {
    Overrides::parse(text).map_err(|e| anyhow!("{}_json: {e}", role.name()))
}

/// Changes with further changes over them.
fn over(base: &Overrides, further: &Overrides) -> Result<Overrides> {
    let (mut value, further) = (base.to_value(), further.to_value());
    if let (Some(all), Value::Object(further)) = (value.as_object_mut(), further) {
        all.extend(further);
    }
    Overrides::from_value(&value).context("what this machine has set cannot be used")
}

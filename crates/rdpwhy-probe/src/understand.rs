//! From a recording to facts. Pure: a live run, a stopped one and one that was read from a file
//! are understood by the same code.

use std::net::IpAddr;

use rdpwhy_model::matrix::{ClientOutcome, TlsMatrix};
use rdpwhy_model::recording::{Asks, Connection, EndHow, Recording};
use rdpwhy_model::{FactKey, FactSet, Observation, Value};
use rdpwhy_wire::clients;
use rdpwhy_wire::matrix::CHECK;
use rdpwhy_wire::simulate::Endpoint;

use crate::checks::walk::{REACH, WALK};
use crate::checks::{self, Context};
use crate::remembered;
use crate::signin::SIGN_IN;

/// What the checks need to know of a recording. `None` when its client is not known.
pub fn context<'a>(
    recording: &'a Recording,
    addresses: &'a [IpAddr],
    facts: &'a FactSet,
    random: [u8; 32],
) -> Option<Context<'a>> {
    let walked = first(recording);
    let speaker = checks::walk::speaker(&walked, addresses).map(|c| c.to.ip());
    Some(Context {
        host: &recording.host,
        port: recording.port,
        addresses,
        address: speaker.or(addresses.first().copied())?,
        client: clients::of(recording).ok()?,
        asks: recording.asks.unwrap_or(Asks::Nla),
        onward: recording.nla || recording.asks.is_some(),
        nla: recording.nla,
        started: recording.started.as_second(),
        random,
        facts,
    })
}

/// The connections of the walk: to every address, and down the ladder on one. One that was stopped
/// while it connected says nothing: that the answer had not come yet is no silence.
fn first(recording: &Recording) -> Vec<&Connection> {
    let said = |c: &&Connection| c.end.how != EndHow::Interrupted || c.local.is_some();
    let walks = recording
        .connections
        .iter()
        .filter(|c| c.check == WALK || c.check == REACH);
    walks.filter(said).collect()
}

/// Every fact of a recording, each with where it was seen.
pub fn understand(recording: &Recording) -> FactSet {
    let mut facts = FactSet::default();
    let client = clients::of(recording).map_or("unknown", |c| c.id);
    let asks = recording.asks.unwrap_or(Asks::Nla);
    let chosen = vec![
        (FactKey::ClientProfile, client.into()),
        (FactKey::ClientAsks, asks.word().into()),
    ];
    add(&mut facts, chosen, "chosen", &[]);
    let names = checks::walk::read_lookups(&recording.lookups);
    add(&mut facts, names, "name resolution", &[]);
    let addresses: Vec<IpAddr> = recording
        .lookups
        .iter()
        .find(|l| l.check == crate::names::RESOLVE)
        .map(|l| checks::walk::addresses(&l.answer))
        .unwrap_or_default();

    let walked = first(recording);
    if let Some(context) = context(recording, &addresses, &facts.clone(), [0; 32]) {
        let said = checks::walk::read(&context, &walked);
        let source = checks::walk::speaker(&walked, &addresses)
            .map(name)
            .unwrap_or_default();
        let ids: Vec<u32> = walked.iter().map(|c| c.id).collect();
        add(&mut facts, said, &source, &ids);
    }
    add(&mut facts, route(recording), "this machine's routes", &[]);

    for check in checks::ALL {
        let made: Vec<&Connection> = recording
            .connections
            .iter()
            .filter(|c| c.check == check.id)
            .collect();
        // One that was stopped half-way says nothing, not that the host was silent
        if made.is_empty() || made.iter().any(|c| c.end.how == EndHow::Interrupted) {
            continue;
        }
        let known = facts.clone();
        let Some(context) = context(recording, &addresses, &known, [0; 32]) else {
            continue;
        };
        let said = (check.read)(&context, &made);
        debug_assert!(
            said.iter().all(|(k, _)| check.yields.contains(k)),
            "{}",
            check.id
        );
        let source = match made.as_slice() {
            [one] => name(one),
            many => format!("{} connections ({})", many.len(), check.id),
        };
        let ids: Vec<u32> = made.iter().map(|c| c.id).collect();
        add(&mut facts, said, &source, &ids);
    }
    if let Some(matrix) = matrix(recording) {
        let source = format!("{} connections ({})", matrix.connections, CHECK);
        let made = recording.connections.iter().filter(|c| c.check == CHECK);
        let ids: Vec<u32> = made.map(|c| c.id).collect();
        add(
            &mut facts,
            rdpwhy_wire::matrix::facts(&matrix),
            &source,
            &ids,
        );
        let met = rdpwhy_wire::matrix::meet::own(recording, &measured(&matrix, recording, &facts));
        let said = met.unwrap_or_default();
        add(&mut facts, said, "simulated with what was measured", &ids);
    }
    if let Some(asked) = &recording.revocation {
        let said = rdpwhy_wire::revocation::facts(asked);
        add(&mut facts, said, crate::revocation::SOURCE, &[]);
    }
    if let Some(signin) = &recording.signin {
        let made = recording.connections.iter();
        let ids: Vec<u32> = made.filter(|c| c.check == SIGN_IN).map(|c| c.id).collect();
        add(
            &mut facts,
            rdpwhy_wire::signin::facts(signin),
            "signing in",
            &ids,
        );
    }
    let said = remembered::read(recording, &facts);
    add(&mut facts, said, remembered::SOURCE, &[]);
    facts
}

/// What every client that is known would get from the server, where the whole of its TLS was
/// asked for.
pub fn clients(recording: &Recording, facts: &FactSet) -> Vec<ClientOutcome> {
    matrix(recording)
        .map(|m| rdpwhy_wire::matrix::meet::clients(&measured(&m, recording, facts)))
        .unwrap_or_default()
}

fn measured(matrix: &TlsMatrix, recording: &Recording, facts: &FactSet) -> Endpoint {
    // What shows no mark of another server may be Windows
    let windows = facts
        .text(FactKey::HostSoftware)
        .is_none_or(|s| s == "windows");
    rdpwhy_wire::matrix::meet::server(matrix, &recording.connections, windows)
}

/// What the server accepts in TLS, where the whole of it was asked for.
pub fn matrix(recording: &Recording) -> Option<TlsMatrix> {
    let made = recording.connections.iter();
    let made: Vec<&Connection> = made
        .filter(|c| c.check == CHECK && c.end.how != EndHow::Interrupted)
        .collect();
    rdpwhy_wire::matrix::read(&made, recording.matrix_rounds)
}

fn route(recording: &Recording) -> Vec<(FactKey, Value)> {
    let Some(route) = recording.routes.first() else {
        return Vec::new();
    };
    let mut out = vec![(FactKey::TcpOnLink, route.on_link.into())];
    if let Some(interface) = &route.interface {
        out.push((FactKey::TcpInterface, interface.clone().into()));
    }
    let gateway = match route.gateway {
        Some(g) => g.to_string(),
        None if route.on_link => "on the same network".to_owned(),
        None => return out,
    };
    out.push((FactKey::TcpGateway, gateway.into()));
    out
}

fn name(c: &Connection) -> String {
    format!("connection {} to {} ({})", c.id, c.to, c.check)
}

fn add(facts: &mut FactSet, said: Vec<(FactKey, Value)>, source: &str, connections: &[u32]) {
    for (key, value) in said {
        let (source, connections) = (source.to_owned(), connections.to_vec());
        facts.add(Observation {
            key,
            value,
            source,
            connections,
        });
    }
}

//! Names: the system's resolver first, as mstsc uses it; then the name servers themselves, where
//! a second opinion adds something.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
    ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::RData;
use rdpwhy_model::recording::{Lookup, LookupAnswer};

use crate::socket::micros;

/// Name servers that are asked for a second opinion, at most.
const SERVERS: usize = 3;
/// Name of the check that asks the system.
pub const RESOLVE: &str = "resolve";
/// Name of the check that asks the servers.
pub const SECOND_OPINION: &str = "second-opinion";

/// Whether a text can be the name of a host at all: what is wrong with it, if not.
///
/// # Errors
/// The reason, for people (RFC 1123 2.1; underscores are let pass, since Windows does).
pub fn check_name(name: &str) -> Result<(), String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > 253 {
        return Err("the name is longer than 253 characters".into());
    }
    let labels: Vec<&str> = name.split('.').collect();
    for label in &labels {
        if label.is_empty() {
            return Err("the name has an empty part between two dots".into());
        }
        if label.len() > 63 {
            return Err("a part of the name is longer than 63 characters".into());
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(format!("the part \"{label}\" begins or ends with a hyphen"));
        }
    }
    // The last label of a name is never a number; then it is an address that was mistyped
    if labels
        .last()
        .is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()))
    {
        return Err("it looks like an IPv4 address and is none".into());
    }
    Ok(())
}

/// Asks the system, or one name server instead of it.
pub async fn resolve(host: &str, server: Option<SocketAddr>, deadline: Duration) -> Lookup {
    let begun = Instant::now();
    let lookup = |server: String, answer: LookupAnswer| Lookup {
        server,
        check: RESOLVE.to_owned(),
        took_us: micros(begun.elapsed()),
        answer,
    };
    if let Ok(ip) = host.parse::<IpAddr>() {
        return lookup("system".into(), LookupAnswer::Literal(ip));
    }
    if let Err(why) = check_name(host) {
        return lookup("system".into(), LookupAnswer::Invalid(why));
    }
    if let Some(server) = server {
        let answer = ask(host, server, deadline).await;
        return lookup(server.to_string(), answer);
    }
    let answer = match tokio::time::timeout(deadline, tokio::net::lookup_host((host, 0))).await {
        Err(_) => LookupAnswer::NoAnswer,
        Ok(Err(e)) => LookupAnswer::Failed(e.to_string()),
        Ok(Ok(found)) => {
            let mut addresses: Vec<IpAddr> = Vec::new();
            for a in found {
                if !addresses.contains(&a.ip()) {
                    addresses.push(a.ip());
                }
            }
            if addresses.is_empty() {
                LookupAnswer::NoAddress
            } else {
                LookupAnswer::Addresses(addresses)
            }
        }
    };
    lookup("system".into(), answer)
}

/// Asks the configured name servers themselves, each by itself and at the same time.
pub async fn second_opinion(host: &str, deadline: Duration) -> Vec<Lookup> {
    let servers = configured();
    if servers.is_empty() {
        return vec![Lookup {
            server: "none".into(),
            check: SECOND_OPINION.to_owned(),
            took_us: 0,
            answer: LookupAnswer::NoServer,
        }];
    }
    let mut asked = tokio::task::JoinSet::new();
    for (place, server) in servers.into_iter().enumerate() {
        let host = host.to_owned();
        asked.spawn(async move {
            let begun = Instant::now();
            let answer = ask(&host, server, deadline).await;
            let took_us = micros(begun.elapsed());
            let check = SECOND_OPINION.to_owned();
            (
                place,
                Lookup {
                    server: server.to_string(),
                    check,
                    took_us,
                    answer,
                },
            )
        });
    }
    let mut answers = asked.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, l)| l).collect()
}

fn configured() -> Vec<SocketAddr> {
    let Ok((config, _)) = hickory_resolver::system_conf::read_system_conf() else {
        return Vec::new();
    };
    let mut out: Vec<SocketAddr> = Vec::new();
    for s in config.name_servers() {
        let port = s.connections.first().map_or(53, |c| c.port);
        let address = SocketAddr::new(s.ip, port);
        if !out.contains(&address) {
            out.push(address);
        }
    }
    out.truncate(SERVERS);
    out
}

async fn ask(host: &str, server: SocketAddr, deadline: Duration) -> LookupAnswer {
    let asking = async {
        let resolver = resolver(server, deadline)?;
        // The name as it stands, without the search list: that is the system's business
        let name = if host.ends_with('.') {
            host.to_owned()
        } else {
            format!("{host}.")
        };
        resolver.lookup_ip(name).await
    };
    match tokio::time::timeout(deadline, asking).await {
        Err(_) => LookupAnswer::NoAnswer,
        Ok(Ok(found)) => {
            let addresses: Vec<IpAddr> = found.iter().collect();
            if addresses.is_empty() {
                LookupAnswer::NoAddress
            } else {
                LookupAnswer::Addresses(addresses)
            }
        }
        Ok(Err(e)) => answer_of(&e),
    }
}

/// A resolver that asks that server alone, once, and remembers nothing.
fn resolver(server: SocketAddr, deadline: Duration) -> Result<TokioResolver, NetError> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut c| {
        c.port = server.port();
        c
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    let config = ResolverConfig::from_name_servers(vec![server]);
    let mut options = ResolverOpts::default();
    options.timeout = deadline.min(Duration::from_secs(2));
    options.attempts = 1;
    options.ip_strategy = LookupIpStrategy::Ipv6AndIpv4;
    options.use_hosts_file = ResolveHosts::Never;
    options.cache_size = 0;
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    *builder.options_mut() = options;
    builder.build()
}

/// Hosts and ports of a service (SRV, RFC 2782), those to try first at the front: of one name server,
/// or of the first of the system's that knows any.
pub(crate) async fn services(
    name: &str,
    server: Option<SocketAddr>,
    deadline: Duration,
) -> Vec<(String, u16)> {
    let servers = server.map_or_else(configured, |s| vec![s]);
    let asking = async {
        for server in servers {
            let Ok(resolver) = resolver(server, deadline) else {
                continue;
            };
            let Ok(found) = resolver.srv_lookup(format!("{name}.")).await else {
                continue;
            };
            let records = found.answers().iter().filter_map(|r| match &r.data {
                RData::SRV(srv) => Some(srv),
                _ => None,
            });
            let mut records: Vec<_> = records.collect();
            records.sort_by_key(|srv| (srv.priority, std::cmp::Reverse(srv.weight)));
            let target = |name: String| name.trim_end_matches('.').to_owned();
            let all = records
                .iter()
                .map(|srv| (target(srv.target.to_ascii()), srv.port));
            let all: Vec<(String, u16)> = all.filter(|(host, _)| !host.is_empty()).collect();
            if !all.is_empty() {
                return all;
            }
        }
        Vec::new()
    };
    tokio::time::timeout(deadline, asking)
        .await
        .unwrap_or_default()
}

fn answer_of(e: &NetError) -> LookupAnswer {
    let code = match e {
        NetError::Dns(DnsError::NoRecordsFound(none)) => none.response_code,
        NetError::Dns(DnsError::ResponseCode(code)) => *code,
        NetError::Timeout | NetError::NoConnections => return LookupAnswer::NoAnswer,
        NetError::Io(e) if e.kind() == std::io::ErrorKind::TimedOut => {
            return LookupAnswer::NoAnswer;
        }
        // A port where nobody listens: the server is not there
        NetError::Io(e) if e.kind() == std::io::ErrorKind::ConnectionRefused => {
            return LookupAnswer::NoAnswer;
        }
        other => return LookupAnswer::Unreadable(other.to_string()),
    };
    match code {
        ResponseCode::NXDomain => LookupAnswer::NotFound,
        ResponseCode::NoError => LookupAnswer::NoAddress,
        ResponseCode::Refused => LookupAnswer::Refused,
        ResponseCode::ServFail => LookupAnswer::ServerFailure,
        other => LookupAnswer::Unreadable(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_be() {
        for good in [
            "pc42",
            "pc42.corp.example.",
            "my_pc",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["a..b", "10.0.0.300", "-x", "x-.y", &"a".repeat(64), ".", ""] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn an_address_is_no_question() {
        let lookup = resolve("127.0.0.1", None, Duration::from_secs(1)).await;
        assert_eq!(lookup.answer, LookupAnswer::Literal([127, 0, 0, 1].into()));
    }
}

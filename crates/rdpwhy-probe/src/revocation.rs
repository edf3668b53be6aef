//! Whether the host's certificates are revoked: asks the addresses that they name, when the user
//! wants it.
//!
//! The addresses come from the host, which may be anybody. So they are fetched over plain http
//! only, all at once, few of them, in bounds of size and time, and nothing of what comes is shown
//! but what it says of the certificate. Only an answer that the certificate's issuer signed counts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdpwhy_model::recording::{Connection, Recording};
use rdpwhy_model::revocation::{Answer, Kind, Revocation};
use rdpwhy_wire::revocation::{Pointer, chain, covers, pointers};
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, spawn_blocking};

use crate::TrustStore;
use crate::checks::walk::WALK;
use crate::http::{Ask, Got, fetch};
use crate::socket::micros;
use crate::tls::revocation::{Link, links};

/// Where facts about revocation were seen, for people.
pub(crate) const SOURCE: &str = "the revocation addresses of the certificate";
/// Addresses that one run asks, at most.
const FETCHES: usize = 6;
/// The largest list that is taken. Lists of companies have kilobytes, those of the largest public
/// authorities a few megabytes, and OpenSSL needs about ten times as much to read one.
const LIST: usize = 16 * 1024 * 1024;
/// The largest answer of a responder that is taken; one with its certificate has two kilobytes.
const RESPONSE: usize = 64 * 1024;
/// Reading a list takes no longer than this.
const READING: Duration = Duration::from_secs(5);

/// Asks about every certificate that the host sent. Each fetch ends within `deadline`, and they
/// all run at once. `server` is the name server to ask instead of the system's. `None` when the
/// recording shows no certificate.
pub(crate) async fn look_up(
    recording: &Recording,
    trust: &TrustStore,
    server: Option<SocketAddr>,
    deadline: Duration,
) -> Option<Vec<Revocation>> {
    let chain = shown_chain(&recording.connections)?;
    let pointers = pointers(&chain);
    if pointers.is_empty() {
        return Some(Vec::new());
    }
    let links = links(&chain, trust);
    let now = recording.started.as_second();
    let lists: Arc<[Vec<String>]> = (0..links.len()).map(|c| lists_of(&pointers, c)).collect();
    let reader = Arc::new(Semaphore::new(1));
    let mut asking = JoinSet::new();
    let mut fetches = 0;
    for (place, pointer) in pointers.iter().cloned().enumerate() {
        let is_http = pointer.url.to_ascii_lowercase().starts_with("http:");
        fetches += usize::from(is_http);
        let link = links.get(pointer.certificate).cloned().flatten();
        let (lists, reader) = (Arc::clone(&lists), Arc::clone(&reader));
        let asked = fetches <= FETCHES || !is_http;
        asking.spawn(async move {
            let begun = Instant::now();
            let answer = match link {
                _ if !is_http => Answer::NotHttp,
                _ if !asked => Answer::NotAsked,
                None => Answer::NoIssuer,
                Some(link) => {
                    let asking = Asking {
                        lists,
                        reader,
                        now,
                        server,
                        deadline,
                    };
                    ask(link, &pointer, asking).await
                }
            };
            let took_us = match answer {
                Answer::NotHttp | Answer::NotAsked => 0,
                _ => micros(begun.elapsed()),
            };
            let Pointer {
                certificate,
                kind,
                url,
            } = pointer;
            let said = Revocation {
                certificate,
                kind,
                url,
                took_us,
                answer,
            };
            (place, said)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = asking.join_next().await {
        all.extend(done.ok());
    }
    all.sort_by_key(|(place, _)| *place);
    Some(all.into_iter().map(|(_, said)| said).collect())
}

/// The certificates that the walk saw, or else any other connection to the target.
fn shown_chain(connections: &[Connection]) -> Option<Vec<&[u8]>> {
    let walk = connections.iter().filter(|c| c.check == WALK);
    let chains = walk.chain(connections).map(chain);
    chains.into_iter().find(|c| !c.is_empty())
}

/// The addresses of lists that one certificate names.
fn lists_of(pointers: &[Pointer], certificate: usize) -> Vec<String> {
    pointers
        .iter()
        .filter(|p| p.kind == Kind::Crl && p.certificate == certificate)
        .map(|p| p.url.clone())
        .collect()
}

/// What every question of a run shares.
struct Asking {
    /// The addresses of lists that each certificate names.
    lists: Arc<[Vec<String>]>,
    /// One list is read at a time: a large one takes memory.
    reader: Arc<Semaphore>,
    /// Seconds since 1970.
    now: i64,
    server: Option<SocketAddr>,
    deadline: Duration,
}

async fn ask(
    link: Link,
    pointer: &Pointer,
    Asking {
        lists,
        reader,
        now,
        server,
        deadline,
    }: Asking,
) -> Answer {
    let url = pointer.url.clone();
    let wanted = match pointer.kind {
        Kind::Crl => Ask {
            url,
            body: None,
            accept: "application/pkix-crl, */*",
            most: LIST,
        },
        Kind::Ocsp => {
            let Some(question) = link.question() else {
                return Answer::NoIssuer;
            };
            Ask {
                url,
                body: Some(("application/ocsp-request", question)),
                accept: "application/ocsp-response",
                most: RESPONSE,
            }
        }
    };
    let body = match fetch(&wanted, server, deadline).await {
        Got::Body(body) => body,
        Got::NotHttp => return Answer::NotHttp,
        Got::Unreachable(why) => return Answer::Unreachable(why),
        Got::TooBig => return Answer::TooBig,
        Got::Unreadable(why) => return Answer::Unreadable(why),
        Got::Refused(why) => return Answer::Refused(why),
    };
    let (kind, certificate) = (pointer.kind, pointer.certificate);
    // A large list takes a while to read, and the other fetches must not wait for it
    let Ok(turn) = reader.acquire_owned().await else {
        return Answer::Unreadable("reading it failed".to_owned());
    };
    let read = move || match kind {
        Kind::Ocsp => link.by_responder(&body, now),
        Kind::Crl => {
            let named = lists.get(certificate).map_or(&[][..], Vec::as_slice);
            link.by_list(&body, now, |list| covers(list, named, certificate > 0))
        }
    };
    let reading = spawn_blocking(move || {
        let answer = read();
        drop(turn);
        answer
    });
    match tokio::time::timeout(READING, reading).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Answer::Unreadable("reading it failed".to_owned()),
        Err(_) => Answer::Unreadable("reading it takes too long".to_owned()),
    }
}

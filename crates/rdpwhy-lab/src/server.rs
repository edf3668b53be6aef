//! Starting and stopping a server of the lab.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use openssl::error::ErrorStack;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use tokio::time::{sleep, timeout};

use crate::certificates;
use crate::conversation::Server;
use crate::dns::Records;
use crate::door::{Door, Held};
use crate::fault::Fault;
use crate::machine::Machine;
use crate::published::Published;
use crate::resolver::Resolver;
use crate::script::{Listen, Script, Zone};
use crate::tls;
use crate::web;
use crate::wire::Wire;

/// More connections at once than this are closed unheard.
const MOST_CONNECTIONS: usize = 64;
/// No connection lives longer than this, whatever it does.
const LIFETIME: Duration = Duration::from_mins(15);
/// A moment's rest after a failed accept, so that a shortage of descriptors does not spin.
const REST: Duration = Duration::from_millis(20);

/// Where a server listens.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The address, also of the DNS server where there is one.
    pub bind: IpAddr,
    /// The port; 0 takes any that is free.
    pub port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
        }
    }
}

/// Why a server of the lab could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// The address or port could not be taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// What was to be taken.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// OpenSSL made no certificate or refused the settings.
    #[error("cannot prepare TLS")]
    Tls(#[from] ErrorStack),
    /// The runtime is shutting down.
    #[error("the runtime is gone")]
    Runtime(#[from] JoinError),
    /// This machine cannot show the fault.
    #[error("this fault cannot be shown here: {0}")]
    Unavailable(&'static str),
}

/// A server of the lab that runs, until it is stopped or dropped.
pub struct Running {
    /// What a user would type to reach it, HOST:PORT.
    pub target: String,
    /// Where it listens, or would.
    pub address: SocketAddr,
    /// The DNS server that knows the name in `target`; `None` when that is an address.
    pub resolver: Option<SocketAddr>,
    /// The lab's root certificate in PEM, where the host's certificate comes from it. A client
    /// that is to find only the fault has to trust it.
    pub authority: Option<String>,
    slots: Arc<Semaphore>,
    tasks: JoinSet<()>,
    _held: Held,
}

impl Running {
    /// How many connections are open now, to the RDP port and to the DNS server over TCP.
    pub fn open_connections(&self) -> usize {
        MOST_CONNECTIONS - self.slots.available_permits()
    }

    /// Closes everything, and returns when the ports are free again.
    pub async fn stop(mut self) {
        self.tasks.shutdown().await;
        // Connections are aborted together with their listener, but they go a moment later.
        for _ in 0..1000 {
            if self.open_connections() == 0 {
                break;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("target", &self.target)
            .field("address", &self.address)
            .field("resolver", &self.resolver)
            .finish_non_exhaustive()
    }
}

/// Starts a server with that fault, on the tokio runtime that runs now.
pub async fn start(fault: &Fault, options: Options) -> Result<Running, LabError> {
    if let Some(reason) = fault.unavailable() {
        return Err(LabError::Unavailable(reason));
    }
    let script = fault.script;
    let web = web_door(&script, options.bind).await?;
    let url = web
        .as_ref()
        .map(|(_, door)| format!("http://{}/lab", reachable(door.address)));
    let secured = secure(&script, url).await?;
    let (side, authority) = (secured.side, secured.authority);

    let wanted = SocketAddr::new(options.bind, options.port);
    let door = open(wanted, script.listen).await?;
    let mut held = door.held;
    let slots = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut tasks = JoinSet::new();
    if let Some((published, door)) = web {
        held.join(door.held);
        if let Some(listener) = door.listener {
            let body = secured.published.into();
            tasks.spawn(web::serve(listener, published, body, Arc::clone(&slots)));
        }
    }
    let reached = reachable(door.address);
    let resolver = match script.zone {
        None => None,
        Some(zone) => {
            if zone == Zone::DeadIpv6 {
                let dead = SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), door.address.port());
                // A path that swallows everything is the worse one; where that cannot be had,
                // a refusal must do.
                let how = if cfg!(target_os = "linux") {
                    Listen::Full
                } else {
                    Listen::Refused
                };
                held.join(open(dead, how).await?.held);
            }
            let wanted = SocketAddr::new(options.bind, 0);
            let resolver =
                Resolver::bind(options.bind)
                    .await
                    .map_err(|source| LabError::Listen {
                        address: wanted,
                        source,
                    })?;
            let address = reachable(resolver.address);
            let name = Machine::PC42.host;
            let records = Records {
                zone,
                name,
                address: reached.ip(),
            };
            resolver.spawn(&mut tasks, records, Arc::clone(&slots));
            Some(address)
        }
    };
    if let Some(listener) = door.listener {
        let server = Arc::new(Server { script, side });
        tasks.spawn(accept(listener, server, Arc::clone(&slots)));
    }
    let target = match script.zone {
        Some(_) => format!("{}:{}", Machine::PC42.host, reached.port()),
        None => reached.to_string(),
    };
    let address = door.address;
    Ok(Running {
        target,
        address,
        resolver,
        authority,
        slots,
        tasks,
        _held: held,
    })
}

async fn open(address: SocketAddr, listen: Listen) -> Result<Door, LabError> {
    Door::open(address, listen)
        .await
        .map_err(|source| LabError::Listen { address, source })
}

/// The door of the web server where the authority publishes revocation, where it does.
async fn web_door(script: &Script, bind: IpAddr) -> Result<Option<(Published, Door)>, LabError> {
    let Some(published) = script.tls.certificate.published else {
        return Ok(None);
    };
    let listen = if published == Published::Nobody {
        Listen::Refused
    } else {
        Listen::Open
    };
    let door = open(SocketAddr::new(bind, 0), listen).await?;
    Ok(Some((published, door)))
}

/// What a server needs for TLS.
#[derive(Default)]
struct Secured {
    side: Option<tls::Side>,
    authority: Option<String>,
    published: Vec<u8>,
}

/// The certificate and the TLS settings, and the root in PEM: only where a client gets that far.
async fn secure(script: &Script, url: Option<String>) -> Result<Secured, LabError> {
    if !script.reaches_tls() {
        return Ok(Secured::default());
    }
    let script = *script;
    // Making a key takes longer than a runtime should wait.
    let made = spawn_blocking(move || {
        let recipe = &script.tls.certificate;
        let chain = certificates::issue(recipe, script.machine.host, url.as_deref())?;
        let side = tls::side(&script.tls, &chain)?;
        Ok::<_, ErrorStack>(Secured {
            side: Some(side),
            authority: chain.root,
            published: chain.published,
        })
    });
    Ok(made.await??)
}

/// The address under which a server that listens everywhere is reached from here.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

async fn accept(listener: TcpListener, server: Arc<Server>, slots: Arc<Semaphore>) {
    let mut open = JoinSet::new();
    let mut number = 0;
    loop {
        while open.try_join_next().is_some() {}
        let Ok((tcp, _)) = listener.accept().await else {
            sleep(REST).await;
            continue;
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            continue;
        };
        // Answers go out as they are made, not when the last one was acknowledged.
        let _ = tcp.set_nodelay(true);
        let server = Arc::clone(&server);
        open.spawn(async move {
            let wire = Wire::new(tcp, server.script.delay);
            // A client that goes away in the middle of an answer is an ordinary end.
            let _ = timeout(LIFETIME, server.serve(wire, number)).await;
            drop(slot);
        });
        number += 1;
    }
}

//! The sockets of the lab's DNS server, UDP and TCP on one port.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::dns::Records;
use crate::wire::Wire;

/// How often a port is tried that is free for UDP but not for TCP.
const TRIES: usize = 16;
/// How long one TCP connection may ask.
const PATIENCE: Duration = Duration::from_mins(1);
/// A moment's rest after an error of a socket, so that one that lasts does not spin.
const REST: Duration = Duration::from_millis(20);

/// A DNS server that listens.
pub(crate) struct Resolver {
    udp: UdpSocket,
    tcp: TcpListener,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Resolver {
    /// Takes a free port.
    pub(crate) async fn bind(ip: IpAddr) -> io::Result<Self> {
        let mut tries = 1;
        loop {
            let udp = UdpSocket::bind((ip, 0)).await?;
            let address = udp.local_addr()?;
            match TcpListener::bind(address).await {
                Ok(tcp) => return Ok(Self { udp, tcp, address }),
                Err(error) if tries == TRIES => return Err(error),
                Err(_) => tries += 1,
            }
        }
    }

    /// Answers until it is aborted.
    pub(crate) fn spawn(self, tasks: &mut JoinSet<()>, records: Records, slots: Arc<Semaphore>) {
        tasks.spawn(datagrams(self.udp, records));
        tasks.spawn(connections(self.tcp, records, slots));
    }
}

async fn datagrams(socket: UdpSocket, records: Records) {
    let mut buffer = vec![0; 4096];
    loop {
        // Windows reports a port of an earlier client that went away here; it concerns nobody.
        let Ok((count, from)) = socket.recv_from(&mut buffer).await else {
            sleep(REST).await;
            continue;
        };
        if let Some(answer) = records.answer(&buffer[..count]) {
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn connections(listener: TcpListener, records: Records, slots: Arc<Semaphore>) {
    let mut open = JoinSet::new();
    loop {
        while open.try_join_next().is_some() {}
        let Ok((tcp, _)) = listener.accept().await else {
            sleep(REST).await;
            continue;
        };
        if let Ok(slot) = Arc::clone(&slots).try_acquire_owned() {
            open.spawn(async move {
                // How a client of the DNS server ends is of no interest.
                let _ = timeout(PATIENCE, queries(tcp, records)).await;
                drop(slot);
            });
        }
    }
}

/// Queries over TCP have their length before them ([RFC 1035] 4.2.2).
async fn queries(tcp: TcpStream, records: Records) -> io::Result<()> {
    let mut wire = Wire::new(tcp, Duration::ZERO);
    loop {
        let mut length = Vec::new();
        if !wire.fill(&mut length, 2).await? {
            return Ok(());
        }
        let mut query = Vec::new();
        let size = usize::from(u16::from_be_bytes([length[0], length[1]]));
        if !wire.fill(&mut query, size).await? {
            return Ok(());
        }
        if let Some(mut answer) = records.answer(&query) {
            let size = u16::try_from(answer.len()).unwrap_or(0);
            answer.splice(..0, size.to_be_bytes());
            wire.say(&answer).await?;
        }
    }
}

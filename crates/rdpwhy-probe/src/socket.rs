//! One TCP connection: made, or not made with the reason.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rdpwhy_model::recording::{Connect, ConnectOutcome, Icmp};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};

use crate::system;

/// Connects, and says how that ended.
pub(crate) async fn connect(
    to: SocketAddr,
    segment: Option<u32>,
    deadline: Duration,
) -> (Connect, Option<TcpStream>) {
    let begun = Instant::now();
    let attempt = open(to, segment).and_then(|s| Ok((s.try_clone()?, s)));
    let (twin, socket) = match attempt {
        Ok(pair) => pair,
        Err(e) => {
            return (
                failed(ConnectOutcome::Failed, begun, None, Some(e.to_string())),
                None,
            );
        }
    };
    // The twin outlives the attempt: the system's error queue is read from it afterwards
    let socket = TcpSocket::from_std_stream(socket.into());
    match tokio::time::timeout(deadline, socket.connect(to)).await {
        Ok(Ok(stream)) => (
            failed(ConnectOutcome::Connected, begun, None, None),
            Some(stream),
        ),
        Ok(Err(e)) => {
            let took = begun.elapsed();
            let icmp = system::icmp_of(&twin);
            let outcome = classify(&e, icmp.as_ref(), to.is_ipv6());
            let mut connect = failed(outcome, begun, icmp, Some(e.to_string()));
            connect.took_us = micros(took);
            (connect, None)
        }
        Err(_) => {
            // A router's message may have come without ending the attempt
            let icmp = system::icmp_of(&twin);
            (failed(ConnectOutcome::Timeout, begun, icmp, None), None)
        }
    }
}

fn failed(
    outcome: ConnectOutcome,
    begun: Instant,
    icmp: Option<Icmp>,
    error: Option<String>,
) -> Connect {
    Connect {
        outcome,
        took_us: micros(begun.elapsed()),
        icmp,
        error,
    }
}

pub(crate) fn micros(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

fn open(to: SocketAddr, segment: Option<u32>) -> std::io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    system::want_icmp(&socket, to.is_ipv6());
    if let Some(bytes) = segment {
        system::set_segment(&socket, bytes)?;
    }
    Ok(socket)
}

fn classify(e: &Error, icmp: Option<&Icmp>, v6: bool) -> ConnectOutcome {
    if let Some(icmp) = icmp {
        // RFC 792 and RFC 1812 5.2.7.1; RFC 4443 3.1
        return match (v6, icmp.kind, icmp.code) {
            (false, 3, 3) | (true, 1, 4) => ConnectOutcome::PortUnreachable,
            (false, 3, 9 | 10 | 13) | (true, 1, 1 | 5 | 6) => ConnectOutcome::Prohibited,
            (false, 3, 0 | 6 | 11) | (true, 1, 0 | 2) => ConnectOutcome::NetUnreachable,
            (false, 3, _) | (true, 1, _) => ConnectOutcome::HostUnreachable,
            _ => by_error(e),
        };
    }
    by_error(e)
}

fn by_error(e: &Error) -> ConnectOutcome {
    match e.kind() {
        ErrorKind::ConnectionRefused => ConnectOutcome::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => ConnectOutcome::Reset,
        ErrorKind::HostUnreachable => ConnectOutcome::HostUnreachable,
        ErrorKind::NetworkUnreachable | ErrorKind::AddrNotAvailable => ConnectOutcome::NoRoute,
        ErrorKind::TimedOut => ConnectOutcome::Timeout,
        ErrorKind::PermissionDenied => ConnectOutcome::DeniedHere,
        _ => ConnectOutcome::Failed,
    }
}

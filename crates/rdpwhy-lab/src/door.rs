//! What a SYN meets: a listener, nothing, or a listener whose queue is full.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::script::Listen;

/// A connection that is not there after this time found the queue full.
const FULL: Duration = Duration::from_millis(100);
/// A queue of length 0 takes one connection, on some systems a few more.
const MOST_FILLERS: usize = 8;
/// As long as tokio's own.
const QUEUE: u32 = 1024;

/// A port that is held, and how.
pub(crate) struct Door {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// The listener, where connections are accepted.
    pub(crate) listener: Option<TcpListener>,
    /// What keeps the port shut.
    pub(crate) held: Held,
}

/// Sockets that only have to exist.
#[derive(Default)]
pub(crate) struct Held {
    sockets: Vec<Socket>,
    fillers: Vec<TcpStream>,
}

impl Held {
    /// Keeps those of another door as well.
    pub(crate) fn join(&mut self, other: Self) {
        self.sockets.extend(other.sockets);
        self.fillers.extend(other.fillers);
    }
}

impl Door {
    /// Opens a port, or shuts it in the way that is asked for.
    pub(crate) async fn open(address: SocketAddr, listen: Listen) -> io::Result<Self> {
        match listen {
            Listen::Open => {
                let socket = if address.is_ipv4() {
                    TcpSocket::new_v4()
                } else {
                    TcpSocket::new_v6()
                }?;
                // A port that was just used can be used again on Unix. On Windows the option would
                // let two servers share it.
                #[cfg(not(windows))]
                socket.set_reuseaddr(true)?;
                socket.bind(address)?;
                let listener = socket.listen(QUEUE)?;
                let address = listener.local_addr()?;
                Ok(Self {
                    address,
                    listener: Some(listener),
                    held: Held::default(),
                })
            }
            // Bound but not listening: nobody else gets the port, and a SYN meets an RST.
            Listen::Refused => Self::shut(bound(address)?),
            Listen::Full => {
                let socket = bound(address)?;
                socket.listen(0)?;
                let mut door = Self::shut(socket)?;
                while door.held.fillers.len() < MOST_FILLERS {
                    match timeout(FULL, TcpStream::connect(door.address)).await {
                        Ok(filler) => door.held.fillers.push(filler?),
                        Err(_) => break,
                    }
                }
                Ok(door)
            }
        }
    }

    fn shut(socket: Socket) -> io::Result<Self> {
        let address = socket
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::AddrNotAvailable)?;
        let held = Held {
            sockets: vec![socket],
            fillers: Vec::new(),
        };
        Ok(Self {
            address,
            listener: None,
            held,
        })
    }
}

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // No address reuse: it would let another socket take a port that is held without listening.
    socket.bind(&SockAddr::from(address))?;
    Ok(socket)
}

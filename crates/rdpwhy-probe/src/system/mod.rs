//! What the operating system knows beyond sockets, behind one face. The only place in this crate
//! that knows which system it is on.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as here;

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
use other as here;

use std::net::IpAddr;

use rdpwhy_model::recording::{Icmp, Route};

/// Asks for ICMP errors on a socket that is about to connect.
pub(crate) fn want_icmp(socket: &socket2::Socket, v6: bool) {
    here::want_icmp(socket, v6);
}

/// The ICMP message that ended a connect on that socket, where the system tells.
pub(crate) fn icmp_of(socket: &socket2::Socket) -> Option<Icmp> {
    here::icmp_of(socket)
}

/// Announces and sends small segments on a socket that is about to connect.
pub(crate) fn set_segment(socket: &socket2::Socket, bytes: u32) -> std::io::Result<()> {
    here::set_segment(socket, bytes)
}

/// How this machine reaches an address from the local address that it used.
pub fn route_to(to: IpAddr, local: IpAddr) -> Option<Route> {
    here::route_to(to, local)
}

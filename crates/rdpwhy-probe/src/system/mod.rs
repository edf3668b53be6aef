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

#[cfg(target_os = "linux")]
mod client_linux;
#[cfg(target_os = "linux")]
use client_linux as client;

#[cfg(windows)]
mod client_windows;
#[cfg(windows)]
use client_windows as client;

#[cfg(not(any(target_os = "linux", windows)))]
mod client_other;
#[cfg(not(any(target_os = "linux", windows)))]
use client_other as client;

use std::net::IpAddr;

use rdpwhy_model::recording::{Icmp, Route};

use crate::ProbeError;
use crate::this::ThisClient;

/// The RDP client of this machine.
pub(crate) fn this_client() -> Result<ThisClient, ProbeError> {
    client::this_client()
}

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

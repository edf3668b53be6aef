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

use std::io::Read as _;
use std::net::IpAddr;

use rdpwhy_model::recording::{Icmp, Route};

use crate::ProbeError;
use crate::this::ThisClient;

/// The most that is read of krb5.conf, in bytes.
const KRB5_CONF: u64 = 256 * 1024;

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

/// The name of this machine, as NetBIOS writes it: at most 15 characters, in capitals.
pub(crate) fn computer_name() -> String {
    let name = here::host_name();
    let name = name.split('.').next().unwrap_or_default();
    name.chars().take(15).collect::<String>().to_uppercase()
}

/// The text of krb5.conf, where this system has one; empty otherwise.
pub(crate) fn krb5_conf() -> String {
    // More than one file may be named; the first is the administrator's
    let named = std::env::var("KRB5_CONFIG").unwrap_or_default();
    let named = named.split(':').next().filter(|n| !n.is_empty());
    let file = std::fs::File::open(named.unwrap_or("/etc/krb5.conf"));
    let mut text = Vec::new();
    let read = file.and_then(|f| f.take(KRB5_CONF).read_to_end(&mut text));
    if read.is_err() {
        return String::new();
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// While this lives, the system writes no image of this process to disk, where it can be told so.
pub struct NoCoreDumps {
    /// Puts back what was set before when it is dropped.
    _held: here::NoCoreDumps,
}

impl NoCoreDumps {
    /// From now on.
    pub fn begin() -> Self {
        Self {
            _held: here::NoCoreDumps::begin(),
        }
    }
}

/// How this machine reaches an address from the local address that it used.
pub fn route_to(to: IpAddr, local: IpAddr) -> Option<Route> {
    here::route_to(to, local)
}

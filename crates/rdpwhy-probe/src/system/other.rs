//! Systems whose sockets tell less: what is not known here is reported as unseen.

use std::io::{Error, ErrorKind, Result};
use std::net::IpAddr;

use rdpwhy_model::recording::{Icmp, Route};

pub(super) fn want_icmp(_: &socket2::Socket, _: bool) {}

pub(super) fn icmp_of(_: &socket2::Socket) -> Option<Icmp> {
    None
}

pub(super) fn set_segment(_: &socket2::Socket, _: u32) -> Result<()> {
    Err(Error::new(
        ErrorKind::Unsupported,
        "this system does not let a program choose segments",
    ))
}

pub(super) fn host_name() -> String {
    let named = |name| std::env::var(name).ok();
    named("COMPUTERNAME")
        .or_else(|| named("HOSTNAME"))
        .unwrap_or_default()
}

/// These systems keep images of processes where only an administrator has asked for them.
pub(super) struct NoCoreDumps;

impl NoCoreDumps {
    pub(super) const fn begin() -> Self {
        Self
    }
}

pub(super) fn route_to(_: IpAddr, _: IpAddr) -> Option<Route> {
    None
}

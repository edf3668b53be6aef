//! Linux: the error queue of a socket, segment sizes, interfaces and routes.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsRawFd as _;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt, sockopt,
};
use rdpwhy_model::recording::{Icmp, Route};

/// SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6 (linux/errqueue.h).
const FROM_ICMP: [u8; 2] = [2, 3];

pub(super) fn want_icmp(socket: &socket2::Socket, v6: bool) {
    // Without it the errno alone remains, which folds several messages into one
    let _ = if v6 {
        setsockopt(socket, sockopt::Ipv6RecvErr, &true)
    } else {
        setsockopt(socket, sockopt::Ipv4RecvErr, &true)
    };
}

pub(super) fn icmp_of(socket: &socket2::Socket) -> Option<Icmp> {
    let mut data = [0; 256];
    let mut iov = [IoSliceMut::new(&mut data)];
    // Room for one extended error and the address of whoever sent it
    let mut control = vec![0; 256];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut iov, Some(&mut control), flags).ok()?;
    message.cmsgs().ok()?.find_map(|c| match c {
        ControlMessageOwned::Ipv4RecvErr(e, from) if FROM_ICMP.contains(&e.ee_origin) => {
            let from = from.map(|a| IpAddr::from(Ipv4Addr::from(u32::from_be(a.sin_addr.s_addr))));
            Some(Icmp {
                kind: e.ee_type,
                code: e.ee_code,
                from,
            })
        }
        ControlMessageOwned::Ipv6RecvErr(e, from) if FROM_ICMP.contains(&e.ee_origin) => {
            let from = from.map(|a| IpAddr::from(Ipv6Addr::from(a.sin6_addr.s6_addr)));
            Some(Icmp {
                kind: e.ee_type,
                code: e.ee_code,
                from,
            })
        }
        _ => None,
    })
}

pub(super) fn set_segment(socket: &socket2::Socket, bytes: u32) -> std::io::Result<()> {
    setsockopt(socket, sockopt::TcpMaxSeg, &bytes).map_err(Into::into)
}

pub(super) fn host_name() -> String {
    let name = nix::unistd::gethostname().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What was set before.
pub(super) struct NoCoreDumps {
    limit: Option<(u64, u64)>,
    dumpable: bool,
}

impl NoCoreDumps {
    pub(super) fn begin() -> Self {
        let limit = getrlimit(Resource::RLIMIT_CORE).ok();
        if let Some((_, hard)) = limit {
            let _ = setrlimit(Resource::RLIMIT_CORE, 0, hard);
        }
        // A pipe in core_pattern takes images whatever the limit says
        let dumpable = nix::sys::prctl::get_dumpable().unwrap_or(false);
        let _ = nix::sys::prctl::set_dumpable(false);
        Self { limit, dumpable }
    }
}

impl Drop for NoCoreDumps {
    fn drop(&mut self) {
        if let Some((soft, hard)) = self.limit {
            let _ = setrlimit(Resource::RLIMIT_CORE, soft, hard);
        }
        if self.dumpable {
            let _ = nix::sys::prctl::set_dumpable(true);
        }
    }
}

pub(super) fn route_to(to: IpAddr, local: IpAddr) -> Option<Route> {
    let mut interface = None;
    let mut on_link = false;
    for i in nix::ifaddrs::getifaddrs().ok()? {
        let (Some(address), Some(mask)) = (
            i.address.and_then(|a| ip(&a)),
            i.netmask.and_then(|m| ip(&m)),
        ) else {
            continue;
        };
        if address == local {
            interface.get_or_insert(i.interface_name);
            on_link |= same_network(to, address, mask);
        }
    }
    let gateway = if on_link { None } else { gateway_to(to) };
    Some(Route {
        to,
        interface,
        gateway,
        on_link,
    })
}

fn ip(a: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = a.as_sockaddr_in().map(|s| IpAddr::from(s.ip()));
    v4.or_else(|| a.as_sockaddr_in6().map(|s| IpAddr::from(s.ip())))
}

fn same_network(a: IpAddr, b: IpAddr, mask: IpAddr) -> bool {
    match (a, b, mask) {
        (IpAddr::V4(a), IpAddr::V4(b), IpAddr::V4(m)) => a & m == b & m,
        (IpAddr::V6(a), IpAddr::V6(b), IpAddr::V6(m)) => a & m == b & m,
        _ => false,
    }
}

/// The router of the most specific route that holds the address.
fn gateway_to(to: IpAddr) -> Option<IpAddr> {
    match to {
        IpAddr::V4(to) => gateway_v4(&std::fs::read_to_string("/proc/net/route").ok()?, to),
        IpAddr::V6(to) => gateway_v6(&std::fs::read_to_string("/proc/net/ipv6_route").ok()?, to),
    }
    .filter(|g| !g.is_unspecified())
}

/// `/proc/net/route`: interface, destination, gateway, flags, …, mask as little-endian words.
fn gateway_v4(table: &str, to: Ipv4Addr) -> Option<IpAddr> {
    let word = |t: &str| u32::from_str_radix(t, 16).ok().map(u32::swap_bytes);
    let rows = table.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let mask = word(cells.get(7)?)?;
        let matches = u32::from(to) & mask == word(cells.get(1)?)?;
        matches.then_some((mask.count_ones(), word(cells.get(2)?)?))
    });
    rows.max_by_key(|(bits, _)| *bits)
        .map(|(_, g)| Ipv4Addr::from(g).into())
}

/// `/proc/net/ipv6_route`: destination, its length, source, its length, next hop, …
fn gateway_v6(table: &str, to: Ipv6Addr) -> Option<IpAddr> {
    let rows = table.lines().filter_map(|line| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let network = u128::from_str_radix(cells.first()?, 16).ok()?;
        let bits = u32::from_str_radix(cells.get(1)?, 16).ok()?;
        let mask = u128::MAX
            .checked_shl(128u32.checked_sub(bits)?)
            .unwrap_or(0);
        let hop = u128::from_str_radix(cells.get(4)?, 16).ok()?;
        (u128::from(to) & mask == network & mask).then_some((bits, hop))
    });
    rows.max_by_key(|(bits, _)| *bits)
        .map(|(_, g)| Ipv6Addr::from(g).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_route_wins() {
        let table = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
            eth0 00000000 FE01010A 0003 0 0 0 00000000 0 0 0\n\
            eth0 0000020A FD01010A 0003 0 0 0 0000FFFF 0 0 0\n";
        let via = |a: [u8; 4]| gateway_v4(table, a.into()).map(|g| g.to_string());
        assert_eq!(via([10, 2, 9, 9]).as_deref(), Some("10.1.1.253"));
        assert_eq!(via([8, 8, 8, 8]).as_deref(), Some("10.1.1.254"));
        assert_eq!(gateway_v4("", [8, 8, 8, 8].into()), None);
        assert_eq!(gateway_v4("x\ngarbage here", [8, 8, 8, 8].into()), None);
    }
}

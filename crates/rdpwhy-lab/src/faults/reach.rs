//! Faults before RDP says a word: the name, and the way to the port.

use rdpwhy_model::Stage::{Negotiate, Resolve, Tcp};

use crate::dns::{NX_DOMAIN, REFUSED, SERVER_FAILURE};
use crate::fault::{Fault, blocked, connectable, degraded, faulty};
use crate::machine::Machine;
use crate::script::{Act, Entry, Listen, Script, Zone};

pub(super) const RESOLVE: &[Fault] = &[
    faulty(
        "dns-nxdomain",
        "The name does not exist",
        Resolve,
        blocked(Resolve, &["dns-name-not-found"]),
        Script::WINDOWS.zone(Zone::Code(NX_DOMAIN)),
    ),
    faulty(
        "dns-no-address",
        "The name exists without an address",
        Resolve,
        blocked(Resolve, &["dns-name-not-found"]),
        Script::WINDOWS.zone(Zone::NoData),
    ),
    faulty(
        "dns-refused",
        "The name server refuses to answer this client",
        Resolve,
        blocked(Resolve, &["dns-server-refuses"]),
        Script::WINDOWS.zone(Zone::Code(REFUSED)),
    ),
    faulty(
        "dns-servfail",
        "The name server fails",
        Resolve,
        blocked(Resolve, &["dns-server-refuses"]),
        Script::WINDOWS.zone(Zone::Code(SERVER_FAILURE)),
    ),
    faulty(
        "dns-silent",
        "The name server does not answer",
        Resolve,
        blocked(Resolve, &["dns-server-no-answer"]),
        Script::WINDOWS.zone(Zone::Silent),
    ),
    faulty(
        "dns-garbage",
        "The name server's answers lie about their lengths",
        Resolve,
        blocked(Resolve, &["dns-server-no-answer", "dns-server-refuses"]),
        Script::WINDOWS.zone(Zone::Garbage),
    ),
    faulty(
        "dns-dead-address",
        "One of the two addresses of the name is dead",
        Resolve,
        degraded(&["dns-record-dead-address"]),
        Script::WINDOWS.zone(Zone::DeadFirst),
    ),
    faulty(
        "dns-ipv6-dead",
        "The IPv6 address of the name is dead, the IPv4 one is not",
        Resolve,
        degraded(&["ipv6-preferred-path-broken"]),
        Script::WINDOWS.zone(Zone::DeadIpv6),
    ),
    faulty(
        "dns-stale",
        "The name leads to another machine",
        Resolve,
        connectable(&[
            "dns-stale-record",
            "port-forward-wrong-host",
            "cert-name-mismatch",
        ]),
        Script::WINDOWS.zone(Zone::Good).machine(Machine::PC17),
    ),
];

pub(super) const TCP: &[Fault] = &[
    faulty(
        "refused",
        "Nothing listens on the port",
        Tcp,
        blocked(
            Tcp,
            &[
                "rdp-disabled-local",
                "termservice-stopped",
                "listener-disabled",
                "rdp-disabled-by-policy",
                "windows-home-no-host",
                "wrong-port",
            ],
        ),
        Script::WINDOWS.listen(Listen::Refused),
    ),
    faulty(
        "no-answer",
        "No answer to a SYN (a full queue; Linux only)",
        Tcp,
        blocked(
            Tcp,
            &[
                "network-firewall-drops",
                "host-firewall-rule-disabled",
                "network-profile-public",
                "third-party-firewall-blocks",
                "firewall-remote-address-scope",
                "host-off-or-asleep",
                "pending-connections-limit",
            ],
        ),
        Script::WINDOWS.listen(Listen::Full),
    ),
    faulty(
        "accept-close",
        "A port forward accepts and closes at once",
        Tcp,
        blocked(
            Negotiate,
            &[
                "forward-target-closed",
                "port-forward-wrong-host",
                "loadbalancer-or-proxy-breaks-rdp",
            ],
        ),
        Script::WINDOWS.entry(Entry::AtOnce(Act::Close)),
    ),
    faulty(
        "accept-reset",
        "Something accepts and resets at once",
        Tcp,
        blocked(
            Negotiate,
            &[
                "third-party-firewall-blocks",
                "ips-or-appid-resets",
                "ip-banned",
                "forward-target-closed",
            ],
        ),
        Script::WINDOWS.entry(Entry::AtOnce(Act::Reset)),
    ),
    faulty(
        "flapping",
        "Every second connection is closed at once",
        Tcp,
        degraded(&[
            "loadbalancer-bad-backend",
            "loadbalancer-or-proxy-breaks-rdp",
            "forward-target-closed",
        ]),
        Script::WINDOWS.entry(Entry::RdpEverySecond),
    ),
];

//! Faults in the X.224 exchange: other services, other answers, none.

use rdpwhy_model::Stage::Negotiate as Stage;

use crate::fault::{Expect, Fault, blocked, connectable, degraded, faulty};
use crate::script::{Act, Entry, Negotiate, Script};
use crate::services::{
    CHARACTERS, CONFIRM, DISCONNECT, ESCAPES, GARBAGE, HTTP, LYING_TPKT, SMB, SSH, VNC,
};

const NOT_RDP: Expect = blocked(Stage, &["not-rdp-on-port", "port-taken-by-other-program"]);
const PLAIN_ONLY: &[&str] = &[
    "host-plain-rdp-only",
    "xrdp-key-not-readable",
    "security-layer-policy-mismatch",
];

pub(super) const ROWS: &[Fault] = &[
    faulty(
        "silent",
        "The port accepts and never says a word",
        Stage,
        blocked(Stage, &["listener-silent"]),
        Script::WINDOWS.entry(Entry::AtOnce(Act::Silence)),
    ),
    faulty(
        "x224-silent",
        "No answer to the X.224 request",
        Stage,
        blocked(Stage, &["listener-silent"]),
        Script::WINDOWS.negotiate(Negotiate::instead(Act::Silence)),
    ),
    faulty(
        "x224-close",
        "The connection ends in answer to the X.224 request",
        Stage,
        blocked(
            Stage,
            &[
                "third-party-firewall-blocks",
                "ips-or-appid-resets",
                "ip-banned",
                "brute-force-overload",
                "forward-target-closed",
                "termservice-crashes",
            ],
        ),
        Script::WINDOWS.negotiate(Negotiate::instead(Act::Close)),
    ),
    faulty(
        "reset-after-x224",
        "The connection is reset when it is recognised as RDP",
        Stage,
        blocked(
            Stage,
            &[
                "ips-or-appid-resets",
                "third-party-firewall-blocks",
                "ip-banned",
                "brute-force-overload",
            ],
        ),
        Script::WINDOWS.negotiate(Negotiate::instead(Act::Reset)),
    ),
    faulty(
        "ssh",
        "SSH answers on the port",
        Stage,
        NOT_RDP,
        Script::WINDOWS.entry(Entry::Service(SSH.0, Act::Say(SSH.1))),
    ),
    faulty(
        "http",
        "A web server answers on the port",
        Stage,
        NOT_RDP,
        Script::WINDOWS.entry(Entry::Service(HTTP.0, Act::Say(HTTP.1))),
    ),
    faulty(
        "smb",
        "A file server answers on the port",
        Stage,
        NOT_RDP,
        Script::WINDOWS.entry(Entry::Service(SMB.0, Act::Say(SMB.1))),
    ),
    faulty(
        "vnc",
        "VNC answers on the port",
        Stage,
        NOT_RDP,
        Script::WINDOWS.entry(Entry::Service(VNC, Act::Close)),
    ),
    faulty(
        "escapes",
        "A banner that would drive a terminal",
        Stage,
        NOT_RDP,
        Script::WINDOWS.entry(Entry::Service(ESCAPES, Act::Close)),
    ),
    faulty(
        "tls-at-once",
        "RDP is wrapped in TLS",
        Stage,
        blocked(Stage, &["rdp-inside-tls"]),
        Script::WINDOWS.entry(Entry::RdpInsideTls),
    ),
    faulty(
        "proxy-expected",
        "The host wants a PROXY header before RDP",
        Stage,
        blocked(Stage, &["proxy-protocol-mismatch"]),
        Script::WINDOWS.entry(Entry::RdpAfterProxyHeader),
    ),
    faulty(
        "disconnect-instead",
        "A disconnect in answer to X.224, as after a PROXY header that nobody expected",
        Stage,
        blocked(
            Stage,
            &[
                "proxy-protocol-mismatch",
                "loadbalancer-or-proxy-breaks-rdp",
            ],
        ),
        Script::WINDOWS.negotiate(Negotiate::instead(Act::Say(DISCONNECT))),
    ),
    faulty(
        "plain-selected",
        "Plain RDP security is selected whatever is offered",
        Stage,
        connectable(PLAIN_ONLY),
        Script::WINDOWS.negotiate(Negotiate::PLAIN_ALWAYS),
    ),
    faulty(
        "plain-only",
        "TLS and NLA are refused (failure 2), plain RDP security is not",
        Stage,
        degraded(PLAIN_ONLY),
        Script::WINDOWS.negotiate(Negotiate::PLAIN),
    ),
    faulty(
        "failure-1",
        "Failure 1 to everything: TLS is required, though offered",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.negotiate(Negotiate::failure(1)),
    ),
    faulty(
        "failure-2",
        "Failure 2 to everything: TLS is not allowed, nor anything else",
        Stage,
        blocked(Stage, PLAIN_ONLY),
        Script::WINDOWS.negotiate(Negotiate::failure(2)),
    ),
    faulty(
        "failure-3",
        "Failure 3 to everything: no certificate on the server",
        Stage,
        blocked(Stage, &["no-certificate-on-server"]),
        Script::WINDOWS.negotiate(Negotiate::failure(3)),
    ),
    faulty(
        "failure-4",
        "Failure 4 to everything: inconsistent flags",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.negotiate(Negotiate::failure(4)),
    ),
    faulty(
        "failure-5",
        "Failure 5 to everything: NLA is required, though offered",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.negotiate(Negotiate::failure(5)),
    ),
    faulty(
        "failure-6",
        "Failure 6 to everything: a client certificate is required",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.negotiate(Negotiate::failure(6)),
    ),
    faulty(
        "failure-99",
        "A failure code that no specification knows",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.negotiate(Negotiate::failure(99)),
    ),
    faulty(
        "garbage",
        "Bytes of no protocol in answer to X.224",
        Stage,
        NOT_RDP,
        Script::WINDOWS.negotiate(Negotiate::instead(Act::Say(GARBAGE))),
    ),
    faulty(
        "lying-length",
        "An answer that announces 65535 bytes and stops after eleven",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.negotiate(Negotiate::instead(Act::SayAndWait(LYING_TPKT))),
    ),
    faulty(
        "drip",
        "The answer comes with one byte a second",
        Stage,
        blocked(Stage, &[]),
        Script::WINDOWS.negotiate(Negotiate::instead(Act::Drip(CONFIRM))),
    ),
    faulty(
        "endless",
        "Text without end, from the first moment on",
        Stage,
        NOT_RDP,
        Script::WINDOWS.entry(Entry::AtOnce(Act::Flood(&CHARACTERS))),
    ),
];

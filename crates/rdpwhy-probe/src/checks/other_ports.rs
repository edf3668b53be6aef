//! A dozen other ports: those that RDP is moved to, and those that show that the host lives.

use std::net::SocketAddr;

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_model::recording::ConnectOutcome;
use rdpwhy_wire::script::Script;
use rdpwhy_wire::{read, walk};

use super::Check;

/// Ports that RDP is moved to; a Connection Request is sent there.
const MOVED: [u16; 5] = [3389, 3390, 3388, 33890, 13389];
/// Ports that show that a host lives; nothing is sent there. 135 and 5985 are Windows' own
/// (RPC endpoint mapper, WinRM).
const LIVING: [u16; 8] = [22, 80, 135, 443, 445, 5985, 139, 8080];

pub(super) const CHECK: Check = Check {
    id: "other-ports",
    stage: Stage::Tcp,
    question: "does the host answer on other ports?",
    connections: 13,
    yields: &[
        FactKey::PortsOpen,
        FactKey::PortsAnyOpen,
        FactKey::PortsAnyAnswer,
        FactKey::PortsRdp,
        FactKey::PortsAnyRdp,
        FactKey::PortsWindows,
    ],
    applies: |c| c.facts.knows(FactKey::TcpOutcome),
    scripts: |c| {
        let moved = MOVED
            .iter()
            .map(|p| (*p, walk::negotiate(Some(walk::BASELINE))));
        let living = LIVING.iter().map(|p| (*p, Vec::new()));
        let asked = moved.chain(living).filter(|(p, _)| *p != c.port);
        asked
            .map(|(p, acts)| {
                (
                    SocketAddr::new(c.address, p),
                    Script::new("other-ports", acts),
                )
            })
            .collect()
    },
    read: |_, connections| {
        let connected = |o: ConnectOutcome| o == ConnectOutcome::Connected;
        let open: Vec<u16> = connections
            .iter()
            .filter(|c| connected(c.connect.outcome))
            .map(|c| c.to.port())
            .collect();
        let answers = |o: ConnectOutcome| connected(o) || o == ConnectOutcome::Refused;
        let rdp: Vec<String> = connections
            .iter()
            .filter(|c| speaks_rdp(&read::negotiation(c)))
            .map(|c| c.to.port().to_string())
            .collect();
        vec![
            (
                FactKey::PortsOpen,
                open.iter().map(u16::to_string).collect::<Vec<_>>().into(),
            ),
            (FactKey::PortsAnyOpen, (!open.is_empty()).into()),
            (
                FactKey::PortsAnyAnswer,
                connections
                    .iter()
                    .any(|c| answers(c.connect.outcome))
                    .into(),
            ),
            (
                FactKey::PortsWindows,
                open.iter().any(|p| matches!(p, 135 | 5985)).into(),
            ),
            (FactKey::PortsAnyRdp, (!rdp.is_empty()).into()),
            (FactKey::PortsRdp, rdp.into()),
        ]
    },
};

fn speaks_rdp(word: &str) -> bool {
    word.starts_with("selected-") || word.starts_with("failure-")
}

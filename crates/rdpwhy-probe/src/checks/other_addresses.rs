//! The same walk on the other addresses of the name: is it this address, or the host?

use std::net::SocketAddr;

use rdpwhy_model::Stage;
use rdpwhy_model::fact::FactKey;
use rdpwhy_wire::read;

use super::{Check, one};

/// Addresses that are tried, at most.
const MOST: usize = 3;

pub(super) const CHECK: Check = Check {
    id: "other-addresses",
    stage: Stage::Negotiate,
    question: "do the other addresses of the name get further?",
    connections: 3,
    yields: &[FactKey::OthersWork],
    applies: |c| c.connected() && c.addresses.len() > 1,
    scripts: |c| {
        let others = c.addresses.iter().filter(|a| **a != c.address).take(MOST);
        others
            .map(|a| {
                (
                    SocketAddr::new(*a, c.port),
                    super::walk::script("other-addresses", c),
                )
            })
            .collect()
    },
    read: |_, connections| {
        one(
            FactKey::OthersWork,
            connections.iter().any(|c| read::works(&read::outcome(c))),
        )
    },
};

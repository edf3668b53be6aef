//! The table of faults, in the order of a connection. To add one, add a row to its stage's file.

mod certificate;
mod healthy;
mod negotiate;
mod nla;
mod reach;
mod revocation;
mod tls;

use std::sync::LazyLock;

use crate::fault::Fault;

static FAULTS: LazyLock<Vec<Fault>> = LazyLock::new(|| {
    [
        healthy::ROWS,
        revocation::HEALTHY,
        reach::RESOLVE,
        reach::TCP,
        negotiate::ROWS,
        tls::ROWS,
        certificate::ROWS,
        revocation::ROWS,
        nla::NLA,
        nla::SIGN_IN,
        nla::MCS,
        nla::LICENSING,
    ]
    .concat()
});

/// All servers of the lab, the healthy ones first, then the faults in the order of a connection.
pub fn faults() -> &'static [Fault] {
    &FAULTS
}

/// The server of that id, if there is one.
pub fn fault(id: &str) -> Option<&'static Fault> {
    FAULTS.iter().find(|fault| fault.id == id)
}

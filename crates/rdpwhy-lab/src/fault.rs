//! A row of the table: a fault and what a right diagnosis says of it.

use std::fmt;

use rdpwhy_model::Stage;

use crate::script::{Listen, Script, Zone};

/// A server of the lab: healthy, or with one thing wrong.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The name under which it is asked for.
    pub id: &'static str,
    /// What is wrong, in one line.
    pub title: &'static str,
    /// Whether anything is wrong at all.
    pub kind: Kind,
    /// The exchange into which the fault is put; `None` for a healthy server.
    pub stage: Option<Stage>,
    /// What a right diagnosis says.
    pub expect: Expect,
    /// Whether it shows only to who asks for the whole matrix of TLS.
    pub tls: bool,
    /// Whether a diagnosis has to ask for revocation (`--revocation`) to see it.
    pub revocation: bool,
    /// The password with which a diagnosis has to sign in to see it, as any user.
    pub password: Option<&'static str>,
    /// Whether it shows only to who asks about sign-in (`--nla`).
    pub nla: bool,
    pub(crate) script: Script,
}

/// Whether a server of the lab has a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client would connect, and there is nothing to complain about that Windows does not do too.
    Healthy,
    /// Something is wrong, though perhaps not for every client.
    Fault,
}

/// What a right diagnosis says of a fault, seen as a Windows 11 client and without an account.
#[derive(Clone, Copy, Debug)]
pub struct Expect {
    /// The outcome of the verdict.
    pub outcome: Outcome,
    /// The stage of the verdict; `None` when the fault makes no demand.
    pub stage: Option<Stage>,
    /// Ids of causes: one of them leads the verdict or, where the client connects, stands among
    /// the findings. Empty when the fault makes no demand.
    pub causes: &'static [&'static str],
}

/// The outcomes of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A client would connect.
    Connectable,
    /// A client would not connect.
    Blocked,
    /// Some tries, addresses or times fail, or it takes a detour.
    Degraded,
    /// Not enough could be seen.
    Undetermined,
}

impl Outcome {
    /// The outcome's name in the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connectable => "connectable",
            Self::Blocked => "blocked",
            Self::Degraded => "degraded",
            Self::Undetermined => "undetermined",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Fault {
    /// The same row, for who asks for the whole matrix of TLS.
    pub(crate) const fn in_the_matrix(mut self) -> Self {
        self.tls = true;
        self
    }

    /// The same, for a diagnosis that asks for revocation.
    pub(crate) const fn asking_for_revocation(mut self) -> Self {
        self.revocation = true;
        self
    }

    /// The same, for a diagnosis that signs in with that password.
    pub(crate) const fn signing_in(mut self, password: &'static str) -> Self {
        self.password = Some(password);
        self
    }

    /// The same, for a diagnosis that asks about sign-in.
    pub(crate) const fn asking_about_sign_in(mut self) -> Self {
        self.nla = true;
        self
    }

    /// Why this fault cannot be shown on this machine, if it cannot.
    pub fn unavailable(&self) -> Option<&'static str> {
        if self.script.listen == Listen::Full && !cfg!(target_os = "linux") {
            return Some("only Linux drops a SYN when the queue of a listener is full");
        }
        if self.script.zone == Some(Zone::DeadIpv6) && !has_ipv6_loopback() {
            return Some("this machine has no IPv6 loopback address");
        }
        None
    }

    /// Whether the target is a name that only the lab's own DNS server knows.
    pub fn needs_resolver(&self) -> bool {
        self.script.zone.is_some()
    }
}

fn has_ipv6_loopback() -> bool {
    std::net::UdpSocket::bind((std::net::Ipv6Addr::LOCALHOST, 0)).is_ok()
}

/// A healthy row.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "rows are made at compile time"
)]
pub(crate) const fn healthy(id: &'static str, title: &'static str, script: Script) -> Fault {
    let expect = connectable(&[]);
    Fault {
        id,
        title,
        kind: Kind::Healthy,
        stage: None,
        expect,
        tls: false,
        revocation: false,
        password: None,
        nla: false,
        script,
    }
}

/// A row with a fault in `stage`.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "rows are made at compile time"
)]
pub(crate) const fn faulty(
    id: &'static str,
    title: &'static str,
    stage: Stage,
    expect: Expect,
    script: Script,
) -> Fault {
    Fault {
        id,
        title,
        kind: Kind::Fault,
        stage: Some(stage),
        expect,
        tls: false,
        revocation: false,
        password: None,
        nla: false,
        script,
    }
}

/// The connection fails at `stage`.
pub(crate) const fn blocked(stage: Stage, causes: &'static [&'static str]) -> Expect {
    Expect {
        outcome: Outcome::Blocked,
        stage: Some(stage),
        causes,
    }
}

/// It connects, with one of these findings.
pub(crate) const fn connectable(causes: &'static [&'static str]) -> Expect {
    Expect {
        outcome: Outcome::Connectable,
        stage: None,
        causes,
    }
}

/// It cannot be told whether it connects, and one of these is the reason.
pub(crate) const fn undetermined(causes: &'static [&'static str]) -> Expect {
    Expect {
        outcome: Outcome::Undetermined,
        stage: None,
        causes,
    }
}

/// It connects at times, or only after a detour.
pub(crate) const fn degraded(causes: &'static [&'static str]) -> Expect {
    Expect {
        outcome: Outcome::Degraded,
        stage: None,
        causes,
    }
}

//! The machine that a server of the lab pretends to be.

/// A domain member as its names show in certificates, DNS and NTLM.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Machine {
    /// The NetBIOS name of the computer.
    pub(crate) computer: &'static str,
    /// The full DNS name of the computer.
    pub(crate) host: &'static str,
    /// The NetBIOS name of its domain.
    pub(crate) domain: &'static str,
    /// The DNS name of its domain.
    pub(crate) dns_domain: &'static str,
    /// The Windows build.
    pub(crate) build: u16,
}

impl Machine {
    /// The machine that is asked for, a Windows Server 2022.
    pub(crate) const PC42: Self = Self {
        computer: "PC42",
        host: "pc42.lab.example",
        domain: "LAB",
        dns_domain: "lab.example",
        build: 20348,
    };

    /// Another machine of the same domain.
    pub(crate) const PC17: Self = Self {
        computer: "PC17",
        host: "pc17.lab.example",
        ..Self::PC42
    };

    /// The same names on another Windows build.
    pub(crate) const fn build(mut self, build: u16) -> Self {
        self.build = build;
        self
    }
}

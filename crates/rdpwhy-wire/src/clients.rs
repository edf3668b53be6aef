//! Clients through whose eyes a run looks: what each offers in TLS (data/clients.tsv).

use std::sync::OnceLock;

use crate::script::TlsOffer;

/// The client that a run looks through by default.
pub const DEFAULT: &str = "windows-11";

/// A client's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Name of the profile.
    pub id: &'static str,
    /// What it stands for.
    pub name: &'static str,
    /// Versions that its RDP client offers, lowest first, as on the wire.
    pub versions: Vec<u16>,
    /// Cipher suites in its order.
    pub suites: Vec<u16>,
    /// Key-exchange groups in its order.
    pub groups: Vec<u16>,
    /// Signature schemes in its order; empty when they are not known.
    pub signatures: Vec<u16>,
}

/// Short names for profiles, so that nobody has to know a release.
const ALIASES: [(&str, &str); 5] = [
    ("windows-11", "windows-11-24h2"),
    ("windows-10", "windows-10-22h2"),
    ("windows-7", "windows-7-sp1-rdc8"),
    ("freerdp", "freerdp-3.27-openssl-3.5"),
    ("rdesktop", "rdesktop-1.9-gnutls-3.7"),
];

/// Every client that is known.
pub fn all() -> &'static [Client] {
    static TABLE: OnceLock<Vec<Client>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("../data/clients.tsv")
            .lines()
            .skip(1)
            .filter_map(parse)
            .collect()
    })
}

fn parse(line: &'static str) -> Option<Client> {
    let mut cells = line.split('\t');
    let id = cells.next()?;
    let name = cells.next()?;
    let _os = cells.next()?;
    let mut codes = || -> Option<Vec<u16>> {
        cells
            .next()?
            .split_whitespace()
            .map(|c| u16::from_str_radix(c, 16).ok())
            .collect()
    };
    Some(Client {
        id,
        name,
        versions: codes()?,
        suites: codes()?,
        groups: codes()?,
        signatures: codes()?,
    })
}

/// The client of that name or short name.
pub fn find(name: &str) -> Option<&'static Client> {
    let id = ALIASES
        .iter()
        .find(|(short, _)| *short == name)
        .map_or(name, |(_, id)| id);
    all().iter().find(|c| c.id == id)
}

/// The names that may be given, short ones first.
pub fn names() -> Vec<&'static str> {
    ALIASES
        .iter()
        .map(|(short, _)| *short)
        .chain(all().iter().map(|c| c.id))
        .collect()
}

impl Client {
    /// The offer of this client to a host of that name.
    pub fn offer(&self, server_name: Option<&str>) -> TlsOffer {
        TlsOffer {
            min: self.versions.iter().copied().min().unwrap_or(0x0301),
            max: self.versions.iter().copied().max().unwrap_or(0x0303),
            suites: self.suites.clone(),
            groups: self.groups.clone(),
            signatures: self.signatures.clone(),
            server_name: server_name.map(str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read_and_every_short_name_leads_somewhere() {
        let lines = include_str!("../data/clients.tsv").lines().count() - 1;
        assert_eq!(all().len(), lines);
        for (short, _) in ALIASES {
            assert!(find(short).is_some(), "{short}");
        }
        for c in all() {
            assert!(!c.suites.is_empty() && !c.versions.is_empty(), "{}", c.id);
        }
        assert!(find("windows-95").is_none());
    }
}

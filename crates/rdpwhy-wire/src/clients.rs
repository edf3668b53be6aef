//! Clients through whose eyes a run looks: what each offers in TLS.

use std::sync::OnceLock;

use rdpwhy_model::recording::Recording;

use crate::profiles::{self, Profile, Role};
use crate::script::TlsOffer;
use crate::simulate::{Endpoint, Overrides, SimulateError};

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
    /// What of it is not as in its profile: keys of [`Overrides`].
    pub changed: Vec<String>,
}

/// Every client that is known.
pub fn all() -> &'static [Client] {
    static TABLE: OnceLock<Vec<Client>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let clients = profiles::all().iter().filter(|p| p.can_be(Role::Client));
        clients
            .filter_map(|p| Client::of(p, &Overrides::default()).ok())
            .collect()
    })
}

/// The client of that name or short name.
pub fn find(name: &str) -> Option<&'static Client> {
    let profile = profiles::find(name)?;
    all().iter().find(|c| c.id == profile.id)
}

/// The names that may be given, short ones first.
pub fn names() -> Vec<&'static str> {
    let short = profiles::aliases().filter(|(_, p)| p.can_be(Role::Client));
    short
        .map(|(name, _)| name)
        .chain(all().iter().map(|c| c.id))
        .collect()
}

/// The client of a recording, with what is different about it. Whoever judges a recording asks
/// here, so that it is judged alike on every machine.
///
/// # Errors
/// When its client is not known, or what is said of it cannot be read.
pub fn of(recording: &Recording) -> Result<Client, SimulateError> {
    let unknown = || {
        let name = rdpwhy_model::text::shown(&recording.client, 40);
        SimulateError::UnknownProfile(name)
    };
    let profile = profiles::find(&recording.client).ok_or_else(unknown)?;
    let changes = match &recording.client_json {
        Some(value) => Overrides::from_value(value)?,
        None => Overrides::default(),
    };
    Client::of(profile, &changes)
}

impl Client {
    /// A profile's client, with what is different about it.
    ///
    /// # Errors
    /// When the profile is no client, or a value of the changes is not known.
    pub fn of(profile: &'static Profile, changes: &Overrides) -> Result<Self, SimulateError> {
        let endpoint = Endpoint::of(profile, Role::Client, changes)?;
        Ok(Self {
            id: &profile.id,
            name: &profile.name,
            versions: endpoint.versions().to_vec(),
            suites: endpoint.every_suite(),
            groups: endpoint.groups().unwrap_or_default().to_vec(),
            signatures: endpoint.signatures().to_vec(),
            changed: changes.keys(),
        })
    }

    /// What it stands for, and what of it is different, for people.
    pub fn description(&self) -> String {
        if self.changed.is_empty() {
            return self.name.to_owned();
        }
        let changed = self.changed.join(", ").replace('_', " ");
        format!("{} (changed: {changed})", self.name)
    }

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
    fn every_name_leads_to_a_client() {
        assert!(all().len() >= 35);
        for name in names() {
            assert!(find(name).is_some(), "{name}");
        }
        for c in all() {
            assert!(!c.suites.is_empty() && !c.versions.is_empty(), "{}", c.id);
        }
        assert!(find("windows-95").is_none());
        assert!(find("xrdp").is_none(), "a server is no client");
    }

    #[test]
    fn changes_reach_the_offer() {
        let profile = profiles::find("windows-11").unwrap();
        let changes =
            r#"{"versions": ["TLS1.2"], "suites_remove": ["0xC030"], "groups": ["x25519"]}"#;
        let client = Client::of(profile, &Overrides::parse(changes).unwrap()).unwrap();
        let offer = client.offer(None);
        assert_eq!((offer.min, offer.max), (0x0303, 0x0303));
        assert!(!offer.suites.contains(&0xc030) && offer.suites.contains(&0xc02f));
        assert_eq!(offer.groups, [0x001d]);
        let description = client.description();
        assert!(description.ends_with("(changed: groups, suites remove, versions)"));
    }
}

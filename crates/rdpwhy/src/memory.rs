//! The memory of certificates: what each target showed, from one run to the next.
//!
//! A [`Memory`] is a value with pure functions; a [`Store`] is the one small file that holds it.
//! Nothing here decides what a change means, and a memory that cannot be read or written never
//! stops a run. The file holds names of hosts and certificates, and nothing secret.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use jiff::Timestamp;
use rdpwhy_model::FactKey;
use rdpwhy_model::recording::Recording;
use rdpwhy_model::report::NotDone;
use rdpwhy_model::seen::{Known, Remembered, Shown};
use rdpwhy_probe::{certificate, understand};
use serde::{Deserialize, Serialize};

use crate::{input, system};

/// The name of the file's format.
const SCHEMA: &str = "rdpwhy.seen/1";
/// Targets that are kept, at most; those seen longest ago go first.
const TARGETS: usize = 10_000;
/// The largest file that is read or written, in bytes.
const FILE: usize = 4 * 1024 * 1024;

/// A host and a port as a key of the memory: however the name is written, it is the same target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(String);

impl Place {
    /// The key of a name or address, and a port.
    pub fn new(host: &str, port: u16) -> Self {
        let host = host.trim_end_matches('.').to_lowercase();
        Self(match host.parse::<IpAddr>() {
            Ok(IpAddr::V6(_)) => format!("[{host}]:{port}"),
            _ => format!("{host}:{port}"),
        })
    }

    /// Name or address, without the port.
    fn host(&self) -> &str {
        self.0.rsplit_once(':').map_or(&*self.0, |(host, _)| host)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a run saw of a target.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// The target.
    pub place: Place,
    /// The certificate that it showed.
    pub shown: Shown,
    /// The address that it had, without the port.
    pub address: Option<String>,
    /// The start of the run.
    pub at: Timestamp,
}

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    targets: BTreeMap<String, Known>,
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    schema: String,
    targets: BTreeMap<String, Known>,
}

impl Memory {
    /// Reads what [`Self::text`] wrote.
    ///
    /// # Errors
    /// When it is something else, in words for people.
    pub fn parse(text: &[u8]) -> Result<Self> {
        let written: Written = serde_json::from_slice(text).context("it is damaged")?;
        if written.schema != SCHEMA {
            bail!("it is of another format than {SCHEMA}");
        }
        Ok(Self {
            targets: written.targets,
        })
    }

    /// The memory as JSON, within the bounds of the file: what was seen longest ago is left out.
    ///
    /// # Errors
    /// Never for the types that there are.
    pub fn text(&self) -> Result<String> {
        let mut newest: Vec<(&String, &Known)> = self.targets.iter().collect();
        newest.sort_by_key(|(_, known)| std::cmp::Reverse(known.last));
        let mut size = 0;
        let mut targets = BTreeMap::new();
        for (place, known) in newest.into_iter().take(TARGETS) {
            // Twice for the escapes of a name, and a little for what stands around an entry
            size += serde_json::to_string(known)?.len() + 2 * place.len() + 16;
            if size > FILE - 1024 {
                break;
            }
            targets.insert(place.clone(), known.clone());
        }
        let schema = SCHEMA.to_owned();
        Ok(serde_json::to_string(&Written { schema, targets })? + "\n")
    }

    /// What a target showed when it was last seen. For whoever has to know whether a host is the
    /// expected one: compare the fingerprints.
    pub fn known(&self, place: &Place) -> Option<&Known> {
        self.targets.get(&place.0)
    }

    /// What is remembered that concerns a run.
    pub fn recall(&self, seen: &Sighting) -> Remembered {
        let elsewhere = self
            .targets
            .iter()
            .filter(|(_, known)| known.shown.spki_sha256 == seen.shown.spki_sha256)
            .filter(|(place, known)| !same_machine(&Place((*place).clone()), known, seen))
            .map(|(place, _)| place.clone())
            .collect();
        Remembered {
            before: self.known(&seen.place).cloned(),
            elsewhere,
        }
    }

    /// Keeps what a run saw, in place of what the target showed before.
    pub fn remember(&mut self, seen: &Sighting) {
        let before = self.targets.get(&seen.place.0);
        let first = before
            .filter(|known| known.shown.sha256 == seen.shown.sha256)
            .map_or(seen.at, |known| known.first.min(seen.at));
        let known = Known {
            shown: seen.shown.clone(),
            address: seen.address.clone(),
            first,
            last: seen.at,
        };
        self.targets.insert(seen.place.0.clone(), known);
    }

    /// How many targets are remembered.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }
}

/// Whether a remembered target is plainly the machine of the run under another name: the same
/// name on another port, the short or long form of the name, or the address that the run used.
fn same_machine(place: &Place, known: &Known, seen: &Sighting) -> bool {
    let (one, other) = (place.host(), seen.place.host());
    let longer = |long: &str, short: &str| {
        long.strip_prefix(short)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let address = |host: &str| {
        let bare = host.trim_matches(['[', ']']);
        seen.address.as_deref() == Some(bare)
    };
    one == other
        || longer(one, other)
        || longer(other, one)
        || address(one)
        || (known.address.is_some() && known.address == seen.address)
}

/// The file that holds the memory.
#[derive(Clone, Debug)]
pub struct Store {
    file: PathBuf,
}

impl Store {
    /// The file of the user who runs this. `None` where the system names no place for it.
    pub fn of_user() -> Option<Self> {
        let folder = system::state_folder()?.join("rdpwhy");
        Some(Self::at(folder.join("seen.json")))
    }

    /// A file of choice.
    pub fn at(file: PathBuf) -> Self {
        Self { file }
    }

    /// Reads the memory; one that was never written is empty.
    ///
    /// # Errors
    /// When the file cannot be read, or is none of ours; it is left as it is.
    pub fn load(&self) -> Result<Memory> {
        if !self.file.try_exists().unwrap_or(true) {
            return Ok(Memory::default());
        }
        let most = u64::try_from(FILE).unwrap_or(u64::MAX);
        let bytes = input::bounded(&self.file, most)?;
        Memory::parse(&bytes).with_context(|| self.name())
    }

    /// Keeps what a run saw. The file is read again first, so that what other runs wrote
    /// meanwhile stays, and replaced as a whole, so that no run ever reads half of it.
    ///
    /// # Errors
    /// When the file cannot be read, is none of ours, or cannot be replaced; it is left as it is.
    pub fn remember(&self, seen: &Sighting) -> Result<()> {
        let mut memory = self.load()?;
        memory.remember(seen);
        let text = memory.text()?;
        let folder = self.file.parent().unwrap_or(Path::new("."));
        let written = || format!("{}: cannot be written", self.name());
        system::private_folder(folder).with_context(written)?;
        let new = folder.join(format!("seen.json.{}.new", std::process::id()));
        let done = replace(&new, &self.file, text.as_bytes());
        if done.is_err() {
            let _ = std::fs::remove_file(&new);
        }
        done.with_context(written)
    }

    fn name(&self) -> String {
        rdpwhy_model::text::shown(&self.file.display().to_string(), 200)
    }
}

fn replace(new: &Path, file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // What a run of the same number left behind when it was killed
    let _ = std::fs::remove_file(new);
    let mut out = system::private_file(new)?;
    out.write_all(bytes)?;
    out.sync_all()?;
    drop(out);
    std::fs::rename(new, file)
}

/// What a recording shows of its target. `None` where no certificate was seen.
pub fn sighting(recording: &Recording) -> Option<Sighting> {
    let facts = understand(recording);
    let address = facts.text(FactKey::TcpAddress);
    let address = address.and_then(|a| a.parse::<SocketAddr>().ok());
    Some(Sighting {
        place: Place::new(&recording.host, recording.port),
        shown: certificate(&facts)?,
        address: address.map(|a| a.ip().to_string()),
        at: recording.started,
    })
}

/// Puts what is remembered of the target into its recording, or says why nothing is.
pub fn recall(store: Option<&Store>, recording: &mut Recording) -> Option<NotDone> {
    let (store, seen) = (store?, sighting(recording)?);
    match store.load() {
        Ok(memory) => {
            recording.remembered = Some(memory.recall(&seen));
            None
        }
        Err(e) => Some(NotDone {
            check: "against the memory of earlier runs".to_owned(),
            why: format!("it was left alone: {e:#}; --no-memory does without"),
            facts: vec![FactKey::CertSeen, FactKey::CertSeenElsewhere],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn seen(host: &str, key: &str, certificate: &str, seconds: i64) -> Sighting {
        Sighting {
            place: Place::new(host, 3389),
            shown: Shown {
                sha256: certificate.into(),
                spki_sha256: key.into(),
                serial: "01".into(),
                issuer: "CN=CA".into(),
                subject: "CN=pc42".into(),
                not_after: Some(at(9_999)),
            },
            address: Some(format!("addr-of-{host}")),
            at: at(seconds),
        }
    }

    #[test]
    fn a_target_is_the_same_however_it_is_written() {
        assert_eq!(
            Place::new("PC42.Corp.Example.", 3389),
            Place::new("pc42.corp.example", 3389)
        );
        assert_ne!(Place::new("pc42", 3389), Place::new("pc42", 3390));
        assert_eq!(Place::new("FD77::1", 3389).to_string(), "[fd77::1]:3389");
    }

    #[test]
    fn what_was_seen_is_recalled_and_dated() {
        let mut memory = Memory::default();
        let first = seen("pc42", "k1", "c1", 100);
        assert_eq!(memory.recall(&first).before, None);
        memory.remember(&first);
        memory.remember(&seen("pc42", "k1", "c1", 200));
        let known = memory.known(&Place::new("pc42", 3389)).unwrap();
        assert_eq!((known.first, known.last), (at(100), at(200)));
        // Another certificate begins anew
        memory.remember(&seen("pc42", "k2", "c2", 300));
        let known = memory.known(&Place::new("pc42", 3389)).unwrap();
        assert_eq!((known.first, known.last), (at(300), at(300)));
        let read = Memory::parse(memory.text().unwrap().as_bytes()).unwrap();
        assert_eq!(read, memory);
    }

    #[test]
    fn one_machine_under_two_names_is_not_two() {
        let mut memory = Memory::default();
        for host in ["pc42.corp.example", "other", "moved", "10.0.0.5"] {
            memory.remember(&seen(host, "k1", "c1", 100));
        }
        memory.remember(&seen("different-key", "k2", "c2", 100));
        let mut now = seen("pc42", "k1", "c1", 200);
        now.address = Some("10.0.0.5".into());
        assert_eq!(memory.recall(&now).elsewhere, ["moved:3389", "other:3389"]);
        now.address = Some("addr-of-moved".into());
        let elsewhere = memory.recall(&now).elsewhere;
        assert_eq!(elsewhere, ["10.0.0.5:3389", "other:3389"]);
    }

    #[test]
    fn the_file_stays_small_and_the_newest_stay_in_it() {
        let mut memory = Memory::default();
        for n in 0..12_000 {
            memory.remember(&seen(&format!("host{n}"), "k", "c", n));
        }
        let text = memory.text().unwrap();
        assert!(text.len() <= FILE, "{}", text.len());
        let read = Memory::parse(text.as_bytes()).unwrap();
        assert_eq!(read.len(), TARGETS);
        assert!(read.known(&Place::new("host11999", 3389)).is_some());
        assert!(read.known(&Place::new("host0", 3389)).is_none());
        // Long names, as strange hosts may have them
        let mut long = Memory::default();
        for n in 0..3_000 {
            let mut one = seen(&format!("host{n}"), "k", "c", n);
            one.shown.subject = "\u{10000}\"".repeat(250);
            long.remember(&one);
        }
        assert!(long.text().unwrap().len() <= FILE);
    }

    #[test]
    fn what_is_not_ours_is_left() {
        for text in ["", "{", "[]", "{\"schema\":\"other/1\",\"targets\":{}}"] {
            assert!(Memory::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}

//! The RDP client of this machine: from what its system says to a profile and what differs from it.
//!
//! Reading is the system's part (`system/`); this part is the same everywhere.

use std::collections::BTreeMap;

use rdpwhy_model::text::shown;
use rdpwhy_wire::profiles::{self, Profile, Role, Stack};
use rdpwhy_wire::simulate::{Fips, Overrides};
use rdpwhy_wire::version::{self, Version};
use rdpwhy_wire::{groups, suites};

use crate::ProbeError;

/// The client of this machine, as near as the profiles have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThisClient {
    /// The nearest profile.
    pub profile: &'static Profile,
    /// What this machine has set differently.
    pub changes: Overrides,
    /// What was found, and what it was taken as, for people.
    pub found: String,
}

/// Finds the client of this machine.
///
/// # Errors
/// When there is none, or the system does not say enough.
pub fn this_client() -> Result<ThisClient, ProbeError> {
    crate::system::this_client()
}

/// What the registry of a Windows machine says of its client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowsValues {
    /// CurrentBuild under SOFTWARE\Microsoft\Windows NT\CurrentVersion: `19045`.
    pub build: String,
    /// UBR there: the update.
    pub update: Option<u32>,
    /// ProductName there; says whether it is a server.
    pub product: String,
    /// SCHANNEL\Protocols\TLS 1.x\Client, for each version that has the key.
    pub protocols: BTreeMap<Version, Protocol>,
    /// Functions of the policy on suites: `TLS_AES_256_GCM_SHA384,…`.
    pub suites: Option<Vec<String>>,
    /// EccCurves of the same policy: `curve25519`, `NistP256`.
    pub curves: Option<Vec<String>>,
    /// Enabled under Lsa\FipsAlgorithmPolicy.
    pub fips: Option<u32>,
}

/// What a key of SCHANNEL\Protocols says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protocol {
    /// 0 is off, anything else on.
    pub enabled: Option<u32>,
    /// 0 is on, anything else off unless a program asks for the version by name.
    pub disabled_by_default: Option<u32>,
}

/// The client of a Windows machine.
///
/// # Errors
/// When the build number is none, or older than any profile.
pub fn of_windows(values: &WindowsValues) -> Result<ThisClient, ProbeError> {
    let build: u32 = values.build.trim().parse().map_err(|_| {
        let text = shown(&values.build, 40);
        ProbeError::Client(format!("the registry gives \"{text}\" as the build number"))
    })?;
    let server = values.product.contains("Server");
    let profile = by_build(build, server)
        .ok_or_else(|| ProbeError::Client(format!("build {build} is older than any profile")))?;
    let mut changes = Overrides::default();
    let on = |v: &&Version| {
        let set = values.protocols.get(v).copied().unwrap_or_default();
        set.enabled != Some(0) && set.disabled_by_default.unwrap_or(0) == 0
    };
    let own = profile.versions(Role::Client);
    let left: Vec<&Version> = own.iter().filter(on).collect();
    // Whoever set it settled a dispute, too
    let set = |v: &Version| values.protocols.contains_key(v);
    if left.len() < own.len() || profile.disputed_versions.iter().any(set) {
        changes.versions = Some(left.into_iter().map(|v| version::name(*v)).collect());
    }
    let mut unknown = 0;
    let mut known = |list: &Option<Vec<String>>, read: fn(&str) -> Option<String>| {
        let names = list.as_ref()?.iter().map(|n| n.trim());
        let mut out = Vec::new();
        for name in names.filter(|n| !n.is_empty()) {
            match read(name) {
                Some(name) => out.push(name),
                None => unknown += 1,
            }
        }
        // A list of nothing that is known would leave nothing: it says nothing instead
        Some(out).filter(|list| !list.is_empty())
    };
    changes.suites = known(&values.suites, suite);
    changes.groups = known(&values.curves, curve);
    if values.fips.is_some_and(|n| n != 0) {
        changes.fips = Some(Fips::On);
    }
    let update = values.update.map(|u| format!(".{u}")).unwrap_or_default();
    let product = shown(&values.product, 60);
    let mut found = format!("{product} build {build}{update}, taken as {}", profile.id);
    if !changes.is_empty() {
        found.push_str(&format!(", with its own {}", changes.keys().join(", ")));
    }
    if unknown > 0 {
        found.push_str(&format!(
            "; names in its policy that are not known: {unknown}"
        ));
    }
    Ok(ThisClient {
        profile,
        changes,
        found,
    })
}

/// The profile of a build: one that names it, or the newest below. The last of several is the one
/// with all updates; servers and workstations of one build are told apart by name.
fn by_build(build: u32, server: bool) -> Option<&'static Profile> {
    let is_server = |p: &Profile| p.os.iter().all(|os| os.contains("Server"));
    let patched = |p: &Profile| !p.id.ends_with("-no-sha512");
    let nearest = |p: &&'static Profile| p.builds.iter().filter(|b| **b <= build).max().copied();
    let windows = profiles::all()
        .iter()
        .filter(|p| p.stack == Stack::Schannel && p.can_be(Role::Client) && patched(p));
    windows
        .filter(|p| nearest(p).is_some())
        .max_by_key(|p| (nearest(p), is_server(p) == server))
}

/// A suite of a policy: its name, in old releases with the curve that it is bound to.
fn suite(name: &str) -> Option<String> {
    let of = |name: &str| suites::all().iter().find(|s| s.name == name);
    if let Some(suite) = of(name) {
        return Some(suite.name.to_owned());
    }
    let (name, curve) = name.rsplit_once("_P")?;
    let curve = ["secp256r1", "secp384r1", "secp521r1"]
        .into_iter()
        .find(|c| c[4..7] == *curve)?;
    of(name).map(|s| format!("{} {curve}", s.name))
}

/// A curve by the name that Windows has for it.
fn curve(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let registry = match lower.as_str() {
        "curve25519" => "x25519",
        "nistp192" => "secp192r1",
        "nistp224" => "secp224r1",
        "nistp256" => "secp256r1",
        "nistp384" => "secp384r1",
        "nistp521" => "secp521r1",
        "x25519_mlkem768" => "X25519MLKEM768",
        "secp256r1_mlkem768" => "SecP256r1MLKEM768",
        "secp384r1_mlkem1024" => "SecP384r1MLKEM1024",
        other => other,
    };
    let known = groups::ALL.iter();
    let same = |g: &&groups::Group| g.name.eq_ignore_ascii_case(registry);
    known.into_iter().find(same).map(|g| g.name.to_owned())
}

/// What programs and libraries of a Linux machine say of its client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinuxValues {
    /// FreeRDP's version: `3.15.0`.
    pub freerdp: Option<String>,
    /// OpenSSL's version: `3.0.19`.
    pub openssl: Option<String>,
}

/// The client of a Linux machine: its FreeRDP, or what one would offer with its OpenSSL.
///
/// # Errors
/// When neither is there.
pub fn of_linux(values: &LinuxValues) -> Result<ThisClient, ProbeError> {
    let freerdp = values.freerdp.as_deref().and_then(numbers);
    let openssl = values.openssl.as_deref().and_then(numbers);
    if freerdp.is_none() && openssl.is_none() {
        let text = "neither FreeRDP nor OpenSSL was found here: name a client instead";
        return Err(ProbeError::Client(text.into()));
    }
    let new = freerdp.is_none_or(|v| v >= (3, 27));
    let id = match openssl {
        Some(v) if v < (3, 0) => "freerdp-2-openssl-1.1.1",
        Some(v) if v >= (3, 5) && new => "freerdp-3.27-openssl-3.5",
        Some(v) if v >= (3, 5) => "freerdp-3-openssl-3.5",
        _ if new => "freerdp-3.27-openssl-3.0",
        _ => "freerdp-3-openssl-3.0",
    };
    let profile = profiles::find(id)
        .ok_or_else(|| ProbeError::Client(format!("the profile {id} is gone")))?;
    let version = |v: Option<(u32, u32)>, text: &Option<String>| {
        let text = text.as_deref().filter(|_| v.is_some());
        text.map(|t| shown(t, 40))
    };
    let on = match version(openssl, &values.openssl) {
        Some(v) => format!("OpenSSL {v}"),
        None => "an OpenSSL of unknown version".to_owned(),
    };
    let found = match version(freerdp, &values.freerdp) {
        Some(v) => format!("FreeRDP {v} on {on}, taken as {id}"),
        None => format!("no FreeRDP, but {on}: taken as {id}"),
    };
    Ok(ThisClient {
        profile,
        changes: Overrides::default(),
        found,
    })
}

/// The first two numbers of a version.
fn numbers(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next()?.parse().ok()?))
}

/// The version after a word in what a program says: `3.0.19` in `OpenSSL 3.0.19 27 Jan 2026`.
pub fn version_after(word: &str, text: &str) -> Option<String> {
    let starts = text.match_indices(word).map(|(at, _)| at + word.len());
    let mut versions = starts.map(|at| {
        let rest = text[at..].trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        rest[..end.unwrap_or(rest.len())].to_owned()
    });
    versions.find(|v| numbers(v).is_some())
}

/// The version that a library's file name ends with: `2.11.7` in `libfreerdp2.so.2.11.7`.
pub fn version_of_library(name: &str) -> Option<String> {
    let version = name.split_once(".so.")?.1;
    numbers(version).map(|_| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(build: &str, product: &str) -> WindowsValues {
        WindowsValues {
            build: build.into(),
            product: product.into(),
            update: Some(4046),
            ..WindowsValues::default()
        }
    }

    #[test]
    fn the_build_picks_the_profile() {
        for (build, product, id) in [
            ("19045", "Windows 10 Pro", "windows-10-22h2"),
            ("26100", "Windows 10 Pro", "windows-11-24h2"),
            (
                "26100",
                "Windows Server 2025 Standard",
                "windows-server-2025",
            ),
            ("17763", "Windows Server 2019 Datacenter", "windows-10-1809"),
            ("9600", "Windows 8.1 Pro", "windows-8.1"),
            ("7601", "Windows 7 Professional", "windows-7-sp1-rdc8"),
            (
                "7601",
                "Windows Server 2008 R2 Standard",
                "windows-server-2008-r2-kb3080079",
            ),
            ("28000", "Windows 10 Pro", "windows-11-24h2"),
            ("22621", "Windows 10 Pro", "windows-11-22h2"),
        ] {
            let this = of_windows(&windows(build, product)).unwrap();
            assert_eq!(this.profile.id, id, "{build} {product}");
            assert!(this.changes.is_empty());
        }
        assert!(of_windows(&windows("2600", "Windows XP")).is_err());
        let wrong = of_windows(&windows("x\u{1b}", "Windows")).unwrap_err();
        assert!(!wrong.to_string().contains('\u{1b}'));
    }

    #[test]
    fn settings_become_changes() {
        let mut values = windows("22631", "Windows 10 Pro");
        let off = Protocol {
            enabled: Some(0),
            disabled_by_default: Some(1),
        };
        let on = Protocol {
            enabled: Some(0xffff_ffff),
            disabled_by_default: Some(0),
        };
        values.protocols = BTreeMap::from([
            (version::TLS10, off),
            (
                version::TLS11,
                Protocol {
                    enabled: None,
                    disabled_by_default: Some(1),
                },
            ),
            (version::TLS12, on),
        ]);
        let list = |names: &[&str]| Some(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>());
        values.suites = list(&[
            "TLS_AES_256_GCM_SHA384",
            " TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384_P384",
            "TLS_OF_NOBODY",
        ]);
        values.curves = list(&["NistP384", "curve25519", "x25519_mlkem768"]);
        values.fips = Some(1);
        let this = of_windows(&values).unwrap();
        let c = &this.changes;
        assert_eq!(c.versions, list(&["TLS1.2", "TLS1.3"]));
        let suites = list(&[
            "TLS_AES_256_GCM_SHA384",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384 secp384r1",
        ]);
        assert_eq!(c.suites, suites);
        assert_eq!(c.groups, list(&["secp384r1", "x25519", "X25519MLKEM768"]));
        assert_eq!(c.fips, Some(Fips::On));
        assert!(this.found.contains("22631.4046") && this.found.ends_with("not known: 1"));
        // What was chosen can be used as it is
        rdpwhy_wire::clients::Client::of(this.profile, c).unwrap();
    }

    #[test]
    fn what_is_set_as_it_was_changes_nothing() {
        let mut values = windows("19045", "Windows 10 Pro");
        let on = Protocol {
            enabled: Some(1),
            disabled_by_default: Some(0),
        };
        values.protocols = BTreeMap::from([(version::TLS12, on), (version::TLS13, on)]);
        values.suites = Some(vec!["SOMETHING_ELSE".into()]);
        values.fips = Some(0);
        let this = of_windows(&values).unwrap();
        assert!(this.changes.is_empty(), "{:?}", this.changes);
        // Where sources contradict each other, a setting decides
        let mut server = windows("26100", "Windows Server 2025 Standard");
        server.protocols = BTreeMap::from([(version::TLS10, on)]);
        let versions = of_windows(&server).unwrap().changes.versions.unwrap();
        assert_eq!(versions.len(), 4);
    }

    #[test]
    fn freerdp_and_its_library_pick_the_profile() {
        let of = |freerdp: Option<&str>, openssl: Option<&str>| {
            of_linux(&LinuxValues {
                freerdp: freerdp.map(str::to_owned),
                openssl: openssl.map(str::to_owned),
            })
        };
        for (freerdp, openssl, id) in [
            (Some("2.11.7"), Some("3.0.19"), "freerdp-3-openssl-3.0"),
            (Some("2.3.0"), Some("1.1.1"), "freerdp-2-openssl-1.1.1"),
            (Some("3.15.0"), Some("3.5.4"), "freerdp-3-openssl-3.5"),
            (Some("3.27.1"), Some("3.5.4"), "freerdp-3.27-openssl-3.5"),
            (Some("3.27.1"), Some("3.2.0"), "freerdp-3.27-openssl-3.0"),
            (Some("3.5.1"), None, "freerdp-3-openssl-3.0"),
            (None, Some("3.5.4"), "freerdp-3.27-openssl-3.5"),
        ] {
            let this = of(freerdp, openssl).unwrap();
            assert_eq!(this.profile.id, id, "{freerdp:?} {openssl:?}");
            assert!(this.found.contains(id));
        }
        assert!(of(None, None).is_err());
        assert!(of(Some("nonsense"), Some("")).is_err());
    }

    #[test]
    fn versions_are_found_in_what_programs_say() {
        let said = "This is FreeRDP version 3.15.0 (3.15.0)\n";
        assert_eq!(
            version_after("FreeRDP version", said).as_deref(),
            Some("3.15.0")
        );
        let said = "OpenSSL 3.0.19 27 Jan 2026 (Library: OpenSSL 3.0.19 27 Jan 2026)";
        assert_eq!(version_after("OpenSSL", said).as_deref(), Some("3.0.19"));
        assert_eq!(
            version_after("OpenSSL", "WITH_OPENSSL=ON OpenSSL").as_deref(),
            None
        );
        let of = |name| version_of_library(name);
        assert_eq!(of("libfreerdp2.so.2.11.7").as_deref(), Some("2.11.7"));
        assert_eq!(of("libfreerdp3.so.3"), None);
    }
}

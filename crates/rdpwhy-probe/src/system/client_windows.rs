//! Windows: the release and the settings of Schannel, from the registry.

use std::collections::BTreeMap;

use rdpwhy_wire::version::{TLS10, TLS11, TLS12, TLS13};
use windows_registry::{Key, LOCAL_MACHINE};

use crate::ProbeError;
use crate::this::{self, Protocol, ThisClient, WindowsValues};

const RELEASE: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const PROTOCOLS: &str = r"SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols";
const POLICY: &str = r"SOFTWARE\Policies\Microsoft\Cryptography\Configuration\SSL\00010002";
const FIPS: &str = r"SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy";

pub(super) fn this_client() -> Result<ThisClient, ProbeError> {
    let release = LOCAL_MACHINE.open(RELEASE).map_err(|e| {
        let text = rdpwhy_model::text::shown(&e.message(), 200);
        ProbeError::Client(format!("the registry does not tell the release: {text}"))
    })?;
    let text = |name| release.get_string(name).unwrap_or_default();
    let protocols = [
        (TLS10, "TLS 1.0"),
        (TLS11, "TLS 1.1"),
        (TLS12, "TLS 1.2"),
        (TLS13, "TLS 1.3"),
    ];
    let set = protocols.into_iter().filter_map(|(version, name)| {
        let key = LOCAL_MACHINE
            .open(format!(r"{PROTOCOLS}\{name}\Client"))
            .ok()?;
        let protocol = Protocol {
            enabled: key.get_u32("Enabled").ok(),
            disabled_by_default: key.get_u32("DisabledByDefault").ok(),
        };
        Some((version, protocol))
    });
    let policy = LOCAL_MACHINE.open(POLICY).ok();
    let list = |name| policy.as_ref().and_then(|key| list(key, name));
    this::of_windows(&WindowsValues {
        build: text("CurrentBuild"),
        update: release.get_u32("UBR").ok(),
        product: text("ProductName"),
        protocols: set.collect::<BTreeMap<_, _>>(),
        suites: list("Functions"),
        curves: list("EccCurves"),
        fips: LOCAL_MACHINE
            .open(FIPS)
            .and_then(|k| k.get_u32("Enabled"))
            .ok(),
    })
}

/// A list of names: the policy writes it as one text with commas, scripts as several texts.
fn list(key: &Key, name: &str) -> Option<Vec<String>> {
    let several = || key.get_multi_string(name).ok();
    let one = key.get_string(name).ok().map(|text| vec![text]);
    let texts = one.or_else(several)?;
    let names = texts.iter().flat_map(|t| t.split(','));
    Some(names.map(|n| n.trim().to_owned()).collect())
}

//! The files of the catalogue, compiled in; the list of causes is made by the build script.

include!(concat!(env!("OUT_DIR"), "/causes.rs"));

/// The groups.
pub(super) const GROUPS: &str = include_str!("../../data/groups.toml");
/// Findings that concern no cause.
pub(super) const FINDINGS: &str = include_str!("../../data/findings.toml");

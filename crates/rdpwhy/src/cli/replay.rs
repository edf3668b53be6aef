//! `rdpwhy replay`: diagnose what was recorded, without a network.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rdpwhy_model::recording::{EndHow, Recording, SCHEMA};

use super::Output;

/// Connections of a recording, at most.
const MOST: usize = 2000;

/// Diagnose a recording that `probe --record` made, without a network.
#[derive(Args)]
pub(super) struct Replay {
    /// The recording
    recording: PathBuf,
}

impl Replay {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        let name = self.recording.display();
        let text = super::report::read(&self.recording)?;
        let recording: Recording = serde_json::from_str(&text)
            .with_context(|| format!("{name}: not a recording of rdpwhy"))?;
        if recording.schema != SCHEMA {
            bail!("{name}: this program reads recordings of {SCHEMA}");
        }
        // No run makes so many; comparing every one with every other would take its time
        if recording.connections.len() > MOST {
            bail!(
                "{name}: {} connections are too many",
                recording.connections.len()
            );
        }
        // A client that is not known is only not named; one that is described must be readable
        if recording.client_json.is_some() {
            rdpwhy_wire::clients::of(&recording)
                .with_context(|| format!("{name}: its client_json cannot be used"))?;
        }
        let stopped = recording
            .connections
            .iter()
            .any(|c| c.end.how == EndHow::Interrupted);
        let last = recording
            .connections
            .iter()
            .map(|c| c.end.at_us)
            .max()
            .unwrap_or(0);
        let elapsed = f64::from(u32::try_from(last).unwrap_or(u32::MAX)) / 1000.0;
        let report = crate::diagnose::conclude(&recording, elapsed, stopped, Vec::new());
        super::show(&report, output)?;
        Ok(super::status(report.verdict.outcome))
    }
}

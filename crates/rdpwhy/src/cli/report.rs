//! `rdpwhy report`: show a saved report again.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use rdpwhy_model::report::{Report, SCHEMA};

use super::Output;

/// The largest file that is read; a real report has some hundred kilobytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Show a saved report again.
#[derive(Args)]
pub(super) struct Show {
    /// A report that `--json` wrote
    report: PathBuf,
}

impl Show {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        let name = self.report.display();
        let text = read(&self.report)?;
        let report: Report = serde_json::from_str(&text)
            .with_context(|| format!("{name}: not a report of rdpwhy"))?;
        if report.schema != SCHEMA {
            let schema = rdpwhy_model::text::shown(&report.schema, 40);
            bail!("{name}: its schema is \"{schema}\"; this program reads {SCHEMA}");
        }
        super::show(&report, output)?;
        Ok(super::status(report.verdict.outcome))
    }
}

/// Reads a text file of bounded size.
pub(super) fn read(file: &Path) -> Result<String> {
    let name = file.display();
    let size = std::fs::metadata(file)
        .with_context(|| format!("{name}: cannot be read"))?
        .len();
    if size > LARGEST {
        bail!("{name}: {size} bytes are too many");
    }
    std::fs::read_to_string(file).with_context(|| format!("{name}: cannot be read"))
}

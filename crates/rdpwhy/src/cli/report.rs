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
    String::from_utf8(crate::input::bounded(file, LARGEST)?)
        .with_context(|| format!("{}: not text in UTF-8", file.display()))
}

//! `rdpwhy causes`: the catalogue.

use anyhow::{Result, bail};
use clap::Args;
use rdpwhy_reason::catalogue::Catalogue;

use super::Output;

/// The catalogue of causes: evidence, fix, check.
#[derive(Args)]
pub(super) struct Causes {
    /// One cause, by its id
    id: Option<String>,
}

impl Causes {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        let catalogue = Catalogue::built_in();
        let style = output.style();
        let text = match &self.id {
            None if output.is_json() => {
                serde_json::to_string_pretty(&crate::render::causes::list_json(catalogue))? + "\n"
            }
            None => crate::render::causes::list(catalogue, style),
            Some(id) => {
                let Some(cause) = catalogue.cause(id) else {
                    let id = rdpwhy_model::text::shown(id, 60);
                    bail!("no cause is called \"{id}\"; rdpwhy causes lists them");
                };
                if output.is_json() {
                    serde_json::to_string_pretty(&crate::render::causes::json(cause))? + "\n"
                } else {
                    crate::render::causes::one(catalogue, cause, style)
                }
            }
        };
        output.write(&text)?;
        Ok(0)
    }
}

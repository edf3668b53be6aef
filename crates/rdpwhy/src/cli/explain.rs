//! `rdpwhy explain`: what a code means.

use anyhow::Result;
use clap::Args;

use super::Output;

/// Say what a code, an event or a message means.
#[derive(Args)]
pub(super) struct Explain {
    /// 0x904 0x7, 2308, 0xC000006D, Schannel:36874, AADSTS50126, a name, or words of a message
    #[arg(required = true, value_name = "CODE", allow_negative_numbers = true, num_args = 1..)]
    code: Vec<String>,
}

impl Explain {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        let explanation = rdpwhy_reason::explain::explain(&self.code);
        let text = if output.is_json() {
            serde_json::to_string_pretty(&explanation)? + "\n"
        } else {
            crate::render::explain::explanation(&explanation, output.style())
        };
        output.write(&text)?;
        Ok(if explanation.is_found() { 0 } else { 3 })
    }
}

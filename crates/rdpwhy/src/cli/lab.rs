//! `rdpwhy lab`: keep a faulty server listening.

use std::net::IpAddr;

use anyhow::{Context as _, Result};
use clap::Args;
use rdpwhy_lab::{Fault, Options, fault, start};

use super::Output;

/// Keep a faulty RDP server of the built-in lab listening on loopback.
#[derive(Args)]
pub(super) struct Lab {
    /// The fault; `rdpwhy demo --list` names them
    fault: String,
    /// Address to listen on; loopback by default, since these servers are made to misbehave
    #[arg(long, default_value = "127.0.0.1")]
    bind: IpAddr,
    /// Port to listen on; any free one by default
    #[arg(long, default_value_t = 0)]
    port: u16,
}

impl Lab {
    pub(super) fn run(self, output: &Output) -> Result<u8> {
        let fault = find(&self.fault)?;
        super::block_on(async {
            let options = Options {
                bind: self.bind,
                port: self.port,
            };
            let running = start(fault, options).await?;
            let mut text = format!(
                "{}: {}\nlistening on {}\n",
                fault.id, fault.title, running.target
            );
            if let Some(resolver) = running.resolver {
                text.push_str(&format!(
                    "names: rdpwhy --resolver {resolver} {}\n",
                    running.target
                ));
            }
            text.push_str("Ctrl-C ends it\n");
            output.write(&text)?;
            tokio::signal::ctrl_c().await?;
            running.stop().await;
            Ok(0)
        })?
    }
}

/// The fault of that name.
pub(super) fn find(id: &str) -> Result<&'static Fault> {
    fault(id).with_context(|| {
        let id = rdpwhy_model::text::shown(id, 60);
        format!("the lab has no fault \"{id}\"; rdpwhy demo --list names them")
    })
}

//! What to ask about sign-in that needs no account.

use clap::Args;
use rdpwhy_model::recording::Asks;

use crate::diagnose::SignIn;

/// What to ask about sign-in.
#[derive(Args)]
pub(super) struct Options {
    /// Ask everything about sign-in that needs no account: is NLA required, which mechanisms,
    /// RDSTLS, Entra; and go on to the licence stage where the host lets a client so far
    #[arg(long)]
    nla: bool,
    #[command(flatten)]
    like: Like,
}

/// As which kind of client to ask. An account signs in by NLA, so a client without it goes with none:
/// the host would be said to ask for no NLA, which was never asked of it.
#[derive(Args)]
#[group(multiple = false)]
struct Like {
    /// Ask as a client with NLA, which goes on to the licence stage where the host does without
    #[arg(long)]
    as_nla: bool,
    /// Ask as a client with TLS and without NLA, and go on to the licence stage
    #[arg(long, conflicts_with = "user")]
    as_tls: bool,
    /// Ask as a client with Standard RDP Security alone, and go on to the licence stage
    #[arg(long, conflicts_with = "user")]
    as_plain: bool,
}

impl Options {
    pub(super) const fn wanted(&self) -> SignIn {
        SignIn {
            everything: self.nla,
            asks: match &self.like {
                Like { as_nla: true, .. } => Some(Asks::Nla),
                Like { as_tls: true, .. } => Some(Asks::Tls),
                Like { as_plain: true, .. } => Some(Asks::Plain),
                Like { .. } => None,
            },
        }
    }
}

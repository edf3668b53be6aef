//! Readers of what a machine says of itself. They take text that is already there and give what
//! it says; they open nothing, change nothing and decide nothing.
//!
//! The commands of Windows speak the language of their user, so labels are not looked at where the
//! form of a line, or its place, tells what it is. Every reader takes any text: what it cannot read
//! is left out, and what it gives is bounded in size and fit to show.

pub mod cmdkey;
pub mod dsregcmd;
pub mod klist;
mod lines;

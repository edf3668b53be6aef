//! The types that travel through rdpwhy, and nothing else.
//!
//! Data moves one way: a [`recording`] of what was sent and received becomes [`fact`]s, the
//! reasoning turns facts into judgements, and those become the [`report`]. Nothing here does I/O,
//! reads a clock or decides anything.

pub mod fact;
pub mod matrix;
pub mod recording;
pub mod report;
pub mod revocation;
pub mod seen;
pub mod signin;
mod stage;
pub mod text;

pub use fact::{Fact, FactKey, FactSet, Observation, Value};
pub use stage::Stage;

//! What failed connections mean: the catalogue of causes and codes, and the reasoning over facts.
//!
//! Pure: no I/O, no clock, nothing but the model below it. The same facts give the same verdict.

pub mod assess;
pub mod catalogue;
pub mod condition;
pub mod derive;
pub mod explain;
mod findings;
pub mod judge;
mod ladder;
mod revocation;
mod signin;

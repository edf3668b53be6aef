//! rdpwhy: why will my Remote Desktop not connect?
//!
//! The program around the libraries: the command line, the loop of a diagnosis, and the output.
//! It alone prints, reads arguments and ends the process.

pub mod cli;
pub mod diagnose;
mod input;
pub mod memory;
pub mod render;
mod system;
pub mod target;

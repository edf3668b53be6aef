//! The program from outside, in one test binary: linking costs more than running.

// Integration tests are no tests to clippy unless they say so
#![cfg(test)]

mod account;
mod command_line;
mod hostile;
mod house;
mod lab;
mod memory;
mod nla;
#[cfg(unix)] // where xrdp and FreeRDP's server run
mod real_servers;
mod revocation;
mod scenarios;
mod schema;
mod screens;
mod simulate;
mod tls;

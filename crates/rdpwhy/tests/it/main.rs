//! The program from outside, in one test binary: linking costs more than running.

mod command_line;
mod house;
mod scenarios;
mod schema;

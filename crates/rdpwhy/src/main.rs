//! rdpwhy: why will my Remote Desktop not connect?

use std::process::ExitCode;

fn main() -> ExitCode {
    rdpwhy::cli::main(std::env::args_os().collect())
}

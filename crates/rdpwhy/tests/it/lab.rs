//! Servers of the built-in lab, kept listening for a test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

/// A server of the lab in a process of its own, which has a key of its own.
pub(crate) struct Lab {
    child: Child,
    /// Where it listens.
    pub(crate) target: String,
}

impl Lab {
    /// Starts a fault on a port, 0 for any that is free.
    pub(crate) fn start(fault: &str, port: u16) -> Self {
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rdpwhy"))
            .args(["lab", fault, "--port", &port.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let told = BufReader::new(child.stdout.take().unwrap()).lines();
        let target = told
            .map_while(Result::ok)
            .find_map(|l| l.strip_prefix("listening on ").map(str::to_owned));
        let target = target.expect("the lab says where it listens");
        Self { child, target }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.target.rsplit_once(':').unwrap().1.parse().unwrap()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! FreeRDP's shadow server, which shows an X display, on a free port of the loopback address.

use std::process::Command;

use super::certificate::Identity;
use super::process::{Folder, Process, find, free_port};

/// A running freerdp-shadow-cli with the display that it shows.
pub(super) struct Shadow {
    pub(super) port: u16,
    // In this order: the server ends before its display does
    _server: Process,
    _display: Process,
    _folder: Folder,
}

/// The account `alice` and its password, whose NT hash winpr-hash writes.
pub(super) const PASSWORD: &str = "Kx7-leak-Probe";
/// That hash.
pub(super) const NT_HASH: &str = "16fce78d712f9269c921dd8dbd7d7422";

impl Shadow {
    /// Starts it and waits until it listens; says why not, and gives nothing, where it cannot run.
    pub(super) fn start(security: Option<&str>, identity: &Identity) -> Option<Self> {
        let program = freerdp_2()?;
        let Some(x_server) = find("Xvfb") else {
            println!("skipped: no Xvfb on PATH");
            return None;
        };
        let folder = Folder::new();
        let (display, number) = start_display(&Command::new(x_server), &folder);
        // It keeps the certificate under one name and reads it under another in some releases
        for name in ["shadow", "server"] {
            let at = format!(".config/freerdp/{name}/{name}");
            folder.write(&format!("{at}.crt"), identity.pem());
            folder.write(&format!("{at}.key"), identity.key_pem());
        }
        // Between the choice of a port and its use another program may take it: then again
        for _ in 0..5 {
            let port = free_port();
            let mut command = Command::new(&program);
            command
                .arg(format!("/port:{port}"))
                .arg("/bind-address:127.0.0.1")
                .args(security.map(|s| format!("/sec:{s}")));
            if security == Some("nla") {
                let sam = folder.write("sam", format!("alice:::{NT_HASH}:::\n"));
                command
                    .arg("+auth")
                    .arg(format!("/sam-file:{}", sam.display()));
            } else {
                command.arg("-auth");
            }
            command
                .env("DISPLAY", &number)
                .env("HOME", folder.path(""))
                .env("XDG_CONFIG_HOME", folder.path(".config"));
            let mut server = Process::start(&command, &folder.path("shadow.out"));
            if server.wait_for_port(port).is_some() {
                return Some(Self {
                    port,
                    _server: server,
                    _display: display,
                    _folder: folder,
                });
            }
            println!("the shadow server ended: {}", server.said());
        }
        panic!("the shadow server does not start");
    }
}

/// The server, if it is FreeRDP 2's: the version that these facts were seen with.
fn freerdp_2() -> Option<std::path::PathBuf> {
    let Some(program) = find("freerdp-shadow-cli") else {
        println!("skipped: no freerdp-shadow-cli on PATH");
        return None;
    };
    let output = Command::new(&program).arg("/version").output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let version = String::from_utf8_lossy(&said).into_owned();
    if !version.contains("version 2.") {
        println!("skipped: the freerdp-shadow-cli on PATH is not FreeRDP 2's: {version}");
        return None;
    }
    Some(program)
}

/// An X server without a screen, on a display that it chooses; and the name of that display.
fn start_display(x_server: &Command, folder: &Folder) -> (Process, String) {
    let log = folder.path("display");
    // Servers that start at once may choose the same display: all but one end, and try again
    for _ in 0..5 {
        let mut command = Command::new(x_server.get_program());
        command.args(["-displayfd", "1", "-screen", "0", "640x480x24"]);
        command.args(["-nolisten", "tcp", "-noreset"]);
        let mut process = Process::start(&command, &log);
        let number = process.wait_for(|| {
            let said = std::fs::read_to_string(&log).ok()?;
            // Warnings stand in there too; a line that has no end yet may be half a number
            let mut whole = said.split_inclusive('\n').filter(|l| l.ends_with('\n'));
            whole.find_map(|l| l.trim().parse::<u32>().ok())
        });
        if let Some(number) = number {
            return (process, format!(":{number}"));
        }
        println!("Xvfb ended: {}", process.said());
    }
    panic!("Xvfb does not start");
}

//! Linux: the installed FreeRDP and its OpenSSL, as programs and libraries name their versions.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::ProbeError;
use crate::this::{self, LinuxValues, ThisClient, version_after, version_of_library};

/// FreeRDP's programs, the newest names first.
const PROGRAMS: [&str; 8] = [
    "xfreerdp3",
    "sdl-freerdp3",
    "wlfreerdp3",
    "sdl-freerdp",
    "sfreerdp",
    "xfreerdp",
    "wlfreerdp",
    "freerdp",
];
/// How long a program may take to name its version.
const PATIENCE: Duration = Duration::from_secs(2);
/// How much a program may say.
const MOST: u64 = 64 * 1024;

pub(super) fn this_client() -> Result<ThisClient, ProbeError> {
    let freerdp = PROGRAMS.into_iter().find_map(of_program);
    // Without a display, FreeRDP 2 does not come to name its version: its library's file does
    let library = || newest(|name| name.starts_with("libfreerdp") && !name.contains('-'));
    let freerdp = freerdp.or_else(library);
    let openssl = says("openssl", "version").and_then(|t| version_after("OpenSSL", &t));
    let library =
        || newest(|name| name.starts_with("libssl.so.")).or_else(|| soname("libssl.so.3"));
    this::of_linux(&LinuxValues {
        freerdp,
        openssl: openssl.or_else(library),
    })
}

fn of_program(program: &'static str) -> Option<String> {
    says(program, "--version").and_then(|t| version_after("FreeRDP version", &t))
}

/// What a program says, if it does so in time.
fn says(program: &str, option: &str) -> Option<String> {
    let mut child = Command::new(program)
        .arg(option)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    while matches!(child.try_wait(), Ok(None)) {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut text = Vec::new();
    child
        .stdout
        .take()?
        .take(MOST)
        .read_to_end(&mut text)
        .ok()?;
    Some(String::from_utf8_lossy(&text).into_owned())
}

/// The folders of libraries, those of each architecture among them.
fn folders() -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = ["/usr/local/lib", "/usr/lib64", "/usr/lib"]
        .map(PathBuf::from)
        .into();
    let inner = std::fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten();
    let of_architecture = |p: &PathBuf| p.to_string_lossy().ends_with("-linux-gnu");
    out.extend(inner.map(|e| e.path()).filter(of_architecture));
    out
}

/// The greatest version among the libraries of that name.
fn newest(wanted: fn(&str) -> bool) -> Option<String> {
    let entries = folders()
        .into_iter()
        .filter_map(|f| std::fs::read_dir(f).ok())
        .flat_map(Iterator::flatten);
    let names = entries.filter_map(|e| e.file_name().into_string().ok());
    let versions = names
        .filter(|name| wanted(name))
        .filter_map(|name| version_of_library(&name));
    versions.max_by_key(|v| {
        let numbers = v.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
        numbers.collect::<Vec<_>>()
    })
}

/// The first release of a library whose file name holds no more than that.
fn soname(name: &str) -> Option<String> {
    let there = folders().iter().any(|f| f.join(name).exists());
    there.then(|| "3.0".to_owned())
}

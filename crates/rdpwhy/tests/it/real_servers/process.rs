//! A server that the test started, in a process group of its own, which ends with the test.

use std::collections::BTreeSet;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How often a state is looked at that will change soon.
const POLL: Duration = Duration::from_millis(20);

/// How long a server may take until it listens, on a machine that is busy building.
const READY: Duration = Duration::from_secs(20);

/// Where a command lies. Servers lie in `sbin`, which an ordinary user's PATH lacks on Debian.
pub(super) fn find(command: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|folder| folder.join(command))
        .find(|file| file.is_file())
}

/// A folder that is gone with its owner.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("rdpwhy-real-server-{}-{n}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path); // of a process that had the same id and was killed
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file and says where it lies.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A free port of the loopback address, given to one caller only.
pub(super) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

/// A running process with everything that it starts.
pub(super) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts the command in a process group of its own; what it prints goes into `log`.
    pub(super) fn start(command: &Command, log: &Path) -> Self {
        // `timeout` bounds the server's life even where this program is killed and drops nothing
        let mut bounded = Command::new("timeout");
        bounded.args(["--signal=KILL", "180"]);
        bounded.arg(command.get_program()).args(command.get_args());
        // A setting of whoever runs the tests must not change what the server offers
        bounded.env_remove("OPENSSL_CONF");
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => bounded.env(name, value),
                None => bounded.env_remove(name),
            };
        }
        let output = File::create(log).unwrap();
        let child = bounded
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|e| panic!("{command:?}: {e}"));
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Waits until `ready` gives something; `None` when the process ended instead.
    pub(super) fn wait_for<T>(&mut self, mut ready: impl FnMut() -> Option<T>) -> Option<T> {
        let until = Instant::now() + READY;
        loop {
            let found = ready();
            // In this order: if it has ended, then what answered was not this process
            if self.child.try_wait().unwrap().is_some() {
                return None;
            }
            if found.is_some() {
                return found;
            }
            assert!(Instant::now() < until, "not ready: {}", self.said());
            std::thread::sleep(POLL);
        }
    }

    /// Waits until the port answers; `None` when the process ended instead.
    pub(super) fn wait_for_port(&mut self, port: u16) -> Option<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        self.wait_for(|| TcpStream::connect_timeout(&address, POLL).ok().map(drop))
    }

    /// What it printed.
    pub(super) fn said(&self) -> String {
        std::fs::read(&self.log).map_or_else(
            |e| format!("{}: {e}", self.log.display()),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// Sends a signal to the whole group. Its id is taken as long as the leader is not waited for.
    fn signal(&self, name: &str) {
        let group = format!("kill -s {name} -- -{}", self.child.id());
        let _ = Command::new("sh").args(["-c", &group]).output();
    }

    /// Whether the leader has ended, without waiting for it, which would free its id.
    fn is_over(&self) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))
            .map_or(true, |stat| stat.contains(") Z "))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said();
            println!(
                "{} ended with:\n{}",
                self.log.display(),
                tail(&said, 60).join("\n")
            );
        }
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return; // it ended by itself, and its id may be another's by now
        }
        // First by request: an X server clears its lock file away only then
        self.signal("TERM");
        let until = Instant::now() + Duration::from_secs(2);
        while !self.is_over() && Instant::now() < until {
            std::thread::sleep(POLL);
        }
        self.signal("KILL");
        let _ = self.child.wait();
    }
}

/// The last lines of a text.
pub(super) fn tail(text: &str, count: usize) -> Vec<&str> {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].to_vec()
}

//! xrdp on a free port of the loopback address.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use super::certificate::Identity;
use super::process::{Folder, Process, find, free_port};

/// What a configuration says, as far as the configurations differ.
pub(super) struct Settings<'a> {
    pub(super) security_layer: &'a str,
    pub(super) crypt_level: &'a str,
    pub(super) ssl_protocols: &'a str,
    /// As xrdp comes: OpenSSL's choice.
    pub(super) tls_ciphers: Option<&'a str>,
    /// Lets xrdp's OpenSSL speak what Debian's policy forbids.
    pub(super) old_openssl: bool,
    /// The private key does not lie where the configuration says.
    pub(super) lacks_key: bool,
}

impl Settings<'_> {
    /// As Debian's package comes.
    pub(super) const DEFAULT: Self = Self {
        security_layer: "negotiate",
        crypt_level: "high",
        ssl_protocols: "TLSv1.2, TLSv1.3",
        tls_ciphers: None,
        old_openssl: false,
        lacks_key: false,
    };

    pub(super) const TLS: Self = Self {
        security_layer: "tls",
        ..Self::DEFAULT
    };

    pub(super) const PLAIN: Self = Self {
        security_layer: "rdp",
        ..Self::DEFAULT
    };
}

/// A running xrdp.
pub(super) struct Xrdp {
    pub(super) port: u16,
    _process: Process,
    pub(super) folder: Folder,
}

impl Xrdp {
    /// Starts it and waits until it listens; says why not, and gives nothing, where it cannot run.
    pub(super) fn start(settings: &Settings<'_>, identity: &Identity) -> Option<Self> {
        let Some(program) = find("xrdp") else {
            println!("skipped: no xrdp on PATH");
            return None;
        };
        let folder = Folder::new();
        let own_run = needs_own_run();
        if own_run && !can_have_own_run() {
            println!("skipped: an xrdp runs here already, or only root may run one here");
            return None;
        }
        folder.write("certificate.pem", identity.pem());
        if !settings.lacks_key {
            folder.write("key.pem", identity.key_pem());
        }
        // Between the choice of a port and its use another program may take it: then again
        for _ in 0..5 {
            let port = free_port();
            let mut command = if own_run {
                in_own_run(&folder)
            } else {
                Command::new("env")
            };
            command.arg(&program).arg("--nodaemon").arg("--config");
            command.arg(folder.write("xrdp.ini", ini(settings, port, &folder)));
            if settings.old_openssl {
                command.env("OPENSSL_CONF", folder.write("openssl.cnf", OLD_OPENSSL));
            }
            let mut process = Process::start(&command, &folder.path("xrdp.out"));
            if process.wait_for_port(port).is_some() {
                return Some(Self {
                    port,
                    _process: process,
                    folder,
                });
            }
            println!("xrdp ended: {}", process.said());
        }
        let log = std::fs::read_to_string(folder.path("xrdp.log")).unwrap_or_default();
        panic!("xrdp does not start: {log}");
    }
}

impl Drop for Xrdp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path("xrdp.log")).unwrap_or_default();
            println!(
                "xrdp's log ended with:\n{}",
                super::process::tail(&log, 80).join("\n")
            );
        }
    }
}

const OLD_OPENSSL: &str = "\
openssl_conf=init
[init]
ssl_conf=ssl
[ssl]
system_default=default
[default]
CipherString=ALL:@SECLEVEL=0
MinProtocol=TLSv1
";

fn ini(settings: &Settings<'_>, port: u16, folder: &Folder) -> String {
    let Settings {
        security_layer,
        crypt_level,
        ssl_protocols,
        tls_ciphers,
        ..
    } = settings;
    let ciphers = tls_ciphers.map_or_else(String::new, |c| format!("tls_ciphers={c}"));
    let certificate = folder.path("certificate.pem");
    let key = folder.path("key.pem");
    let log = folder.path("xrdp.log");
    format!(
        "[Globals]
ini_version=1
fork=true
port=tcp://127.0.0.1:{port}
tcp_nodelay=true
tcp_keepalive=true
security_layer={security_layer}
crypt_level={crypt_level}
certificate={certificate}
key_file={key}
ssl_protocols={ssl_protocols}
{ciphers}
autorun=
allow_channels=true
max_bpp=32
[Logging]
LogFile={log}
LogLevel=DEBUG
EnableSyslog=false
[Channels]
[Xorg]
name=Xorg
lib=libxup.so
username=ask
password=ask
ip=127.0.0.1
port=-1
code=20
",
        certificate = certificate.display(),
        key = key.display(),
        log = log.display(),
    )
}

/// Whether xrdp would trip over what the machine has at the paths that are built into it: it makes
/// a folder under `/run`, ends where another one has left its process id there, and reads the RSA
/// key of plain RDP security from `/etc/xrdp`.
fn needs_own_run() -> bool {
    let folder = Path::new("/run/xrdp/sockdir");
    let has_folder = folder.is_dir() || is_root();
    let has_rival = Path::new("/run/xrdp/xrdp.pid").exists();
    let has_key = File::open(KEYS).is_ok();
    !has_folder || has_rival || !has_key
}

const KEYS: &str = "/etc/xrdp/rsakeys.ini";

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// A mount namespace of its own; an ordinary user gets one along with a user namespace.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.arg("--mount");
    command
}

fn can_have_own_run() -> bool {
    let tried = unshare()
        .args(["mount", "-t", "tmpfs", "none", "/run"])
        .output();
    tried.is_ok_and(|t| t.status.success()) && Path::new(KEYS).exists()
}

/// The beginning of a command line: what follows sees an empty `/run` and an RSA key of its own.
fn in_own_run(folder: &Folder) -> Command {
    let keys = folder.path("rsakeys.ini");
    let made = Command::new("xrdp-keygen").arg("xrdp").arg(&keys).output();
    assert!(keys.is_file(), "xrdp-keygen: {made:?}");
    let mount =
        "mount -t tmpfs none /run && mount --bind \"$0\" /etc/xrdp/rsakeys.ini && exec \"$@\"";
    let mut command = unshare();
    command.args(["sh", "-c", mount]).arg(keys);
    command
}

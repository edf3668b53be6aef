//! What differs between systems for the program itself: where it keeps state, and how it makes what
//! only its owner may read.

use std::env::var_os;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The folder of programs' state, of the user who runs this. `XDG_STATE_HOME` comes first on every
/// system. `None` where the environment names no home.
pub(crate) fn state_folder() -> Option<PathBuf> {
    // The specification has relative paths ignored
    let absolute = |name: &str| var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    if let Some(folder) = absolute("XDG_STATE_HOME") {
        return Some(folder);
    }
    if cfg!(windows) {
        return absolute("LOCALAPPDATA");
    }
    let home = absolute("HOME")?;
    Some(if cfg!(target_os = "macos") {
        home.join("Library").join("Application Support")
    } else {
        home.join(".local").join("state")
    })
}

/// Makes a folder and those above it, for its owner alone where the system can.
pub(crate) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Makes a file that was not there, for its owner alone where the system can.
pub(crate) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Opens a file descriptor that whoever started this program left open.
pub(crate) fn descriptor(n: u32) -> io::Result<File> {
    if cfg!(windows) {
        let text = "this system has no file descriptors to hand over";
        return Err(io::Error::new(io::ErrorKind::Unsupported, text));
    }
    File::open(format!("/dev/fd/{n}"))
}

/// Takes a variable out of the environment, so that no program started from here gets it. To be
/// called while nothing runs beside.
pub(crate) fn forget_variable(name: &str) {
    #[expect(
        unsafe_code,
        reason = "the one way to take it away; the command line is read before any thread is started"
    )]
    // SAFETY: no other thread exists yet that could read or write the environment
    unsafe {
        std::env::remove_var(name);
    }
}

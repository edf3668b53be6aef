//! Files that a user hands over: read in bounds, whatever the file system says of them.

use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// Reads a file that may not be larger than so many bytes, whatever its size is said to be.
pub(crate) fn bounded(file: &Path, most: u64) -> Result<Vec<u8>> {
    let name = rdpwhy_model::text::shown(&file.display().to_string(), 200);
    let about = std::fs::metadata(file).with_context(|| format!("{name}: cannot be read"))?;
    if !about.is_file() {
        bail!("{name}: is no file");
    }
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).with_context(|| format!("{name}: cannot be read"))?;
    opened
        .take(most + 1)
        .read_to_end(&mut bytes)
        .with_context(|| format!("{name}: cannot be read"))?;
    if u64::try_from(bytes.len()).is_ok_and(|n| n > most) {
        bail!("{name}: more than {most} bytes are too many");
    }
    Ok(bytes)
}

//! Every file that fuzzing keeps is replayed: seeds, and inputs that once were read wrongly.

use std::path::{Path, PathBuf};

use crate::{handshakes, wire};

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut out: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).collect();
    out.sort();
    out
}

#[test]
fn what_was_read_wrongly_once_is_read_rightly() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    for (target, oracle) in wire::ORACLES.into_iter().chain(handshakes::ORACLES) {
        let seeds = files(&fuzz.join("seeds").join(target));
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for file in seeds
            .into_iter()
            .chain(files(&fuzz.join("regressions").join(target)))
        {
            // shown where the oracle panics, so that the file is named
            println!("{}", file.display());
            oracle(&std::fs::read(&file).unwrap());
        }
    }
}

//! Every kept input through its oracle: seeds, and what was read wrongly once.

use std::path::{Path, PathBuf};

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut out: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    out.sort();
    out
}

#[test]
fn what_was_read_wrongly_once_is_read_rightly() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let oracles = rdpwhy_fuzz::wire::ORACLES.iter();
    let handshakes = rdpwhy_fuzz::handshakes::ORACLES.iter();
    let oracles = oracles.chain(handshakes);
    for (target, oracle) in oracles.chain(&rdpwhy_fuzz::whole::ORACLES) {
        let seeds = files(&here.join("seeds").join(target));
        assert!(!seeds.is_empty(), "{target} has no seeds");
        let kept = files(&here.join("regressions").join(target));
        for file in seeds.iter().chain(&kept) {
            // shown where the oracle panics, so that the file is named
            println!("{}", file.display());
            oracle(&std::fs::read(file).expect("a readable file"));
        }
    }
}

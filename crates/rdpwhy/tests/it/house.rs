//! The rules of the house, as far as manifests and sources show them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Which of our crates each crate may depend on, outside tests.
fn allowed() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("rdpwhy-model", &[][..]),
        ("rdpwhy-wire", &["rdpwhy-model"]),
        ("rdpwhy-reason", &["rdpwhy-model"]),
        ("rdpwhy-evidence", &["rdpwhy-model"]),
        ("rdpwhy-probe", &["rdpwhy-model", "rdpwhy-wire"]),
        ("rdpwhy-lab", &["rdpwhy-model", "rdpwhy-wire"]),
        (
            "rdpwhy",
            &[
                "rdpwhy-model",
                "rdpwhy-wire",
                "rdpwhy-reason",
                "rdpwhy-probe",
                "rdpwhy-lab",
            ],
        ),
    ])
}

/// Libraries that only these crates may name.
const FENCED: [(&str, &[&str]); 13] = [
    ("openssl", &["rdpwhy-probe", "rdpwhy-lab"]),
    ("tokio-openssl", &["rdpwhy-probe", "rdpwhy-lab"]),
    ("hickory-resolver", &["rdpwhy-probe"]),
    ("hyper", &["rdpwhy-probe"]),
    ("hyper-util", &["rdpwhy-probe"]),
    ("http-body-util", &["rdpwhy-probe"]),
    ("ironrdp-pdu", &["rdpwhy-wire"]),
    ("x509-parser", &["rdpwhy-wire"]),
    ("nix", &["rdpwhy-probe"]),
    ("sspi", &["rdpwhy-probe"]),
    ("rpassword", &["rdpwhy"]),
    ("windows-registry", &["rdpwhy-probe"]),
    ("clap", &["rdpwhy"]),
];

fn dependencies(name: &str) -> Vec<String> {
    let manifest = root().join("crates").join(name).join("Cargo.toml");
    let text = std::fs::read_to_string(manifest).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let mut out: Vec<String> = table["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    if let Some(targets) = table.get("target").and_then(|t| t.as_table()) {
        for target in targets.values() {
            let own = target.get("dependencies").and_then(|d| d.as_table());
            out.extend(own.into_iter().flat_map(|d| d.keys().cloned()));
        }
    }
    out
}

#[test]
fn crates_depend_in_one_direction() {
    let mut wrong = Vec::new();
    for (name, may) in allowed() {
        for dependency in dependencies(name) {
            if dependency.starts_with("rdpwhy") && !may.contains(&dependency.as_str()) {
                wrong.push(format!("{name} -> {dependency}"));
            }
            let fence = FENCED.iter().find(|(library, _)| *library == dependency);
            if fence.is_some_and(|(_, owners)| !owners.contains(&name)) {
                wrong.push(format!("{name} names {dependency}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

#[test]
fn pure_crates_touch_neither_sockets_nor_files_nor_clocks() {
    let mut wrong = Vec::new();
    for name in [
        "rdpwhy-model",
        "rdpwhy-wire",
        "rdpwhy-reason",
        "rdpwhy-evidence",
    ] {
        let mut files = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut files);
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for banned in [
                "std::fs",
                "TcpStream",
                "UdpSocket",
                "Instant::now",
                "SystemTime",
                "Timestamp::now",
                "std::env::",
                "std::process",
            ] {
                if code.contains(banned) {
                    wrong.push(format!("{}: {banned}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_operating_system_is_known_in_one_folder() {
    let mut wrong = Vec::new();
    for (name, _) in allowed() {
        let mut files = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut files);
        for file in files {
            let fenced =
                file.components().any(|c| c.as_os_str() == "system") || name == "rdpwhy-lab";
            let text = std::fs::read_to_string(&file).unwrap();
            let knows = ["target_os", "cfg(windows)", "cfg(unix)"]
                .iter()
                .any(|c| text.contains(c));
            if knows && !fenced {
                wrong.push(file.display().to_string());
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_dependency_has_its_line_of_reason() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = text.split("[workspace.dependencies]").nth(1).unwrap();
    let section = section.split("\n[workspace.lints").next().unwrap();
    let mut reasoned = false;
    let mut wrong = Vec::new();
    for line in section.lines() {
        if line.starts_with('#') {
            reasoned = true;
        } else if line.contains(" = ") && !line.starts_with("rdpwhy") {
            if !reasoned {
                wrong.push(line.to_owned());
            }
            // The two tools for tests share one line
            reasoned = line.starts_with("proptest");
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

//! What a person sees, for a few recordings: `tests/screens/NAME.txt` is the text as it is printed
//! through a pipe. A change of it is read, not just accepted.

use std::path::Path;

use rdpwhy::render::{Amount, Style, WIDTH, text};
use rdpwhy_model::recording::Recording;
use unicode_width::UnicodeWidthStr as _;

const SCREENS: [(&str, Amount); 13] = [
    ("tls-weak-suites", Amount::Usual),
    ("cert-family-close", Amount::Usual),
    ("healthy-nla", Amount::Usual),
    ("escapes", Amount::Usual),
    ("flapping", Amount::Usual),
    ("real-tcp-fw-drop", Amount::Usual),
    ("real-tcp-port-moved", Amount::Usual),
    ("real-cert-expired", Amount::Usual),
    ("real-dns-nxdomain", Amount::Usual),
    ("failure-3", Amount::All),
    ("cert-odd-names", Amount::Usual),
    ("cert-issuer-not-ca", Amount::All),
    ("cert-unreadable-second", Amount::Usual),
];

#[test]
fn screens_look_as_they_did() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut wrong = Vec::new();
    for (name, amount) in SCREENS {
        let recording = folder.join("scenarios").join(name).with_extension("json");
        let recording = std::fs::read_to_string(recording).unwrap();
        let recording: Recording = serde_json::from_str(&recording).unwrap();
        let report = rdpwhy::diagnose::conclude(&recording, 1.0, false, Vec::new());
        let style = Style {
            colour: false,
            signs: false,
            amount,
        };
        let seen = text::report(&report, style);
        let file = folder.join("screens").join(name).with_extension("txt");
        if std::env::var_os("RDPWHY_WRITE").is_some() {
            std::fs::write(&file, &seen).unwrap();
        }
        let committed = std::fs::read_to_string(&file)
            .unwrap_or_default()
            .replace("\r\n", "\n");
        if committed != seen {
            wrong.push(format!("{name} looks different now:\n{seen}"));
        }
        let lines = seen.lines().count();
        // The whole of TLS takes more, for who asks for it
        let asked_for = report.evidence.tls_matrix.is_some();
        if amount == Amount::Usual && lines > 42 && !asked_for {
            wrong.push(format!("{name} takes {lines} lines, more than a screen"));
        }
        // A command to copy stands on one line, however long
        let wide = |l: &&str| l.width() > WIDTH && !l.trim_start().starts_with('>');
        wrong.extend(
            seen.lines()
                .filter(wide)
                .map(|l| format!("{name}: too wide: {l}")),
        );
    }
    assert!(
        wrong.is_empty(),
        "{}\nrun the tests once with RDPWHY_WRITE=1 and read the change",
        wrong.join("\n")
    );
}

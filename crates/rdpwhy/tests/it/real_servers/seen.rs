//! One run of the built program against a server, and its report as a program would read it.

use std::collections::BTreeSet;
use std::time::Duration;

use rdpwhy_model::{FactKey, Stage};
use serde_json::Value;

/// The report of one run.
pub(super) struct Seen {
    pub(super) report: Value,
    port: u16,
}

impl Seen {
    /// Runs `rdpwhy probe --json` and checks what holds for every report.
    pub(super) fn probe(port: u16, more: &[&str]) -> Self {
        let target = format!("127.0.0.1:{port}");
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_rdpwhy"));
        command
            // The memory of whoever runs the tests is none of theirs
            .args(["probe", "--json", "--no-memory", &target])
            .args(more)
            .timeout(Duration::from_mins(1))
            .env_remove("OPENSSL_CONF")
            .env_remove("SSL_CERT_FILE")
            .env_remove("SSL_CERT_DIR");
        let output = command.output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
            let said = String::from_utf8_lossy(&output.stderr);
            panic!("no report: {e}; {:?}: {said}", output.status)
        });
        let seen = Self { report, port };
        seen.check_every_report(output.status.code());
        seen
    }

    fn check_every_report(&self, status: Option<i32>) {
        let expected = match self.outcome() {
            "connectable" => 0,
            "undetermined" => 3,
            _ => 1,
        };
        assert_eq!(status, Some(expected), "{}", self.report["verdict"]);
        let target = format!("127.0.0.1:{}", self.port);
        assert_eq!(self.report["target"]["input"], target.as_str());
        assert_eq!(self.report["target"]["host"], "127.0.0.1");
        assert_eq!(self.report["target"]["port"], self.port);
        let mut made = BTreeSet::new();
        for connection in array(&self.report["evidence"]["connections"]) {
            // The port is up: there is no reason to knock at others
            assert_eq!(connection["to"], target.as_str());
            made.insert(connection["id"].as_u64().unwrap());
        }
        let mut keys = BTreeSet::new();
        for fact in self.all_facts() {
            assert!(keys.insert(key(fact)), "twice: {fact}");
            assert!(!text(&fact["source"]).is_empty(), "from nowhere: {fact}");
            for id in array(fact.get("connections").unwrap_or(&Value::Null)) {
                assert!(made.contains(&id.as_u64().unwrap()), "who made it? {fact}");
            }
        }
    }

    fn all_facts(&self) -> &[Value] {
        array(&self.report["evidence"]["facts"])
    }

    /// The value of a fact; nothing where it is unknown.
    pub(super) fn fact(&self, name: &str) -> Option<&Value> {
        known(name);
        let fact = self.all_facts().iter().find(|f| key(f) == name)?;
        Some(&fact["value"])
    }

    /// The whole number of a fact.
    #[track_caller]
    pub(super) fn int(&self, name: &str) -> i64 {
        self.fact(name)
            .and_then(Value::as_i64)
            .unwrap_or_else(|| panic!("no number {name} in\n{self}"))
    }

    /// Checks the values of facts, and names all that differ at once.
    #[track_caller]
    pub(super) fn has(&self, expected: &[(&str, Value)]) {
        let wrong: Vec<String> = expected
            .iter()
            .filter(|(name, value)| self.fact(name) != Some(value))
            .map(|(name, value)| match self.fact(name) {
                Some(is) => format!("{name} should be {value}, is {is}"),
                None => format!("{name} should be {value}, is unknown"),
            })
            .collect();
        assert!(wrong.is_empty(), "{}\nin\n{self}", wrong.join("\n"));
    }

    /// Checks that no fact is known whose name begins so.
    #[track_caller]
    pub(super) fn has_no(&self, beginning: &str) {
        let names = FactKey::ALL.iter().map(|k| k.info().name);
        assert!(
            names.into_iter().any(|n| n.starts_with(beginning)),
            "no fact begins with {beginning}"
        );
        let wrong: Vec<String> = self
            .all_facts()
            .iter()
            .filter(|f| key(f).starts_with(beginning))
            .map(|f| format!("{} is {}, from {}", f["key"], f["value"], f["source"]))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Checks the ladder: these stages with these states, and all others skipped.
    #[track_caller]
    pub(super) fn climbs(&self, expected: &str) {
        let stages = array(&self.report["stages"]);
        let names: Vec<&str> = stages.iter().map(|s| text(&s["stage"])).collect();
        assert_eq!(names, Stage::LADDER.map(Stage::name));
        let climbed: Vec<String> = stages
            .iter()
            .filter(|s| s["state"] != "skipped")
            .map(|s| format!("{} {}", text(&s["stage"]), text(&s["state"])))
            .collect();
        assert_eq!(climbed.join(", "), expected, "in\n{self}");
    }

    /// How many connections the host saw.
    pub(super) fn connections(&self) -> usize {
        array(&self.report["evidence"]["connections"]).len()
    }

    pub(super) fn outcome(&self) -> &str {
        text(&self.report["verdict"]["outcome"])
    }

    /// The ids of what is said to stop a connection, best first.
    pub(super) fn causes(&self) -> Vec<&str> {
        let causes = array(&self.report["causes"]);
        causes.iter().map(|c| text(&c["id"])).collect()
    }

    /// The ids of the findings that accuse the host.
    pub(super) fn accusations(&self) -> Vec<&str> {
        array(&self.report["findings"])
            .iter()
            .filter(|f| f["severity"] != "info")
            .map(|f| text(&f["id"]))
            .collect()
    }
}

/// The facts and the verdict, for whoever has to find out why a check failed.
impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.report["verdict"])?;
        for fact in self.all_facts() {
            writeln!(f, "{} = {}", key(fact), fact["value"])?;
        }
        Ok(())
    }
}

/// A slip of the pen in a test must not look like a fact that is unknown.
fn known(name: &str) {
    assert!(
        FactKey::from_name(name).is_some(),
        "there is no fact {name}"
    );
}

fn key(fact: &Value) -> &str {
    text(&fact["key"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

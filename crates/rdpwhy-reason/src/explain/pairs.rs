//! What the two numbers that mstsc shows say together.
//!
//! The notes are data (`data/codes/pairs.toml`); most pairs have none, and the two numbers then
//! stand for themselves.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

const TEXT: &str = include_str!("../../data/codes/pairs.toml");

/// What a pair of disconnect reason and extended reason proves, and what it does not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairNote {
    /// The pair as mstsc writes it, such as `0x904 / 0x7`.
    pub pair: String,
    /// The pair in one line.
    pub title: String,
    /// What each of the numbers says.
    pub says: Vec<String>,
    /// What follows from the pair.
    pub proves: Vec<String>,
    /// What does not follow from it, although it is often claimed.
    pub does_not_prove: Vec<String>,
    /// Ids of the causes that are met with this pair, the most probable first.
    pub causes: Vec<String>,
    /// What the order of the causes rests on.
    pub causes_basis: Option<String>,
    /// What to look at, in the order of a connection.
    pub tests: Vec<PairTest>,
    /// Titles of the sources.
    pub sources: Vec<String>,
}

/// One thing to look at, and where its outcome leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairTest {
    /// What is tried.
    pub step: String,
    /// What is seen.
    pub outcome: String,
    /// Where that leads.
    pub points_to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pair: Vec<Note>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    first: u32,
    /// Absent: any second number without a note of its own.
    second: Option<u32>,
    title: String,
    says: Vec<String>,
    proves: Vec<String>,
    does_not_prove: Vec<String>,
    #[serde(default)]
    causes: Vec<String>,
    causes_basis: Option<String>,
    #[serde(default)]
    tests: Vec<PairTest>,
    sources: Vec<String>,
}

/// The note on that pair, if there is one.
pub(super) fn note(first: u32, second: u32) -> Option<PairNote> {
    static NOTES: OnceLock<Vec<Note>> = OnceLock::new();
    // A test reads the file and fails when it is broken; a broken file then means "no note".
    let notes = NOTES.get_or_init(|| read().unwrap_or_default());
    let of_first = || notes.iter().filter(|note| note.first == first);
    let note = of_first()
        .find(|note| note.second == Some(second))
        .or_else(|| of_first().find(|note| note.second.is_none()))?;
    Some(PairNote {
        pair: format!("0x{first:X} / 0x{second:X}"),
        title: note.title.clone(),
        says: note.says.clone(),
        proves: note.proves.clone(),
        does_not_prove: note.does_not_prove.clone(),
        causes: note.causes.clone(),
        causes_basis: note.causes_basis.clone(),
        tests: note.tests.clone(),
        sources: note.sources.clone(),
    })
}

fn read() -> Result<Vec<Note>, toml::de::Error> {
    toml::from_str::<File>(TEXT).map(|file| file.pair)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::tables::tables;
    use super::*;

    #[test]
    fn the_file_is_whole() {
        let notes = read().expect("data/codes/pairs.toml parses");
        let mut keys = BTreeSet::new();
        for note in &notes {
            assert!(
                keys.insert((note.first, note.second)),
                "twice: {}",
                note.title
            );
            assert!(!note.title.is_empty() && !note.says.is_empty() && !note.proves.is_empty());
            assert!(!note.does_not_prove.is_empty(), "{}", note.title);
            assert!(!note.sources.is_empty(), "{}", note.title);
            assert_eq!(
                note.causes.is_empty(),
                note.causes_basis.is_none(),
                "{}",
                note.title
            );
            for source in &note.sources {
                assert!(tables().place(source).is_some(), "unknown source {source}");
            }
        }
        assert!(keys.contains(&(0x904, Some(7))));
    }

    #[test]
    fn the_exact_note_wins_over_the_general_one() {
        let exact = note(0x904, 7).unwrap();
        assert_eq!(exact.pair, "0x904 / 0x7");
        assert_eq!(
            exact.causes.first().map(String::as_str),
            Some("selfsigned-cert-expired")
        );
        assert!(exact.tests.len() > 10);
        let general = note(0x904, 5).unwrap();
        assert_eq!(general.pair, "0x904 / 0x5");
        assert_ne!(general.title, exact.title);
        assert_eq!(note(0x204, 0), None);
    }
}

//! What a code means: numbers, names and texts that a person meets when an RDP connection fails.
//!
//! The knowledge is data (`data/codes/`, `data/events.tsv`); every row says where it comes from. A
//! number without context is shown in every family that has it, because the same small number means
//! different things in different places. Nothing here ever fails: what is not understood gives an
//! empty answer with suggestions.

mod families;
mod lookup;
mod pairs;
mod query;
mod search;
mod tables;
#[cfg(test)]
mod tests;

use rdpwhy_model::{Stage, text};
use serde::Serialize;

use families::{DISCONNECT, EXTENDED};
pub use pairs::{PairNote, PairTest};
use query::Query;

/// A question is shown back, but no more of it than this.
const MAX_SHOWN: usize = 200;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The question, fit to be shown.
    pub query: String,
    /// What two numbers of mstsc say together.
    pub pair: Option<PairNote>,
    /// What was found: in the order of the families for a number, the best first for a text.
    pub entries: Vec<Entry>,
    /// How many entries more there are that are not shown.
    pub more: usize,
    /// When nothing was found: questions that would find something.
    pub near: Vec<String>,
}

impl Explanation {
    /// Whether there is an answer.
    pub fn is_found(&self) -> bool {
        self.pair.is_some() || !self.entries.is_empty()
    }
}

/// One meaning of a code.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The family of codes, such as `mstsc disconnect reason` or `NTSTATUS`.
    pub family: &'static str,
    /// The number as it is met, such as `0x904 (2308)`; empty for a code that is a name only.
    pub code: String,
    /// The name of the constant or the log; empty when there is none.
    pub name: String,
    /// Where in a connection it belongs.
    pub stage: Option<Stage>,
    /// What it says.
    pub meaning: String,
    /// What to look at, or what it hints at.
    pub action: Option<String>,
    /// Ids of causes in the catalogue that can end in it, the common ones first.
    pub causes: Vec<String>,
    /// What else there is to know, and how far to trust it.
    pub note: Option<String>,
    /// Titles of the sources, separated by semicolons; see [`place_of`].
    pub source: String,
}

/// Explains what stands on the command line.
pub fn explain(words: &[String]) -> Explanation {
    let query = query::read(words);
    let mut answer = Explanation {
        query: text::shown(words.join(" ").trim(), MAX_SHOWN),
        pair: None,
        entries: Vec::new(),
        more: 0,
        near: Vec::new(),
    };
    if let Some((first, second)) = pair_of(&query) {
        answer.pair = pairs::note(first, second);
        answer.entries = lookup::first(first);
        answer.entries.extend(lookup::second(second));
    } else if !query.names.is_empty() {
        answer.entries = by_names(&query);
    } else if is_about_numbers(&query) {
        answer.entries = by_numbers(&query);
    }
    if !answer.is_found() {
        (answer.entries, answer.more) = search::by_text(&query.all);
    }
    if !answer.is_found() {
        // "session 0x904 dropped": the words found nothing, the numbers in them may.
        answer.entries = by_numbers(&query);
    }
    without_repeats(&mut answer.entries);
    if !answer.is_found() {
        answer.near = search::near(&query);
    }
    answer
}

/// Where a source that [`Entry::source`] or [`PairNote::sources`] names by its title is to be found.
pub fn place_of(title: &str) -> Option<&'static str> {
    tables::tables().place(title)
}

/// The two numbers that mstsc shows, when that is what was asked.
fn pair_of(query: &Query) -> Option<(u32, u32)> {
    let [first, second] = query.numbers.as_slice() else {
        return None;
    };
    let says = |context: &[String], words: &[&str]| {
        context.iter().all(|word| words.contains(&word.as_str()))
    };
    let may_be = says(&first.context, &[DISCONNECT, "mstsc"])
        && says(&second.context, &[EXTENDED, "ext", DISCONNECT, "mstsc"]);
    let must_be = !first.context.is_empty() || !second.context.is_empty();
    let is_pair = lookup::is_pair(first.value, second.value)
        || (must_be && !lookup::second(second.value).is_empty());
    // Two decimal numbers in a sentence are not yet a pair.
    let plain =
        query.words.is_empty() || query.numbers.iter().any(query::Number::is_plainly_a_code);
    (query.names.is_empty() && may_be && is_pair && plain).then_some((first.value, second.value))
}

/// Whether the numbers are what was asked for, rather than a part of a sentence.
fn is_about_numbers(query: &Query) -> bool {
    !query.numbers.is_empty()
        && (query.words.is_empty() || query.numbers.iter().any(query::Number::is_plainly_a_code))
}

fn by_numbers(query: &Query) -> Vec<Entry> {
    let mut entries = Vec::new();
    // What follows the number of an event is read as that event carries it.
    let mut carried: Option<&[&str]> = None;
    for number in &query.numbers {
        let mut number = number.clone();
        if let Some(words) = carried
            && (number.context.is_empty() || number.context.iter().any(|c| c == families::EVENT))
        {
            number.context = words.iter().map(|word| (*word).to_owned()).collect();
        }
        carried = carried.or_else(|| lookup::carried_by(number.value));
        entries.extend(lookup::number(&number));
    }
    entries
}

fn by_names(query: &Query) -> Vec<Entry> {
    let mut entries: Vec<Entry> = query
        .names
        .iter()
        .flat_map(|name| tables::tables().with_name(name))
        .map(tables::Row::entry)
        .collect();
    // Logs print the number beside its name. A small one would bring every other family with it.
    for number in &query.numbers {
        if number.value > 0xffff || !number.context.is_empty() {
            entries.extend(lookup::number(number));
        }
    }
    entries
}

fn without_repeats(entries: &mut Vec<Entry>) {
    let mut seen: Vec<Entry> = Vec::new();
    for entry in entries.drain(..) {
        if !seen.contains(&entry) {
            seen.push(entry);
        }
    }
    *entries = seen;
}

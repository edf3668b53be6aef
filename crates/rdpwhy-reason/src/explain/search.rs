//! Rows by the words that stand in them, and what a question may have meant when nothing is found.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::Entry;
use super::query::{Form, Query};
use super::tables::{Row, tables};

/// More than this is no answer any more.
pub(super) const MAX_FOUND: usize = 25;
/// A sentence says what it wants in its first words.
const MAX_WORDS: usize = 12;
/// Suggestions beyond these help nobody.
const MAX_NEAR: usize = 5;
/// The longest name has 68 characters; no slip makes it much longer.
const MAX_NEAR_CHARS: usize = 80;

/// The best rows in which all the words occur, and how many more there are.
pub(super) fn by_text(words: &[String]) -> (Vec<Entry>, usize) {
    let words: Vec<String> = words
        .iter()
        .take(MAX_WORDS)
        .map(|word| word.to_lowercase())
        .collect();
    if words.is_empty() {
        return (Vec::new(), 0);
    }
    // `locked` should not find `blocked`, but `certif` should find `certificate`; only when that
    // finds nothing, the middle of a word will do.
    let mut found = scored(&words, At::WordStart);
    if found.is_empty() {
        found = scored(&words, At::Anywhere);
    }
    // Stable: rows of equal score stay in the order of the families.
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let more = found.len().saturating_sub(MAX_FOUND);
    (
        found
            .into_iter()
            .take(MAX_FOUND)
            .map(|(_, row)| row.entry())
            .collect(),
        more,
    )
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    WordStart,
    Anywhere,
}

fn scored(words: &[String], at: At) -> Vec<(u32, &'static Row)> {
    candidates(words)
        .filter_map(|row| Some((score(row, words, at)?, row)))
        .collect()
}

/// The rows that hold all the words somewhere: a quick look before the careful one.
fn candidates(words: &[String]) -> impl Iterator<Item = &'static Row> {
    static TEXTS: OnceLock<Vec<String>> = OnceLock::new();
    let texts = TEXTS.get_or_init(|| {
        let lower = |row: &Row| fields(row).map(|(text, _)| text.to_lowercase()).join("\n");
        tables().rows.iter().map(lower).collect()
    });
    let spellings: Vec<_> = words
        .iter()
        .map(|word| (word.clone(), other_spelling(word)))
        .collect();
    tables()
        .rows
        .iter()
        .zip(texts)
        .filter(move |(_, text)| {
            spellings.iter().all(|(word, other)| {
                text.contains(word) || other.as_ref().is_some_and(|other| text.contains(other))
            })
        })
        .map(|(row, _)| row)
}

/// What of a row is searched, and how much a word counts there. A name that fits says more than a
/// meaning, and a meaning more than what to do about it; the log of an event is where it lies, not
/// what it is about.
fn fields(row: &Row) -> [(String, u32); 8] {
    let (name, weight) = match row.event {
        Some(event) => (format!("{} {}", event.channel, event.provider), 2),
        None => (row.name.to_owned(), 8),
    };
    let code = row.number.map(|number| row.family.code(number));
    [
        (name, weight),
        (row.meaning.to_owned(), 6),
        (row.aliases.to_owned(), 4),
        (code.unwrap_or_default(), 4),
        (row.action.to_owned(), 3),
        (row.note.to_owned(), 2),
        (
            format!("{} {}", row.family.title, row.family.words.join(" ")),
            2,
        ),
        (row.causes.to_owned(), 2),
    ]
}

/// How well the row fits; `None` when a word does not occur.
fn score(row: &Row, words: &[String], at: At) -> Option<u32> {
    // Asked for nothing but a family, its own rows are what was meant.
    let mut total = match words {
        [word] if row.family.has_word(word) => 20,
        _ => 0,
    };
    let fields = fields(row);
    for word in words {
        let other = other_spelling(word);
        total += fields
            .iter()
            .filter_map(|(text, weight)| {
                let found =
                    occurs(text, word, at).max(other.as_ref().and_then(|o| occurs(text, o, at)))?;
                Some(match found {
                    Occurs::Whole => weight * 2 + 1,
                    Occurs::Start => weight * 2,
                    Occurs::Inside => *weight,
                })
            })
            .max()?;
    }
    if words.len() > 1 {
        let phrase = words.join(" ");
        let in_name = row.name.replace('_', " ");
        if occurs(row.meaning, &phrase, at).is_some() || occurs(&in_name, &phrase, at).is_some() {
            total += 10;
        }
    }
    Some(total)
}

/// The British spelling of an American word and the reverse: the meanings are written in one, the
/// names of the constants in the other.
fn other_spelling(word: &str) -> Option<String> {
    [
        ("licens", "licenc"),
        ("authoriz", "authoris"),
        ("synchroniz", "synchronis"),
        ("cancele", "cancelle"),
    ]
    .into_iter()
    .flat_map(|(american, british)| [(american, british), (british, american)])
    .find(|(this, _)| word.contains(this))
    .map(|(this, that)| word.replace(this, that))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Occurs {
    Inside,
    Start,
    Whole,
}

/// The best occurrence of a word in a text, whatever the case.
fn occurs(text: &str, word: &str, at: At) -> Option<Occurs> {
    let mut best = None;
    let mut before: Option<char> = None;
    for (index, c) in text.char_indices() {
        let starts =
            before.is_none_or(|b| !b.is_alphanumeric() || (b.is_lowercase() && c.is_uppercase()));
        before = Some(c);
        if !starts && at == At::WordStart {
            continue;
        }
        let end = index + word.len();
        if text
            .get(index..end)
            .is_some_and(|part| part.eq_ignore_ascii_case(word))
        {
            let ends = text
                .get(end..)
                .is_none_or(|rest| !rest.starts_with(char::is_alphanumeric));
            let this = match (starts, ends) {
                (true, true) => Occurs::Whole,
                (true, false) => Occurs::Start,
                _ => Occurs::Inside,
            };
            best = best.max(Some(this));
        }
    }
    best
}

/// What could have been meant by a question that found nothing.
pub(super) fn near(query: &Query) -> Vec<String> {
    let mut near = Vec::new();
    for number in query.numbers.iter().take(3) {
        near.extend(near_number(&number.digits, number.form));
    }
    if near.is_empty() {
        for word in query.all.iter().take(MAX_WORDS) {
            near.extend(near_name(word));
        }
    }
    if near.is_empty() {
        near.extend(corrected(&query.all));
    }
    if near.is_empty() {
        near.extend(shortened(&query.all));
    }
    let mut seen = BTreeSet::new();
    near.retain(|suggestion| seen.insert(suggestion.clone()));
    near.truncate(MAX_NEAR);
    near
}

/// Codes with one other, one missing or one more digit.
fn near_number(digits: &str, form: Form) -> Vec<String> {
    // One slip in two digits is half the number: everything would be near.
    if digits.len() < 3 || digits.len() > 10 {
        return Vec::new();
    }
    let typed: Vec<char> = digits.chars().collect();
    let hex = matches!(form, Form::Hex | Form::BareHex);
    let mut found = Vec::new();
    for row in &tables().rows {
        let Some(number) = row.number.filter(|_| !hex || !row.family.is_event()) else {
            continue;
        };
        let text = match form {
            Form::Hex | Form::BareHex => format!("{number:x}"),
            Form::Signed => number.cast_signed().unsigned_abs().to_string(),
            Form::Decimal => number.to_string(),
        };
        let slips = distance(&typed, &text.chars().collect::<Vec<_>>(), 1);
        if slips == Some(1) {
            let code = match form {
                Form::Hex | Form::BareHex => format!("0x{}", text.to_uppercase()),
                Form::Signed => format!("-{text}"),
                Form::Decimal => text,
            };
            found.push(format!("{code} {}", row.name).trim_end().to_owned());
        }
        if found.len() == MAX_NEAR {
            break;
        }
    }
    found
}

/// Names that a few slips away from the word, the nearest first.
fn near_name(word: &str) -> Vec<String> {
    nearest(word, tables().names().map(str::to_owned))
        .into_iter()
        .map(|name| {
            // As it is written, not as it is compared.
            let written = tables()
                .with_name(&name)
                .flat_map(Row::names)
                .find(|written| written.eq_ignore_ascii_case(&name));
            written.map_or(name.clone(), str::to_owned)
        })
        .collect()
}

/// The words with those that occur nowhere replaced by the nearest that does, if that finds rows.
fn corrected(words: &[String]) -> Option<String> {
    let mut vocabulary = BTreeSet::new();
    for row in &tables().rows {
        for word in row
            .meaning
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 3)
        {
            vocabulary.insert(word.to_lowercase());
        }
    }
    let mut changed = false;
    let mut better = Vec::new();
    for word in words.iter().take(MAX_WORDS) {
        let lower = word.to_lowercase();
        if candidates(std::slice::from_ref(&lower)).next().is_none() {
            better.push(
                nearest(&lower, vocabulary.iter().cloned())
                    .into_iter()
                    .next()?,
            );
            changed = true;
        } else {
            better.push(lower);
        }
    }
    (changed && !by_text(&better).0.is_empty()).then(|| better.join(" "))
}

/// The words without one of them, if the rest finds rows.
fn shortened(words: &[String]) -> Vec<String> {
    if !(2..=MAX_WORDS).contains(&words.len()) {
        return Vec::new();
    }
    (0..words.len())
        .map(|left_out| {
            let mut rest = words.to_vec();
            rest.remove(left_out);
            rest
        })
        .filter(|rest| candidates(rest).next().is_some())
        .map(|rest| rest.join(" "))
        .collect()
}

/// The candidates within reach of a few slips, the nearest first.
fn nearest(word: &str, candidates: impl Iterator<Item = String>) -> Vec<String> {
    let typed: Vec<char> = word
        .to_lowercase()
        .chars()
        .take(MAX_NEAR_CHARS + 1)
        .collect();
    if typed.len() < 4 || typed.len() > MAX_NEAR_CHARS {
        return Vec::new();
    }
    let reach = (typed.len() / 4).min(6);
    let mut found: Vec<(usize, String)> = candidates
        .filter_map(|candidate| {
            let chars: Vec<char> = candidate.chars().collect();
            Some((distance(&typed, &chars, reach)?, candidate))
        })
        .collect();
    found.sort();
    found
        .into_iter()
        .take(MAX_NEAR)
        .map(|(_, candidate)| candidate)
        .collect()
}

/// Letters to change, add, leave out or swap to get from one word to the other; `None` above `max`.
fn distance(a: &[char], b: &[char], max: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > max {
        return None;
    }
    // Three lines of the table of distances between beginnings are enough; the one before the
    // last is for swapped neighbours.
    let mut older: Vec<usize> = Vec::new();
    let mut old: Vec<usize> = (0..=b.len()).collect();
    for (i, &ca) in a.iter().enumerate() {
        let mut line = vec![i + 1];
        for (j, &cb) in b.iter().enumerate() {
            let mut best = (old[j] + usize::from(ca != cb))
                .min(old[j + 1] + 1)
                .min(line[j] + 1);
            if i > 0 && j > 0 && ca == b[j - 1] && a[i - 1] == cb {
                best = best.min(older[j - 1] + 1);
            }
            line.push(best);
        }
        older = std::mem::replace(&mut old, line);
    }
    old.last().copied().filter(|&slips| slips <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(a: &str, b: &str) -> Option<usize> {
        distance(
            &a.chars().collect::<Vec<_>>(),
            &b.chars().collect::<Vec<_>>(),
            9,
        )
    }

    #[test]
    fn distances() {
        assert_eq!(between("", ""), Some(0));
        assert_eq!(between("abc", "abc"), Some(0));
        assert_eq!(between("abc", "acb"), Some(1));
        assert_eq!(between("abc", "ab"), Some(1));
        assert_eq!(between("abc", "xyz"), Some(3));
        assert_eq!(between("kitten", "sitting"), Some(3));
        assert_eq!(distance(&['a'; 9], &['b'; 9], 2), None);
    }

    #[test]
    fn words_begin_where_people_see_them_begin() {
        let at_start = |text, word| occurs(text, word, At::WordStart);
        assert_eq!(
            at_start("STATUS_ACCOUNT_LOCKED_OUT", "locked"),
            Some(Occurs::Whole)
        );
        assert_eq!(
            at_start("InvalidPasswordExpired", "expired"),
            Some(Occurs::Whole)
        );
        assert_eq!(
            at_start("InvalidPasswordExpired", "pass"),
            Some(Occurs::Start)
        );
        assert_eq!(at_start("Smart card blocked", "locked"), None);
        assert_eq!(
            occurs("Smart card blocked", "locked", At::Anywhere),
            Some(Occurs::Inside)
        );
        assert_eq!(at_start("größer", "öß"), None);
        assert_eq!(at_start("", "x"), None);
    }
}

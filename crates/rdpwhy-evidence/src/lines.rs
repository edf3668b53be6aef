//! Lines of a label and a value.

use rdpwhy_model::text::shown;

/// Lines that are read at most; the commands here write some hundred.
const MOST: usize = 5_000;
/// How long a value may be, in characters.
const LONGEST: usize = 400;

/// The lines of a text.
pub(crate) fn of(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take(MOST)
}

/// Label and value of a line, on both sides of its first colon, which in Chinese and Japanese may
/// be a wide one.
pub(crate) fn pair(line: &str) -> Option<(&str, &str)> {
    let (label, value) = line.split_once([':', '\u{ff1a}'])?;
    Some((label.trim(), value.trim()))
}

/// A value, fit to keep.
pub(crate) fn kept(value: &str) -> String {
    shown(value, LONGEST)
}

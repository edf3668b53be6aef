//! How answers look to a person: readable without colour, in 80 columns, and when piped.

pub mod causes;
mod certificate;
mod clients;
pub mod explain;
mod matrix;
mod nla;
pub mod simulate;
pub mod text;

use anstyle::{AnsiColor, Style as Ansi};
use rdpwhy_model::text::shown;
use unicode_width::UnicodeWidthStr as _;

/// Columns that text may take.
pub const WIDTH: usize = 80;

/// How text is to look.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colour.
    pub colour: bool,
    /// Signs such as ● in place of words; only on a terminal.
    pub signs: bool,
    /// How much to say.
    pub amount: Amount,
}

/// How much to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// The verdict in one line.
    Brief,
    /// A screen.
    Usual,
    /// Everything.
    All,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It works.
    Good,
    /// It does not.
    Bad,
    /// It does, with something to say about it.
    Odd,
    /// Beside the point.
    Faint,
    /// A heading.
    Strong,
}

impl Style {
    const fn says_all(self) -> bool {
        matches!(self.amount, Amount::All)
    }

    const fn is_brief(self) -> bool {
        matches!(self.amount, Amount::Brief)
    }

    /// Paints text.
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let style = match tone {
            Tone::Good => Ansi::new().fg_color(Some(AnsiColor::Green.into())),
            Tone::Bad => Ansi::new().bold().fg_color(Some(AnsiColor::Red.into())),
            Tone::Odd => Ansi::new().fg_color(Some(AnsiColor::Yellow.into())),
            Tone::Faint => Ansi::new().dimmed(),
            Tone::Strong => Ansi::new().bold(),
        };
        format!("{style}{text}{style:#}")
    }
}

/// Breaks text into lines of at most `width` columns. A word that is longer stands alone.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        // The last door before a terminal: what was read from a file passes here too
        let word = shown(word, usize::MAX);
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Pads text to a width in columns.
pub fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// A labelled paragraph: the label in the margin, the text beside it, further lines below.
pub fn paragraph(style: Style, label: &str, text: &str) -> String {
    let mut out = String::new();
    for (i, line) in wrap(text, WIDTH - 8).into_iter().enumerate() {
        let margin = if i == 0 { label } else { "" };
        let margin = style.paint(Tone::Strong, &pad(margin, 5));
        out.push_str(&format!("  {margin} {line}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapping_counts_columns_and_loses_nothing() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("日本 日本", 5), ["日本", "日本"]);
        assert_eq!(wrap("longlong x", 3), ["longlong", "x"]);
        assert!(wrap("", 5).is_empty());
    }
}

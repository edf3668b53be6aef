//! How the words of a question are read: which are numbers, which names, which say where to look.
//!
//! People paste what they see: a bare number in any notation, the two numbers of a dialog with its
//! text around them, a line of a log, the name of a constant. Nothing here can fail; what is not
//! understood stays a word to search for.

use super::families::FAMILIES;
use super::tables::{tables, wrapped};

/// Longer questions are cut here; no code or name comes near it.
const MAX_CHARS: usize = 4_000;
/// And no more words than this are looked at.
const MAX_TOKENS: usize = 64;

/// How a number was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With `0x`.
    Hex,
    /// Hexadecimal digits, one of them a letter, without `0x`: `C000006D`.
    BareHex,
    /// Decimal digits.
    Decimal,
    /// A negative decimal number.
    Signed,
}

/// A number of the question and what was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: u32,
    pub(super) form: Form,
    /// The digits as typed, without a prefix.
    pub(super) digits: String,
    /// Words that name its family or log, in lower case.
    pub(super) context: Vec<String>,
}

impl Number {
    /// Whether nobody would write this and not mean a code.
    pub(super) fn is_plainly_a_code(&self) -> bool {
        self.form != Form::Decimal || !self.context.is_empty()
    }
}

/// A question, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) numbers: Vec<Number>,
    /// Names of codes that exist, as typed.
    pub(super) names: Vec<String>,
    /// Words that are none of the above and carry meaning.
    pub(super) words: Vec<String>,
    /// Every word that carries meaning, numbers and names too: what a search by text looks for.
    pub(super) all: Vec<String>,
}

/// Words around a code that say nothing about it.
const NOISE: [&str; 42] = [
    "a",
    "about",
    "an",
    "and",
    "are",
    "as",
    "at",
    "by",
    "code",
    "codes",
    "disconnected",
    "does",
    "error",
    "errors",
    "for",
    "from",
    "get",
    "got",
    "has",
    "have",
    "i",
    "in",
    "is",
    "it",
    "mean",
    "means",
    "my",
    "no",
    "number",
    "of",
    "on",
    "or",
    "reason",
    "result",
    "the",
    "this",
    "to",
    "value",
    "was",
    "what",
    "why",
    "with",
];

/// Parts of channel and provider names that are too common to name one.
const COMMON_PARTS: [&str; 14] = [
    "admin",
    "analytic",
    "client",
    "debug",
    "error",
    "microsoft",
    "operational",
    "service",
    "services",
    "time",
    "user",
    "windows",
    "with",
    "control",
];

/// Short names that administrators use for logs.
const LOG_NICKNAMES: [(&str, &str); 6] = [
    ("rcm", "terminalservices-remoteconnectionmanager"),
    ("lsm", "terminalservices-localsessionmanager"),
    ("core", "remotedesktopservices-rdpcorets"),
    ("scm", "service control manager"),
    ("kdcsvc", "kerberos-key-distribution-center"),
    ("userprofilesservice", "user profiles service"),
];

/// Reads the words of the command line.
pub(super) fn read(words: &[String]) -> Query {
    let text: String = words.join(" ").chars().take(MAX_CHARS).collect();
    let tokens: Vec<&str> = text.split_whitespace().take(MAX_TOKENS).collect();
    let mut reader = Reader::default();
    for (index, token) in tokens.iter().enumerate() {
        let next_is_number = tokens
            .get(index + 1)
            .is_some_and(|t| number(trimmed(t)).is_some());
        reader.token(token, next_is_number);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    query: Query,
    context: Vec<String>,
    /// Whether a number has used the context; the next word about a family starts a new one.
    used: bool,
}

impl Reader {
    fn token(&mut self, token: &str, next_is_number: bool) {
        let token = trimmed(token);
        if token.is_empty() {
            return;
        }
        if let Some(number) = number(token) {
            self.number(number);
        } else if let Some(digits) = aadsts(token) {
            self.context_word("aadsts");
            self.number(digits);
        } else if tables().with_name(token).next().is_some() {
            self.query.names.push(token.to_owned());
            self.query.all.push(token.to_owned());
        } else if let Some(numbers) = list_of_numbers(token) {
            for number in numbers {
                self.number(number);
            }
        } else if let Some((before, number)) = prefixed_number(token) {
            for part in before
                .split(['(', ')'])
                .map(trimmed)
                .filter(|part| !part.is_empty())
            {
                self.context_word(part);
            }
            self.number(number);
        } else {
            self.word(token, next_is_number);
        }
    }

    fn number(&mut self, mut number: Number) {
        self.query.all.push(number.digits.clone());
        number.context.clone_from(&self.context);
        self.used = true;
        self.query.numbers.push(number);
    }

    fn word(&mut self, word: &str, next_is_number: bool) {
        let lower = word.to_lowercase();
        if NOISE.contains(&lower.as_str()) {
            return;
        }
        self.query.all.push(word.to_owned());
        // The classic logs have everyday names: they are meant only right before a number.
        let classic = matches!(lower.as_str(), "system" | "security" | "application");
        if if classic {
            next_is_number
        } else {
            is_context(&lower)
        } {
            self.context_word(&lower);
        } else {
            self.query.words.push(word.to_owned());
        }
    }

    fn context_word(&mut self, word: &str) {
        if std::mem::take(&mut self.used) {
            self.context.clear();
        }
        let word = word.to_lowercase();
        let known = LOG_NICKNAMES.iter().find(|(nickname, _)| *nickname == word);
        self.context
            .push(known.map_or(word, |(_, name)| (*name).to_owned()));
    }

    fn finish(mut self) -> Query {
        // "1149 event": the word came after its number.
        if !self.used
            && let Some(last) = self.query.numbers.last_mut()
            && last.context.is_empty()
        {
            last.context = self.context;
        }
        self.query
    }
}

/// Without the punctuation that text has around its words.
fn trimmed(token: &str) -> &str {
    let token = token
        .trim_start_matches(|c| "([{<\"'`“‘«".contains(c))
        .trim_end_matches(|c| "]}>\"'`”’»:,;.!?=".contains(c));
    // `System(Schannel)` keeps its bracket, `0x904)` does not.
    if token.contains('(') {
        token
    } else {
        token.trim_end_matches([')', ']', ':', ',', ';', '.'])
    }
}

/// A number in any notation in which these codes are met.
fn number(token: &str) -> Option<Number> {
    let token = &token.replace('\u{2212}', "-");
    let lower = token.to_ascii_lowercase();
    let of = |value, form, digits: &str| {
        Some(Number {
            value,
            form,
            digits: digits.to_owned(),
            context: Vec::new(),
        })
    };
    if let Some(digits) = lower
        .strip_prefix("0x")
        .or_else(|| lower.strip_prefix("&h"))
    {
        return of(from_hex(digits)?, Form::Hex, digits);
    }
    if let Some(digits) = lower.strip_prefix('-') {
        return if is_decimal(digits) {
            of(wrapped(&lower)?, Form::Signed, digits)
        } else {
            None
        };
    }
    if is_decimal(&lower) {
        return of(low_half(lower.parse().ok()?)?, Form::Decimal, &lower);
    }
    let is_bare_hex = (3..=8).contains(&lower.len())
        && lower.bytes().all(|b| b.is_ascii_hexdigit())
        && lower.bytes().any(|b| b.is_ascii_digit());
    if is_bare_hex {
        let value = from_hex(&lower)?;
        // Eight digits are a status; a shorter one could be anything, so it has to exist.
        if lower.len() == 8 || tables().with_number(value).next().is_some() {
            return of(value, Form::BareHex, &lower);
        }
    }
    None
}

fn is_decimal(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn from_hex(digits: &str) -> Option<u32> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if plain {
        low_half(u64::from_str_radix(digits, 16).ok()?)
    } else {
        None
    }
}

/// The low 32 bits, when the rest is nothing but their sign: some tools print 64 bits.
fn low_half(value: u64) -> Option<u32> {
    let low = u32::try_from(value & 0xffff_ffff).ok()?;
    matches!(value >> 32, 0 | 0xffff_ffff).then_some(low)
}

/// `AADSTS50126`, also with text glued to it by a colon.
fn aadsts(token: &str) -> Option<Number> {
    let lower = token.to_ascii_lowercase();
    let rest = lower.strip_prefix("aadsts")?;
    number(rest.split(':').next()?).filter(|number| number.form == Form::Decimal)
}

/// `0x904/0x7`, `0x904,0x7`, `2308+7`.
fn list_of_numbers(token: &str) -> Option<Vec<Number>> {
    token
        .split(['/', ',', ';', '+', '|', ':'])
        .map(|part| number(trimmed(part)))
        .collect()
}

/// `alert:40`, `System(Schannel):36874`, `Status=0xC000006D`: what stands before, and the number.
fn prefixed_number(token: &str) -> Option<(&str, Number)> {
    let (before, last) = token.rsplit_once([':', '=', '/', '#'])?;
    let number = number(trimmed(last))?;
    let before = trimmed(before);
    (!before.is_empty()).then_some((before, number))
}

/// Whether the word says where a number belongs: a family, or a log or its source.
fn is_context(lower: &str) -> bool {
    if FAMILIES.iter().any(|family| family.has_word(lower))
        || LOG_NICKNAMES.iter().any(|(nickname, _)| *nickname == lower)
    {
        return true;
    }
    lower.len() > 2
        && !COMMON_PARTS.contains(&lower)
        && tables()
            .rows
            .iter()
            .filter_map(|row| row.event)
            .any(|event| {
                [event.channel, event.provider].into_iter().any(|name| {
                    name.eq_ignore_ascii_case(lower)
                        || name
                            .split(['-', '/', ' '])
                            .any(|part| part.eq_ignore_ascii_case(lower))
                })
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Query {
        read(&[text.to_owned()])
    }

    fn values(text: &str) -> Vec<u32> {
        of(text).numbers.iter().map(|n| n.value).collect()
    }

    #[test]
    fn notations_of_one_number() {
        for text in [
            "0xC000006D",
            "0xc000006d",
            "C000006D",
            "c000006d",
            "3221225581",
            "-1073741715",
            "\u{2212}1073741715",
            "0xFFFFFFFFC000006D",
            "&HC000006D",
            "(0xC000006D)",
            "[0xC000006D]:",
            "Status=0xC000006D",
        ] {
            assert_eq!(values(text), [0xC000_006D], "{text}");
        }
    }

    #[test]
    fn what_is_no_number_stays_a_word() {
        for text in [
            "0x",
            "-",
            "--5",
            "+5",
            "0x-5",
            "dead",
            "1.2",
            "0xG",
            "99999999999999999999",
            "-99999999999",
        ] {
            assert_eq!(values(text), [0; 0], "{text}");
        }
    }

    #[test]
    fn a_pair_in_any_dress() {
        for text in [
            "0x904 0x7",
            "0x904/0x7",
            "2308 7",
            "2308/7",
            "0x904, 0x7",
            "Error code: 0x904 Extended error code: 0x7",
            "Error code: 0x904\r\nExtended error code: 0x7\r\n",
        ] {
            assert_eq!(values(text), [0x904, 7], "{text}");
        }
    }

    #[test]
    fn a_word_before_the_number_is_its_context() {
        for (text, context) in [
            ("alert 40", vec!["alert"]),
            ("alert:40", vec!["alert"]),
            ("kerberos error 24", vec!["kerberos"]),
            ("System(Schannel):36874", vec!["system", "schannel"]),
            ("System 7031", vec!["system"]),
            ("system error 5", vec![]),
            ("RCM 1149", vec!["terminalservices-remoteconnectionmanager"]),
            ("1149 event", vec!["event"]),
            ("AADSTS50126: Error validating credentials", vec!["aadsts"]),
        ] {
            assert_eq!(of(text).numbers.first().unwrap().context, context, "{text}");
        }
    }

    #[test]
    fn a_context_ends_at_the_next_word_about_a_family() {
        let query = of("event 36888 alert 40 state 1205");
        let contexts: Vec<_> = query.numbers.iter().map(|n| n.context.join(" ")).collect();
        assert_eq!(contexts, ["event", "alert", "state"]);
    }
}

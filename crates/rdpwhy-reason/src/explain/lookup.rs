//! A number becomes rows: in the family that was named, else in all of them, else by what its bits
//! say.

use rdpwhy_model::Stage;

use super::Entry;
use super::families::{DISCONNECT, ERRINFO, EVENT, EXTENDED, Family};
use super::query::{Form, Number, from_hex};
use super::tables::{Row, tables};

/// The protocol errors of Set Error Info ([MS-RDPBCGR] 2.2.5.1.1).
const PROTOCOL_ERRORS: std::ops::RangeInclusive<u32> = 0x10C9..=0x1196;
/// What the API sets aside for protocol errors.
const PROTOCOL_RANGE: std::ops::RangeInclusive<u32> = 0x1000..=0x7FFF;

/// What a number of the question means.
pub(super) fn number(number: &Number) -> Vec<Entry> {
    let value = number.value;
    let named = |word: &str| number.context.iter().any(|c| c == word);
    let rows = in_context(value, &number.context);
    if !rows.is_empty() {
        return rows.into_iter().map(Row::entry).collect();
    }
    // The family was named and does not have it: its own fallback comes before the other families.
    let mut entries = Vec::new();
    if named(DISCONNECT) || named("mstsc") {
        entries.extend(by_byte(value));
    }
    if entries.is_empty() && [EXTENDED, "ext", ERRINFO].into_iter().any(named) {
        entries = second_unlisted(value);
    }
    if entries.is_empty() {
        anywhere(number)
    } else {
        entries
    }
}

/// The number without context, in every family that has it.
fn anywhere(number: &Number) -> Vec<Entry> {
    let value = number.value;
    let rows: Vec<&Row> = tables().with_number(value).collect();
    let only_events = rows.iter().all(|row| row.family.is_event());
    let mut entries: Vec<Entry> = rows.into_iter().map(Row::entry).collect();
    if entries.is_empty() {
        entries = in_another_form(value);
    }
    if entries.is_empty() || (only_events && number.form != Form::Signed) {
        // Dialogs of mstsc show hexadecimal digits, and people leave the 0x away.
        if number.form == Form::Decimal && (3..=8).contains(&number.digits.len()) {
            entries.extend(read_as_hex(&number.digits));
        }
        if number.form == Form::Hex || entries.is_empty() {
            entries.extend(by_byte(value));
        }
    }
    if entries.is_empty() {
        entries = second_unlisted(value);
    }
    entries
}

/// The rows of a number that fit the words said about it; none when no word fits any.
fn in_context(value: u32, context: &[String]) -> Vec<&'static Row> {
    let mut rows: Vec<&Row> = tables().with_number(value).collect();
    let mut fitted = false;
    for word in context {
        let narrowed = fitting(&rows, word);
        if !narrowed.is_empty() {
            rows = narrowed;
            fitted = true;
        }
    }
    if fitted { rows } else { Vec::new() }
}

fn fitting(rows: &[&'static Row], word: &str) -> Vec<&'static Row> {
    let closest = rows.iter().filter_map(|row| log_match(row, word)).min();
    rows.iter()
        .copied()
        .filter(|row| {
            row.family.has_word(word) || (closest.is_some() && log_match(row, word) == closest)
        })
        .collect()
}

/// How well the word names the log of an event: the smaller the better.
fn log_match(row: &Row, word: &str) -> Option<u8> {
    let event = row.event?;
    let plain = |name: &str| {
        let name = name.to_lowercase();
        name.strip_prefix("microsoft-windows-")
            .map(str::to_owned)
            .unwrap_or(name)
    };
    let names = [plain(event.channel), plain(event.provider)];
    let word = plain(word);
    // Events of one provider lie in several channels, and people mix them up.
    let provider = word.split('/').next().unwrap_or_default();
    if names.contains(&word) {
        Some(0)
    } else if names.iter().any(|name| name.contains(&word)) {
        Some(1)
    } else if provider.len() > 2 && names.iter().any(|name| name.contains(provider)) {
        Some(2)
    } else {
        None
    }
}

/// The first number of a pair.
pub(super) fn first(value: u32) -> Vec<Entry> {
    let rows = of_family(value, |family| family.has_word(DISCONNECT));
    if rows.is_empty() {
        by_byte(value).into_iter().collect()
    } else {
        rows
    }
}

/// The second number of a pair.
pub(super) fn second(value: u32) -> Vec<Entry> {
    let rows = of_family(value, |family| family.has_word(EXTENDED));
    if rows.is_empty() {
        second_unlisted(value)
    } else {
        rows
    }
}

/// Whether two bare numbers can be what mstsc shows.
pub(super) fn is_pair(first: u32, second: u32) -> bool {
    let listed = |word| {
        tables()
            .with_number(first)
            .any(|row| row.family.has_word(word))
    };
    // A number that only its low byte speaks for may be anything else that is listed.
    let unlisted = tables().with_number(first).next().is_none();
    *PROTOCOL_RANGE.end() >= second
        && (listed(DISCONNECT) || (unlisted && tables().byte_family(first).is_some()))
}

/// What the numbers after an event number are, when the event says so: Schannel events carry an
/// alert and a state, the Kerberos audits a Kerberos error.
pub(super) fn carried_by(event: u32) -> Option<&'static [&'static str]> {
    match event {
        36864..=36928 => Some(&["schannel"]),
        4768 | 4769 | 4771 => Some(&["kerberos"]),
        201 | 301 | 304 => Some(&["gateway"]),
        _ => None,
    }
}

fn of_family(value: u32, wanted: impl Fn(&Family) -> bool) -> Vec<Entry> {
    tables()
        .with_number(value)
        .filter(|row| wanted(row.family))
        .map(Row::entry)
        .collect()
}

/// A disconnect reason that is not listed, by the component in one of its bytes.
fn by_byte(value: u32) -> Option<Entry> {
    let family = tables().byte_family(value)?;
    let (byte, place) = if family.selector < 0x100 {
        (value & 0xff, "low")
    } else {
        (value >> 24, "high")
    };
    Some(Entry {
        family: "mstsc disconnect reason",
        code: format!("0x{value:X} ({value})"),
        name: String::new(),
        stage: family.stage,
        meaning: format!(
            "Not listed anywhere. Its {place} byte 0x{byte:02X} puts it into the family {}: {}",
            family.name, family.meaning
        ),
        action: None,
        causes: Vec::new(),
        note: Some(format!(
            "the family names a component of the client, not a step of the connection; {}",
            family.note
        )),
        source: family.source.replace(" ; ", "; "),
    })
}

/// A second number that the list of extended reasons does not have.
fn second_unlisted(value: u32) -> Vec<Entry> {
    let mut entries = of_family(value, |family| family.has_word(ERRINFO));
    for entry in &mut entries {
        prepend(
            entry,
            "as second number of mstsc it has the meaning that Set Error Info gives it",
        );
    }
    if !entries.is_empty() {
        return entries;
    }
    let (meaning, source) = if PROTOCOL_ERRORS.contains(&value) {
        (
            "Not listed. 0x10C9 to 0x1196 are protocol errors: the server found a message of the client \
             that breaks the protocol",
            "MS-RDPBCGR 2.2.5.1.1",
        )
    } else if PROTOCOL_RANGE.contains(&value) {
        (
            "Not listed. 0x1000 to 0x7FFF are set aside for protocol errors",
            "MS Learn ExtendedDisconnectReasonCode",
        )
    } else {
        return Vec::new();
    };
    vec![Entry {
        family: "mstsc extended reason",
        code: format!("0x{value:X} ({value})"),
        name: String::new(),
        stage: Some(Stage::Session),
        meaning: meaning.to_owned(),
        action: None,
        causes: Vec::new(),
        note: None,
        source: source.to_owned(),
    }]
}

/// The same code in the clothes of another number space.
fn in_another_form(value: u32) -> Vec<Entry> {
    let low = value & 0xffff;
    let (inner, wanted, note): (u32, &[&str], &str) = match value >> 16 {
        0x8007 => (
            low,
            &["win32", "tsgateway", "winhttp"],
            "is the HRESULT form of",
        ),
        0x0001 => (low, &[ERRINFO], "is how FreeRDP writes Set Error Info"),
        // [MS-ERREF] 2.1: bit 28 says that an NTSTATUS is inside. TermDD event 56 shows it so.
        0xD000..=0xDFFF => (
            value & !0x1000_0000,
            &["ntstatus"],
            "is an HRESULT that carries",
        ),
        _ => return Vec::new(),
    };
    let mut entries = of_family(inner, |family| {
        wanted.iter().any(|word| family.has_word(word)) && !family.has_word(EVENT)
    });
    for entry in &mut entries {
        let code = entry.code.clone();
        prepend(entry, &format!("0x{value:08X} {note} {code}"));
    }
    entries
}

/// Decimal digits that are no listed number, taken as hexadecimal.
fn read_as_hex(digits: &str) -> Vec<Entry> {
    let Some(value) = from_hex(digits) else {
        return Vec::new();
    };
    let mut entries = of_family(value, |family| {
        // Short ones are mstsc numbers; eight digits are a status.
        if digits.len() < 8 {
            family.has_word(DISCONNECT)
        } else {
            !family.is_event()
        }
    });
    for entry in &mut entries {
        prepend(
            entry,
            &format!("{digits} was taken as hexadecimal: 0x{value:X}"),
        );
    }
    entries
}

fn prepend(entry: &mut Entry, text: &str) {
    entry.note = Some(match entry.note.take() {
        Some(note) => format!("{text}; {note}"),
        None => text.to_owned(),
    });
}

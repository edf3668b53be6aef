//! The rows of the code tables: read once from the text that is compiled in, never changed.
//!
//! Each table is a file under `data/codes/` with a header line, columns by name, tabs between cells
//! and no quoting; the Windows events are `data/events.tsv`. A row that cannot be read is left out
//! rather than taking the program down; the tests see to it that there is none.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rdpwhy_model::Stage;

use super::Entry;
use super::families::{FAMILIES, Family};

/// The tables and their text, in the order of the families.
pub(super) const TEXTS: [(&str, &str); 12] = [
    (
        "disconnect-reasons",
        include_str!("../../data/codes/disconnect-reasons.tsv"),
    ),
    (
        "extended-reasons",
        include_str!("../../data/codes/extended-reasons.tsv"),
    ),
    (
        "negotiation-failures",
        include_str!("../../data/codes/negotiation-failures.tsv"),
    ),
    (
        "error-info",
        include_str!("../../data/codes/error-info.tsv"),
    ),
    (
        "other-signals",
        include_str!("../../data/codes/other-signals.tsv"),
    ),
    ("gateway", include_str!("../../data/codes/gateway.tsv")),
    ("ntstatus", include_str!("../../data/codes/ntstatus.tsv")),
    (
        "tls-alerts",
        include_str!("../../data/codes/tls-alerts.tsv"),
    ),
    ("freerdp", include_str!("../../data/codes/freerdp.tsv")),
    ("avd", include_str!("../../data/codes/avd.tsv")),
    ("kerberos", include_str!("../../data/codes/kerberos.tsv")),
    ("events", include_str!("../../data/events.tsv")),
];

pub(super) const BYTE_FAMILIES_TEXT: &str =
    include_str!("../../data/codes/disconnect-families.tsv");
pub(super) const SOURCES_TEXT: &str = include_str!("../../data/codes/sources.tsv");

/// What only the rows of `events.tsv` have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EventCells {
    pub(super) channel: &'static str,
    pub(super) provider: &'static str,
    role: &'static str,
    level: &'static str,
    fields: &'static str,
    correlate: &'static str,
    evidence: &'static str,
    unverified: &'static str,
}

/// One row of one table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) family: &'static Family,
    /// The number as an unsigned 32-bit value; a row that is known by its text has none.
    pub(super) number: Option<u32>,
    /// A second number under which the same thing is met (the event code of a gateway error).
    pub(super) second_number: Option<u32>,
    /// Empty when the number has no published name.
    pub(super) name: &'static str,
    /// Other names of the same thing, separated by blanks.
    pub(super) aliases: &'static str,
    pub(super) meaning: &'static str,
    pub(super) stage: Option<Stage>,
    pub(super) action: &'static str,
    pub(super) note: &'static str,
    confidence: &'static str,
    pub(super) causes: &'static str,
    pub(super) source: &'static str,
    pub(super) event: Option<EventCells>,
}

/// A family of disconnect reasons by one byte of the number; for numbers that are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ByteFamily {
    /// Below 0x100 it stands for the low byte of a number up to 0xFFFF, else for the high byte.
    pub(super) selector: u32,
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) stage: Option<Stage>,
    pub(super) note: &'static str,
    pub(super) source: &'static str,
}

/// Every row, and the ways to find one.
#[derive(Debug)]
pub(super) struct Tables {
    /// In the order in which they are looked up.
    pub(super) rows: Vec<Row>,
    by_number: BTreeMap<u32, Vec<usize>>,
    by_name: BTreeMap<String, Vec<usize>>,
    byte_families: Vec<ByteFamily>,
    places: BTreeMap<&'static str, &'static str>,
}

/// The tables, read at the first call.
pub(super) fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(Tables::read)
}

impl Tables {
    fn read() -> Self {
        let mut rows: Vec<Row> = Vec::new();
        for (table, text) in TEXTS {
            rows.extend(
                Text::new(text)
                    .records()
                    .filter_map(|record| Row::read(table, &record)),
            );
        }
        // The families of one table may be mixed in its file.
        rows.sort_by_key(|row| FAMILIES.iter().position(|family| family == row.family));
        let mut by_number = BTreeMap::<u32, Vec<usize>>::new();
        let mut by_name = BTreeMap::<String, Vec<usize>>::new();
        for (index, row) in rows.iter().enumerate() {
            for number in row.number.into_iter().chain(row.second_number) {
                let rows = by_number.entry(number).or_default();
                // The number and the event code of a gateway error may be the same.
                if rows.last() != Some(&index) {
                    rows.push(index);
                }
            }
            for name in row.names() {
                by_name.entry(name.to_lowercase()).or_default().push(index);
            }
        }
        let byte_families = Text::new(BYTE_FAMILIES_TEXT)
            .records()
            .filter_map(|record| ByteFamily::read(&record))
            .collect();
        let places = Text::new(SOURCES_TEXT)
            .records()
            .map(|record| (record.cell("title"), record.cell("place")))
            .collect();
        Self {
            rows,
            by_number,
            by_name,
            byte_families,
            places,
        }
    }

    /// The rows with that number, in the order of the families.
    pub(super) fn with_number(&self, number: u32) -> impl Iterator<Item = &Row> {
        self.by_number
            .get(&number)
            .into_iter()
            .flatten()
            .filter_map(|&index| self.rows.get(index))
    }

    /// The rows with that name, whatever its case.
    pub(super) fn with_name(&self, name: &str) -> impl Iterator<Item = &Row> {
        let name = name.to_lowercase();
        // MIT and Heimdal write the Kerberos names with their own prefix.
        let bare = name
            .strip_prefix("krb5kdc_")
            .map(|rest| format!("kdc_{rest}"))
            .or_else(|| {
                name.strip_prefix("krb5krb_")
                    .map(|rest| format!("krb_{rest}"))
            });
        self.by_name
            .get(&name)
            .or_else(|| self.by_name.get(&bare?))
            .into_iter()
            .flatten()
            .filter_map(|&index| self.rows.get(index))
    }

    /// Every name that can be asked for, in lower case.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The family of a disconnect reason that is not listed.
    pub(super) fn byte_family(&self, number: u32) -> Option<&ByteFamily> {
        self.byte_families.iter().find(|family| {
            if family.selector < 0x100 {
                (0x100..=0xffff).contains(&number) && number & 0xff == family.selector
            } else {
                // The high byte carries the family, the rest is an index.
                number & 0xff00_0000 == family.selector
            }
        })
    }

    /// Where the source of that title is to be found.
    pub(super) fn place(&self, title: &str) -> Option<&'static str> {
        self.places.get(title).copied()
    }
}

impl ByteFamily {
    fn read(record: &Record<'_>) -> Option<Self> {
        Some(Self {
            selector: u32::from_str_radix(record.cell("selector").strip_prefix("0x")?, 16).ok()?,
            name: record.cell("family"),
            meaning: record.cell("meaning"),
            stage: Stage::from_name(record.cell("stage")),
            note: record.cell("note"),
            source: record.cell("source"),
        })
    }
}

impl Row {
    fn read(table: &str, record: &Record<'_>) -> Option<Self> {
        let kind = record.cell("kind");
        let family = FAMILIES
            .iter()
            .find(|f| f.table == table && f.kind == kind)?;
        let is_event_table = table == "events";
        let number = record.cell(if is_event_table { "event_id" } else { "dec" });
        let number = if number.is_empty() {
            None
        } else {
            Some(wrapped(number)?)
        };
        Some(Self {
            family,
            number,
            second_number: record.cell("event_code").parse().ok(),
            name: record.cell("name"),
            aliases: record.cell("aliases"),
            meaning: record.cell("meaning"),
            stage: Stage::from_name(record.cell("stage")),
            action: record.cell(if is_event_table { "hint" } else { "action" }),
            note: record.cell("note"),
            confidence: record.cell("confidence"),
            causes: record.cell("causes"),
            source: record.cell("source"),
            event: is_event_table.then(|| EventCells {
                channel: record.cell("channel"),
                provider: record.cell("provider"),
                role: record.cell("role"),
                level: record.cell("level"),
                fields: record.cell("fields"),
                correlate: record.cell("correlate"),
                evidence: record.cell("evidence"),
                unverified: record.cell("unverified"),
            }),
        })
    }

    /// The names under which the row can be asked for.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name)
            .filter(|n| !n.is_empty())
            .chain(self.aliases.split_whitespace())
    }

    /// The row as an answer.
    pub(super) fn entry(&self) -> Entry {
        let note = [self.note.to_owned(), self.trust().to_owned()]
            .into_iter()
            .chain(self.event.iter().flat_map(EventCells::notes))
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("; ");
        Entry {
            family: self.family.title,
            code: self.number.map(|n| self.family.code(n)).unwrap_or_default(),
            name: self
                .event
                .map_or_else(|| self.name.to_owned(), |event| event.name()),
            stage: self.stage,
            meaning: self.meaning.to_owned(),
            action: some(self.action),
            causes: self.causes.split_whitespace().map(str::to_owned).collect(),
            note: some(&note),
            source: self.source.replace(" ; ", "; "),
        }
    }

    /// How far the meaning can be trusted, where it does not come from a page of Microsoft.
    fn trust(&self) -> &'static str {
        match self.confidence {
            "technet" => "not on Microsoft's API page: from copies of a retired TechNet page",
            "other-client" => "named for another Microsoft client than mstsc",
            "community" => "not documented by Microsoft: community reports",
            "conflict" => "the sources contradict each other",
            "type-library" => "only in the type library of the control",
            "spec-inferred" => "in the protocol specification; no page says that mstsc shows it",
            _ => "",
        }
    }
}

impl EventCells {
    /// The channel, and the provider where the channel does not name it.
    fn name(&self) -> String {
        if self.channel.starts_with(self.provider) {
            self.channel.to_owned()
        } else {
            format!("{} ({})", self.channel, self.provider)
        }
    }

    fn notes(&self) -> [String; 5] {
        let labelled = |label: &str, text: &str| match text {
            "" | "(none)" | "(not verified)" | "none" => String::new(),
            _ => format!("{label}{text}"),
        };
        let weak = match self.evidence {
            "general knowledge" => "from general knowledge, no source re-read: a hint, never proof",
            "community" => "from community texts only",
            _ => "",
        };
        let role = self
            .role
            .replace("dc", "domain controller")
            .replace('/', " or ");
        [
            format!("{}, logged on: {role}", self.level),
            labelled("fields: ", self.fields),
            labelled("joins with: ", self.correlate),
            weak.to_owned(),
            labelled("not verified: ", self.unverified),
        ]
    }
}

/// The number of a cell as an unsigned 32-bit value; `-1073741715` and `3221225581` are one number.
pub(super) fn wrapped(cell: &str) -> Option<u32> {
    match cell.strip_prefix('-') {
        Some(_) => cell.parse::<i32>().ok().map(i32::cast_unsigned),
        None => cell.parse().ok(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A table as text: a header that names the columns, then one line for each row.
pub(super) struct Text {
    header: Vec<&'static str>,
    lines: &'static str,
}

impl Text {
    pub(super) fn new(text: &'static str) -> Self {
        let (header, lines) = text.split_once('\n').unwrap_or((text, ""));
        Self {
            header: header.split('\t').collect(),
            lines,
        }
    }

    /// The rows.
    pub(super) fn records(&self) -> impl Iterator<Item = Record<'_>> {
        self.lines.lines().map(|line| Record {
            header: &self.header,
            cells: line.split('\t').collect(),
        })
    }
}

/// One line of a table, its cells by the names of the columns.
pub(super) struct Record<'t> {
    pub(super) header: &'t [&'static str],
    pub(super) cells: Vec<&'static str>,
}

impl Record<'_> {
    /// The cell of that column; empty when the table has no such column.
    pub(super) fn cell(&self, column: &str) -> &'static str {
        self.header
            .iter()
            .position(|name| *name == column)
            .and_then(|index| self.cells.get(index).copied())
            .unwrap_or_default()
    }
}

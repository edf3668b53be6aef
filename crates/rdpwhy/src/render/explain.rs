//! What a code means, for people.

use rdpwhy_reason::explain::{Entry, Explanation, PairNote};

use super::{Style, Tone, WIDTH, paragraph, wrap};

/// The whole answer.
pub fn explanation(e: &Explanation, style: Style) -> String {
    let mut out = String::from("\n");
    if let Some(pair) = &e.pair {
        out.push_str(&pair_note(pair, style));
    }
    for entry in &e.entries {
        out.push_str(&one(entry, style));
    }
    if e.more > 0 {
        out.push_str(&format!("  and {} more; ask with more words\n\n", e.more));
    }
    if !e.is_found() {
        out.push_str(&paragraph(
            style,
            "",
            &format!("Nothing is known of \"{}\".", e.query),
        ));
        if !e.near.is_empty() {
            out.push_str(&paragraph(style, "TRY", &e.near.join(", ")));
        }
        out.push('\n');
    }
    out
}

fn one(e: &Entry, style: Style) -> String {
    let mut head = Vec::new();
    if !e.code.is_empty() {
        head.push(e.code.clone());
    }
    if !e.name.is_empty() {
        head.push(e.name.clone());
    }
    let mut out = String::new();
    for line in wrap(&head.join("  "), WIDTH - 2) {
        out.push_str(&format!("  {}\n", style.paint(Tone::Strong, &line)));
    }
    let stage = e.stage.map(|s| format!(", stage {s}")).unwrap_or_default();
    for line in wrap(&format!("{}{stage}", e.family), WIDTH - 2) {
        out.push_str(&format!("  {}\n", style.paint(Tone::Faint, &line)));
    }
    out.push_str(&paragraph(style, "", &e.meaning));
    if let Some(action) = &e.action {
        out.push_str(&paragraph(style, "DO", action));
    }
    if !e.causes.is_empty() {
        out.push_str(&paragraph(style, "CAUSE", &e.causes.join(", ")));
    }
    if let Some(note) = &e.note {
        out.push_str(&paragraph(style, "NOTE", note));
    }
    out.push_str(&paragraph(style, "FROM", &e.source));
    out.push('\n');
    out
}

fn pair_note(p: &PairNote, style: Style) -> String {
    let mut out = String::new();
    for line in wrap(&format!("{}  {}", p.pair, p.title), WIDTH - 2) {
        out.push_str(&format!("  {}\n", style.paint(Tone::Strong, &line)));
    }
    for line in &p.says {
        out.push_str(&paragraph(style, "", line));
    }
    out.push('\n');
    out.push_str(&listed(style, "YES", "What it proves:", &p.proves));
    out.push_str(&listed(
        style,
        "NO",
        "What it does not prove:",
        &p.does_not_prove,
    ));
    if !p.causes.is_empty() {
        out.push_str(&paragraph(style, "CAUSE", &p.causes.join(", ")));
    }
    if let Some(basis) = &p.causes_basis {
        out.push_str(&paragraph(style, "", basis));
    }
    for (i, t) in p.tests.iter().enumerate() {
        let label = if i == 0 { "TEST" } else { "" };
        let text = format!("{}: {} -> {}", t.step, t.outcome, t.points_to);
        out.push_str(&paragraph(style, label, &text));
    }
    out.push_str(&paragraph(style, "FROM", &sources(&p.sources)));
    out.push('\n');
    out
}

fn listed(style: Style, label: &str, heading: &str, texts: &[String]) -> String {
    let mut out = paragraph(style, label, heading);
    for text in texts {
        out.push_str(&paragraph(style, "", &format!("- {text}")));
    }
    out
}

fn sources(list: &[String]) -> String {
    list.join("; ")
}

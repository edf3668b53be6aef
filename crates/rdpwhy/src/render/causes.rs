//! The catalogue, for people and programs.

use rdpwhy_model::Stage;
use rdpwhy_reason::catalogue::{Catalogue, CauseEntry};
use serde_json::{Value, json};

use super::{Style, Tone, pad, paragraph};

/// Every cause, by stage.
pub fn list(catalogue: &Catalogue, style: Style) -> String {
    let mut out = String::new();
    let widest = catalogue
        .causes
        .iter()
        .map(|c| c.id.len())
        .max()
        .unwrap_or(0);
    for stage in Stage::LADDER {
        let of_stage: Vec<&CauseEntry> = catalogue
            .causes
            .iter()
            .filter(|c| c.stage == stage)
            .collect();
        if of_stage.is_empty() {
            continue;
        }
        out.push_str(&format!("{}\n", style.paint(Tone::Strong, stage.name())));
        for c in of_stage {
            out.push_str(&format!("  {}  {}\n", pad(&c.id, widest), c.title));
        }
    }
    out
}

/// One cause.
pub fn one(catalogue: &Catalogue, c: &CauseEntry, style: Style) -> String {
    let mut out = format!("\n  {}\n", style.paint(Tone::Strong, &c.id));
    out.push_str(&paragraph(
        style,
        "",
        &format!("{} (stage {})", c.title, c.stage),
    ));
    out.push('\n');
    out.push_str(&paragraph(style, "WHAT", &c.explain));
    if let Some(group) = c.group.as_deref().and_then(|g| catalogue.group(g)) {
        let text = format!(
            "from outside it looks like others: {} ({})",
            group.title, group.apart
        );
        out.push_str(&paragraph(style, "LIKE", &text));
    }
    if let Some(apart) = &c.tell_apart {
        out.push_str(&paragraph(style, "SEE", apart));
    }
    if !c.codes.is_empty() {
        out.push_str(&paragraph(style, "CODES", &c.codes.join(", ")));
    }
    for (i, fix) in c.fixes.iter().enumerate() {
        let label = if i == 0 { "FIX" } else { "" };
        let text = format!(
            "{} ({}; risk of locking oneself out: {})",
            fix.id, fix.who, fix.risk
        );
        out.push_str(&paragraph(style, label, &text));
        for (n, step) in fix.steps.iter().enumerate() {
            out.push_str(&paragraph(style, "", &format!("{}. {step}", n + 1)));
        }
        if let Some(command) = &fix.command {
            out.push_str(&format!("        > {command}\n"));
        }
    }
    out.push_str(&paragraph(style, "CHECK", &c.verify));
    out.push_str(&paragraph(style, "FROM", &c.sources.join("; ")));
    out.push('\n');
    out
}

/// One cause, for programs.
pub fn json(c: &CauseEntry) -> Value {
    let fixes: Vec<Value> = c
        .fixes
        .iter()
        .map(|f| json!({ "id": f.id, "who": f.who, "steps": f.steps, "command": f.command, "risk": f.risk }))
        .collect();
    json!({
        "id": c.id, "title": c.title, "stage": c.stage, "group": c.group, "explain": c.explain,
        "tell_apart": c.tell_apart, "codes": c.codes, "fixes": fixes, "verify": c.verify,
        "sources": c.sources,
    })
}

/// Every cause, for programs.
pub fn list_json(catalogue: &Catalogue) -> Value {
    catalogue.causes.iter().map(json).collect()
}

//! The report as a person reads it: the ladder, then WHY, SEE, FIX, CHECK.

use rdpwhy_model::report::{
    Cause, Certainty, Outcome, Report, Severity, StageReport, StageReport as Rung, StageState,
};
use rdpwhy_model::text::shown;

use super::{Style, Tone, WIDTH, pad, paragraph, wrap};

/// The whole report.
pub fn report(report: &Report, style: &Style) -> String {
    if style.quiet {
        return format!("{}\n", headline(report));
    }
    let mut out = String::from("\n");
    if let Some(t) = &report.target {
        let host = if t.host.contains(':') {
            format!("[{}]", t.host)
        } else {
            t.host.clone()
        };
        let client = match report.client.os.as_str() {
            "" => report.client.profile.clone(),
            os => os.to_owned(),
        };
        let line = format!("{host}:{}, seen from this machine as {client}", t.port);
        for part in wrap(&line, WIDTH - 2) {
            out.push_str(&format!("  {part}\n"));
        }
        out.push('\n');
    }
    out.push_str(&ladder(&report.stages, style));
    out.push('\n');
    out.push_str(&why(report, style));
    out.push_str(&findings(report, style));
    out.push_str(&unseen(report, style));
    if style.verbose {
        out.push_str(&details(report, style));
    }
    out
}

fn headline(report: &Report) -> String {
    let verdict = &report.verdict;
    let word = match verdict.outcome {
        Outcome::Connectable => "connectable",
        Outcome::Blocked => "blocked",
        Outcome::Degraded => "degraded",
        Outcome::Undetermined => "undetermined",
    };
    let certainty = verdict
        .certainty
        .map(|c| format!(" ({})", c.word()))
        .unwrap_or_default();
    format!("{word}{certainty}: {}", verdict.summary)
}

fn ladder(stages: &[StageReport], style: &Style) -> String {
    let mut out = String::new();
    let reached = |s: &&Rung| s.state != StageState::Skipped || !s.detail.is_empty();
    for rung in stages.iter().filter(reached) {
        out.push_str(&rung_line(rung, style));
    }
    let skipped: Vec<&str> = stages
        .iter()
        .filter(|s| !reached(s))
        .map(|s| s.stage.name())
        .collect();
    if !skipped.is_empty() {
        let (sign, _, tone) = sign(StageState::Skipped, style);
        let line = format!("{sign} {}: not reached", skipped.join(", "));
        out.push_str(&format!("  {}\n", style.paint(tone, &line)));
    }
    out
}

fn sign(state: StageState, style: &Style) -> (&'static str, &'static str, Tone) {
    let (glyph, word, tone) = match state {
        StageState::Passed => ("●", "ok  ", Tone::Good),
        StageState::Failed => ("✖", "FAIL", Tone::Bad),
        StageState::Warned => ("▲", "warn", Tone::Odd),
        StageState::Skipped => ("○", "-   ", Tone::Faint),
        StageState::Unknown => ("?", "?   ", Tone::Odd),
    };
    (if style.signs { glyph } else { word }, word, tone)
}

fn rung_line(rung: &Rung, style: &Style) -> String {
    let (sign, _, tone) = sign(rung.state, style);
    let took = rung
        .took_ms
        .filter(|_| rung.state != StageState::Skipped)
        .map(time)
        .unwrap_or_default();
    let margin = if style.signs { 4 } else { 7 };
    let width = WIDTH - margin - 11 - 10;
    let mut lines = wrap(&rung.detail, width).into_iter();
    let first = lines.next().unwrap_or_default();
    let mut out = format!(
        "  {} {} {} {:>9}\n",
        style.paint(tone, sign),
        pad(rung.stage.name(), 10),
        pad(&first, width),
        took
    );
    for line in lines {
        out.push_str(&format!("{}{line}\n", " ".repeat(margin + 11)));
    }
    out
}

fn time(ms: f64) -> String {
    if ms < 10.0 {
        format!("{ms:.1} ms")
    } else if ms < 10_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1000.0)
    }
}

fn why(report: &Report, style: &Style) -> String {
    let verdict = &report.verdict;
    let Some(first) = report.causes.first() else {
        let mut out = paragraph(style, "", &verdict.summary);
        out.push('\n');
        return out;
    };
    let equals: Vec<&Cause> = report
        .causes
        .iter()
        .filter(|c| c.certainty == first.certainty)
        .collect();
    let mut out = paragraph(style, "", &verdict.summary);
    out.push('\n');
    let certainty = match first.certainty {
        Certainty::Proved => style.paint(Tone::Bad, "proved"),
        other => style.paint(Tone::Odd, other.word()),
    };
    if equals.len() == 1 {
        out.push_str(&paragraph(
            style,
            "WHY",
            &format!("{} [{}]", first.title, first.id),
        ));
        out.push_str(&format!("        {certainty}\n"));
    } else {
        let text = "One of these; from here they look alike:";
        out.push_str(&paragraph(style, "WHY", text));
        for cause in &equals {
            out.push_str(&item(&format!("{} [{}]", cause.title, cause.id)));
        }
        out.push_str(&format!("        each {certainty}\n"));
    }
    for e in &first.evidence {
        let source = if style.verbose {
            format!("  ({})", e.source)
        } else {
            String::new()
        };
        out.push_str(&item(&format!("{}: {}{source}", capital(&e.what), e.value)));
    }
    let codes = &first.codes;
    if !codes.is_empty() {
        out.push_str(&item(&format!("mstsc shows: {}", codes.join(", "))));
    }
    let others: Vec<&Cause> = report
        .causes
        .iter()
        .filter(|c| c.certainty != first.certainty)
        .collect();
    if !others.is_empty() {
        out.push_str(&item("Less likely:"));
        let kept = if style.verbose { others.len() } else { 3 };
        for cause in others.iter().take(kept) {
            out.push_str(&item(&format!(
                "  {} [{}] ({})",
                cause.title,
                cause.id,
                cause.certainty.word()
            )));
        }
        if others.len() > kept {
            out.push_str(&item(&format!("  and {} more (-v)", others.len() - kept)));
        }
    }
    out.push('\n');
    if let Some(see) = &first.tell_apart {
        out.push_str(&paragraph(style, "SEE", see));
    }
    let fixed = if equals.len() == 1 { 2 } else { 3 };
    for (i, cause) in equals.iter().take(fixed).enumerate() {
        let Some(fix) = cause.fixes.first() else {
            continue;
        };
        let label = if i == 0 { "FIX" } else { "" };
        let which = if equals.len() > 1 {
            format!("{}: ", cause.id)
        } else {
            String::new()
        };
        out.push_str(&paragraph(style, label, &format!("{which}{}:", fix.who)));
        for (n, step) in fix.steps.iter().enumerate() {
            out.push_str(&item(&format!("{}. {step}", n + 1)));
        }
        if let Some(command) = &fix.command {
            out.push_str(&format!("        > {command}\n"));
        }
    }
    if equals.len() > fixed {
        out.push_str(&item(&format!(
            "more fixes: rdpwhy causes {}",
            equals[fixed].id
        )));
    }
    out.push_str(&paragraph(style, "CHECK", &first.verify));
    out.push('\n');
    out
}

/// A line below a label.
fn item(text: &str) -> String {
    let indent = text.len() - text.trim_start().len();
    wrap(text, WIDTH - 8 - indent)
        .into_iter()
        .map(|l| format!("        {}{l}\n", " ".repeat(indent)))
        .collect()
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|c| c.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

fn findings(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    for (i, f) in report.findings.iter().enumerate() {
        let label = if i == 0 { "NOTE" } else { "" };
        let severity = match f.severity {
            Severity::Info => String::new(),
            s => format!("{}: ", s.word()),
        };
        out.push_str(&paragraph(
            style,
            label,
            &format!("{severity}{} [{}]", f.title, f.id),
        ));
        if f.severity > Severity::Info {
            for e in &f.evidence {
                out.push_str(&item(&format!("{}: {}", capital(&e.what), e.value)));
            }
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn unseen(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    let kept = if style.verbose {
        report.unseen.len()
    } else {
        3
    };
    for (i, u) in report.unseen.iter().take(kept).enumerate() {
        let label = if i == 0 { "BLIND" } else { "" };
        let text = format!("not seen: {}. How: {}", u.what, u.how);
        out.push_str(&paragraph(style, label, &text));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn details(report: &Report, style: &Style) -> String {
    let mut out = String::new();
    for (i, r) in report.ruled_out.iter().enumerate() {
        let label = if i == 0 { "NOT" } else { "" };
        out.push_str(&paragraph(
            style,
            label,
            &format!("{}: {}", r.id, r.because),
        ));
    }
    out.push('\n');
    for (i, o) in report.evidence.facts.iter().enumerate() {
        let label = if i == 0 { "FACTS" } else { "" };
        let value = shown(&o.value.to_string(), 200);
        out.push_str(&paragraph(
            style,
            label,
            &format!("{} = {value}  ({})", o.key, o.source),
        ));
    }
    out.push('\n');
    for (i, c) in report.evidence.connections.iter().enumerate() {
        let label = if i == 0 { "MADE" } else { "" };
        let local = c.local.as_deref().unwrap_or("-");
        let end = serde_json::to_value(c.end.how).ok();
        let end = end.as_ref().and_then(|v| v.as_str()).unwrap_or_default();
        let line = format!(
            "{} {} from {local} to {}, {}: {end}",
            c.id, c.check, c.to, c.at
        );
        out.push_str(&paragraph(style, label, &line));
    }
    out.push('\n');
    out
}

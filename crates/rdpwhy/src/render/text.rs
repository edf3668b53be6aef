//! The report as a person reads it: the ladder, then WHY, SEE, FIX, CHECK.

use rdpwhy_model::matrix::TlsMatrix;
use rdpwhy_model::report::{
    Cause, Certainty, Outcome, Report, Severity, StageReport, StageReport as Rung, StageState,
    Unseen, WHICH,
};
use rdpwhy_model::text::shown;
use rdpwhy_reason::catalogue::Catalogue;

use super::{Style, Tone, WIDTH, certificate, pad, paragraph, wrap};

/// The whole report.
pub fn report(report: &Report, style: Style) -> String {
    if style.is_brief() {
        return format!("{}\n", shown(&headline(report), usize::MAX));
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
        let asks = super::nla::asks(report.client.asks);
        let line = format!(
            "{host}:{}, seen from this machine as {client}{asks}",
            t.port
        );
        for part in wrap(&line, WIDTH - 2) {
            out.push_str(&format!("  {part}\n"));
        }
        out.push('\n');
    }
    out.push_str(&ladder(&report.stages, style));
    out.push('\n');
    out.push_str(&why(report, style));
    out.push_str(&findings(report, style));
    // A grid of question marks says no more than that there is no TLS, which is said already
    let seen = |m: &&TlsMatrix| m.versions.iter().any(|v| v.accepted.is_some());
    if let Some(matrix) = report.evidence.tls_matrix.as_ref().filter(seen) {
        out.push_str(&super::matrix::grid(matrix, style));
        if report.client.every || style.says_all() {
            out.push_str(&super::clients::table(&report.evidence.clients, style));
        }
    }
    out.push_str(&super::nla::block(&report.evidence.facts, style));
    out.push_str(&unseen(report, style));
    if style.says_all() {
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

fn ladder(stages: &[StageReport], style: Style) -> String {
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

fn sign(state: StageState, style: Style) -> (&'static str, &'static str, Tone) {
    let (glyph, word, tone) = match state {
        StageState::Passed => ("●", "ok  ", Tone::Good),
        StageState::Failed => ("✖", "FAIL", Tone::Bad),
        StageState::Warned => ("▲", "warn", Tone::Odd),
        StageState::Skipped => ("○", "-   ", Tone::Faint),
        StageState::Unknown => ("?", "?   ", Tone::Odd),
    };
    (if style.signs { glyph } else { word }, word, tone)
}

fn rung_line(rung: &Rung, style: Style) -> String {
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
    let line = format!(
        "  {} {} {} {:>9}",
        style.paint(tone, sign),
        pad(rung.stage.name(), 10),
        pad(&first, width),
        took
    );
    let mut out = format!("{}\n", line.trim_end());
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

fn why(report: &Report, style: Style) -> String {
    let verdict = &report.verdict;
    let Some(first) = report.causes.first() else {
        return paragraph(style, "", &verdict.summary) + "\n";
    };
    let equals: Vec<&Cause> = report
        .causes
        .iter()
        .filter(|c| c.certainty == first.certainty)
        .collect();
    // Equals of one group are one answer; equals of several are shown one by one
    let group = first.group.as_ref().filter(|g| {
        equals.len() > 1
            && equals
                .iter()
                .all(|c| c.group.as_ref().map(|h| &h.id) == Some(&g.id))
    });
    let mut out = match group {
        Some(g) => {
            let mut out = headed(style, "WHY", &g.title, first.certainty);
            out.push_str(&item(&format!("{} {}", g.summary, g.not)));
            out
        }
        None if equals.len() == 1 => headed(
            style,
            "WHY",
            &format!("{} [{}]", first.title, first.id),
            first.certainty,
        ),
        None => {
            let mut out = headed(
                style,
                "WHY",
                "One of these, which look alike from here:",
                first.certainty,
            );
            for cause in &equals {
                out.push_str(&item(&format!("- {} [{}]", cause.title, cause.id)));
            }
            out
        }
    };
    if verdict.outcome == Outcome::Degraded {
        out.push_str(&item(
            "A client connects, but not always, or only after a detour.",
        ));
    }
    for e in first
        .evidence
        .iter()
        .filter(|e| style.says_all() || !e.on_the_ladder)
    {
        let source = if style.says_all() {
            format!("  ({})", e.source)
        } else {
            String::new()
        };
        out.push_str(&item(&format!("Seen: {}: {}{source}", e.what, e.value)));
    }
    if !first.codes.is_empty() {
        out.push_str(&item(&format!("mstsc shows: {}", first.codes.join(", "))));
    }
    if group.is_some() {
        out.push_str(&item(&format!("One of: {}", ids(&equals))));
    }
    let others: Vec<&Cause> = report
        .causes
        .iter()
        .filter(|c| c.certainty != first.certainty)
        .collect();
    if !others.is_empty() && (style.says_all() || first.certainty == Certainty::Possible) {
        out.push_str(&item(&format!("Less likely: {}", ids(&others))));
    }
    out.push('\n');
    let see = group
        .map(|g| g.see.clone())
        .or_else(|| first.tell_apart.clone());
    if let Some(see) = see.filter(|_| first.certainty != Certainty::Proved) {
        out.push_str(&paragraph(style, "SEE", &see));
    }
    if equals.len() == 1 {
        out.push_str(&fix(style, first));
    } else {
        let text = format!(
            "when it is known which: rdpwhy causes {} (and so on) has the steps of each",
            first.id
        );
        out.push_str(&paragraph(style, "FIX", &text));
    }
    out.push_str(&paragraph(style, "CHECK", &first.verify));
    out.push('\n');
    out
}

/// A heading with the certainty at its right.
fn headed(style: Style, label: &str, title: &str, certainty: Certainty) -> String {
    let tone = if certainty == Certainty::Proved {
        Tone::Bad
    } else {
        Tone::Odd
    };
    let width = WIDTH - 8 - 10;
    let mut out = String::new();
    for (i, line) in wrap(title, width).into_iter().enumerate() {
        let label = if i == 0 { label } else { "" };
        let word = if i == 0 {
            style.paint(tone, &format!("{:>9}", certainty.word()))
        } else {
            String::new()
        };
        let label = style.paint(Tone::Strong, &pad(label, 5));
        let line = style.paint(Tone::Strong, &pad(&line, width));
        out.push_str(format!("  {label} {line} {word}").trim_end());
        out.push('\n');
    }
    out
}

fn ids(causes: &[&Cause]) -> String {
    let ids: Vec<&str> = causes.iter().map(|c| c.id.as_str()).collect();
    ids.join(", ")
}

fn fix(style: Style, cause: &Cause) -> String {
    let Some(fix) = cause.fixes.first() else {
        return String::new();
    };
    let mut out = paragraph(style, "FIX", &format!("{}:", fix.who));
    for (n, step) in fix.steps.iter().enumerate() {
        out.push_str(&item(&format!("{}. {step}", n + 1)));
    }
    if let Some(command) = &fix.command {
        out.push_str(&format!("        > {}\n", shown(command, usize::MAX)));
    }
    if cause.fixes.len() > 1 {
        out.push_str(&item(&format!("Other ways: rdpwhy causes {}", cause.id)));
    }
    out
}

/// A line below a label.
fn item(text: &str) -> String {
    let indent = text.len() - text.trim_start().len();
    let lines = wrap(text, WIDTH - 8 - indent);
    lines
        .iter()
        .map(|l| format!("        {}{l}\n", " ".repeat(indent)))
        .collect::<Vec<_>>()
        .concat()
}

fn findings(report: &Report, style: Style) -> String {
    // Where something stops the client, what is merely worth knowing can wait
    let least = if report.causes.is_empty() || style.says_all() {
        Severity::Info
    } else {
        Severity::Warning
    };
    let mut out = String::new();
    let shown = report.findings.iter().filter(|f| f.severity >= least);
    for (i, f) in shown.enumerate() {
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
            for e in f
                .evidence
                .iter()
                .filter(|e| style.says_all() || !e.on_the_ladder)
            {
                out.push_str(&item(&format!("Seen: {}: {}", e.what, e.value)));
            }
            // Only what is in the catalogue can be looked up there
            if Catalogue::built_in().cause(&f.id).is_some() {
                out.push_str(&item(&format!("More: rdpwhy causes {}", f.id)));
            }
        }
        // What several findings mean to the clients alike is said once
        let first = report.findings.iter().find(|g| g.clients == f.clients);
        let said = first.is_some_and(|g| g.id != f.id) || !style.says_all();
        for c in f.clients.iter().filter(|_| !said) {
            out.push_str(&item(&format!("For {}: {}", c.client, c.effect)));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn unseen(report: &Report, style: Style) -> String {
    // With a cause, SEE says already where to look for which it is
    let kept = match (style.says_all(), report.causes.is_empty()) {
        (true, _) => usize::MAX,
        (false, true) => 3,
        (false, false) => 1,
    };
    let mut out = String::new();
    let told = |u: &&Unseen| style.says_all() || report.causes.is_empty() || u.what != WHICH;
    for (i, u) in report.unseen.iter().filter(told).take(kept).enumerate() {
        let label = if i == 0 { "BLIND" } else { "" };
        let text = format!("not seen: {}. How: {}", u.what, u.how);
        out.push_str(&paragraph(style, label, &text));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn details(report: &Report, style: Style) -> String {
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
    out.push_str(&certificate::block(&report.evidence.facts, style));
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

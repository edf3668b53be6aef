//! A simulated handshake, for people.

use rdpwhy_model::text::shown;
use rdpwhy_wire::profiles::{self, Profile, Role};
use rdpwhy_wire::simulate::{self, Event, Gap, Simulation, Warning};
use rdpwhy_wire::version::{self, Version};
use rdpwhy_wire::{groups, suites};
use serde_json::{Value, json};

use super::{Style, Tone, WIDTH, pad, paragraph, wrap};

/// Columns of a profile's id in a table; longer ones have a line of their own.
const ID: usize = 25;
/// Columns before the last cell of a table.
const MARGIN: usize = 2 + ID + 1 + 4 + 1 + 7 + 1;
/// Entries of a list that are shown, at most, unless everything is asked for.
const FEW: usize = 8;

/// One side, as it is called.
pub struct Side {
    /// Its profile.
    pub id: String,
    /// What the profile stands for.
    pub name: String,
    /// What is different about it.
    pub changed: Vec<String>,
    /// How it was found, when it was looked for.
    pub found: Option<String>,
}

/// A client, a server, and what comes of it.
pub struct Pair<'a> {
    /// Who connects.
    pub client: Side,
    /// Who listens.
    pub server: Side,
    /// What comes of it.
    pub result: &'a Simulation,
    /// What is missing.
    pub gap: Option<Gap>,
}

/// A line of a table.
pub struct Row<'a> {
    /// The profile.
    pub id: &'a str,
    /// What comes of it.
    pub result: Simulation,
}

/// The answer for one pair.
pub fn pair(pair: &Pair<'_>, style: Style) -> String {
    let r = pair.result;
    if style.is_brief() {
        return match (r.version, r.suite) {
            (Some(v), Some(suite)) if r.is_ok() => format!("ok: {}, {suite}\n", version_words(v)),
            _ => format!("fail: {}\n", r.reason.outcome().meaning),
        };
    }
    let mut out = String::from("\n");
    for (role, side) in [(Role::Client, &pair.client), (Role::Server, &pair.server)] {
        let text = format!("{} [{}]{}", side.name, side.id, changed(side));
        out.push_str(&margin(style, Tone::Faint, role.name(), &text));
        if let Some(found) = &side.found {
            out.push_str(&margin(style, Tone::Faint, "", found));
        }
    }
    out.push('\n');
    if let (true, Some(v), Some(suite), Some(code)) = (r.is_ok(), r.version, r.suite, r.code) {
        let text = format!(
            "They agree on {}, {suite} (0x{code:04X}).",
            version_words(v)
        );
        out.push_str(&verdict(style, true, &text));
        if !r.shared_groups.is_empty() {
            let text = format!(
                "Groups that both can use: {}.",
                group_list(&r.shared_groups, style)
            );
            out.push_str(&paragraph(style, "", &text));
        }
    } else {
        out.push_str(&failure(pair, style));
    }
    for (i, w) in r.warnings.iter().enumerate() {
        let label = if i == 0 { "NOTE" } else { "" };
        out.push_str(&paragraph(style, label, warning(*w)));
    }
    out.push('\n');
    out
}

fn changed(side: &Side) -> String {
    if side.changed.is_empty() {
        return String::new();
    }
    let keys = side.changed.join(", ").replace('_', " ");
    format!(", changed: {}", shown(&keys, 200))
}

fn margin(style: Style, tone: Tone, label: &str, text: &str) -> String {
    let mut out = String::new();
    for (i, line) in wrap(text, WIDTH - 10).into_iter().enumerate() {
        let label = if i == 0 { label } else { "" };
        out.push_str(&format!("  {} {line}\n", style.paint(tone, &pad(label, 7))));
    }
    out
}

/// The first line of an answer: the sign or the word, and what it means.
fn verdict(style: Style, ok: bool, text: &str) -> String {
    let (sign, tone) = sign(style, ok);
    let mut out = String::new();
    for (i, line) in wrap(text, WIDTH - 8).into_iter().enumerate() {
        let sign = if i == 0 { sign } else { "" };
        out.push_str(&format!("  {} {line}\n", style.paint(tone, &pad(sign, 5))));
    }
    out
}

fn sign(style: Style, ok: bool) -> (&'static str, Tone) {
    match (ok, style.signs) {
        (true, true) => ("●", Tone::Good),
        (true, false) => ("ok", Tone::Good),
        (false, true) => ("✖", Tone::Bad),
        (false, false) => ("FAIL", Tone::Bad),
    }
}

fn failure(pair: &Pair<'_>, style: Style) -> String {
    let r = pair.result;
    let outcome = r.reason.outcome();
    let side = r.failing_side.map_or("nobody", Role::name);
    let meaning = outcome.meaning;
    let mut out = verdict(style, false, &format!("They do not agree: {meaning}."));
    let come = match (r.version, r.suite) {
        (Some(v), Some(suite)) => format!(" They had come to {}, {suite}.", version_words(v)),
        (Some(v), None) => format!(" They had come to {}.", version_words(v)),
        _ => String::new(),
    };
    let alert = match (r.alert, r.alert_from) {
        (Some(n), Some(from)) => {
            format!("The {} sends alert {n} ({}).", from.name(), alert_name(n))
        }
        _ => "Whether an alert is sent is not known.".to_owned(),
    };
    let sends = if outcome.alert.is_none() && outcome.alert_from.is_none() {
        "No handshake takes place.".to_owned()
    } else {
        alert
    };
    out.push_str(&paragraph(
        style,
        "WHERE",
        &format!("On the {side}.{come} {sends}"),
    ));
    if let Some(gap) = &pair.gap {
        out.push_str(&paragraph(
            style,
            "NEED",
            &gap.words(r.version, most(style)),
        ));
    }
    let logs = [("server", &r.server_events), ("client", &r.client_events)];
    let mut label = "LOG";
    for (who, events) in logs.into_iter().filter(|(_, e)| !e.is_empty()) {
        let events: Vec<String> = events.iter().map(|e| event(*e)).collect();
        let text = format!("On the {who}, System log, Schannel: {}.", events.join("; "));
        out.push_str(&paragraph(style, label, &text));
        label = "";
    }
    if !outcome.known.is_empty() {
        let text = format!("How well this is known: {}.", outcome.known);
        out.push_str(&paragraph(style, "", &text));
    }
    out
}

/// An event in words: `36888 (alert 40 sent, state 1205)`.
fn event(event: Event) -> String {
    let id = event.id();
    let alert = event
        .alert()
        .map_or_else(String::new, |n| format!("alert {n} "));
    let what = match id {
        36870 => "private key not usable".to_owned(),
        36871 => "no credential could be made".to_owned(),
        36874 => "no suite in common".to_owned(),
        36887 => format!("{alert}received"),
        36888 if alert.is_empty() => "an alert sent, its number not known".to_owned(),
        36888 => format!("{alert}sent"),
        _ => "see rdpwhy explain".to_owned(),
    };
    let state = match (event.state(), event.text().ends_with('?')) {
        (Some(n), _) => format!(", error state {n}"),
        (None, true) => ", error state not known".to_owned(),
        (None, false) => String::new(),
    };
    format!("{id} ({what}{state})")
}

fn warning(w: Warning) -> &'static str {
    match w {
        Warning::LargeClientHello => {
            "The client's ClientHello takes two segments on most paths; some devices in between read only the first, and drop the connection."
        }
        Warning::DisputedVersion => {
            "Sources contradict each other on whether this version is on by default there."
        }
        Warning::WeakSuite => "The suite is broken or prohibited.",
        Warning::OldVersion => "The version is outdated, and off in hardened clients.",
        Warning::WeakKeyReportedAfterHandshake => {
            "The client finds the server's key too short after the handshake."
        }
        Warning::PublicCaKeyDeprecated => {
            "Windows announced that it would refuse such short keys of public authorities; whether it does is not known."
        }
        Warning::Sha1CertificateNotOffered => {
            "The certificate is signed with SHA-1, which the client does not offer; whether it minds is not known."
        }
    }
}

/// Names of the alerts that a simulation can end with (RFC 8446 6).
fn alert_name(alert: u8) -> &'static str {
    match alert {
        40 => "handshake_failure",
        51 => "decrypt_error",
        70 => "protocol_version",
        80 => "internal_error",
        _ => "see rdpwhy explain",
    }
}

/// A version as people write it: `TLS 1.2`.
fn version_words(version: Version) -> String {
    version::name(version).replacen("TLS", "TLS ", 1)
}

fn group_list(list: &[u16], style: Style) -> String {
    names(list, groups::name, style)
}

fn names(list: &[u16], name: fn(u16) -> String, style: Style) -> String {
    simulate::names(list, name, most(style))
}

/// Entries of a list that are shown.
fn most(style: Style) -> usize {
    if style.says_all() { usize::MAX } else { FEW }
}
/// One side against many, one line each.
pub fn table(fixed: &Side, every: Role, rows: &[Row<'_>], style: Style) -> String {
    let good = rows.iter().filter(|r| r.result.is_ok()).count();
    let many = format!("{good} of {} {}s agree with it", rows.len(), every.name());
    if style.is_brief() {
        return format!("{many}\n");
    }
    let mut out = String::from("\n");
    let other = match every {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    };
    let text = format!("{} [{}]{}", fixed.name, fixed.id, changed(fixed));
    out.push_str(&margin(style, Tone::Strong, other.name(), &text));
    if let Some(found) = &fixed.found {
        out.push_str(&margin(style, Tone::Faint, "", found));
    }
    out.push('\n');
    for row in rows {
        out.push_str(&row_lines(row, style));
    }
    out.push_str(&format!("\n  {many}.\n\n"));
    out
}

fn row_lines(row: &Row<'_>, style: Style) -> String {
    let r = &row.result;
    let (sign, tone) = sign(style, r.is_ok());
    let version = r.version.map_or_else(|| "-".to_owned(), version_words);
    let last = if r.is_ok() {
        let mut text = r
            .code
            .map(|c| fitting_name(c, WIDTH - MARGIN))
            .unwrap_or_default();
        let warnings: Vec<&str> = r.warnings.iter().map(|w| w.name()).collect();
        if !warnings.is_empty() && style.says_all() {
            text.push_str(&format!(" {}", warnings.join(" ")));
        }
        text
    } else {
        let mut text = r.reason.name().to_owned();
        for (who, events) in [("server:", &r.server_events), ("client:", &r.client_events)] {
            let events: Vec<&str> = events.iter().map(|e| e.text()).collect();
            if !events.is_empty() {
                text.push_str(&format!(" {who} {}", events.join(" ")));
            }
        }
        text
    };
    let mut lines = wrap(&last, WIDTH - MARGIN).into_iter();
    let first = lines.next().unwrap_or_default();
    let id = if row.id.len() > ID {
        format!("  {}\n  {}", row.id, pad("", ID))
    } else {
        format!("  {}", pad(row.id, ID))
    };
    let sign = style.paint(tone, &pad(sign, 4));
    let mut out = format!("{id} {sign} {} {first}\n", pad(&version, 7));
    for line in lines {
        out.push_str(&format!("{}{line}\n", " ".repeat(MARGIN)));
    }
    out
}

/// The name of a suite, OpenSSL's shorter one where the registry's is too long.
fn fitting_name(code: u16, width: usize) -> String {
    let name = suites::name(code);
    if name.len() <= width {
        return name;
    }
    let short = suites::by_code(code).and_then(|s| s.openssl);
    short.map_or(name, str::to_owned)
}

/// Every profile, by the sides that it can take.
pub fn list(style: Style) -> String {
    let mut out = String::new();
    let widest = profiles::all()
        .iter()
        .map(|p| p.id.len())
        .max()
        .unwrap_or(0);
    let kinds: [(&str, &[Role]); 3] = [
        ("client and server", &[Role::Client, Role::Server]),
        ("client", &[Role::Client]),
        ("server", &[Role::Server]),
    ];
    for (title, roles) in kinds {
        out.push_str(&format!("{}\n", style.paint(Tone::Strong, title)));
        for p in profiles::all().iter().filter(|p| p.roles == roles) {
            out.push_str(&entry(&p.id, &p.name, widest));
        }
    }
    out.push_str(&format!("{}\n", style.paint(Tone::Strong, "short names")));
    for (short, p) in profiles::aliases() {
        out.push_str(&entry(short, &p.id, widest));
    }
    out
}

fn entry(id: &str, text: &str, widest: usize) -> String {
    let mut out = String::new();
    for (i, line) in wrap(text, WIDTH - widest - 4).into_iter().enumerate() {
        let id = if i == 0 { id } else { "" };
        out.push_str(&format!("  {}  {line}\n", pad(id, widest)));
    }
    out
}

/// Every profile, for programs.
pub fn list_json() -> Value {
    let short = |p: &Profile| {
        let own = profiles::aliases().filter(|(_, q)| q.id == p.id);
        own.map(|(name, _)| name).collect::<Vec<_>>()
    };
    let of =
        |p: &Profile| json!({ "id": p.id, "name": p.name, "roles": p.roles, "short": short(p) });
    profiles::all().iter().map(of).collect()
}

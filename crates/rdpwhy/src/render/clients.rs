//! What each client would get from a server that was measured, as a table.

use rdpwhy_model::matrix::ClientOutcome;

use super::{Style, Tone, WIDTH, pad, paragraph, wrap};

/// Columns of a profile's id.
const ID: usize = 33;
/// Columns before the last cell.
const MARGIN: usize = 2 + 5 + ID + 1 + 7;

/// One line for each client; a client that fails has lines for why, and for what Windows logs.
pub(super) fn table(clients: &[ClientOutcome], style: Style) -> String {
    let good = clients.iter().filter(|c| c.connects).count();
    let head = format!(
        "{good} of {} clients would complete the TLS handshake, going by what the host accepts:",
        clients.len()
    );
    let mut out = paragraph(style, "ALL", &head);
    for client in clients {
        out.push_str(&row(client, style));
    }
    out.push('\n');
    out
}

fn row(c: &ClientOutcome, style: Style) -> String {
    let (sign, tone) = match (c.connects, style.signs) {
        (true, true) => ("●", Tone::Good),
        (true, false) => ("ok", Tone::Good),
        (false, true) => ("✖", Tone::Bad),
        (false, false) => ("FAIL", Tone::Bad),
    };
    let mut out = String::new();
    let mut cell = match (&c.suite, c.connects) {
        (Some(suite), true) => short(suite),
        _ => c.reason.clone(),
    };
    if !c.connects && !c.server_events.is_empty() {
        cell.push_str(&format!(", host logs {}", c.server_events.join(" ")));
    }
    if !c.connects && !c.client_events.is_empty() {
        cell.push_str(&format!(", client logs {}", c.client_events.join(" ")));
    }
    for (n, line) in wrap(&cell, WIDTH - MARGIN).into_iter().enumerate() {
        if n > 0 {
            out.push_str(&format!("{}{line}\n", " ".repeat(MARGIN)));
            continue;
        }
        let version = c.version.as_deref().unwrap_or("-");
        out.push_str(&format!(
            "  {}{} {}{line}\n",
            style.paint(tone, &pad(sign, 5)),
            pad(&c.profile, ID),
            pad(version, 7),
        ));
    }
    out
}

/// A suite's name without what is the same in all of them.
fn short(suite: &str) -> String {
    suite.trim_start_matches("TLS_").replace("_WITH_", "_")
}

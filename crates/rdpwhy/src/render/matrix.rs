//! What a server accepts in TLS, as a grid: suites down, versions across.

use rdpwhy_model::matrix::{Order, Through, TlsMatrix, TlsSuite, TlsVersion};
use rdpwhy_model::text::shown;

use super::{Style, Tone, WIDTH, pad, paragraph};

/// Columns of the name of a suite: the longest name in the registry's list of those in use.
const NAME: usize = 46;
/// Columns of a version.
const CELL: usize = 5;

/// The grid and what belongs to it.
pub(super) fn grid(matrix: &TlsMatrix, style: Style) -> String {
    let mut out = header(matrix, style);
    for suite in rows(matrix) {
        out.push_str(&row(suite, matrix, style));
    }
    let accepts_none = rows(matrix).is_empty();
    let weak = rows(matrix).iter().any(|s| s.weak);
    out.push_str(&legend(matrix, weak, style));
    if !accepts_none {
        out.push_str(&properties(matrix, style));
    }
    for odd in &matrix.odd {
        out.push_str(&paragraph(style, "ODD", &format!("the host {odd}")));
    }
    let state = if matrix.complete {
        ""
    } else {
        "; not every question was answered"
    };
    let rounds = matrix
        .rounds
        .map(|n| format!(" in {}", count(n, "round")))
        .unwrap_or_default();
    let made = count(matrix.connections, "connection");
    let cost = format!("{made}{rounds}{state}");
    out.push_str(&paragraph(style, "", &cost));
    out.push('\n');
    out
}

fn count(n: u32, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {what}{s}")
}

fn header(matrix: &TlsMatrix, style: Style) -> String {
    let label = style.paint(Tone::Strong, &pad("TLS", 5));
    let mut names = String::new();
    let mut states = String::new();
    for v in &matrix.versions {
        let (word, tone) = match (v.accepted, is_old(v)) {
            (Some(true), true) => ("yes", Tone::Odd),
            (Some(true), false) => ("yes", Tone::Good),
            (Some(false), _) => ("no", Tone::Faint),
            (None, _) => ("?", Tone::Odd),
        };
        let short = match v.version.as_str() {
            "SSL3.0" => "SSL3",
            name => name.trim_start_matches("TLS"),
        };
        names.push_str(&right(short));
        states.push_str(&style.paint(tone, &right(word)));
    }
    let through = match matrix.through {
        Through::X224 => "after X.224",
        Through::Direct => "directly on the port",
    };
    format!(
        "  {label} {}{names}\n        {}{states}\n",
        style.paint(Tone::Strong, &pad("version", NAME)),
        pad(&format!("accepted, {through}"), NAME),
    )
}

fn right(text: &str) -> String {
    format!("{text:>CELL$}")
}

fn is_old(v: &TlsVersion) -> bool {
    matches!(v.version.as_str(), "SSL3.0" | "TLS1.0" | "TLS1.1")
}

/// Every suite once, those of the highest version first.
fn rows(matrix: &TlsMatrix) -> Vec<&TlsSuite> {
    let mut out: Vec<&TlsSuite> = Vec::new();
    for suite in matrix.versions.iter().rev().flat_map(|v| &v.suites) {
        if !out.iter().any(|s| s.code == suite.code) {
            out.push(suite);
        }
    }
    out
}

fn row(suite: &TlsSuite, matrix: &TlsMatrix, style: Style) -> String {
    let mut cells = String::new();
    for v in &matrix.versions {
        let place = v.suites.iter().position(|s| s.code == suite.code);
        let cell = match (place, v.order) {
            (Some(n), Order::Server) => (n + 1).to_string(),
            (Some(_), _) if style.signs => "●".to_owned(),
            (Some(_), _) => "x".to_owned(),
            (None, _) if style.signs => "·".to_owned(),
            (None, _) => "-".to_owned(),
        };
        let tone = match place {
            Some(_) if suite.weak => Tone::Bad,
            Some(_) => Tone::Good,
            None => Tone::Faint,
        };
        cells.push_str(&style.paint(tone, &right(&cell)));
    }
    let name = pad(&shown(&suite.name, NAME), NAME);
    let (sign, name) = if suite.weak {
        ("!", style.paint(Tone::Bad, &name))
    } else {
        (" ", name)
    };
    format!("      {} {name}{cells}\n", style.paint(Tone::Bad, sign))
}

fn legend(matrix: &TlsMatrix, weak: bool, style: Style) -> String {
    let orders: Vec<Order> = matrix.versions.iter().map(|v| v.order).collect();
    let mut parts = Vec::new();
    if orders.contains(&Order::Server) {
        parts.push("numbers: the host's own order, which decides");
    } else if orders.contains(&Order::Client) {
        parts.push("the client's order decides");
    }
    if weak {
        parts.push("!: broken or prohibited");
    }
    if parts.is_empty() {
        return String::new();
    }
    let line = format!("({})", parts.join("; "));
    format!("        {}\n", style.paint(Tone::Faint, &line))
}

fn properties(matrix: &TlsMatrix, style: Style) -> String {
    let mut out = String::new();
    for v in matrix.versions.iter().rev() {
        let short = v.version.replace("TLS", "TLS ");
        if let Some(groups) = &v.groups {
            let line = format!("groups, {short}: {}", groups.join(", "));
            out.push_str(&paragraph(style, "", &line));
        }
        if let Some(schemes) = &v.signatures {
            let line = format!("signatures, {short}: {}", schemes.join(", "));
            out.push_str(&paragraph(style, "", &line));
        }
    }
    let mut primes: Vec<u16> = matrix
        .versions
        .iter()
        .flat_map(|v| v.suites.iter().filter_map(|s| s.dh_bits))
        .collect();
    primes.sort_unstable();
    primes.dedup();
    if !primes.is_empty() {
        let sizes: Vec<String> = primes.iter().map(u16::to_string).collect();
        let line = format!("Diffie-Hellman primes: {} bits", sizes.join(", "));
        out.push_str(&paragraph(style, "", &line));
    }
    let mut words = Vec::new();
    let told = [
        ("secure renegotiation", matrix.secure_renegotiation),
        ("extended master secret", matrix.extended_master_secret),
    ];
    for (what, has) in told {
        match has {
            Some(true) => words.push(what.to_owned()),
            Some(false) => words.push(format!("no {what}")),
            None => {}
        }
    }
    if !matrix.resumption.is_empty() {
        words.push(format!("resumption by {}", matrix.resumption.join(" and ")));
    }
    if !words.is_empty() {
        let line = format!("up to TLS 1.2: {}", words.join(", "));
        out.push_str(&paragraph(style, "", &line));
    }
    out
}

const _: () = assert!(8 + NAME + 5 * CELL <= WIDTH);

//! What a user may type as the host: a name, an address, a port with it, or a `.rdp` file.

use std::net::IpAddr;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// The port of RDP.
pub const PORT: u16 = 3389;
/// The largest `.rdp` file that is read; real ones have a few kilobytes.
const FILE: u64 = 1024 * 1024;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// As it was typed.
    pub input: String,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl Target {
    /// Reads what was typed. `port` is the port that an option gives.
    ///
    /// # Errors
    /// One line that says what is wrong and what to type instead.
    pub fn parse(input: &str, port: Option<u16>) -> Result<Self> {
        let is_file = Path::new(input)
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("rdp"));
        let (host, own) = if is_file {
            from_file(Path::new(input))?
        } else {
            split(input)?
        };
        Ok(Self {
            input: input.to_owned(),
            host,
            port: port.or(own).unwrap_or(PORT),
        })
    }
}

/// Splits `HOST`, `HOST:PORT`, `ADDRESS`, `[ADDRESS]:PORT`.
fn split(text: &str) -> Result<(String, Option<u16>)> {
    let shown = rdpwhy_model::text::shown(text, 80);
    if let Some((scheme, _)) = text.split_once("://") {
        let scheme = rdpwhy_model::text::shown(scheme, 20);
        bail!("\"{shown}\" is a URL; type the host without {scheme}://");
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Ok((ip.to_string(), None));
    }
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, tail) = rest
                .split_once(']')
                .with_context(|| format!("\"{shown}\": the closing bracket is missing"))?;
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                bail!("\"{shown}\": what stands in brackets is no IPv6 address");
            }
            match tail.strip_prefix(':') {
                Some(port) => (address, Some(port)),
                None if tail.is_empty() => (address, None),
                None => bail!("\"{shown}\": after the bracket comes :PORT or nothing"),
            }
        }
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                bail!("\"{shown}\": put an IPv6 address in brackets: [ADDRESS]:PORT")
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() {
        bail!("the host is missing; type a name or an address");
    }
    let odd = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '/' | '\\'
                    | '@'
                    | ';'
                    | ','
                    | '"'
                    | '\''
                    | '<'
                    | '>'
                    | '?'
                    | '#'
                    | '['
                    | ']'
                    | '*'
                    | '='
                    | '&'
                    | '|'
                    | '('
                    | ')'
                    | '{'
                    | '}'
                    | '%'
                    | '!'
                    | '$'
                    | '^'
                    | '`'
                    | '~'
                    | '+'
            )
            || hidden(c)
    };
    if let Some(c) = host.chars().find(|c| odd(*c)) {
        bail!(
            "\"{shown}\" is no host: {} (U+{:04X}) cannot stand in a name",
            c.escape_default(),
            u32::from(c)
        );
    }
    let port = match port {
        None => None,
        Some(p) => match p.parse::<u16>() {
            Ok(n @ 1..) => Some(n),
            _ => bail!("\"{shown}\": the port must be a number from 1 to 65535"),
        },
    };
    Ok((host.to_owned(), port))
}

/// Whether a character would have to be escaped to be seen: a control, or an invisible mark.
fn hidden(c: char) -> bool {
    let text = c.to_string();
    rdpwhy_model::text::shown(&text, 1) != text
}

/// Reads `full address` and `server port` of a `.rdp` file.
fn from_file(path: &Path) -> Result<(String, Option<u16>)> {
    let name = rdpwhy_model::text::shown(&path.display().to_string(), 200);
    let bytes = crate::input::bounded(path, FILE)?;
    let text = decode(&bytes);
    let value = |key: &str, kind: &str| {
        text.lines().find_map(|l| {
            let mut parts = l.trim().splitn(3, ':');
            let same = parts.next()?.trim().eq_ignore_ascii_case(key)
                && parts.next()?.trim().eq_ignore_ascii_case(kind);
            same.then(|| parts.next().unwrap_or_default().trim().to_owned())
        })
    };
    // 1: always through the gateway ([MS-RDPBCGR] has no say in it; the file's documentation has)
    let gateway = value("gatewayhostname", "s").filter(|g| !g.is_empty());
    if let (Some(gateway), Some("1")) = (gateway, value("gatewayusagemethod", "i").as_deref()) {
        let gateway = rdpwhy_model::text::shown(&gateway, 100);
        bail!(
            "{name}: its connection goes through the RD Gateway {gateway}, which cannot be followed yet; \
             name a host to look at it directly"
        );
    }
    let address = value("full address", "s")
        .filter(|a| !a.is_empty())
        .with_context(|| format!("{name}: has no line \"full address:s:HOST\""))?;
    let (host, own) = split(&address).with_context(|| format!("{name}: full address"))?;
    let port = match value("server port", "i") {
        Some(p) => Some(
            p.parse()
                .ok()
                .filter(|n| *n > 0)
                .with_context(|| format!("{name}: server port is no port"))?,
        ),
        None => None,
    };
    // mstsc takes the port in the address before the one on its own line
    Ok((host, own.or(port)))
}

/// mstsc writes UTF-16 with a byte order mark; people write UTF-8.
fn decode(bytes: &[u8]) -> String {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|p| unit([p[0], p[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, u16) {
        let t = Target::parse(text, None).unwrap();
        (t.host, t.port)
    }

    #[test]
    fn what_may_be_typed() {
        assert_eq!(parsed("pc42"), ("pc42".into(), 3389));
        assert_eq!(
            parsed("pc42.corp.example:3390"),
            ("pc42.corp.example".into(), 3390)
        );
        assert_eq!(parsed("10.0.0.5"), ("10.0.0.5".into(), 3389));
        assert_eq!(parsed("::1"), ("::1".into(), 3389));
        assert_eq!(parsed("[fd77::1]:3390"), ("fd77::1".into(), 3390));
        assert_eq!(parsed("büro-pc"), ("büro-pc".into(), 3389));
    }

    #[test]
    fn what_may_not_is_said_in_one_line() {
        for bad in [
            "",
            ":3389",
            "pc42:",
            "pc42:0",
            "pc42:65536",
            "pc42:x",
            "rdp://pc42",
            "pc 42",
            "a/b",
            "pc42;3389",
            "[::1",
            "[::1]3389",
            "[pc42]:3389",
            "fd77::1::2:3",
            "pc\u{1b}[31m42",
            "pc\u{200b}42",
            "pc\u{61c}42",
            "pc\u{e0041}42",
            "user@pc42",
            "no\u{1b}[31msuch\n.rdp",
        ] {
            let e = Target::parse(bad, None).unwrap_err();
            let line = format!("{e:#}");
            assert!(!line.contains('\n') && !line.contains('\u{1b}'), "{line}");
        }
    }

    #[test]
    fn a_file_of_mstsc_is_read() {
        let file = std::env::temp_dir().join(format!("rdpwhy-{}.rdp", std::process::id()));
        let text =
            "screen mode id:i:2\r\nfull address:s:pc42.corp.example\r\nserver port:i:3390\r\n";
        let mut bytes = vec![0xff, 0xfe];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        std::fs::write(&file, bytes).unwrap();
        let read = parsed(file.to_str().unwrap());
        std::fs::write(&file, "prompt for credentials:i:0\n").unwrap();
        let missing = Target::parse(file.to_str().unwrap(), None)
            .unwrap_err()
            .to_string();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(read, ("pc42.corp.example".into(), 3390));
        assert!(missing.contains("full address"), "{missing}");
    }
}

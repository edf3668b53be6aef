//! Text that comes from elsewhere, made fit to show.

/// Escapes text of a peer for a terminal or a page: control characters, terminal escapes and
/// invisible direction marks become `\x1b`-like escapes; the rest stays. At most `max` characters
/// are kept, and an ellipsis says when there were more.
pub fn shown(text: &str, max: usize) -> String {
    let mut out = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == max {
            out.push('…');
            break;
        }
        push_shown(&mut out, c);
    }
    out
}

/// Bytes of a peer as text to show: printable ASCII stays, everything else becomes `\xNN`.
pub fn shown_bytes(bytes: &[u8], max: usize) -> String {
    let mut out = String::new();
    for (count, b) in bytes.iter().enumerate() {
        if count == max {
            out.push('…');
            break;
        }
        match b {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            0x20..=0x7e => out.push(char::from(*b)),
            _ => {
                out.push_str("\\x");
                out.push_str(&hex(&[*b]));
            }
        }
    }
    out
}

fn push_shown(out: &mut String, c: char) {
    let invisible = matches!(c,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{61c}' | '\u{e0000}'..='\u{e007f}');
    if c.is_control() || invisible {
        out.extend(c.escape_default());
    } else {
        out.push(c);
    }
}

/// A time as RFC 3339, UTC; the number itself when it is beyond any calendar.
pub fn time(unix_seconds: i64) -> String {
    jiff::Timestamp::from_second(unix_seconds).map_or_else(
        |_| format!("{unix_seconds} s since 1970"),
        |t| t.to_string(),
    )
}

/// The seconds since 1970 of a time as OpenSSL prints it: `Nov  5 12:30:00 2026 GMT`. `None` where
/// it is printed otherwise.
pub fn openssl_seconds(text: &str) -> Option<i64> {
    let time = jiff::civil::DateTime::strptime("%b %e %H:%M:%S %Y GMT", text).ok()?;
    let utc = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(utc.timestamp().as_second())
}

/// Lower-case hexadecimal without separators.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .collect()
}

/// The bytes of a hexadecimal text; `None` when it is not one.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    text.as_bytes()
        .chunks(2)
        .map(|pair| {
            let digit = |c: u8| {
                char::from(c)
                    .to_digit(16)
                    .and_then(|d| u8::try_from(d).ok())
            };
            Some(digit(pair[0])? << 4 | digit(pair[1])?)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_could_drive_a_terminal() {
        assert_eq!(
            shown("a\u{1b}[31mb\u{202e}c\n", 99),
            "a\\u{1b}[31mb\\u{202e}c\\n"
        );
        assert_eq!(shown("Büro-é", 99), "Büro-é");
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(
            shown_bytes(b"SSH-2.0\r\n\x1b\xff", 99),
            "SSH-2.0\\r\\n\\x1b\\xff"
        );
    }

    #[test]
    fn times_as_openssl_prints_them() {
        assert_eq!(openssl_seconds("Jan  1 00:00:10 1970 GMT"), Some(10));
        assert_eq!(
            openssl_seconds("Nov 25 12:30:00 2026 GMT").map(time),
            Some("2026-11-25T12:30:00Z".to_owned())
        );
        assert_eq!(openssl_seconds("Bad time value"), None);
        assert_eq!(openssl_seconds("Nov 31 12:30:00 2026 GMT"), None);
    }

    #[test]
    fn hex_and_back() {
        assert_eq!(hex(&[0, 0xab, 0x10]), "00ab10");
        assert_eq!(unhex("00ab10"), Some(vec![0, 0xab, 0x10]));
        assert_eq!(unhex("0g"), None);
        assert_eq!(unhex("0"), None);
        assert_eq!(unhex("+1"), None);
    }
}

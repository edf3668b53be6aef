//! `klist` of Windows and of MIT Kerberos: the tickets that a user has.

use crate::lines::{kept, of, pair};

/// A Kerberos ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticket {
    /// Whom it names, `anna@CORP.EXAMPLE`.
    pub client: String,
    /// For what, `TERMSRV/pc42.corp.example@CORP.EXAMPLE`.
    pub server: String,
    /// The encryption type of the ticket, in the command's words.
    pub encryption: Option<String>,
    /// The ticket's flags (RFC 4120 2), where they are given as a number.
    pub flags: Option<u32>,
    /// Start, end and renewal, as far as given: in the form and the time zone of the machine, so
    /// they are not compared with a clock here.
    pub times: Vec<String>,
}

impl Ticket {
    /// The host whose Remote Desktop it is for; `None` when it is for something else.
    pub fn rdp_host(&self) -> Option<&str> {
        let (service, rest) = self.server.split_once('/')?;
        let host = rest.split('@').next()?;
        service.eq_ignore_ascii_case("TERMSRV").then_some(host)
    }

    /// Whether it is a ticket-granting ticket.
    pub fn grants_tickets(&self) -> bool {
        self.server.to_ascii_lowercase().starts_with("krbtgt/")
    }

    /// Whether it is encrypted with RC4, which Windows is giving up.
    pub fn is_rc4(&self) -> Option<bool> {
        let words = self.encryption.as_ref()?.to_ascii_lowercase();
        Some(words.contains("rc4") || words.contains("arcfour"))
    }
}

/// Every ticket in the output, in any language. Windows numbers its tickets (`#0>`), and gives
/// client, server, encryption type, flags and times in this order; MIT gives one line a ticket.
pub fn read(text: &str) -> Vec<Ticket> {
    if of(text).any(|l| number(l).is_some()) {
        windows(text)
    } else {
        mit(text)
    }
}

/// What stands behind the number of a ticket, `#0>`.
fn number(line: &str) -> Option<&str> {
    let (digits, rest) = line.trim_start().strip_prefix('#')?.split_once('>')?;
    let all = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all.then_some(rest)
}

/// `name @ REALM` as one principal.
fn principal(value: &str) -> String {
    kept(&value.replace(" @ ", "@"))
}

fn windows(text: &str) -> Vec<Ticket> {
    let mut out: Vec<Ticket> = Vec::new();
    let mut place = 0;
    for line in of(text) {
        let rest = match number(line) {
            Some(rest) => {
                out.push(Ticket::default());
                place = 0;
                rest
            }
            None => line,
        };
        let (Some(ticket), Some((_, value))) = (out.last_mut(), pair(rest)) else {
            // Flags have no colon: a number, an arrow, their names
            if let Some(ticket) = out.last_mut()
                && ticket.flags.is_none()
            {
                ticket.flags = flags(line);
            }
            continue;
        };
        // With a colon in some languages
        if place > 2 && ticket.flags.is_none() && value.starts_with("0x") {
            ticket.flags = flags(value);
            continue;
        }
        match place {
            0 => ticket.client = principal(value),
            1 => ticket.server = principal(value),
            2 => ticket.encryption = Some(kept(value)),
            3..=5 => ticket.times.push(kept(value)),
            _ => {}
        }
        place += 1;
    }
    out.retain(|t| !t.server.is_empty());
    out
}

fn flags(line: &str) -> Option<u32> {
    let (_, digits) = line.split_once("0x")?;
    let end = digits.find(|c: char| !c.is_ascii_hexdigit());
    u32::from_str_radix(digits.get(..end.unwrap_or(digits.len()))?, 16).ok()
}

fn mit(text: &str) -> Vec<Ticket> {
    let mut client = String::new();
    let mut out: Vec<Ticket> = Vec::new();
    for line in of(text) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let begins = line.starts_with(|c: char| c.is_ascii_digit());
        match (words.last(), out.last_mut()) {
            // Dates and times of start and end, and the server
            (Some(server), _) if begins && words.len() >= 3 && server.contains('@') => {
                let times = words.get(..words.len() - 1).unwrap_or_default();
                let (start, end) = times.split_at(times.len() / 2);
                out.push(Ticket {
                    client: client.clone(),
                    server: kept(server),
                    times: vec![kept(&start.join(" ")), kept(&end.join(" "))],
                    ..Ticket::default()
                });
            }
            // Below a ticket, with -e: session key, then ticket
            (Some(etype), Some(ticket)) if words.first() == Some(&"Etype") => {
                ticket.encryption = Some(kept(etype));
            }
            (Some(last), None) if last.contains('@') && pair(line).is_some() => {
                client = kept(last);
            }
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "
Current LogonId is 0:0x3e7ab

Cached Tickets: (2)

#0>\tClient: anna @ CORP.EXAMPLE
\tServer: krbtgt/CORP.EXAMPLE @ CORP.EXAMPLE
\tKerbTicket Encryption Type: AES-256-CTS-HMAC-SHA1-96
\tTicket Flags 0x40e10000 -> forwardable renewable initial pre_authent name_canonicalize
\tStart Time: 11/25/2026 8:00:01 (local)
\tEnd Time:   11/25/2026 18:00:01 (local)
\tRenew Time: 12/2/2026 8:00:01 (local)
\tSession Key Type: AES-256-CTS-HMAC-SHA1-96
\tCache Flags: 0x1 -> PRIMARY
\tKdc Called: DC1.corp.example

#1>\tClient: anna @ CORP.EXAMPLE
\tServer: TERMSRV/pc42.corp.example @ CORP.EXAMPLE
\tKerbTicket Encryption Type: RSADSI RC4-HMAC(NT)
\tTicket Flags 0x40a50000 -> forwardable renewable pre_authent ok_as_delegate name_canonicalize
\tStart Time: 11/25/2026 8:02:10 (local)
\tEnd Time:   11/25/2026 18:00:01 (local)
\tRenew Time: 0
";

    #[test]
    fn windows_tickets_are_read_in_any_language() {
        let tickets = read(ENGLISH);
        assert_eq!(tickets.len(), 2);
        assert!(tickets[0].grants_tickets() && !tickets[1].grants_tickets());
        assert_eq!(tickets[0].client, "anna@CORP.EXAMPLE");
        assert_eq!(tickets[0].flags, Some(0x40e1_0000));
        assert_eq!(tickets[0].is_rc4(), Some(false));
        assert_eq!(tickets[1].rdp_host(), Some("pc42.corp.example"));
        assert_eq!(tickets[1].is_rc4(), Some(true));
        assert_eq!(tickets[1].times[1], "11/25/2026 18:00:01 (local)");
        let german = ENGLISH
            .replace("Encryption Type", "-Verschlüsselungstyp")
            .replace("Ticket Flags", "Ticketkennzeichen:")
            .replace("Start Time", "Startzeit")
            .replace("End Time", "Endzeit")
            .replace("Renew Time", "Erneuerungszeit");
        assert_eq!(read(&german), tickets);
        assert!(read("Cached Tickets: (0)\n").is_empty());
    }

    #[test]
    fn mit_tickets_are_read() {
        let text = "Ticket cache: FILE:/tmp/krb5cc_1000
Default principal: anna@CORP.EXAMPLE

Valid starting       Expires              Service principal
25/11/26 08:00:01  25/11/26 18:00:01  krbtgt/CORP.EXAMPLE@CORP.EXAMPLE
\trenew until 02/12/26 08:00:01
\tEtype (skey, tkt): aes256-cts-hmac-sha1-96, aes256-cts-hmac-sha1-96
25/11/26 08:02:10  25/11/26 18:00:01  TERMSRV/pc42.corp.example@CORP.EXAMPLE
\tEtype (skey, tkt): DEPRECATED:arcfour-hmac, DEPRECATED:arcfour-hmac
";
        let tickets = read(text);
        assert_eq!(tickets.len(), 2);
        assert!(tickets[0].grants_tickets());
        assert_eq!(tickets[1].client, "anna@CORP.EXAMPLE");
        assert_eq!(tickets[1].rdp_host(), Some("pc42.corp.example"));
        assert_eq!(tickets[1].is_rc4(), Some(true));
        assert_eq!(tickets[1].times, ["25/11/26 08:02:10", "25/11/26 18:00:01"]);
        assert!(read("klist: No credentials cache found\n").is_empty());
    }
}

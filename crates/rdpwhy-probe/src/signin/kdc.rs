//! The domain controller (KDC): where it is, and what it says about the account.
//!
//! Nothing of these exchanges is recorded byte by byte: a reply to the account holds what a password
//! can be guessed against.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdpwhy_model::recording::LookupAnswer;
use rdpwhy_model::signin::{Kdc, Reached};
use rdpwhy_wire::kerberos::{self, Message};
use sspi::generator::NetworkRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::account::Attempt;
use super::context::{Context, Step};
use crate::{names, socket, system};

/// The port of Kerberos (RFC 4120 7.2.3).
const PORT: u16 = 88;
/// Domain controllers that are tried, at most.
const TRIED: usize = 3;
/// The largest reply that is read, in bytes.
const LARGEST: usize = 256 * 1024;
/// KDC_ERR_PREAUTH_REQUIRED: how a KDC asks for the proof of the password, and no refusal.
const PROOF_WANTED: i64 = 25;
/// How far clocks may be apart for Kerberos, in seconds.
const SKEW: i64 = 300;

/// Where to look for a domain controller.
pub(super) struct Search<'a> {
    /// The one that the user named: name or address, and port.
    pub(super) named: Option<&'a (String, u16)>,
    /// The name server to ask instead of the system's.
    pub(super) resolver: Option<SocketAddr>,
    /// How long each question may take.
    pub(super) deadline: Duration,
}

/// The domain controllers of a realm, in the order in which to try them: the named one, or those of
/// its DNS service records, or those of krb5.conf. Empty where there is none.
pub(super) async fn find(realm: &str, search: &Search<'_>) -> Vec<SocketAddr> {
    let named = if let Some(named) = search.named {
        vec![named.clone()]
    } else {
        let service = format!("_kerberos._tcp.{realm}");
        let found = names::services(&service, search.resolver, search.deadline).await;
        if found.is_empty() {
            configured(&system::krb5_conf(), realm)
        } else {
            found
        }
    };
    let mut out = Vec::new();
    for (host, port) in named.into_iter().take(TRIED) {
        let lookup = names::resolve(&host, search.resolver, search.deadline).await;
        let addresses: Vec<IpAddr> = match lookup.answer {
            LookupAnswer::Literal(ip) => vec![ip],
            LookupAnswer::Addresses(all) => all,
            _ => Vec::new(),
        };
        out.extend(addresses.into_iter().map(|a| SocketAddr::new(a, port)));
    }
    out.truncate(TRIED);
    out
}

/// The `kdc =` lines of a realm in a krb5.conf.
fn configured(text: &str, realm: &str) -> Vec<(String, u16)> {
    let mut section = "";
    let mut inside = false;
    let mut out = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with('[') {
            section = line;
            inside = false;
        } else if line.starts_with('}') {
            inside = false;
        } else if let Some((key, value)) = line.split_once('=').filter(|_| section == "[realms]") {
            let (key, value) = (key.trim(), value.trim());
            if value.starts_with('{') {
                inside = key.eq_ignore_ascii_case(realm);
            } else if inside && key == "kdc" {
                out.extend(host_port(value));
            }
        }
    }
    out
}

/// HOST, HOST:PORT, or an IPv6 address in brackets with or without a port.
pub(super) fn host_port(text: &str) -> Option<(String, u16)> {
    if let Ok(ip) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some((ip.to_string(), PORT));
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some((address.ip().to_string(), address.port()));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().ok()?),
        None => (text, PORT),
    };
    names::check_name(host).ok()?;
    Some((host.to_owned(), port))
}

/// A connection to the first domain controller that takes one.
pub(super) async fn connect(
    all: &[SocketAddr],
    deadline: Duration,
) -> Option<(SocketAddr, TcpStream)> {
    for address in all {
        let (_, stream) = socket::connect(*address, None, deadline).await;
        if let Some(stream) = stream {
            return Some((*address, stream));
        }
    }
    None
}

/// What came of asking: what was said, the right to an attempt if it is still there, and the first
/// token for the host when there is a ticket for it.
pub(super) struct Asked {
    pub(super) said: Kdc,
    pub(super) attempt: Option<Attempt>,
    pub(super) token: Option<Step>,
}

/// Asks for a ticket for the account, then for the host. The request with the proof of the password
/// takes the right to the attempt; there is never a second one.
pub(super) async fn ask(
    context: &mut Context,
    at: SocketAddr,
    stream: TcpStream,
    attempt: Attempt,
    deadline: Duration,
) -> Asked {
    let mut gate = Gate {
        at,
        stream: Some(stream),
        said: Kdc {
            reached: Reached::Found,
            ..Kdc::default()
        },
        attempt: Some(attempt),
        deadline,
    };
    let token = context
        .step(Vec::new(), async |request: &NetworkRequest| {
            gate.pass(&request.data).await
        })
        .await;
    let token = token
        .ok()
        .filter(|_| gate.said.reached == Reached::HostTicket);
    if token.is_none() && gate.said.error.is_none() && gate.said.trouble.is_none() {
        gate.said.trouble = Some("the exchange broke off".to_owned());
    }
    Asked {
        said: gate.said,
        attempt: gate.attempt,
        token,
    }
}

/// Every message to the domain controller passes here.
struct Gate {
    at: SocketAddr,
    stream: Option<TcpStream>,
    said: Kdc,
    attempt: Option<Attempt>,
    deadline: Duration,
}

impl Gate {
    /// Sends a message, with its length before it, and gives the answer in the same form. `None`
    /// when it may not be sent, or no answer came.
    async fn pass(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        // What the KDC has refused is not asked again in another way
        if self.said.error.is_some() {
            return None;
        }
        let message = kerberos::read(request.get(4..)?)?;
        match message {
            Message::AsReq { proof: false } => {}
            Message::AsReq { proof: true } => self.may_prove()?,
            Message::TgsReq if self.said.reached >= Reached::AccountTicket => {}
            _ => return None,
        }
        let answer = tokio::time::timeout(self.deadline, self.exchange(request)).await;
        let Ok(Ok(answer)) = answer else {
            self.said.trouble = Some("no answer came".to_owned());
            return None;
        };
        self.reach(Reached::Answered);
        match kerberos::read(answer.get(4..)?) {
            Some(Message::Error(e)) => {
                if let Some(time) = e.time {
                    self.said.skew_s = Some(time.saturating_sub(now()));
                }
                if e.code != PROOF_WANTED {
                    self.said.error = Some(e.code);
                    self.said.ntstatus = e.ntstatus;
                }
            }
            Some(Message::AsRep) if self.said.reached == Reached::ProofSent => {
                self.reach(Reached::AccountTicket);
            }
            Some(Message::TgsRep) => self.reach(Reached::HostTicket),
            Some(_) => {}
            None => self.said.trouble = Some("it answered with something else".to_owned()),
        }
        Some(answer)
    }

    fn reach(&mut self, step: Reached) {
        self.said.reached = self.said.reached.max(step);
    }

    /// Whether the proof of the password may go now: the attempt is there, and it can succeed.
    fn may_prove(&mut self) -> Option<()> {
        if self.said.skew_s.is_some_and(|s| s.abs() > SKEW) {
            // It would be refused for its time, whatever the password
            self.said.trouble = Some("its clock and ours differ too much".to_owned());
            return None;
        }
        let Attempt { .. } = self.attempt.take()?;
        self.reach(Reached::ProofSent);
        Some(())
    }

    /// One question and its answer, on the connection that is there or on a new one: some close after
    /// each answer.
    async fn exchange(&mut self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.at).await?,
        };
        stream.write_all(request).await?;
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
        if length > LARGEST {
            return Err(std::io::Error::other("too long"));
        }
        let mut answer = head.to_vec();
        answer.resize(4 + length, 0);
        stream
            .read_exact(answer.get_mut(4..).unwrap_or_default())
            .await?;
        Ok(answer)
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_controllers_of_a_realm_stand_in_krb5_conf() {
        let text = "[libdefaults]\n default_realm = LAB.TEST\n[realms]\n# none\n OTHER = {\n  kdc = no\n }\n \
            lab.test = {\n  kdc = dc1.lab.test\n  admin_server = a\n  kdc = dc2.lab.test:1088\n }\n[domain_realm]\n kdc = x\n";
        let found = configured(text, "LAB.TEST");
        let expected = [("dc1.lab.test", 88), ("dc2.lab.test", 1088)];
        assert_eq!(found, expected.map(|(h, p)| (h.to_owned(), p)));
        assert_eq!(configured("", "LAB.TEST"), []);
    }

    #[test]
    fn hosts_and_ports() {
        let host = |t: &str| host_port(t).map(|(h, p)| format!("{h} {p}"));
        assert_eq!(host("dc").as_deref(), Some("dc 88"));
        assert_eq!(host("10.0.0.1:1088").as_deref(), Some("10.0.0.1 1088"));
        assert_eq!(host("[fd77::1]").as_deref(), Some("fd77::1 88"));
        assert_eq!(host("[fd77::1]:89").as_deref(), Some("fd77::1 89"));
        for bad in ["", "a b:x", "dc:port", "dc..x"] {
            assert_eq!(host(bad), None, "{bad}");
        }
    }
}

//! One connection, from its first byte to its end.

use std::io;

use crate::negotiate::{Reply, Request};
use crate::script::{Act, Entry, HYBRID, HYBRID_EX, SSL, Script};
use crate::wire::Wire;
use crate::{act, mcs, negotiate, nla, tls};

/// The first bytes of a PROXY header, version 1 and version 2.
const PROXY_1: &[u8] = b"PROXY ";
const PROXY_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest PROXY header that is read: 107 characters in version 1, an address block of Unix
/// names in version 2.
const PROXY_LONGEST: usize = 232;

/// What every connection to one server shares.
pub(crate) struct Server {
    pub(crate) script: Script,
    /// Absent where no client comes as far as TLS.
    pub(crate) side: Option<tls::Side>,
}

impl Server {
    /// Plays the script for the connection that was accepted as number `number`, from 0.
    pub(crate) async fn serve(&self, mut wire: Wire, number: usize) -> io::Result<()> {
        match self.script.entry {
            // The first one fails: a tool that believes a single try must not pass as right.
            Entry::RdpEverySecond if number.is_multiple_of(2) => {
                act::perform(Act::Close, wire).await
            }
            Entry::Rdp | Entry::RdpEverySecond => self.rdp(wire).await,
            Entry::RdpInsideTls => match tls::handshake(wire, self.side.as_ref()).await? {
                Some(inside) => self.rdp(inside).await,
                None => Ok(()),
            },
            Entry::RdpAfterProxyHeader => {
                if proxy_header(&mut wire).await? {
                    self.rdp(wire).await
                } else {
                    act::perform(Act::Close, wire).await
                }
            }
            Entry::AtOnce(act) => act::perform(act, wire).await,
            Entry::Service(greeting, act) => {
                wire.say(greeting).await?;
                if wire.peek().await?.is_none() {
                    return Ok(());
                }
                act::perform(act, wire).await
            }
        }
    }

    /// A client that speaks RDP, or TLS at once (the direct approach, [MS-RDPBCGR] 5.4.2.2).
    async fn rdp(&self, mut wire: Wire) -> io::Result<()> {
        let script = &self.script;
        if wire.peek().await? == Some(0x16) {
            let secured = tls::secure(wire, &script.tls, self.side.as_ref()).await?;
            return match secured {
                Some(inside) => nla::run(inside, &script.nla, &script.machine).await,
                None => Ok(()),
            };
        }
        let request = match negotiate::read_tpkt(&mut wire).await? {
            Some(packet) => negotiate::request(&packet),
            None => None,
        };
        let Some(request) = request else {
            wire.close().await;
            return Ok(());
        };
        if let Some(act) = script.negotiate.instead {
            return act::perform(act, wire).await;
        }
        match negotiate::reply(&script.negotiate, request) {
            Reply::Selected(confirm, protocol) => {
                wire.say(&confirm).await?;
                self.go_on(wire, protocol, request).await
            }
            Reply::Refused(confirm) => {
                wire.say(&confirm).await?;
                wire.close().await;
                Ok(())
            }
            Reply::Close => {
                wire.close().await;
                Ok(())
            }
        }
    }

    /// What follows the Connection Confirm under each protocol.
    async fn go_on(&self, wire: Wire, protocol: u32, request: Request) -> io::Result<()> {
        let script = &self.script;
        if protocol == 0 {
            return mcs::run(wire, script, request.protocols()).await;
        }
        let Some(inside) = tls::secure(wire, &script.tls, self.side.as_ref()).await? else {
            return Ok(());
        };
        match protocol {
            HYBRID | HYBRID_EX => nla::run(inside, &script.nla, &script.machine).await,
            SSL => mcs::run(inside, script, request.protocols()).await,
            _ => Ok(()),
        }
    }
}

/// Reads a PROXY header of either version; `false` when something else comes.
async fn proxy_header(wire: &mut Wire) -> io::Result<bool> {
    let mut head = Vec::new();
    // Byte by byte, since what follows the header belongs to RDP.
    while head.len() < PROXY_LONGEST {
        if !wire.fill(&mut head, 1).await? {
            return Ok(false);
        }
        if head.starts_with(PROXY_1) {
            if head.ends_with(b"\r\n") {
                return Ok(true);
            }
        } else if head.starts_with(PROXY_2) {
            // Version and family follow the signature, then the length of the addresses.
            if head.len() == 16 {
                let length = usize::from(u16::from_be_bytes([head[14], head[15]]));
                return Ok(length <= PROXY_LONGEST && wire.fill(&mut head, length).await?);
            }
        } else if !PROXY_1.starts_with(&head) && !PROXY_2.starts_with(&head) {
            return Ok(false);
        }
    }
    Ok(false)
}

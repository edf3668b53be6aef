//! On from the basic settings exchange to the licence stage ([MS-RDPBCGR] 1.3.1.1): channels, the
//! exchange of a random where the host encrypts by itself, an empty Client Info, and the leave.
//!
//! The Client Info names no user and asks for no automatic logon: the most that a host shows for
//! it is its own logon screen, so it is no attempt to sign in. No licence is asked for either: to
//! answer a Windows host's licence request could draw one from its pool.

use rdpwhy_model::recording::{Connection, Phase};

use crate::licensing;
use crate::mcs;
use crate::script::{Act, Framing};
use crate::security::{CLIENT_RANDOM, FIPS, Keys, PublicKey};
use crate::settings::Settings;
use crate::x224::packet_length;

/// What a client that is done waits for, in milliseconds: what follows a refusal.
const AFTERWARDS: u64 = 300;

/// The bytes of a phase, inside TLS where that is up.
pub(crate) fn received(c: &Connection, phase: Phase) -> Vec<u8> {
    if c.handshake().is_some() {
        c.received_in_tls(phase)
    } else {
        c.received(phase)
    }
}

/// What to do after the host's settings have come. Nothing where they cannot be read, or where
/// the host encrypts in a way that is not spoken here (FIPS).
pub fn after_settings(connection: &Connection) -> Vec<Act> {
    let Some(settings) = Settings::read(&received(connection, Phase::Mcs)) else {
        return Vec::new();
    };
    let Some(secrets) = Secrets::of(&settings) else {
        return Vec::new();
    };
    vec![
        // subHeight 0, subInterval 0
        Act::Send(Phase::Channels, packet(&[0x04, 1, 0, 1, 0])),
        Act::Send(Phase::Channels, packet(&[0x28])),
        Act::Receive(Phase::Channels, Framing::Tpkt),
        Act::Then(Box::new(move |c| join(c, &settings, secrets))),
    ]
}

/// What Standard RDP Security needs of both sides.
struct Secrets {
    exchange: Vec<u8>,
    keys: Option<Keys>,
}

impl Secrets {
    fn of(settings: &Settings) -> Option<Self> {
        if settings.method == 0 {
            let exchange = Vec::new();
            return Some(Self {
                exchange,
                keys: None,
            });
        }
        let key = PublicKey::in_certificate(&settings.certificate)?;
        Some(Self {
            exchange: key.encrypt(CLIENT_RANDOM),
            keys: Some(keys(settings)?),
        })
    }
}

/// The keys of a session with a host of those settings; `None` where it does not encrypt with
/// RC4.
pub(crate) fn keys(settings: &Settings) -> Option<Keys> {
    (settings.method != FIPS)
        .then(|| Keys::derive(settings.method, &CLIENT_RANDOM, &settings.random))?
}

/// Joins the user's channel, the I/O channel and the virtual ones, one after the other.
fn join(connection: &Connection, settings: &Settings, secrets: Secrets) -> Vec<Act> {
    let Some(user) = attached(&received(connection, Phase::Channels)) else {
        return Vec::new();
    };
    let mut acts = Vec::new();
    for channel in [user, settings.io_channel].iter().chain(&settings.channels) {
        let from = user.wrapping_sub(FIRST_USER).to_be_bytes();
        let pdu = [&[0x38][..], &from, &channel.to_be_bytes()].concat();
        acts.push(Act::Send(Phase::Channels, packet(&pdu)));
        acts.push(Act::Receive(Phase::Channels, Framing::Tpkt));
    }
    let io_channel = settings.io_channel;
    acts.push(Act::Then(Box::new(move |c| {
        if licensing::channels_joined(&received(c, Phase::Channels)) {
            introduce(user, io_channel, &secrets)
        } else {
            Vec::new()
        }
    })));
    acts
}

/// The Security Exchange where there is one, the Client Info, and the wait for the licence stage.
fn introduce(user: u16, io_channel: u16, secrets: &Secrets) -> Vec<Act> {
    let say = |data: &[u8]| Act::Send(Phase::Licensing, packet(&send_data(user, io_channel, data)));
    let mut acts = Vec::new();
    let info = client_info();
    if let Some(keys) = &secrets.keys {
        let length = u32::try_from(secrets.exchange.len()).unwrap_or(0);
        let header = (u32::from(EXCHANGE_PKT)).to_le_bytes();
        acts.push(say(&[
            &header[..],
            &length.to_le_bytes(),
            &secrets.exchange,
        ]
        .concat()));
        let header = u32::from(INFO_PKT | ENCRYPT).to_le_bytes();
        acts.push(say(&[&header[..], &keys.seal_first(&info)].concat()));
    } else {
        let header = u32::from(INFO_PKT).to_le_bytes();
        acts.push(say(&[&header[..], &info].concat()));
    }
    acts.push(Act::Receive(Phase::Licensing, Framing::Licence));
    let decline = say(&NO_LICENCE);
    acts.push(Act::Then(Box::new(move |c| {
        let mut acts = Vec::new();
        if is_xrdp(c) && licensing::asked(c) {
            acts.push(decline);
            acts.push(Act::Receive(Phase::Licensing, Framing::Licence));
        }
        if licensing::refused(c) {
            // A Set Error Info may follow, which says more
            acts.push(Act::Listen(Phase::Licensing, AFTERWARDS));
        }
        acts.push(Act::Send(Phase::Licensing, packet(&LEAVE)));
        acts
    })));
    acts
}

/// xrdp asks every client for a licence and takes whatever is answered; it has none to give. Its
/// number of channels tells it from Windows, whose requests stay unanswered.
fn is_xrdp(c: &Connection) -> bool {
    let answer = mcs::read_answer(&received(c, Phase::Mcs));
    matches!(
        answer,
        mcs::Answer::Response {
            max_channels: Some(22),
            ..
        }
    )
}

/// A licensing error message of a client ([MS-RDPBCGR] 2.2.1.12.1.3) in its security header:
/// ERR_NO_LICENSE, ST_TOTAL_ABORT, no more words.
const NO_LICENCE: [u8; 20] = [
    0x80, 0, 0, 0, 0xff, 3, 16, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0,
];

/// `SEC_EXCHANGE_PKT` ([MS-RDPBCGR] 2.2.8.1.1.2.1).
const EXCHANGE_PKT: u16 = 0x0001;
/// `SEC_ENCRYPT`.
pub(crate) const ENCRYPT: u16 = 0x0008;
/// `SEC_INFO_PKT`.
const INFO_PKT: u16 = 0x0040;
/// User channels are counted from here on the wire (T.125 7).
const FIRST_USER: u16 = 1001;
/// An MCS Disconnect Provider Ultimatum, rn-user-requested (T.125 7, [MS-RDPBCGR] 2.2.2.2).
const LEAVE: [u8; 2] = [0x21, 0x80];

/// The user's channel in an Attach User Confirm that grants one.
fn attached(bytes: &[u8]) -> Option<u16> {
    match *domain_pdus(bytes).next()? {
        // choice 11, with an initiator, result rt-successful
        [0x2e, 0, hi, lo, ..] => u16::from_be_bytes([hi, lo]).checked_add(FIRST_USER),
        _ => None,
    }
}

/// The MCS PDUs in TPKT packets, one after the other, as far as they are whole; 64 at most, which
/// is more than any host sends here.
pub(crate) fn domain_pdus(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = packet_length(rest).ok()??;
        let (packet, after) = rest.split_at_checked(length)?;
        rest = after;
        // Anything else than an X.224 Data TPDU holds no MCS
        Some(
            packet
                .strip_prefix(&packet[..4])?
                .strip_prefix(&[2, 0xf0, 0x80])
                .unwrap_or_default(),
        )
    })
    .take(64)
}

/// An MCS PDU in an X.224 Data TPDU in a TPKT.
fn packet(pdu: &[u8]) -> Vec<u8> {
    let length = u16::try_from(pdu.len() + 7).unwrap_or(u16::MAX);
    let mut out = vec![3, 0];
    out.extend(length.to_be_bytes());
    out.extend([2, 0xf0, 0x80]);
    out.extend(pdu);
    out
}

/// An MCS Send Data Request (T.125 7): high priority, in one segment.
fn send_data(user: u16, channel: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(0x7fff) | 0x8000;
    let mut out = vec![0x64];
    out.extend(user.wrapping_sub(FIRST_USER).to_be_bytes());
    out.extend(channel.to_be_bytes());
    out.push(0x70);
    out.extend(length.to_be_bytes());
    out.extend(data);
    out
}

/// `INFO_MOUSE`, `INFO_DISABLECTRLALTDEL`, `INFO_UNICODE`, `INFO_MAXIMIZESHELL`,
/// `INFO_LOGONNOTIFY`, `INFO_ENABLEWINDOWSKEY` ([MS-RDPBCGR] 2.2.1.11.1.1): what a desktop client
/// sends, and no `INFO_AUTOLOGON`.
const INFO_FLAGS: u32 = 0x0173;

/// A Client Info (TS_INFO_PACKET, 2.2.1.11.1.1) in which every text is empty.
fn client_info() -> Vec<u8> {
    let mut out = vec![0; 4]; // code page
    out.extend(INFO_FLAGS.to_le_bytes());
    // Sizes of domain, user name, password, shell and folder, then their ends
    out.extend([0; 10]);
    out.extend([0; 10]);
    // Extended: AF_INET, an empty address and an empty folder of the client, each with its end
    out.extend([2, 0, 2, 0, 0, 0, 2, 0, 0, 0]);
    // UTC, session 0, performance flags 0, no cookie to reconnect
    out.extend([0; 172 + 4 + 4 + 2]);
    out
}

#[cfg(test)]
mod tests {
    use ironrdp_pdu::rdp::client_info::{ClientInfo, ClientInfoFlags};

    use super::*;

    /// The library reads what was written by hand.
    #[test]
    fn the_client_info_is_empty_and_asks_for_no_logon() {
        let info: ClientInfo = ironrdp_core::decode(&client_info()).unwrap();
        assert_eq!(info.credentials.username, "");
        assert_eq!(info.credentials.password, "");
        assert_eq!(info.credentials.domain, None);
        assert!(!info.flags.contains(ClientInfoFlags::AUTOLOGON));
        assert!(info.flags.contains(ClientInfoFlags::UNICODE));
        assert_eq!(info.extra_info.address, "");
    }

    #[test]
    fn pdus_are_found_in_a_row() {
        let bytes = [packet(&[0x28]), packet(&LEAVE), vec![3, 0, 0]].concat();
        let found: Vec<&[u8]> = domain_pdus(&bytes).collect();
        assert_eq!(found, [&[0x28][..], &LEAVE]);
        assert_eq!(attached(&packet(&[0x2e, 0, 0, 6])), Some(1007));
        assert_eq!(attached(&packet(&[0x2e, 0x20, 0, 6])), None);
        assert_eq!(attached(&packet(&[0x2c, 0])), None);
    }
}

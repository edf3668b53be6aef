//! The basic settings exchange and the channels from the server's side ([MS-RDPBCGR] 1.3.1.1,
//! 2.2.1.3 to 2.2.1.9).

use std::io;

use crate::act;
use crate::negotiate::read_tpkt;
use crate::script::{Licence, Script};
use crate::wire::Wire;

/// The I/O channel and the user's channel, as Windows numbers them.
const IO_CHANNEL: u16 = 1003;
const USER_CHANNEL: u16 = 1007;
/// More virtual channels than this are a protocol error (2.2.1.3.4).
const MOST_CHANNELS: u16 = 31;
/// TPKT and X.224 Data header.
const HEADER: usize = 7;

/// Answers until the client leaves or sends what belongs to a session.
pub(crate) async fn run(mut wire: Wire, script: &Script, requested: u32) -> io::Result<()> {
    let Some(initial) = read_tpkt(&mut wire).await? else {
        wire.close().await;
        return Ok(());
    };
    if initial.get(HEADER..HEADER + 2) != Some(&[0x7f, 0x65]) {
        wire.close().await;
        return Ok(());
    }
    if let Some(act) = script.mcs {
        return act::perform(act, wire).await;
    }
    wire.say(&connect_response(requested, channel_count(&initial)))
        .await?;
    while let Some(packet) = read_tpkt(&mut wire).await? {
        // The choice of the DomainMCSPDU ([T.125] section 7) stands in the upper six bits.
        match packet.get(HEADER).map(|first| first >> 2) {
            // ErectDomainRequest: nothing to answer.
            Some(1) => {}
            // AttachUserRequest, and the confirm with the user's channel.
            Some(10) => {
                let confirm = [&[0x2e, 0][..], &user()].concat();
                wire.say(&domain_pdu(&confirm)).await?;
            }
            // ChannelJoinRequest: granted as asked.
            Some(14) => {
                let channel = packet.get(HEADER + 3..HEADER + 5).unwrap_or(&[0, 0]);
                let confirm = [&[0x3e, 0][..], &user(), channel, channel].concat();
                wire.say(&domain_pdu(&confirm)).await?;
            }
            // SendDataRequest: the client introduces itself, and hears about licences.
            Some(25) => {
                match script.licence {
                    Licence::Instead(act) => return act::perform(act, wire).await,
                    Licence::NotNeeded => wire.say(&licence_error(7)).await?,
                    Licence::Error(code) => wire.say(&licence_error(code)).await?,
                    Licence::Asked => wire.say(&licence_request()).await?,
                    Licence::ErrorInfo(code) => {
                        wire.say(&error_info(code)).await?;
                        wire.say(&domain_pdu(&PROVIDER_LEAVES)).await?;
                    }
                }
                // A session would begin here, and the lab has none.
                wire.discard().await;
                return Ok(());
            }
            // DisconnectProviderUltimatum, or nothing that is known.
            _ => break,
        }
    }
    wire.close().await;
    Ok(())
}

/// A Disconnect Provider Ultimatum, rn-provider-initiated.
const PROVIDER_LEAVES: [u8; 2] = [0x20, 0x80];

/// A licensing message behind its security header (2.2.1.12, 2.2.8.1.1.2.1), in a Send Data
/// Indication on the I/O channel.
fn licence(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut data = vec![0x80, 0, 0, 0, kind, 3];
    data.extend(short(body.len() + 4).to_le_bytes());
    data.extend_from_slice(body);
    indication(&data)
}

/// LICENSE_ERROR_MESSAGE (2.2.1.12.1.3): ST_NO_TRANSITION, and no words.
fn licence_error(code: u32) -> Vec<u8> {
    let mut body = code.to_le_bytes().to_vec();
    body.extend([2, 0, 0, 0, 4, 0, 0, 0]);
    licence(0xff, &body)
}

/// The beginning of a SERVER_LICENSE_REQUEST ([MS-RDPELE] 2.2.2.1): a random and no product.
fn licence_request() -> Vec<u8> {
    licence(1, &[0x5a; 32])
}

/// A Set Error Info PDU (2.2.5.1) as it is sent under TLS, without a security header.
fn error_info(code: u32) -> Vec<u8> {
    let mut data = vec![22, 0, 0x17, 0];
    data.extend(USER_CHANNEL.to_le_bytes());
    data.extend([0xea, 3, 1, 0, 0, 1, 8, 0, 47, 0, 0, 0]);
    data.extend(code.to_le_bytes());
    indication(&data)
}

fn indication(data: &[u8]) -> Vec<u8> {
    let mut pdu = [&[0x68][..], &user(), &IO_CHANNEL.to_be_bytes(), &[0x70]].concat();
    pdu.extend((short(data.len()) | 0x8000).to_be_bytes());
    pdu.extend_from_slice(data);
    domain_pdu(&pdu)
}

/// The user's channel as it is written on the wire: counted from 1001.
fn user() -> [u8; 2] {
    (USER_CHANNEL - 1001).to_be_bytes()
}

/// How many virtual channels the client asks for in its network data (2.2.1.3.4).
fn channel_count(initial: &[u8]) -> u16 {
    let count = || {
        // The client's blocks follow the key "Duca" and a length in PER of one or two bytes.
        let key = initial.windows(4).position(|window| window == b"Duca")?;
        let rest = &initial[key + 4..];
        let mut blocks = rest.get(if rest.first()? & 0x80 == 0 { 1 } else { 2 }..)?;
        while let [kind_low, kind_high, low, high, ..] = *blocks {
            let length = usize::from(u16::from_le_bytes([low, high]));
            if [kind_low, kind_high] == [3, 0xc0] {
                return Some(u16::from_le_bytes([*blocks.get(4)?, *blocks.get(5)?]));
            }
            blocks = blocks.get(length.max(4)..)?;
        }
        None
    };
    count().unwrap_or(0).min(MOST_CHANNELS)
}

/// An MCS Connect Response with a GCC Conference Create Response (2.2.1.4).
fn connect_response(requested: u32, channels: u16) -> Vec<u8> {
    let mut blocks = Vec::new();
    // Server core data (2.2.1.4.2): version, clientRequestedProtocols, earlyCapabilityFlags.
    blocks.extend([1, 0x0c, 16, 0, 4, 0, 8, 0]);
    blocks.extend(requested.to_le_bytes());
    blocks.extend([7, 0, 0, 0]);
    // Server network data (2.2.1.4.4), padded to a multiple of four.
    let padding = channels % 2 * 2;
    blocks.extend([3, 0x0c]);
    blocks.extend((8 + 2 * channels + padding).to_le_bytes());
    blocks.extend(IO_CHANNEL.to_le_bytes());
    blocks.extend(channels.to_le_bytes());
    for channel in 0..channels {
        blocks.extend((IO_CHANNEL + 1 + channel).to_le_bytes());
    }
    blocks.extend(vec![0; usize::from(padding)]);
    // Server security data (2.2.1.4.3): no encryption under TLS, nor on a plain host of the lab.
    blocks.extend([2, 0x0c, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

    // ConferenceCreateResponse ([T.124] section 8.7): node, tag, result, one set of user data
    // with the key "McDn".
    let mut conference = vec![0x14, 0x76, 0x0a, 1, 1, 0, 1, 0xc0, 0];
    conference.extend(b"McDn");
    conference.extend(per_length(blocks.len()));
    conference.extend(blocks);
    let mut connect = vec![0, 5, 0, 0x14, 0x7c, 0, 1];
    connect.extend(per_length(conference.len()));
    connect.extend(conference);

    // Connect-Response ([T.125] section 7): rt-successful, calledConnectId 0, and the domain
    // parameters of a Windows host (4.1.4).
    let mut body = vec![0x0a, 1, 0, 2, 1, 0, 0x30, 0x1a];
    body.extend([2, 1, 0x22, 2, 1, 3, 2, 1, 0, 2, 1, 1, 2, 1, 0, 2, 1, 1]);
    body.extend([2, 3, 0, 0xff, 0xf8, 2, 1, 2]);
    body.extend(ber(&[4], &connect));
    domain_pdu(&ber(&[0x7f, 0x66], &body))
}

/// A value in BER with a length of three bytes, as Windows writes lengths here.
fn ber(tag: &[u8], value: &[u8]) -> Vec<u8> {
    let mut out = tag.to_vec();
    out.push(0x82);
    out.extend(short(value.len()).to_be_bytes());
    out.extend_from_slice(value);
    out
}

/// A length in aligned PER ([X.691] 11.9).
fn per_length(length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(small) if small < 0x80 => vec![small],
        _ => (short(length) | 0x8000).to_be_bytes().to_vec(),
    }
}

/// An MCS PDU in an X.224 Data TPDU in a TPKT.
fn domain_pdu(pdu: &[u8]) -> Vec<u8> {
    let mut out = vec![3, 0];
    out.extend(short(pdu.len() + HEADER).to_be_bytes());
    out.extend([2, 0xf0, 0x80]);
    out.extend_from_slice(pdu);
    out
}

/// Sizes of what the lab itself makes: all far below the limit.
fn short(size: usize) -> u16 {
    u16::try_from(size).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_agree_with_the_bytes() {
        for channels in [0, 1, 4, MOST_CHANNELS] {
            let bytes = connect_response(11, channels);
            assert_eq!(
                usize::from(u16::from_be_bytes([bytes[2], bytes[3]])),
                bytes.len()
            );
            assert_eq!(bytes[4..10], [2, 0xf0, 0x80, 0x7f, 0x66, 0x82]);
            let inner = usize::from(u16::from_be_bytes([bytes[10], bytes[11]]));
            assert_eq!(inner, bytes.len() - 12);
            let key = bytes
                .windows(4)
                .position(|w| w == b"McDn")
                .expect("the key");
            let long = bytes[key + 4] & 0x80 != 0;
            let first = key + 5 + usize::from(long);
            assert_eq!(bytes[first..first + 4], [1, 0x0c, 16, 0]);
            assert_eq!(bytes[first + 8..first + 12], [11, 0, 0, 0]);
            assert_eq!(bytes[first + 16..first + 18], [3, 0x0c]);
        }
    }

    #[test]
    fn channels_are_counted_behind_the_clients_other_blocks() {
        let mut initial = b"\x03\0\0\0Duca".to_vec();
        initial.extend([
            0x80, 20, 1, 0xc0, 8, 0, 0, 0, 0, 0, 3, 0xc0, 8, 0, 3, 0, 0, 0,
        ]);
        assert_eq!(channel_count(&initial), 3);
        for cut in 0..initial.len() {
            assert!(channel_count(&initial[..cut]) <= 3);
        }
        assert_eq!(channel_count(b"Duca\x05\x01\xc0\0\0"), 0);
    }
}

//! The blocks of a host's settings in the GCC Conference Create Response ([MS-RDPBCGR] 2.2.1.4.2
//! to 2.2.1.4.4) that going on needs: how it encrypts, with which key, and its channels.
//!
//! Read by hand, since `ironrdp-pdu` takes no certificate of more than 1024 bytes, and the X.509
//! chain of a host with a licence server is longer.

use crate::cursor::Cursor;
use crate::x224::packet_length;

/// Channels that are joined at most; we ask for one.
const MOST_CHANNELS: usize = 4;
/// The longest server certificate that is kept, in bytes.
const LONGEST_CERTIFICATE: usize = 32 * 1024;

/// What a host's settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// RDP version of the core data.
    pub version: Option<u32>,
    /// `encryptionMethod` of the security data; 0 under TLS.
    pub method: u32,
    /// `encryptionLevel` of the security data.
    pub level: u32,
    /// `serverRandom`; empty where the host does not encrypt.
    pub random: Vec<u8>,
    /// `serverCertificate`; empty where the host does not encrypt.
    pub certificate: Vec<u8>,
    /// The I/O channel.
    pub io_channel: u16,
    /// The virtual channels, in the order in which they were asked for.
    pub channels: Vec<u16>,
}

impl Settings {
    /// Reads an MCS Connect Response, one TPKT packet. `None` where the blocks cannot be read, or
    /// where the security or network data is missing.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let packet = bytes.get(..packet_length(bytes).ok()??)?;
        // The key of the server's user data ([T.124] 8.7), then its length in PER
        let key = packet.windows(4).position(|w| w == b"McDn")?;
        let mut c = Cursor::new(packet.get(key + 4..)?);
        let first = c.u8()?;
        let length = if first & 0x80 == 0 {
            usize::from(first)
        } else {
            usize::from(first & 0x3f) << 8 | usize::from(c.u8()?)
        };
        let mut blocks = Cursor::new(c.take(length)?);
        let mut out = Self::default();
        let (mut secured, mut connected) = (false, false);
        while let (Some(kind), Some(length)) = (blocks.u16_le(), blocks.u16_le()) {
            let mut block = Cursor::new(blocks.take(usize::from(length).checked_sub(4)?)?);
            match kind {
                0x0c01 => out.version = Some(block.u32_le()?),
                0x0c02 => {
                    out.security(&mut block)?;
                    secured = true;
                }
                0x0c03 => {
                    out.network(&mut block)?;
                    connected = true;
                }
                _ => {}
            }
        }
        (secured && connected).then_some(out)
    }

    fn security(&mut self, block: &mut Cursor<'_>) -> Option<()> {
        self.method = block.u32_le()?;
        self.level = block.u32_le()?;
        if self.method == 0 && self.level == 0 {
            return Some(());
        }
        let sizes = (block.u32_le()?, block.u32_le()?);
        let random = usize::try_from(sizes.0).ok()?;
        let certificate = usize::try_from(sizes.1).ok()?;
        if certificate > LONGEST_CERTIFICATE {
            return None;
        }
        self.random = block.take(random)?.to_vec();
        self.certificate = block.take(certificate)?.to_vec();
        Some(())
    }

    fn network(&mut self, block: &mut Cursor<'_>) -> Option<()> {
        self.io_channel = block.u16_le()?;
        let count = usize::from(block.u16_le()?);
        for _ in 0..count.min(MOST_CHANNELS) {
            self.channels.push(block.u16_le()?);
        }
        Some(())
    }
}

/// The word of the fact `mcs.encryption_level` for a level ([MS-RDPBCGR] 2.2.1.4.3).
pub const fn level_word(level: u32) -> &'static str {
    match level {
        0 => "none",
        1 => "low",
        2 => "client-compatible",
        3 => "high",
        4 => "fips",
        _ => "other",
    }
}

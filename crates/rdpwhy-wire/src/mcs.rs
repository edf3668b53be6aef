//! The basic settings exchange: MCS Connect Initial and Response with the GCC blocks in them
//! ([MS-RDPBCGR] 2.2.1.3 and 2.2.1.4), by `ironrdp-pdu`.

use std::borrow::Cow;

use ironrdp_core::{decode, encode_vec};
use ironrdp_pdu::gcc::{
    ChannelDef, ChannelName, ChannelOptions, ClientCoreData, ClientCoreOptionalData,
    ClientEarlyCapabilityFlags, ClientGccBlocks, ClientNetworkData, ClientSecurityData, ColorDepth,
    EncryptionMethod, HighColorDepth, KeyboardType, RdpVersion, SecureAccessSequence,
    SupportedColorDepths,
};
use ironrdp_pdu::mcs::{ConnectInitial, ConnectResponse};
use ironrdp_pdu::nego::SecurityProtocol;
use ironrdp_pdu::x224::{X224, X224Data};

use crate::settings::Settings;
use crate::x224::packet_length;

/// A Connect Initial as a plain desktop client sends it, as one TPKT packet. `selected` is the
/// protocol that the host chose in the negotiation. It announces `rdpwhy` as the client's name, so
/// that a host's log shows who asked.
///
/// Empty when the library refuses its own types, which no input of ours makes it do.
pub fn connect_initial(selected: u32) -> Vec<u8> {
    let core = ClientCoreData {
        version: RdpVersion::V10_11,
        desktop_width: 1024,
        desktop_height: 768,
        color_depth: ColorDepth::Bpp8,
        sec_access_sequence: SecureAccessSequence::Del,
        keyboard_layout: 0x409,
        client_build: 26100,
        client_name: "rdpwhy".to_owned(),
        keyboard_type: KeyboardType::IBM_ENHANCED,
        keyboard_subtype: 0,
        keyboard_functional_keys_count: 12,
        ime_file_name: String::new(),
        optional_data: ClientCoreOptionalData {
            post_beta2_color_depth: Some(ColorDepth::Bpp8),
            client_product_id: Some(1),
            serial_number: Some(0),
            high_color_depth: Some(HighColorDepth::Bpp24),
            supported_color_depths: Some(SupportedColorDepths::all()),
            early_capability_flags: Some(ClientEarlyCapabilityFlags::SUPPORT_ERR_INFO_PDU),
            dig_product_id: Some(String::new()),
            connection_type: None,
            server_selected_protocol: None,
            desktop_physical_width: None,
            desktop_physical_height: None,
            desktop_orientation: None,
            desktop_scale_factor: None,
            device_scale_factor: None,
        },
    };
    let mut blocks = ClientGccBlocks {
        core,
        security: ClientSecurityData {
            encryption_methods: EncryptionMethod::all(),
            ext_encryption_methods: 0,
        },
        network: Some(ClientNetworkData {
            channels: vec![ChannelDef {
                name: ChannelName::from_static(b"rdpdr\0\0\0"),
                options: ChannelOptions::INITIALIZED,
            }],
        }),
        cluster: None,
        monitor: None,
        message_channel: None,
        multi_transport_channel: None,
        monitor_extended: None,
    };
    let optional = &mut blocks.core.optional_data;
    optional.connection_type = Some(ironrdp_pdu::gcc::ConnectionType::Lan);
    optional.server_selected_protocol = Some(SecurityProtocol::from_bits_retain(selected));
    let body = ConnectInitial::with_gcc_blocks(blocks)
        .ok()
        .and_then(|i| encode_vec(&i).ok());
    body.and_then(|data| {
        encode_vec(&X224(X224Data {
            data: Cow::Owned(data),
        }))
        .ok()
    })
    .unwrap_or_default()
}

/// What a host answered to a Connect Initial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A Connect Response that accepts.
    Response {
        /// RDP version of the host, as in the core data.
        version: u32,
        /// Encryption method of Standard RDP Security; 0 under TLS.
        encryption_method: u32,
        /// Encryption level of Standard RDP Security, where the block can be read by itself.
        encryption_level: Option<u32>,
        /// maxChannelIds of the domain parameters, where the library reads the whole.
        max_channels: Option<u32>,
    },
    /// A Connect Response with another result than success (T.125 7, Result).
    Refused(u8),
    /// A Disconnect Provider Ultimatum.
    Disconnect,
    /// Something that cannot be read as any of these.
    Malformed,
}

/// Reads the answer, one TPKT packet.
pub fn read_answer(bytes: &[u8]) -> Answer {
    // What follows the packet is none of the answer; the library would read it as more blocks
    let packet = match packet_length(bytes) {
        Ok(Some(n)) => bytes.get(..n).unwrap_or(bytes),
        _ => return Answer::Malformed,
    };
    // TPKT, X.224 data header, then the MCS PDU
    let [_, _, _, _, 0x02, 0xf0, _, pdu @ ..] = packet else {
        return Answer::Malformed;
    };
    match *pdu {
        [0x7f, 0x66, ..] => {}
        [first, ..] if first >> 2 == 8 => return Answer::Disconnect,
        _ => return Answer::Malformed,
    }
    match result(pdu) {
        Some(0) => {}
        Some(code) => return Answer::Refused(code),
        None => return Answer::Malformed,
    }
    let settings = Settings::read(packet);
    match (decode::<ConnectResponse>(pdu), settings) {
        (Ok(response), settings) => {
            let blocks = response.conference_create_response.gcc_blocks();
            Answer::Response {
                version: blocks.core.version.0,
                encryption_method: blocks.security.encryption_method.bits(),
                encryption_level: settings.map(|s| s.level),
                max_channels: Some(response.domain_parameters.max_channel_ids),
            }
        }
        // What is too long for the library is no fault of the host
        (Err(_), Some(settings)) if settings.version.is_some() => Answer::Response {
            version: settings.version.unwrap_or_default(),
            encryption_method: settings.method,
            encryption_level: Some(settings.level),
            max_channels: None,
        },
        _ => Answer::Malformed,
    }
}

/// The result code, which stands first in the response and which the library passes over.
fn result(pdu: &[u8]) -> Option<u8> {
    let length_octets = match *pdu.get(2)? {
        n if n < 0x80 => 1,
        n => 1 + usize::from(n & 0x7f),
    };
    match pdu.get(2 + length_octets..)? {
        [0x0a, 0x01, code, ..] => Some(*code),
        _ => None,
    }
}

/// The word of the fact `mcs.encryption` for a method ([MS-RDPBCGR] 2.2.1.4.3).
pub const fn encryption_word(method: u32) -> &'static str {
    match method {
        0 => "none",
        1 => "40-bit",
        2 => "128-bit",
        8 => "56-bit",
        0x10 => "fips",
        _ => "other",
    }
}

/// RDP version of the core data, for people ([MS-RDPBCGR] 2.2.1.4.2).
pub fn version_name(version: u32) -> String {
    match version {
        0x0008_0001 => "RDP 4.0".into(),
        0x0008_0004 => "RDP 5.0 to 8.1".into(),
        0x0008_0005..=0x0008_0011 => format!("RDP 10.{}", version - 0x0008_0005),
        _ => format!("unknown (0x{version:08X})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_packet_and_names_us() {
        let bytes = connect_initial(1);
        assert_eq!(crate::x224::packet_length(&bytes), Ok(Some(bytes.len())));
        let name: Vec<u8> = "rdpwhy".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(bytes.windows(name.len()).any(|w| w == name));
    }

    #[test]
    fn answers_that_are_none() {
        // result 5, rt-unspecified-failure, in a response that is cut off after it
        let refused = [3, 0, 0, 13, 2, 0xf0, 0x80, 0x7f, 0x66, 3, 0x0a, 1, 5];
        assert_eq!(read_answer(&refused), Answer::Refused(5));
        let cut = [3, 0, 0, 13, 2, 0xf0, 0x80, 0x7f, 0x66, 3, 0x0a, 1, 0];
        assert_eq!(read_answer(&cut), Answer::Malformed);
        assert_eq!(
            read_answer(&[3, 0, 0, 9, 2, 0xf0, 0x80, 0x21, 0x80]),
            Answer::Disconnect
        );
        assert_eq!(read_answer(&[]), Answer::Malformed);
    }

    /// The byte after the seventh is a blank, which would be the choice of a disconnect.
    #[test]
    fn text_is_no_disconnect() {
        assert_eq!(read_answer(b"Welcome to the host"), Answer::Malformed);
        let request = [3, 0, 0, 11, 6, 0xe0, 0, 0x21, 0, 0, 0];
        assert_eq!(read_answer(&request), Answer::Malformed);
    }
}

//! CredSSP's outer message, TSRequest ([MS-CSSP] 2.2.1), as far as a look without an account goes.

use sha2::{Digest as _, Sha256};

use crate::der::{element, header, tagged};
use crate::script::Framed;

/// The version that we state: that of Windows since 2018 (6), which knows nonces and error codes.
const OUR_VERSION: u8 = 6;

/// A TSRequest that carries one SPNEGO or NTLM token and nothing else.
pub fn request(token: &[u8]) -> Vec<u8> {
    let nego_token = tagged(0xa0, &tagged(0x04, token));
    let nego_data = tagged(0x30, &tagged(0x30, &nego_token));
    let mut fields = tagged(0xa0, &[0x02, 0x01, OUR_VERSION]);
    fields.extend(tagged(0xa1, &nego_data));
    tagged(0x30, &fields)
}

/// A TSRequest with the last token, if one is left, and the proof that the client saw the key of the
/// server's certificate ([MS-CSSP] 3.1.5). There is no way here to write authInfo: what delegates a
/// password cannot leave by mistake.
pub fn proof(token: Option<&[u8]>, pub_key_auth: &[u8], nonce: Option<&[u8; 32]>) -> Vec<u8> {
    let mut fields = tagged(0xa0, &[0x02, 0x01, OUR_VERSION]);
    if let Some(token) = token {
        let nego_token = tagged(0xa0, &tagged(0x04, token));
        fields.extend(tagged(0xa1, &tagged(0x30, &tagged(0x30, &nego_token))));
    }
    fields.extend(tagged(0xa3, &tagged(0x04, pub_key_auth)));
    if let Some(nonce) = nonce {
        fields.extend(tagged(0xa5, &tagged(0x04, nonce)));
    }
    tagged(0x30, &fields)
}

/// What a host's TSRequest says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TsRequest {
    /// CredSSP version.
    pub version: Option<i64>,
    /// The token, when there is one.
    pub token: Option<Vec<u8>>,
    /// NTSTATUS, when the host refuses.
    pub error_code: Option<u32>,
    /// The proof that the host has the key of its certificate, encrypted.
    pub pub_key_auth: Option<Vec<u8>>,
}

/// Reads a host's TSRequest. `None` when the bytes are none.
pub fn read(bytes: &[u8]) -> Option<TsRequest> {
    let (0x30, mut fields, _) = element(bytes)? else {
        return None;
    };
    let mut out = TsRequest::default();
    while !fields.is_empty() {
        let (tag, content, rest) = element(fields)?;
        match tag {
            0xa0 => out.version = integer(content),
            0xa1 => out.token = first_token(content),
            0xa3 => out.pub_key_auth = octets(content),
            0xa4 => {
                let code = integer(content)?;
                // written as a signed number by some, as an unsigned one by others
                out.error_code = u32::try_from(code & 0xffff_ffff).ok();
            }
            _ => {}
        }
        fields = rest;
    }
    Some(out)
}

fn first_token(content: &[u8]) -> Option<Vec<u8>> {
    let (0x30, sequence, _) = element(content)? else {
        return None;
    };
    let (0x30, item, _) = element(sequence)? else {
        return None;
    };
    let (0xa0, octets, _) = element(item)? else {
        return None;
    };
    let (0x04, token, _) = element(octets)? else {
        return None;
    };
    Some(token.to_vec())
}

fn octets(content: &[u8]) -> Option<Vec<u8>> {
    let (0x04, bytes, _) = element(content)? else {
        return None;
    };
    Some(bytes.to_vec())
}

/// The integer of that content, with its tag.
pub(crate) fn integer(content: &[u8]) -> Option<i64> {
    let (0x02, digits, _) = element(content)? else {
        return None;
    };
    if digits.is_empty() || digits.len() > 8 {
        return None;
    }
    let negative = digits.first()? & 0x80 != 0;
    Some(
        digits
            .iter()
            .fold(if negative { -1 } else { 0 }, |n, d| n << 8 | i64::from(*d)),
    )
}

/// Whether a whole DER sequence has come.
pub(crate) fn framed(bytes: &[u8]) -> Framed {
    let sequence = matches!(bytes, [] | [0x30, ..]);
    // Lengths without end, or in more than four octets, are none that CredSSP uses
    let endless = matches!(bytes, [_, 0x80 | 0x85.., ..]);
    match header(bytes) {
        _ if !sequence || endless => Framed::Wrong,
        Some((_, content, head)) if bytes.len() >= head + content => Framed::Whole,
        _ => Framed::More,
    }
}

/// What binds a sign-in to the public key that the client saw, since version 5: the client's hash of
/// its nonce and the key, which it sends protected as pubKeyAuth.
pub fn client_binding(nonce: &[u8; 32], key: &[u8]) -> Vec<u8> {
    binding(b"CredSSP Client-To-Server Binding Hash\0", nonce, key)
}

/// What the host must answer to that, protected.
pub fn server_binding(nonce: &[u8; 32], key: &[u8]) -> Vec<u8> {
    binding(b"CredSSP Server-To-Client Binding Hash\0", nonce, key)
}

fn binding(magic: &[u8], nonce: &[u8; 32], key: &[u8]) -> Vec<u8> {
    let hash = Sha256::new().chain_update(magic).chain_update(nonce);
    hash.chain_update(key).finalize().to_vec()
}

/// Whether a SPNEGO answer chooses NTLM (RFC 4178 4.2.2; the identifier is 1.3.6.1.4.1.311.2.2.10).
pub fn chooses_ntlm(token: &[u8]) -> bool {
    const NTLM: &[u8] = &[0x06, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
    token.first() == Some(&0xa1) && token.windows(NTLM.len()).any(|w| w == NTLM)
}

/// The NTLM message inside a token, which may be wrapped in SPNEGO.
pub fn ntlm_in(token: &[u8]) -> Option<&[u8]> {
    let at = token.windows(8).position(|w| w == b"NTLMSSP\0")?;
    token.get(at..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        for n in [0, 5, 127, 128, 300] {
            let token = vec![7; n];
            let bytes = request(&token);
            let read = read(&bytes).unwrap();
            assert_eq!(read.version, Some(6));
            assert_eq!(read.token, Some(token));
            assert_eq!(framed(&bytes), Framed::Whole);
            for cut in 0..bytes.len() {
                assert_eq!(framed(&bytes[..cut]), Framed::More);
            }
        }
    }

    #[test]
    fn a_proof_holds_token_key_and_nonce_and_nothing_else() {
        let bytes = proof(Some(&[1, 2]), &[3; 200], Some(&[9; 32]));
        let read = read(&bytes).unwrap();
        assert_eq!(read.token, Some(vec![1, 2]));
        assert_eq!(read.pub_key_auth, Some(vec![3; 200]));
        let (_, mut fields, _) = element(&bytes).unwrap();
        let mut tags = Vec::new();
        while let Some((tag, _, rest)) = element(fields) {
            tags.push(tag);
            fields = rest;
        }
        assert_eq!(tags, [0xa0, 0xa1, 0xa3, 0xa5]);
        assert_eq!(framed(&proof(None, &[], None)), Framed::Whole);
    }

    #[test]
    fn an_error_code_is_read_signed_or_not() {
        let signed = [
            0x30, 0x0d, 0xa0, 3, 2, 1, 6, 0xa4, 6, 2, 4, 0xc0, 0, 0, 0x6d,
        ];
        assert_eq!(read(&signed).unwrap().error_code, Some(0xc000_006d));
        let unsigned = [
            0x30, 0x0e, 0xa0, 3, 2, 1, 6, 0xa4, 7, 2, 5, 0, 0xc0, 0, 0, 0x6d,
        ];
        assert_eq!(read(&unsigned).unwrap().error_code, Some(0xc000_006d));
    }

    #[test]
    fn lengths_that_lie_are_no_message() {
        assert_eq!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(read(&[0x30, 0x80]), None);
        assert_eq!(framed(b"HTTP"), Framed::Wrong);
    }
}

//! CredSSP from the server's side ([MS-CSSP] 3.1.5): as far as the answer to an account, which is
//! never a good one.

use std::io;

use crate::der::{self, nested, tlv};
use crate::machine::Machine;
use crate::script::{Account, Nla};
use crate::wire::Wire;
use crate::{act, ntlm};

/// Larger requests than this are not read.
const LARGEST: usize = 0x10000;
/// SEC_E_INVALID_TOKEN: for tokens of mechanisms that the lab does not speak.
const INVALID_TOKEN: u32 = 0x8009_0308;
/// The object identifier of NTLM, 1.3.6.1.4.1.311.2.2.10 ([MS-SPNG] 1.9).
const NTLM_OID: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10];
/// How often a client may ask again before its sign-in is refused.
const ROUNDS: usize = 3;

/// What a security token asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// An NTLM NEGOTIATE_MESSAGE, and whether it came in SPNEGO.
    Negotiate(&'a [u8], bool),
    /// SPNEGO that offers NTLM behind another mechanism.
    OffersNtlm,
    /// An attempt to sign in, or something else.
    Other,
    /// No token.
    Missing,
}

/// Challenges whoever asks, and refuses whoever answers, each fault in its way.
pub(crate) async fn run(mut wire: Wire, nla: &Nla, machine: &Machine) -> io::Result<()> {
    let mut challenged = false;
    for _ in 0..ROUNDS {
        let Some(request) = read_request(&mut wire).await? else {
            break;
        };
        if let Some(act) = nla.instead {
            return act::perform(act, wire).await;
        }
        let answer = match token(&request) {
            Token::Negotiate(message, in_spnego) if !challenged => {
                challenged = true;
                let mut nonce = [0; 8];
                openssl::rand::rand_bytes(&mut nonce)?;
                let challenge = ntlm::challenge(message, machine, nla.ahead, nonce);
                let token = if in_spnego {
                    spnego(Some(&challenge))
                } else {
                    challenge
                };
                with_token(nla.version, &token)
            }
            Token::OffersNtlm if !challenged => with_token(nla.version, &spnego(None)),
            refused => {
                let status = match nla.account {
                    _ if !challenged => INVALID_TOKEN,
                    Account::Refuse(status) => status,
                    Account::Do(act) => return act::perform(act, wire).await,
                    Account::WrongProof => {
                        wire.say(&with_proof(nla.version, &[0x5a; 48])).await?;
                        wire.discard().await;
                        return Ok(());
                    }
                };
                // Before version 3 there was no errorCode: the connection just ended (2.2.1).
                if refused != Token::Missing && nla.version >= 3 {
                    wire.say(&with_error(nla.version, status)).await?;
                }
                break;
            }
        };
        wire.say(&answer).await?;
    }
    wire.close().await;
    Ok(())
}

/// Reads one TSRequest; `None` when something else comes or the client leaves.
async fn read_request(wire: &mut Wire) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    if !wire.fill(&mut bytes, 2).await? || bytes[0] != 0x30 {
        return Ok(None);
    }
    let (more, mut length) = der::length_form(bytes[1]);
    if more > 4 || !wire.fill(&mut bytes, more).await? {
        return Ok(None);
    }
    length = bytes[2..]
        .iter()
        .fold(length, |n, b| n << 8 | usize::from(*b));
    Ok((length <= LARGEST && wire.fill(&mut bytes, length).await?).then_some(bytes))
}

/// The security token in a TSRequest.
fn token(request: &[u8]) -> Token<'_> {
    let Some(token) = nego_token(request) else {
        return Token::Missing;
    };
    let in_spnego = !token.starts_with(ntlm::SIGNATURE);
    // Where exactly NTLM stands in SPNEGO (mechToken, responseToken) makes no difference here.
    let at = token
        .windows(8)
        .position(|window| window == ntlm::SIGNATURE);
    match at.map(|at| &token[at..]) {
        Some(message) if message.get(8) == Some(&ntlm::NEGOTIATE) => {
            Token::Negotiate(message, in_spnego)
        }
        None if token
            .windows(NTLM_OID.len())
            .any(|window| window == NTLM_OID) =>
        {
            Token::OffersNtlm
        }
        _ => Token::Other,
    }
}

/// The first of the negoTokens ([1], 2.2.1.1).
fn nego_token(request: &[u8]) -> Option<&[u8]> {
    let (_, mut fields, _) = der::read(request)?;
    while let Some((tag, value, rest)) = der::read(fields) {
        if tag == 0xa1 {
            let (_, list, _) = der::read(value)?;
            let (_, item, _) = der::read(list)?;
            let (_, wrapped, _) = der::read(item)?;
            return der::read(wrapped).map(|(_, token, _)| token);
        }
        fields = rest;
    }
    None
}

/// A TSRequest with a token.
fn with_token(version: u8, token: &[u8]) -> Vec<u8> {
    let item = tlv(0x30, &tlv(0xa0, &tlv(4, token)));
    nested(
        0x30,
        &[tlv(0xa0, &[2, 1, version]), tlv(0xa1, &tlv(0x30, &item))],
    )
}

/// A TSRequest with a pubKeyAuth.
fn with_proof(version: u8, proof: &[u8]) -> Vec<u8> {
    let proof = tlv(0xa3, &tlv(4, proof));
    nested(0x30, &[tlv(0xa0, &[2, 1, version]), proof])
}

/// A TSRequest with an errorCode.
fn with_error(version: u8, status: u32) -> Vec<u8> {
    let code = tlv(0xa4, &tlv(2, &status.to_be_bytes()));
    nested(0x30, &[tlv(0xa0, &[2, 1, version]), code])
}

/// A NegTokenResp that is not done yet and chooses NTLM ([RFC 4178] 4.2.2).
fn spnego(token: Option<&[u8]>) -> Vec<u8> {
    let mut fields = vec![tlv(0xa0, &[10, 1, 1]), tlv(0xa1, &tlv(6, NTLM_OID))];
    if let Some(token) = token {
        fields.push(tlv(0xa2, &tlv(4, token)));
    }
    tlv(0xa1, &nested(0x30, &fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_apart() {
        let raw = b"NTLMSSP\0\x01\0\0\0";
        assert_eq!(token(&with_token(6, raw)), Token::Negotiate(raw, false));
        assert_eq!(
            token(&with_token(6, &spnego(Some(raw)))),
            Token::Negotiate(raw, true)
        );
        assert_eq!(token(&with_token(6, &spnego(None))), Token::OffersNtlm);
        assert_eq!(token(&with_token(6, b"NTLMSSP\0\x03\0\0\0")), Token::Other);
        assert_eq!(token(&with_error(6, 0xc000_006d)), Token::Missing);
    }

    #[test]
    fn an_error_code_has_four_bytes() {
        assert_eq!(
            with_error(6, 0xc000_006d),
            [0x30, 13, 0xa0, 3, 2, 1, 6, 0xa4, 6, 2, 4, 0xc0, 0, 0, 0x6d]
        );
    }
}

//! CredSSP from the server's side ([MS-CSSP] 3.1.5): as far as the answer to an account, which is
//! never a good one.

use std::io;

use crate::der::{self, nested, tlv};
use crate::machine::Machine;
use crate::script::{Account, NTLM, Nla};
use crate::wire::Wire;
use crate::{act, ntlm};

/// Larger requests than this are not read.
const LARGEST: usize = 0x10000;
/// SEC_E_INVALID_TOKEN: for tokens of mechanisms that the lab does not speak.
const INVALID_TOKEN: u32 = 0x8009_0308;
/// How often a client may ask again before its sign-in is refused.
const ROUNDS: usize = 3;

/// What a security token asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// An NTLM NEGOTIATE_MESSAGE, and whether it came in SPNEGO.
    Negotiate(&'a [u8], bool),
    /// SPNEGO that lists mechanisms and carries no token of NTLM.
    List(Vec<&'a [u8]>),
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
            Token::Negotiate(message, in_spnego)
                if !challenged && nla.mechanisms.contains(&NTLM) =>
            {
                challenged = true;
                let mut nonce = [0; 8];
                openssl::rand::rand_bytes(&mut nonce)?;
                let challenge = ntlm::challenge(message, machine, nla.ahead, nonce);
                let token = if in_spnego {
                    chooses(NTLM, Some(&challenge))
                } else {
                    challenge
                };
                with_token(nla.version, &token)
            }
            Token::List(list) if !challenged => {
                let chosen = list.iter().find(|m| nla.mechanisms.contains(m));
                let Some(mechanism) = chosen else {
                    wire.say(&with_token(nla.version, &REJECTED)).await?;
                    break;
                };
                // The client goes on with a token of it, or leaves.
                with_token(nla.version, &chooses(mechanism, None))
            }
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
        None => list(token).map_or(Token::Other, Token::List),
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

/// A NegTokenResp that rejects ([RFC 4178] 4.2.2).
const REJECTED: [u8; 9] = [0xa1, 7, 0x30, 5, 0xa0, 3, 10, 1, 2];

/// A NegTokenResp that is not done yet and chooses a mechanism, with its token where it has one.
fn chooses(mechanism: &[u8], token: Option<&[u8]>) -> Vec<u8> {
    let mut fields = vec![tlv(0xa0, &[10, 1, 1]), tlv(0xa1, &tlv(6, mechanism))];
    if let Some(token) = token {
        fields.push(tlv(0xa2, &tlv(4, token)));
    }
    tlv(0xa1, &nested(0x30, &fields))
}

/// The identifiers in a NegTokenInit ([RFC 4178] 4.2.1) behind the identifier of SPNEGO.
fn list(token: &[u8]) -> Option<Vec<&[u8]>> {
    let (0x60, content, _) = der::read(token)? else {
        return None;
    };
    let (6, _, init) = der::read(content)? else {
        return None;
    };
    let (0xa0, init, _) = der::read(init)? else {
        return None;
    };
    let (_, fields, _) = der::read(init)?;
    let (0xa0, types, _) = der::read(fields)? else {
        return None;
    };
    let (_, mut rest, _) = der::read(types)?;
    let mut out = Vec::new();
    while let Some((6, identifier, more)) = der::read(rest) {
        out.push(identifier);
        rest = more;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_apart() {
        let raw = b"NTLMSSP\0\x01\0\0\0";
        assert_eq!(token(&with_token(6, raw)), Token::Negotiate(raw, false));
        assert_eq!(
            token(&with_token(6, &chooses(NTLM, Some(raw)))),
            Token::Negotiate(raw, true)
        );
        // [RFC 4178] 4.2.1 by hand, with one mechanism
        let mut init = vec![0x60, 0x1a, 6, 6, 0x2b, 6, 1, 5, 5, 2, 0xa0, 0x10, 0x30, 14];
        init.extend([0xa0, 12, 0x30, 10 + 2]);
        init.extend(tlv(6, NTLM));
        let length = u8::try_from(init.len()).unwrap();
        for (at, head) in [(1, 2), (11, 12), (13, 14), (15, 16), (17, 18)] {
            init[at] = length - head;
        }
        assert_eq!(token(&with_token(6, &init)), Token::List(vec![NTLM]));
        assert_eq!(token(&with_token(6, &init[..20])), Token::Other);
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

//! SPNEGO (RFC 4178, [MS-SPNG]) as far as the question which mechanisms a host takes: a list of
//! mechanisms without a token of any, and what the host makes of it. No user is named in it.

use crate::der::{element, tagged};

/// A mechanism that a host may take for signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mechanism {
    /// Kerberos by the identifier that Windows sends first, 1.2.840.48018.1.2.2 ([MS-SPNG] 3.1.5).
    KerberosMicrosoft,
    /// Kerberos, 1.2.840.113554.1.2.2 (RFC 4121).
    Kerberos,
    /// NEGOEX, 1.3.6.1.4.1.311.2.2.30, in which PKU2U stands ([MS-NEGOEX]).
    NegoEx,
    /// NTLM, 1.3.6.1.4.1.311.2.2.10 ([MS-NLMP]).
    Ntlm,
}

/// The most mechanisms of a host's list that are read.
const MOST: usize = 16;

impl Mechanism {
    /// All of them, in the order in which a Windows client lists them.
    pub const ALL: [Self; 4] = [
        Self::KerberosMicrosoft,
        Self::Kerberos,
        Self::NegoEx,
        Self::Ntlm,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::KerberosMicrosoft | Self::Kerberos => "Kerberos",
            Self::NegoEx => "NEGOEX",
            Self::Ntlm => "NTLM",
        }
    }

    /// Its object identifier, as DER has it behind tag and length.
    const fn identifier(self) -> &'static [u8] {
        match self {
            Self::KerberosMicrosoft => &[0x2a, 0x86, 0x48, 0x82, 0xf7, 0x12, 1, 2, 2],
            Self::Kerberos => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2],
            Self::NegoEx => &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 30],
            Self::Ntlm => &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 2, 10],
        }
    }

    fn of(identifier: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.identifier() == identifier)
    }
}

/// SPNEGO's own identifier, 1.3.6.1.5.5.2.
const SPNEGO: [u8; 8] = [6, 6, 0x2b, 6, 1, 5, 5, 2];

/// A NegTokenInit that lists these mechanisms and carries no token of any (RFC 4178 4.2.1).
pub fn list(mechanisms: &[Mechanism]) -> Vec<u8> {
    let identifiers: Vec<u8> = mechanisms
        .iter()
        .flat_map(|m| tagged(6, m.identifier()))
        .collect();
    let types = tagged(0xa0, &tagged(0x30, &identifiers));
    let init = tagged(0xa0, &tagged(0x30, &types));
    tagged(0x60, &[&SPNEGO[..], &init].concat())
}

/// What a host answers to a list of mechanisms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A NegTokenResp that goes on, with the mechanism that it chooses, where it names one that is
    /// known.
    Chosen(Option<Mechanism>),
    /// A NegTokenResp that rejects.
    Rejected,
    /// A list of its own (NegTokenInit2, [MS-SPNG] 2.2.1), as far as its entries are known.
    List(Vec<Mechanism>),
}

/// Reads a host's token. `None` when it is no SPNEGO.
pub fn read(token: &[u8]) -> Option<Answer> {
    let (tag, content, _) = element(token)?;
    match tag {
        0xa1 => response(content),
        // With the identifier before it, as the first token of a context has it, or without
        0x60 => {
            let inner = content.strip_prefix(&SPNEGO[..])?;
            let (0xa0, init, _) = element(inner)? else {
                return None;
            };
            own_list(init)
        }
        0xa0 => own_list(content),
        _ => None,
    }
}

/// NegTokenResp (RFC 4178 4.2.2).
fn response(content: &[u8]) -> Option<Answer> {
    let (0x30, mut fields, _) = element(content)? else {
        return None;
    };
    let mut state = None;
    let mut chosen = None;
    while !fields.is_empty() {
        let (tag, field, rest) = element(fields)?;
        match tag {
            0xa0 => {
                let (0x0a, value, _) = element(field)? else {
                    return None;
                };
                let [value] = value else {
                    return None;
                };
                state = Some(*value);
            }
            0xa1 => {
                let (6, identifier, _) = element(field)? else {
                    return None;
                };
                chosen = Mechanism::of(identifier);
            }
            _ => {}
        }
        fields = rest;
    }
    Some(match state {
        Some(2) => Answer::Rejected,
        _ => Answer::Chosen(chosen),
    })
}

fn own_list(content: &[u8]) -> Option<Answer> {
    let (0x30, fields, _) = element(content)? else {
        return None;
    };
    let (0xa0, types, _) = element(fields)? else {
        return None;
    };
    let (0x30, mut identifiers, _) = element(types)? else {
        return None;
    };
    let mut known = Vec::new();
    for _ in 0..MOST {
        if identifiers.is_empty() {
            break;
        }
        let (6, identifier, rest) = element(identifiers)? else {
            return None;
        };
        known.extend(Mechanism::of(identifier));
        identifiers = rest;
    }
    Some(Answer::List(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4178 4.2.2 by hand: accept-incomplete, NTLM.
    #[test]
    fn a_choice_is_read() {
        let ntlm = [
            0xa1, 0x15, 0x30, 0x13, 0xa0, 3, 0x0a, 1, 1, 0xa1, 0x0c, 6, 0x0a, 0x2b, 6, 1, 4, 1,
            0x82, 0x37, 2, 2, 10,
        ];
        assert_eq!(read(&ntlm), Some(Answer::Chosen(Some(Mechanism::Ntlm))));
        let unknown = [0xa1, 9, 0x30, 7, 0xa1, 5, 6, 3, 0x2a, 3, 4];
        assert_eq!(read(&unknown), Some(Answer::Chosen(None)));
        let rejected = [0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, 2];
        assert_eq!(read(&rejected), Some(Answer::Rejected));
        for n in 0..ntlm.len() {
            assert_eq!(read(&ntlm[..n]), None, "{n} bytes");
        }
    }

    #[test]
    fn our_list_is_a_list() {
        for n in 0..=4 {
            let some = &Mechanism::ALL[..n];
            assert_eq!(read(&list(some)), Some(Answer::List(some.to_vec())));
        }
    }

    #[test]
    fn an_ntlm_message_is_no_spnego() {
        assert_eq!(read(&crate::ntlm::negotiate()), None);
        assert_eq!(read(&[]), None);
    }
}

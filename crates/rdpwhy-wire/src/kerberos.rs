//! Kerberos messages, as far as a diagnosis looks into them (RFC 4120 5.4 and 5.9): what a request
//! to a domain controller (KDC) is, and why one was refused.

use crate::credssp::integer;
use crate::der::element;

/// PA-ENC-TIMESTAMP: the proof that the client knows the password.
const ENCRYPTED_TIMESTAMP: i64 = 2;
/// KERB_ERR_TYPE_EXTENDED ([MS-KILE] 2.2.2); Samba sends it as a PA-PW-SALT, which has the number too.
const EXTENDED: i64 = 3;

/// A message between a client and a KDC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// AS-REQ: a request for a ticket for the account.
    AsReq {
        /// Whether it holds the proof of the password: only then can a wrong one count.
        proof: bool,
    },
    /// AS-REP: the ticket for the account.
    AsRep,
    /// TGS-REQ: a request for a ticket for a service.
    TgsReq,
    /// TGS-REP: that ticket.
    TgsRep,
    /// KRB-ERROR.
    Error(KrbError),
}

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KrbError {
    /// The error code (RFC 4120 7.5.9).
    pub code: i64,
    /// The KDC's clock, in seconds since 1970.
    pub time: Option<i64>,
    /// The NTSTATUS in the error's data, where a KDC of Windows or Samba put one.
    pub ntstatus: Option<u32>,
}

/// Reads a message without its length. `None` when it is none of these.
pub fn read(bytes: &[u8]) -> Option<Message> {
    let (tag, content, _) = element(bytes)?;
    let (0x30, fields, _) = element(content)? else {
        return None;
    };
    Some(match tag {
        0x6a => Message::AsReq {
            proof: has_proof(fields),
        },
        0x6b => Message::AsRep,
        0x6c => Message::TgsReq,
        0x6d => Message::TgsRep,
        0x7e => Message::Error(error(fields)?),
        _ => return None,
    })
}

/// Whether the padata of a KDC-REQ ([3]) hold an encrypted time. What cannot be read might.
fn has_proof(mut fields: &[u8]) -> bool {
    while !fields.is_empty() {
        let Some((tag, content, rest)) = element(fields) else {
            return true;
        };
        if tag == 0xa3 {
            return pa_data(content).is_none_or(|all| {
                let mut types = all.iter().map(|(kind, _)| *kind);
                types.any(|kind| kind == ENCRYPTED_TIMESTAMP)
            });
        }
        fields = rest;
    }
    false
}

/// A SEQUENCE OF PA-DATA: type [1] and value [2] of each.
fn pa_data(bytes: &[u8]) -> Option<Vec<(i64, &[u8])>> {
    let (0x30, mut items, _) = element(bytes)? else {
        return None;
    };
    let mut out = Vec::new();
    while !items.is_empty() {
        let (0x30, item, rest) = element(items)? else {
            return None;
        };
        out.push(typed(item)?);
        items = rest;
    }
    Some(out)
}

/// Type [1] and value [2], as PA-DATA and KERB-ERROR-DATA have them.
fn typed(item: &[u8]) -> Option<(i64, &[u8])> {
    let (0xa1, kind, rest) = element(item)? else {
        return None;
    };
    let value = match element(rest) {
        Some((0xa2, value, _)) => element(value)?.1,
        _ => &[],
    };
    Some((integer(kind)?, value))
}

fn error(mut fields: &[u8]) -> Option<KrbError> {
    let mut out = KrbError::default();
    let mut code = None;
    while !fields.is_empty() {
        let (tag, content, rest) = element(fields)?;
        match tag {
            0xa4 => out.time = element(content).and_then(|(_, text, _)| time(text)),
            0xa6 => code = integer(content),
            0xac => out.ntstatus = element(content).and_then(|(_, data, _)| ntstatus(data)),
            _ => {}
        }
        fields = rest;
    }
    out.code = code?;
    Some(out)
}

/// The NTSTATUS in e-data: KERB-ERROR-DATA, or one among PA-DATA.
fn ntstatus(data: &[u8]) -> Option<u32> {
    let (0x30, inside, _) = element(data)? else {
        return None;
    };
    let all = match inside.first()? {
        0xa1 => vec![typed(inside)?],
        _ => pa_data(data)?,
    };
    let (_, value) = all.into_iter().find(|(kind, _)| *kind == EXTENDED)?;
    // KERB-EXT-ERROR: status, reserved, flags ([MS-KILE] 2.2.1); a salt has other lengths
    let status: [u8; 4] = value.get(..4)?.try_into().ok()?;
    let status = u32::from_le_bytes(status);
    (value.len() == 12 && status >> 30 == 3).then_some(status)
}

/// A KerberosTime, `YYYYMMDDhhmmssZ`, as seconds since 1970.
fn time(text: &[u8]) -> Option<i64> {
    let digits = text.strip_suffix(b"Z")?;
    if digits.len() != 14 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| {
        let digits = digits.get(range)?.iter();
        Some(digits.fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    };
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March end with the leap day
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = 365 * year + leaps + (153 * month + 2) / 5 + day - 719_469;
    Some(days * 86_400 + number(8..10)? * 3600 + number(10..12)? * 60 + number(12..14)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag, 0x81, u8::try_from(content.len()).unwrap()];
        out.extend(content);
        out
    }

    fn krb_error(code: u8, data: &[u8]) -> Vec<u8> {
        let fields = [
            tlv(0xa4, &tlv(0x18, b"20240229120001Z")),
            tlv(0xa6, &tlv(0x02, &[code])),
            tlv(0xac, &tlv(0x04, data)),
        ]
        .concat();
        tlv(0x7e, &tlv(0x30, &fields))
    }

    #[test]
    fn a_refusal_tells_code_clock_and_status() {
        let mut extended = 0xc000_0072u32.to_le_bytes().to_vec();
        extended.extend([0; 8]);
        let value = [tlv(0xa1, &[2, 1, 3]), tlv(0xa2, &tlv(4, &extended))].concat();
        // as Windows sends it, and as Samba does
        for data in [tlv(0x30, &value), tlv(0x30, &tlv(0x30, &value))] {
            let read = read(&krb_error(18, &data)).unwrap();
            let expected = KrbError {
                code: 18,
                time: Some(1_709_208_001),
                ntstatus: Some(0xc000_0072),
            };
            assert_eq!(read, Message::Error(expected));
        }
        // A salt is no status
        let salt = [tlv(0xa1, &[2, 1, 3]), tlv(0xa2, &tlv(4, b"LAB.TESTalic"))].concat();
        let Some(Message::Error(e)) = read(&krb_error(25, &tlv(0x30, &tlv(0x30, &salt)))) else {
            panic!("no error");
        };
        assert_eq!(e.ntstatus, None);
    }

    #[test]
    fn only_a_request_with_the_proof_counts() {
        let request = |kind: u8| {
            let item = [tlv(0xa1, &[2, 1, kind]), tlv(0xa2, &tlv(4, &[1]))].concat();
            let padata = tlv(0xa3, &tlv(0x30, &tlv(0x30, &item)));
            tlv(0x6a, &tlv(0x30, &[tlv(0xa1, &[2, 1, 5]), padata].concat()))
        };
        assert_eq!(read(&request(2)), Some(Message::AsReq { proof: true }));
        assert_eq!(read(&request(0x7f)), Some(Message::AsReq { proof: false }));
    }

    #[test]
    fn times() {
        assert_eq!(time(b"19700101000000Z"), Some(0));
        assert_eq!(time(b"20000301000000Z"), Some(951_868_800));
        for bad in [&b""[..], b"Z", b"19701301000000Z", b"197001010000xxZ"] {
            assert_eq!(time(bad), None);
        }
    }

    #[test]
    fn bytes_cut_anywhere_are_no_message() {
        let whole = krb_error(24, &[]);
        for n in 0..whole.len() {
            assert_eq!(read(&whole[..n]), None);
        }
    }
}

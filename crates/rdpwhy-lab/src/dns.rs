//! Answers of the lab's DNS server ([RFC 1035] section 4), for one name and by one policy.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::script::Zone;

/// NXDOMAIN.
pub(crate) const NX_DOMAIN: u8 = 3;
/// SERVFAIL.
pub(crate) const SERVER_FAILURE: u8 = 2;
/// REFUSED.
pub(crate) const REFUSED: u8 = 5;

/// An address of the loopback network on which nothing listens.
const DEAD: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// A second, in the time to live of every record: nothing is worth remembering.
const TTL: [u8; 4] = [0, 0, 0, 1];

const TYPE_A: u16 = 1;
const TYPE_SOA: u16 = 6;
const TYPE_AAAA: u16 = 28;
const TYPE_ANY: u16 = 255;
const CLASS_IN: [u8; 2] = [0, 1];
/// A pointer to the name in the question.
const QUESTION_NAME: [u8; 2] = [0xc0, 12];

/// A name, where it points, and how the server behaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records {
    pub(crate) zone: Zone,
    pub(crate) name: &'static str,
    pub(crate) address: IpAddr,
}

impl Records {
    /// The answer to a query, if there is one.
    pub(crate) fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let question = Question::read(query)?;
        if self.zone == Zone::Silent {
            return None;
        }
        if self.zone == Zone::Garbage {
            return Some(garbage(query, &question));
        }
        if let Zone::Code(code) = self.zone
            && code != NX_DOMAIN
        {
            return Some(message(query, &question, code, &[], false));
        }
        let ours = question.name.eq_ignore_ascii_case(self.name);
        if !ours || self.zone == Zone::Code(NX_DOMAIN) {
            return Some(message(query, &question, NX_DOMAIN, &[], true));
        }
        let found: Vec<IpAddr> = self
            .addresses()
            .into_iter()
            .filter(|address| question.wants(*address))
            .collect();
        Some(message(query, &question, 0, &found, found.is_empty()))
    }

    /// The addresses of the name, in the order in which they are given.
    fn addresses(&self) -> Vec<IpAddr> {
        match self.zone {
            Zone::DeadFirst => vec![DEAD, self.address],
            Zone::DeadIpv6 => vec![IpAddr::V6(Ipv6Addr::LOCALHOST), self.address],
            Zone::Good => vec![self.address],
            Zone::NoData | Zone::Code(_) | Zone::Silent | Zone::Garbage => Vec::new(),
        }
    }
}

/// The one question of a query.
struct Question {
    name: String,
    kind: u16,
    /// Where the question ends.
    end: usize,
}

impl Question {
    /// Reads it; `None` for what is no query.
    fn read(query: &[u8]) -> Option<Self> {
        let is_response = query.get(2)? & 0x80 != 0;
        if is_response || query.get(4..6)? != [0, 1] {
            return None;
        }
        let mut at = 12;
        let mut labels = Vec::new();
        loop {
            let length = usize::from(*query.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            // A question is never compressed.
            if length > 63 {
                return None;
            }
            labels.push(String::from_utf8_lossy(query.get(at..at + length)?).into_owned());
            at += length;
        }
        let kind = u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]);
        query.get(at + 3)?;
        Some(Self {
            name: labels.join("."),
            kind,
            end: at + 4,
        })
    }

    fn wants(&self, address: IpAddr) -> bool {
        match self.kind {
            TYPE_A => address.is_ipv4(),
            TYPE_AAAA => address.is_ipv6(),
            TYPE_ANY => true,
            _ => false,
        }
    }
}

/// An authoritative answer; without data it ends with the SOA that negative answers carry
/// ([RFC 2308] section 3).
fn message(
    query: &[u8],
    question: &Question,
    code: u8,
    found: &[IpAddr],
    negative: bool,
) -> Vec<u8> {
    let answers = u8::try_from(found.len()).unwrap_or(0);
    let mut out = header(query, code, answers, u8::from(negative));
    out.extend_from_slice(&query[12..question.end]);
    for address in found {
        let (kind, data) = match address {
            IpAddr::V4(v4) => (TYPE_A, v4.octets().to_vec()),
            IpAddr::V6(v6) => (TYPE_AAAA, v6.octets().to_vec()),
        };
        out.extend(record(&QUESTION_NAME, kind, &data));
    }
    if negative {
        let apex = b"\x03lab\x07example\0";
        // The names of the server and of its keeper, then serial, refresh, retry, expire, minimum.
        let mut data = [&b"\x02ns"[..], apex, b"\x0ahostmaster", apex].concat();
        for number in [1u32, 3600, 600, 86400, 1] {
            data.extend(number.to_be_bytes());
        }
        out.extend(record(apex, TYPE_SOA, &data));
    }
    out
}

/// The same id and question, QR, AA and RA set, RD as it came.
fn header(query: &[u8], code: u8, answers: u8, authorities: u8) -> Vec<u8> {
    let flags = [0x84 | query[2] & 0x79, 0x80 | code & 0x0f];
    [
        &query[..2],
        &flags,
        &[0, 1, 0, answers, 0, authorities, 0, 0],
    ]
    .concat()
}

fn record(name: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap_or(0);
    [
        name,
        &kind.to_be_bytes(),
        &CLASS_IN,
        &TTL,
        &length.to_be_bytes(),
        data,
    ]
    .concat()
}

/// A response that claims more answers than it has, with a name that points at itself and a
/// length beyond the end.
fn garbage(query: &[u8], question: &Question) -> Vec<u8> {
    let mut out = header(query, 0, 200, 0);
    out.extend_from_slice(&query[12..question.end]);
    let here = u16::try_from(out.len()).unwrap_or(0);
    out.extend((0xc000 | here).to_be_bytes());
    out.extend(TYPE_A.to_be_bytes());
    out.extend(CLASS_IN);
    out.extend(TTL);
    out.extend([0xff, 0xff, 127, 0]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn ask(zone: Zone, name: &str, kind: u8) -> Option<Vec<u8>> {
        let mut query = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).expect("a short label"));
            query.extend(label.bytes());
        }
        query.extend([0, 0, kind, 0, 1]);
        let records = Records {
            zone,
            name: "pc42.lab.example",
            address: GOOD,
        };
        let answer = records.answer(&query)?;
        assert_eq!(answer[..2], [0xab, 0xcd]);
        assert_eq!(answer[2], 0x85);
        Some(answer)
    }

    /// Response code, answers, authorities.
    fn counts(answer: &[u8]) -> [u8; 3] {
        [answer[3] & 15, answer[7], answer[9]]
    }

    #[test]
    fn each_policy_has_its_code() {
        let name = "PC42.lab.example";
        let told = |zone, kind| counts(&ask(zone, name, kind).expect("an answer"));
        assert_eq!(told(Zone::Good, 1), [0, 1, 0]);
        assert_eq!(told(Zone::Good, 28), [0, 0, 1]);
        assert_eq!(told(Zone::DeadFirst, 1), [0, 2, 0]);
        assert_eq!(told(Zone::DeadIpv6, 28), [0, 1, 0]);
        assert_eq!(told(Zone::NoData, 1), [0, 0, 1]);
        assert_eq!(told(Zone::Code(NX_DOMAIN), 1), [3, 0, 1]);
        assert_eq!(told(Zone::Code(REFUSED), 1), [5, 0, 0]);
        assert_eq!(told(Zone::Code(SERVER_FAILURE), 1), [2, 0, 0]);
        assert_eq!(told(Zone::Garbage, 1), [0, 200, 0]);
        assert_eq!(ask(Zone::Silent, name, 1), None);
        let other = ask(Zone::Good, "pc42.lab.example.corp.example", 1).expect("an answer");
        assert_eq!(counts(&other), [3, 0, 1]);
    }

    #[test]
    fn the_dead_address_comes_first() {
        let answer = ask(Zone::DeadFirst, "pc42.lab.example", 1).expect("an answer");
        assert_eq!(answer[answer.len() - 4..], [127, 0, 0, 1]);
        assert_eq!(answer[answer.len() - 20..answer.len() - 16], [127, 0, 0, 2]);
    }

    #[test]
    fn what_is_no_query_gets_no_answer() {
        let records = Records {
            zone: Zone::Good,
            name: "a",
            address: GOOD,
        };
        for junk in [
            &[][..],
            &[0; 12],
            &[0xff; 40],
            &[0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0],
        ] {
            assert_eq!(records.answer(junk), None);
        }
    }
}

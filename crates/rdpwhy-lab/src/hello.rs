//! A look at the ClientHello before OpenSSL sees it, for servers that judge by its form.

use std::io;

use crate::script::When;
use crate::wire::Wire;

/// The largest record that TLS allows, with the slack of [RFC 5246] 6.2.3.
const LARGEST: usize = 16384 + 2048;

/// Reads the first TLS record; `None` when the peer speaks something else or leaves.
pub(crate) async fn read(wire: &mut Wire) -> io::Result<Option<Vec<u8>>> {
    let mut record = Vec::new();
    if !wire.fill(&mut record, 5).await? {
        return Ok(None);
    }
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    if record[0] != 0x16 || length > LARGEST {
        return Ok(None);
    }
    Ok(wire.fill(&mut record, length).await?.then_some(record))
}

impl When {
    /// Whether the ClientHello in this record is one of those that are meant.
    pub(crate) fn holds(self, record: &[u8]) -> bool {
        match self {
            Self::Always => true,
            Self::Offers(version) => {
                supported_versions(record).is_some_and(|offered| offered.contains(&version))
            }
            Self::Larger(size) => record.len() > size,
        }
    }
}

/// The `supported_versions` of a ClientHello ([RFC 8446] 4.1.2 and 4.2.1).
fn supported_versions(record: &[u8]) -> Option<Vec<u16>> {
    // Record header, handshake header, legacy_version, random.
    let rest = record.get(5 + 4 + 2 + 32..)?;
    let (_session, rest) = vector(rest, 1)?;
    let (_suites, rest) = vector(rest, 2)?;
    let (_compression, rest) = vector(rest, 1)?;
    let (mut extensions, _) = vector(rest, 2)?;
    while let Some(kind) = extensions.get(..2) {
        let (body, after) = vector(&extensions[2..], 2)?;
        if kind == [0, 43] {
            let (list, _) = vector(body, 1)?;
            let versions = list
                .chunks_exact(2)
                .map(|v| u16::from_be_bytes([v[0], v[1]]));
            return Some(versions.collect());
        }
        extensions = after;
    }
    None
}

/// A vector whose length stands in its first `size` bytes, and what follows it.
fn vector(bytes: &[u8], size: usize) -> Option<(&[u8], &[u8])> {
    let length = bytes
        .get(..size)?
        .iter()
        .fold(0, |n, b| n << 8 | usize::from(*b));
    bytes[size..].split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_behind_other_extensions() {
        let mut body = vec![0x16, 3, 1, 0, 0, 1, 0, 0, 0, 3, 3];
        body.extend([0; 32]);
        body.extend([0, 0, 2, 0x13, 1, 1, 0]);
        body.extend([0, 13, 0, 23, 0, 0, 0, 43, 0, 5, 4, 3, 4, 3, 3]);
        assert!(When::Offers(0x0304).holds(&body));
        assert!(!When::Offers(0x0302).holds(&body));
        for cut in 0..body.len() {
            assert!(!When::Offers(0x0304).holds(&body[..cut]));
        }
        assert!(When::Larger(60).holds(&body) && !When::Larger(65).holds(&body));
    }
}

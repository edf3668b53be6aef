//! The little DER that CredSSP and SPNEGO need ([X.690] 8.1).

/// A type, a length and a value.
pub(crate) fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = value.len();
    if length < 0x80 {
        out.extend(length.to_be_bytes().last());
    } else {
        let bytes = length.to_be_bytes();
        let significant = &bytes[bytes.iter().take_while(|b| **b == 0).count()..];
        out.push(0x80 | u8::try_from(significant.len()).unwrap_or(8));
        out.extend_from_slice(significant);
    }
    out.extend_from_slice(value);
    out
}

/// Several values in one.
pub(crate) fn nested(tag: u8, values: &[Vec<u8>]) -> Vec<u8> {
    tlv(tag, &values.concat())
}

/// How many bytes of length follow the first byte of a length, and the length so far.
pub(crate) fn length_form(first: u8) -> (usize, usize) {
    match first {
        0..=0x7f => (0, usize::from(first)),
        _ => (usize::from(first & 0x7f), 0),
    }
}

/// The tag and the value at the start of `bytes`, and what follows.
pub(crate) fn read(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (more, short) = length_form(first);
    if more > 4 {
        return None;
    }
    let (long, rest) = rest.split_at_checked(more)?;
    let length = long.iter().fold(short, |n, b| n << 8 | usize::from(*b));
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        for size in [0, 1, 127, 128, 255, 256, 70_000] {
            let bytes = tlv(4, &vec![7; size]);
            let (tag, value, rest) = read(&bytes).expect("our own encoding");
            assert_eq!((tag, value.len(), rest.len()), (4, size, 0));
        }
        assert_eq!(tlv(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(tlv(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(read(&[0x30, 0x82, 0xff, 0xff, 0]), None);
        assert_eq!(read(&[0x30, 0x85, 0, 0, 0, 0, 1]), None);
    }
}

//! The little DER that CredSSP and SPNEGO need: definite lengths of at most four octets.

/// A DER element with that tag and content; none is longer than 65535 bytes here.
pub(crate) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let n = content.len();
    match (u8::try_from(n), u16::try_from(n)) {
        (Ok(short @ 0..0x80), _) => out.push(short),
        (Ok(byte), _) => out.extend([0x81, byte]),
        (_, Ok(word)) => {
            out.push(0x82);
            out.extend(word.to_be_bytes());
        }
        _ => return Vec::new(), // no token of ours is that long
    }
    out.extend(content);
    out
}

/// A DER element: tag, content, rest.
pub(crate) fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, length, header) = header(bytes)?;
    let (content, rest) = bytes.get(header..)?.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// Tag, content length and header length.
pub(crate) fn header(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if first < 0x80 {
        return Some((tag, usize::from(first), 2));
    }
    let n = usize::from(first & 0x7f);
    if n == 0 || n > 4 {
        return None;
    }
    let digits = rest.get(..n)?;
    Some((
        tag,
        digits.iter().fold(0, |a, d| a << 8 | usize::from(*d)),
        2 + n,
    ))
}

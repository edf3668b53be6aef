//! Serial numbers.

use rdpwhy_model::text::hex;

/// A serial number as text, from the content octets of its DER: hexadecimal without leading
/// zeros, a minus sign before a negative one. At most 64 octets are shown; RFC 5280 4.1.2.2 allows
/// 20.
pub fn serial_text(octets: &[u8]) -> String {
    const MOST_OCTETS: usize = 64;
    let negative = octets.first().is_some_and(|b| b & 0x80 != 0);
    let mut magnitude = octets.to_vec();
    if negative {
        // Two's complement: the magnitude is the inverse plus one
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            (*byte, carry) = (sum, over);
        }
    }
    let zeros = magnitude.iter().take_while(|b| **b == 0).count();
    let digits = &magnitude[zeros.min(magnitude.len().saturating_sub(1))..];
    let sign = if negative { "-" } else { "" };
    match digits.get(..MOST_OCTETS) {
        Some(first) if digits.len() > MOST_OCTETS => format!("{sign}{}…", hex(first)),
        _ => format!("{sign}{}", hex(digits)),
    }
}

/// Whether authorities may give such a serial number (RFC 5280 4.1.2.2), as a word of the fact
/// `cert.serial_form`.
pub(super) fn form(octets: &[u8]) -> &'static str {
    let value = octets.iter().skip_while(|b| **b == 0).count();
    if octets.first().is_some_and(|b| b & 0x80 != 0) {
        "negative"
    } else if value == 0 {
        "zero"
    } else if octets.len() > 20 {
        "too-long"
    } else {
        "ordinary"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_read_as_people_write_them() {
        assert_eq!(serial_text(&[0]), "00");
        assert_eq!(serial_text(&[0, 0x9a, 1]), "9a01");
        assert_eq!(serial_text(&[0xff]), "-01");
        assert_eq!(serial_text(&[0x80, 0]), "-8000");
        assert_eq!(serial_text(&[]), "");
        assert_eq!(serial_text(&[1; 100]).chars().count(), 129);
    }

    #[test]
    fn forms_are_told_apart() {
        assert_eq!(form(&[1]), "ordinary");
        assert_eq!(form(&[0, 0xff]), "ordinary");
        assert_eq!(form(&[0x7f; 20]), "ordinary");
        assert_eq!(form(&[0x7f; 21]), "too-long");
        assert_eq!(form(&[0]), "zero");
        assert_eq!(form(&[]), "zero");
        assert_eq!(form(&[0x80]), "negative");
    }
}

//! Owns reading a cell as a number, and the order of numbers.

use std::cmp::Ordering;

/// A number as it stands in a cell: whole ones exactly as far as 64 bits go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub(super) fn as_f64(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Never of no order: a cell that says it is not a number is none.
    pub(super) fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            // Adding 0 makes -0 and 0 one.
            (a, b) => (a.as_f64() + 0.0).total_cmp(&(b.as_f64() + 0.0)),
        }
    }
}

/// The number a cell says, surrounding white space aside.
#[inline]
pub(super) fn number(cell: &[u8]) -> Option<Number> {
    let text = cell.trim_ascii();
    let (negative, digits) = match text.first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if !digits.is_empty() && digits.len() <= 18 {
        let mut value = 0_i64;
        let mut whole = true;
        for &byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                whole = false;
                break;
            }
            value = value * 10 + i64::from(digit);
        }
        if whole {
            return Some(Number::Int(if negative { -value } else { value }));
        }
    }
    other_number(text, digits)
}

fn other_number(text: &[u8], digits: &[u8]) -> Option<Number> {
    if !matches!(digits.first()?, b'0'..=b'9' | b'.' | b'i' | b'I') || text.len() > 400 {
        return None;
    }
    let text = std::str::from_utf8(text).ok()?;
    if let Ok(value) = text.parse::<i64>() {
        return Some(Number::Int(value));
    }
    let value: f64 = text.parse().ok()?;
    (!value.is_nan()).then_some(Number::Float(value))
}

/// Bits whose order as whole numbers is that of the floats.
pub(super) fn ordered_bits(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

/// The float of [`ordered_bits`].
pub(super) fn from_ordered_bits(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_read_as_numbers() {
        let cases: [(&str, Option<Number>); 20] = [
            ("0", Some(Number::Int(0))),
            ("-1", Some(Number::Int(-1))),
            ("+7", Some(Number::Int(7))),
            (" 42\t", Some(Number::Int(42))),
            ("007", Some(Number::Int(7))),
            ("1.5", Some(Number::Float(1.5))),
            ("-1e3", Some(Number::Float(-1000.0))),
            (".5", Some(Number::Float(0.5))),
            ("9223372036854775807", Some(Number::Int(i64::MAX))),
            ("9223372036854775808", Some(Number::Float(9_223_372_036_854_775_808.0))),
            ("inf", Some(Number::Float(f64::INFINITY))),
            ("-Infinity", Some(Number::Float(f64::NEG_INFINITY))),
            ("", None),
            ("-", None),
            ("nan", None),
            ("1.2.3.4", None),
            ("0x10", None),
            ("1,5", None),
            ("--1", None),
            ("12a", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text.as_bytes()), expected, "{text:?}");
        }
    }

    #[test]
    fn bits_keep_the_order() {
        let floats = [
            f64::NEG_INFINITY,
            -1e300,
            -1.0,
            -1e-300,
            0.0,
            1e-300,
            1.0,
            2.0,
            f64::INFINITY,
        ];
        for pair in floats.windows(2) {
            assert!(ordered_bits(pair[0]) < ordered_bits(pair[1]));
        }
        for value in floats {
            assert_eq!(from_ordered_bits(ordered_bits(value)), value);
        }
        assert_eq!(ordered_bits(-0.0), ordered_bits(0.0));
    }
}

//! Owns reading one cell's text as a number, a truth value, an address or a time.

use std::net::IpAddr;

use chrono::{Datelike, NaiveDate};

use super::batch::CellProblem;

/// A short whole number: an optional minus sign and 1 to 18 digits, nothing else. The quick path of most cells.
#[inline]
pub(super) fn short_int(cell: &[u8]) -> Option<i64> {
    // Without a branch on the sign: of a column of -1 and 1 no processor can guess it.
    let negative = cell.first() == Some(&b'-');
    let digits = &cell[usize::from(negative)..];
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0_i64;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// A short decimal number whose value is exact: at most 15 digits, an optional point. Both the digits and the power of
/// ten are exact floats, so their quotient is rounded once, as it should be (W. D. Clinger, "How to read floating point
/// numbers accurately", 1990).
#[inline]
pub(super) fn short_float(cell: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    let negative = cell.first() == Some(&b'-');
    let text = &cell[usize::from(negative)..];
    if text.len() > 16 {
        return None;
    }
    let mut digits = 0_u64;
    let mut count = 0;
    let mut after_point = None;
    for (at, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            digits = digits * 10 + u64::from(digit);
            count += 1;
        } else if *byte == b'.' && after_point.is_none() {
            after_point = Some(text.len() - at - 1);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let value = digits as f64 / POWERS.get(after_point.unwrap_or(0))?;
    Some(if negative { -value } else { value })
}

/// A whole number, also written `+1`, `1.0` or `1e3`, as long as it is whole and exact.
///
/// # Errors
/// `NotFinite` for infinities, NaN and numbers too large for a float; `Unparsable` for all else.
pub(super) fn int(cell: &[u8]) -> Result<i64, CellProblem> {
    /// Beyond this not every whole number is a float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = std::str::from_utf8(cell).map_err(|_| CellProblem::Unparsable)?;
    if let Ok(value) = text.parse::<i64>() {
        return Ok(value);
    }
    let value = float(cell)?;
    if let Some((whole, fraction)) = text.split_once('.')
        && fraction.bytes().all(|byte| byte == b'0')
        && let Ok(whole) = whole.parse::<i64>()
    {
        return Ok(whole);
    }
    let exponent = text.contains(['e', 'E']);
    if exponent && value.fract() == 0.0 && value.abs() < EXACT {
        return Ok(value as i64);
    }
    Err(CellProblem::Unparsable)
}

/// A finite number.
///
/// # Errors
/// As [`int`].
pub(super) fn float(cell: &[u8]) -> Result<f64, CellProblem> {
    let text = std::str::from_utf8(cell).map_err(|_| CellProblem::Unparsable)?;
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(CellProblem::NotFinite),
        Err(_) => Err(CellProblem::Unparsable),
    }
}

/// A port: a whole number from 0 to 65535.
///
/// # Errors
/// `InvalidPort` for other whole numbers, else as [`int`].
pub(super) fn port(cell: &[u8]) -> Result<i64, CellProblem> {
    let value = int(cell)?;
    if (0..=65_535).contains(&value) {
        Ok(value)
    } else {
        Err(CellProblem::InvalidPort)
    }
}

/// A truth value.
///
/// # Errors
/// `Unparsable`.
pub(super) fn boolean(cell: &[u8]) -> Result<bool, CellProblem> {
    let any = |words: [&str; 4]| words.iter().any(|word| cell.eq_ignore_ascii_case(word.as_bytes()));
    if any(["true", "t", "yes", "1"]) {
        Ok(true)
    } else if any(["false", "f", "no", "0"]) {
        Ok(false)
    } else {
        Err(CellProblem::Unparsable)
    }
}

/// An IPv4 or IPv6 address.
///
/// # Errors
/// `InvalidIp`.
pub(super) fn ip(cell: &[u8]) -> Result<IpAddr, CellProblem> {
    std::str::from_utf8(cell)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(CellProblem::InvalidIp)
}

/// Microseconds since 1970-01-01 UTC of an RFC 3339 time, `YYYY-MM-DD[ HH:MM:SS[.f]]`, or Unix seconds (with a fraction
/// or without); years 0 to 9999. A time without a zone is UTC. A leap second counts as the second after it. Digits past
/// the microsecond are dropped.
///
/// # Errors
/// `InvalidTimestamp`.
pub(super) fn timestamp(cell: &[u8]) -> Result<i64, CellProblem> {
    const FIRST: i64 = -62_167_219_200_000_000;
    const AFTER_LAST: i64 = 253_402_300_800_000_000;
    let micros = if cell.get(4) == Some(&b'-') {
        calendar_time(cell)
    } else {
        unix_time(cell)
    };
    micros
        .filter(|micros| (FIRST..AFTER_LAST).contains(micros))
        .ok_or(CellProblem::InvalidTimestamp)
}

fn calendar_time(cell: &[u8]) -> Option<i64> {
    let (date, time) = cell.split_at_checked(10)?;
    if date[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&date[..4])?, digits(&date[5..7])?, digits(&date[8..])?);
    let days = NaiveDate::from_ymd_opt(year as i32, month as u32, day as u32)?.num_days_from_ce();
    let midnight = (i64::from(days) - 719_163) * 86_400_000_000;
    let Some((mark, clock)) = time.split_first() else {
        return Some(midnight);
    };
    if !matches!(mark, b'T' | b't' | b' ') {
        return None;
    }
    let (clock, rest) = clock.split_at_checked(8)?;
    if clock[2] != b':' || clock[5] != b':' {
        return None;
    }
    let (hour, minute, second) = (digits(&clock[..2])?, digits(&clock[3..5])?, digits(&clock[6..])?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = match rest.split_first() {
        Some((b'.', rest)) => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (fraction_micros(&rest[..length])?, &rest[length..])
        }
        _ => (0, rest),
    };
    let seconds = hour * 3600 + minute * 60 + second - zone_seconds(zone)?;
    Some(midnight + seconds * 1_000_000 + fraction)
}

/// Seconds east of UTC: nothing, `Z`, or `+hh:mm`.
fn zone_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., b':', _, _] if hours.len() == 2 => {
            let (hours, minutes) = (digits(hours)?, digits(&zone[4..])?);
            let east = hours * 3600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -east } else { east })
        }
        _ => None,
    }
}

fn unix_time(cell: &[u8]) -> Option<i64> {
    let negative = cell.first() == Some(&b'-');
    let text = match cell {
        [b'-' | b'+', text @ ..] | text => text,
    };
    let point = memchr::memchr(b'.', text).unwrap_or(text.len());
    let (whole, fraction) = (&text[..point], text.get(point + 1..).unwrap_or_default());
    let exact = short_int(whole)
        .filter(|_| whole.first() != Some(&b'-'))
        .and_then(|seconds| {
            let fraction = if fraction.is_empty() {
                0
            } else {
                fraction_micros(fraction)?
            };
            seconds.checked_mul(1_000_000)?.checked_add(fraction)
        });
    match exact {
        Some(micros) => Some(if negative { -micros } else { micros }),
        // Such as 1.7e9; the range check behind this drops what saturates.
        None => float(cell).ok().map(|seconds| (seconds * 1e6).round() as i64),
    }
}

/// Up to six digits after a point as microseconds; more digits are dropped.
fn fraction_micros(text: &[u8]) -> Option<i64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut micros = 0;
    for at in 0..6 {
        micros = micros * 10 + text.get(at).map_or(0, |byte| i64::from(byte - b'0'));
    }
    Some(micros)
}

/// A few digits and nothing else.
fn digits(text: &[u8]) -> Option<i64> {
    if text.first() == Some(&b'-') {
        None
    } else {
        short_int(text)
    }
}

#[cfg(test)]
mod tests;

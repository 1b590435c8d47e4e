//! Owns the canonical text of values: one way to write each number, date and time.

const SECONDS_A_DAY: i64 = 86_400;

/// A whole number in decimal.
#[inline]
pub(super) fn write_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    write_uint(out, value.unsigned_abs());
}

/// A whole number in decimal.
#[inline]
pub(super) fn write_uint(out: &mut Vec<u8>, value: u64) {
    if value < 10 {
        out.push(b'0' + value as u8);
        return;
    }
    let mut digits = [0_u8; 20];
    let mut first = digits.len();
    let mut rest = value;
    while rest > 0 && first > 0 {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits[first..]);
}

/// The shortest text that reads back as the same float; whole numbers as `1.0`; `inf`, `-inf`, `NaN`.
pub(super) fn write_float(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    } else if value.is_nan() {
        out.extend_from_slice(b"NaN");
    } else {
        out.extend_from_slice(if value > 0.0 { b"inf" } else { b"-inf" });
    }
}

/// As [`write_float`], the shortest text for an `f32`.
pub(super) fn write_float32(out: &mut Vec<u8>, value: f32) {
    if value.is_finite() {
        out.extend_from_slice(ryu::Buffer::new().format_finite(value).as_bytes());
    } else {
        write_float(out, f64::from(value));
    }
}

/// `YYYY-MM-DD` of a day counted from 1970-01-01.
pub(super) fn write_date(out: &mut Vec<u8>, days: i64) {
    let (year, month, day) = civil(days);
    if year < 0 {
        out.push(b'-');
    }
    let year = year.unsigned_abs();
    for bound in [1000, 100, 10] {
        if year < bound {
            out.push(b'0');
        }
    }
    write_uint(out, year);
    out.push(b'-');
    write_two(out, month);
    out.push(b'-');
    write_two(out, day);
}

/// `YYYY-MM-DDTHH:MM:SS`, then `.` and 6 or 9 digits if there is a fraction, then `Z` if `utc`.
pub(super) fn write_timestamp(out: &mut Vec<u8>, seconds: i64, nanos: u32, utc: bool) {
    write_date(out, seconds.div_euclid(SECONDS_A_DAY));
    let of_day = seconds.rem_euclid(SECONDS_A_DAY) as u32;
    for (mark, part) in [(b'T', of_day / 3600), (b':', of_day / 60 % 60), (b':', of_day % 60)] {
        out.push(mark);
        write_two(out, part);
    }
    if nanos > 0 {
        let (fraction, width) = if nanos.is_multiple_of(1000) {
            (nanos / 1000, 6)
        } else {
            (nanos, 9)
        };
        out.extend_from_slice(format!(".{fraction:0width$}").as_bytes());
    }
    if utc {
        out.push(b'Z');
    }
}

fn write_two(out: &mut Vec<u8>, value: u32) {
    out.push(b'0' + (value / 10 % 10) as u8);
    out.push(b'0' + (value % 10) as u8);
}

/// Year, month and day of a day counted from 1970-01-01 in the proleptic Gregorian calendar
/// (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn civil(days: i64) -> (i64, u32, u32) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_values() {
        assert_eq!(text(|o| write_int(o, i64::MIN)), "-9223372036854775808");
        assert_eq!(text(|o| write_uint(o, u64::MAX)), "18446744073709551615");
        assert_eq!(text(|o| write_int(o, 0)), "0");
        assert_eq!(text(|o| write_float(o, 1.0)), "1.0");
        assert_eq!(text(|o| write_float(o, f64::NEG_INFINITY)), "-inf");
        assert_eq!(text(|o| write_float32(o, 0.1)), "0.1");
        assert_eq!(text(|o| write_date(o, 0)), "1970-01-01");
        assert_eq!(text(|o| write_date(o, -719_528)), "0000-01-01");
        assert_eq!(
            text(|o| write_timestamp(o, 1_700_000_000, 0, true)),
            "2023-11-14T22:13:20Z"
        );
        assert_eq!(
            text(|o| write_timestamp(o, -1, 500_000_000, false)),
            "1969-12-31T23:59:59.500000"
        );
        assert_eq!(
            text(|o| write_timestamp(o, 0, 1, true)),
            "1970-01-01T00:00:00.000000001Z"
        );
        text(|o| write_timestamp(o, i64::MAX, 0, true));
        text(|o| write_date(o, i64::MIN));
    }

    proptest! {
        #[test]
        fn integers_read_as_std_writes_them(value: i64) {
            prop_assert_eq!(text(|o| write_int(o, value)), value.to_string());
        }

        #[test]
        fn floats_read_back(bits: u64) {
            let value = f64::from_bits(bits);
            let back: f64 = text(|o| write_float(o, value)).parse().unwrap();
            prop_assert!(back.to_bits() == bits || value.is_nan());
        }

        #[test]
        fn dates_agree_with_chrono(days in -700_000_i64..2_000_000) {
            let date = chrono::DateTime::from_timestamp(days * SECONDS_A_DAY, 0).unwrap();
            prop_assert_eq!(text(|o| write_date(o, days)), date.format("%Y-%m-%d").to_string());
        }
    }
}

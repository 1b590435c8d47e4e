//! Owns what is read out of a timestamp, in UTC: hour of the day, weekday, weekend, night.

use std::f64::consts::TAU;

const MICROS_A_DAY: i64 = 86_400_000_000;

/// Angle of the time of day on a clock of 24 hours; midnight is 0.
fn angle(micros: i64) -> f64 {
    micros.rem_euclid(MICROS_A_DAY) as f64 / MICROS_A_DAY as f64 * TAU
}

/// Sine of the time of day: 1 at 06:00, -1 at 18:00.
pub(super) fn hour_sine(micros: i64) -> f64 {
    angle(micros).sin()
}

/// Cosine of the time of day: 1 at midnight, -1 at noon.
pub(super) fn hour_cosine(micros: i64) -> f64 {
    angle(micros).cos()
}

/// 0 Monday to 6 Sunday. The epoch, 1970-01-01, was a Thursday.
pub(super) fn weekday(micros: i64) -> i64 {
    (micros.div_euclid(MICROS_A_DAY) + 3).rem_euclid(7)
}

/// A weekday's key for people.
pub(super) fn weekday_label(key: i64) -> &'static str {
    match key {
        0 => "Monday",
        1 => "Tuesday",
        2 => "Wednesday",
        3 => "Thursday",
        4 => "Friday",
        5 => "Saturday",
        _ => "Sunday",
    }
}

/// Saturday or Sunday.
pub(super) fn is_weekend(micros: i64) -> bool {
    weekday(micros) >= 5
}

/// From 22:00 up to, not including, 06:00.
pub(super) fn is_night(micros: i64) -> bool {
    let hour = micros.rem_euclid(MICROS_A_DAY) / 3_600_000_000;
    !(6..22).contains(&hour)
}

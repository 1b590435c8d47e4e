//! Owns numbers as people read them: counts, places, shares, durations, rates.

pub use crate::text::{grouped, percent};

/// `1 / 10,000,000`; `-` for a place that there is none of.
pub fn place(at: Option<u64>, of: u64) -> String {
    match at {
        Some(at) => format!("{} / {}", grouped(at), grouped(of)),
        None => format!("- / {}", grouped(of)),
    }
}

/// A duration of milliseconds: `0.4 s`, `12 s`, `3:07`, `2:03:07`.
pub fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, milliseconds % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

/// A duration of seconds as measured; what is no duration is `-`.
pub fn seconds(seconds: f64) -> String {
    if seconds.is_finite() && (0.0..1e12).contains(&seconds) {
        duration((seconds * 1000.0) as u64)
    } else {
        "-".to_owned()
    }
}

/// A count in few columns: `999`, `1.2k`, `34M`.
pub fn short_count(count: u64) -> String {
    let mut value = count as f64;
    if count < 1000 {
        return count.to_string();
    }
    for unit in ["k", "M", "G", "T", "P", "E"] {
        value /= 1000.0;
        if value < 9.95 {
            return format!("{value:.1}{unit}");
        }
        if value < 999.5 {
            return format!("{value:.0}{unit}");
        }
    }
    format!("{value:.0}E")
}

/// A metric or score with that many decimals; `-` where there is none.
pub fn decimal(value: Option<f64>, decimals: usize) -> String {
    match value {
        Some(value) if value.is_finite() => format!("{value:.decimals$}"),
        _ => "-".to_owned(),
    }
}

/// A number of any size in few columns, for axes: `0.25`, `12.5`, `1.2M`, `3.1e-5`.
pub fn axis(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !value.is_finite() {
        "-".to_owned()
    } else if !(0.001..1e15).contains(&size) {
        format!("{value:.1e}")
    } else if size >= 10_000.0 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}", short_count(size.round() as u64))
    } else {
        let decimals = if size >= 100.0 {
            0
        } else {
            2 - size.log10().floor() as i32
        };
        let text = format!("{value:.*}", decimals.clamp(0, 6) as usize);
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_grow_from_tenths_to_hours() {
        for (milliseconds, text) in [
            (0, "0.0 s"),
            (9_999, "9.9 s"),
            (10_000, "10 s"),
            (59_999, "59 s"),
            (60_000, "1:00"),
            (187_000, "3:07"),
            (7_387_000, "2:03:07"),
        ] {
            assert_eq!(duration(milliseconds), text);
        }
        assert_eq!(seconds(f64::NAN), "-");
        assert_eq!(seconds(-1.0), "-");
        assert_eq!(seconds(1.25), "1.2 s");
    }

    #[test]
    fn counts_keep_two_figures_at_least() {
        for (count, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.0k"),
            (9_949, "9.9k"),
            (9_950, "10k"),
            (999_499, "999k"),
            (999_500, "1.0M"),
            (34_000_000, "34M"),
            (u64::MAX, "18E"),
        ] {
            assert_eq!(short_count(count), text);
        }
        assert_eq!(place(Some(1), 10_000_000), "1 / 10,000,000");
        assert_eq!(place(None, 0), "- / 0");
    }

    #[test]
    fn axes_have_short_labels() {
        for (value, text) in [
            (0.0, "0"),
            (0.25, "0.25"),
            (-0.5, "-0.5"),
            (12.5, "12.5"),
            (100.0, "100"),
            (1234.0, "1234"),
            (1_200_000.0, "1.2M"),
            (0.000_031, "3.1e-5"),
            (f64::INFINITY, "-"),
        ] {
            assert_eq!(axis(value), text);
        }
        assert_eq!(decimal(Some(0.95612), 4), "0.9561");
        assert_eq!(decimal(Some(f64::NAN), 4), "-");
    }
}

//! Owns how fast an analyst works: verdicts an hour, pauses left out.

use crate::artifacts::Timestamp;

/// Longer than this between two verdicts is a pause.
const PAUSE: f64 = 300.0;
/// Work that counts.
const HOUR: f64 = 3600.0;
/// Less work than this says nothing.
const LEAST: f64 = 60.0;

/// Verdicts an hour over the last hour of work. `times` are those of verdicts, in any order. A verdict counts with the time
/// since the one before; one after a pause, like the first, only begins a stretch. `None` with less than a minute of work.
pub(crate) fn per_hour(times: &[Timestamp]) -> Option<f64> {
    let mut times = times.to_vec();
    times.sort_unstable();
    let (mut verdicts, mut seconds) = (0_u64, 0.0);
    for pair in times.windows(2).rev() {
        let gap = pair[1].seconds_since(pair[0]);
        if gap > PAUSE {
            continue;
        }
        if seconds >= HOUR {
            break;
        }
        verdicts += 1;
        seconds += gap;
    }
    (seconds >= LEAST).then(|| verdicts as f64 * HOUR / seconds)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from(Utc.timestamp_opt(1_800_000_000 + second, 0).unwrap())
    }

    #[test]
    fn pauses_and_old_work_do_not_count() {
        assert_eq!(per_hour(&[]), None);
        assert_eq!(per_hour(&[at(0), at(59)]), None);
        // One a minute.
        let steady: Vec<_> = (0..10).map(|minute| at(minute * 60)).collect();
        assert_eq!(per_hour(&steady), Some(60.0));
        // A pause of an hour, then the same pace.
        let paused: Vec<_> = steady
            .iter()
            .copied()
            .chain((0..10).map(|m| at(7200 + m * 60)))
            .collect();
        assert_eq!(per_hour(&paused), Some(60.0));
        // Slow work long ago, then an hour of one every ten seconds.
        let mut old: Vec<_> = (0..100).map(|n| at(-40_000 + n * 200)).collect();
        old.extend((0..=360).map(|n| at(n * 10)));
        assert_eq!(per_hour(&old), Some(360.0));
        // Those made with one key count each.
        let bulk: Vec<_> = (0..3).flat_map(|n| [at(n * 60); 5]).collect();
        assert_eq!(per_hour(&bulk), Some(14.0 * 3600.0 / 120.0));
    }
}

//! Owns what a card says in words: verdicts, the smallest change, reliability, near rows. List, card and full text say it
//! alike.

use crate::text::grouped;
use crate::worker::{CardNeighbour, CaseState, Judgement, NeighbourSource, Progress, Reliability, SmallestChange};

/// A probability with three decimals and no nought in front: `.971`, `1.00`, `.000`.
pub fn probability(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let text = format!("{value:.3}");
    match text.strip_prefix("0.") {
        Some(decimals) => format!(".{decimals}"),
        None => text.chars().take(4).collect(),
    }
}

/// The same with two decimals: `.31`.
fn roughly(value: f64) -> String {
    let text = format!("{value:.2}");
    text.strip_prefix('0').map(str::to_owned).unwrap_or(text)
}

/// A time to the minute: `2026-11-27 08:40`.
fn minute(time: &str) -> String {
    match (time.get(..10), time.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute}"),
        _ => time.to_owned(),
    }
}

/// A share of the evidence with its sign: `+.31`, `-.08`.
pub fn share(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_owned();
    }
    let sign = if value < 0.0 { '-' } else { '+' };
    let text = format!("{:.2}", value.abs());
    match text.strip_prefix("0.") {
        Some(decimals) => format!("{sign}.{decimals}"),
        None => format!("{sign}{text}"),
    }
}

/// `true positive (phishing) by mira, 2026-11-27 08:40`.
pub fn judgement(judgement: &Judgement) -> String {
    let reason = judgement
        .reason
        .as_ref()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    format!(
        "{}{reason} by {}, {}",
        judgement.verdict.words(),
        judgement.analyst,
        minute(&judgement.at.to_string())
    )
}

/// The letters of verdicts that stand against each other, the later first: `t/f`.
pub fn contradiction(state: &CaseState) -> String {
    let all = state.verdict.iter().chain(&state.conflicts);
    let mut letters: Vec<String> = all.map(|judgement| judgement.verdict.letter().to_string()).collect();
    letters.dedup();
    letters.join("/")
}

/// `SSLfinal_State 1 -> -1 would make it .31: benign`.
pub fn smallest_change(change: &SmallestChange) -> String {
    let fields: Vec<String> = change
        .fields
        .iter()
        .map(|field| {
            let from = field
                .from
                .as_ref()
                .map_or_else(|| "nothing".to_owned(), ToString::to_string);
            format!("{} {from} -> {}", field.column, field.to)
        })
        .collect();
    format!(
        "{} would make it {}: benign",
        fields.join(" and "),
        roughly(change.after)
    )
}

/// `of 214 rows scored .85 to .95, 207 were malicious; of 12 judged, 11`.
pub fn reliability(known: &Reliability) -> String {
    let mut text = if known.rows == 0 {
        format!(
            "no row that the model did not learn from scored {} to {}",
            roughly(known.from),
            roughly(known.to)
        )
    } else {
        format!(
            "of {} rows scored {} to {}, {} were malicious",
            grouped(known.rows),
            roughly(known.from),
            roughly(known.to),
            grouped(known.malicious)
        )
    };
    if known.judged > 0 {
        text.push_str(&format!(
            "; of {} judged, {}",
            grouped(known.judged),
            grouped(known.true_positives)
        ));
    } else {
        text.push_str("; none judged");
    }
    text
}

/// How near a row is and what it was: `identical: false positive by mira`, `2 columns differ: malicious in training`.
pub fn neighbour(near: &CardNeighbour) -> String {
    let what = match &near.source {
        NeighbourSource::Judged { verdict, analyst, .. } => format!("{} by {analyst}", verdict.words()),
        NeighbourSource::Training { malicious: true, .. } => "malicious in training".to_owned(),
        NeighbourSource::Training { malicious: false, .. } => "benign in training".to_owned(),
    };
    let how = match near.differences {
        0 => "identical".to_owned(),
        1 => "1 column differs".to_owned(),
        many => format!("{many} columns differ"),
    };
    format!("{how}: {what}")
}

/// The columns in which a near row differs: `SSLfinal_State 1, there -1`.
pub fn differences(near: &CardNeighbour) -> String {
    let text = |text: &str| {
        if text.is_empty() {
            "nothing".to_owned()
        } else {
            text.to_owned()
        }
    };
    let mut parts: Vec<String> = near
        .differs
        .iter()
        .map(|(column, here, there)| format!("{column} {}, there {}", text(here), text(there)))
        .collect();
    let more = near.differences.saturating_sub(near.differs.len());
    if more > 0 && !parts.is_empty() {
        parts.push(format!("{more} more"));
    }
    parts.join("; ")
}

/// How the work stands in at most `room` columns: `312 / 1,204 judged`, conflicts, today's, how long the rest takes, the
/// precision of today's verdicts. Where there is less room the pace goes first, conflicts never.
pub fn progress(progress: &Progress, room: usize) -> String {
    let (judged, of) = (progress.judged, progress.of);
    let first = if of > 0 && judged >= of {
        format!("all {} judged", grouped(judged))
    } else {
        format!("{} / {} judged", grouped(judged), grouped(of))
    };
    let conflicts = (progress.conflicts > 0).then(|| {
        let s = if progress.conflicts == 1 { "" } else { "s" };
        format!("{} conflict{s}", grouped(progress.conflicts))
    });
    let today = (progress.today > 0).then(|| format!("{} today", grouped(progress.today)));
    let paced = today.as_ref().map(|today| format!("{today}{}", pace(progress)));
    let told = progress.today_right + progress.today_wrong;
    let precision = (progress.today > 0 && told > 0).then(|| {
        let share = 100.0 * progress.today_right as f64 / told as f64;
        format!("precision {share:.0} % of {}", grouped(told))
    });
    let line = |more: [Option<&String>; 2]| -> String {
        let parts = [Some(&first), conflicts.as_ref()].into_iter().chain(more);
        parts.flatten().map(String::as_str).collect::<Vec<_>>().join("; ")
    };
    let ways = [
        [paced.as_ref(), precision.as_ref()],
        [today.as_ref(), precision.as_ref()],
        [today.as_ref(), None],
    ];
    let fits = ways.into_iter().map(line).find(|text| text.len() <= room);
    fits.unwrap_or_else(|| line([None, None]))
}

/// How fast it goes and how long the rest takes: `, 223/h, 4 h 0 min left`.
fn pace(progress: &Progress) -> String {
    let Some(rate) = progress.per_hour.filter(|rate| rate.is_finite() && *rate > 0.0) else {
        return String::new();
    };
    match progress.of.saturating_sub(progress.judged) {
        0 => format!(", {rate:.0}/h"),
        left => format!(", {rate:.0}/h, {} left", hours(left as f64 / rate)),
    }
}

/// Hours as people say them: `40 min`, `3 h 10 min`, `52 h`.
fn hours(hours: f64) -> String {
    if !hours.is_finite() || hours > 1e6 {
        return "very long".to_owned();
    }
    let minutes = (hours * 60.0).ceil() as u64;
    match minutes {
        0..60 => format!("{minutes} min"),
        60..600 => format!("{} h {} min", minutes / 60, minutes % 60),
        _ => format!("{} h", grouped(minutes.div_ceil(60))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (value, text) in [
            (0.971_4, ".971"),
            (1.0, "1.00"),
            (0.0, ".000"),
            (f64::NAN, "-"),
            (0.9999, "1.00"),
        ] {
            assert_eq!(probability(value), text);
        }
        for (value, text) in [(0.314, "+.31"), (-0.08, "-.08"), (1.0, "+1.00"), (0.0, "+.00")] {
            assert_eq!(share(value), text);
        }
        for (value, text) in [(0.5, "30 min"), (3.16, "3 h 10 min"), (52.0, "52 h"), (0.0, "0 min")] {
            assert_eq!(hours(value), text);
        }
    }

    #[test]
    fn the_work_is_told_with_what_is_known_of_it() {
        let mut known = Progress {
            judged: 312,
            of: 1_204,
            ..Progress::default()
        };
        assert_eq!(progress(&known, 80), "312 / 1,204 judged");
        (known.today, known.per_hour) = (90, Some(223.0));
        (known.today_right, known.today_wrong) = (60, 20);
        known.conflicts = 1;
        for (room, text) in [
            (
                90,
                "312 / 1,204 judged; 1 conflict; 90 today, 223/h, 4 h 0 min left; precision 75 % of 80",
            ),
            (80, "312 / 1,204 judged; 1 conflict; 90 today; precision 75 % of 80"),
            (50, "312 / 1,204 judged; 1 conflict; 90 today"),
            (38, "312 / 1,204 judged; 1 conflict"),
            (0, "312 / 1,204 judged; 1 conflict"),
        ] {
            assert_eq!(progress(&known, room), text);
        }
        known.judged = 1_204;
        assert_eq!(progress(&known, 0), "all 1,204 judged; 1 conflict");
    }
}

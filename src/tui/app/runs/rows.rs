//! Owns which runs are shown: the filter, and where each comes from.

use crate::worker::{RunLine, RunsList};

/// A chain of parents longer than this is not followed: it says no more, and a damaged one may have no end.
const MOST_ANCESTORS: usize = 32;

/// Places of the runs that contain every word of the filter somewhere in what the list shows of them.
pub fn visible(list: &RunsList, filter: &str) -> Vec<usize> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let fits = |run: &RunLine| words.iter().all(|word| contains(run, word));
    let all = list.runs.iter().enumerate();
    all.filter(|(_, run)| words.is_empty() || fits(run))
        .map(|(at, _)| at)
        .collect()
}

fn contains(run: &RunLine, word: &str) -> bool {
    let texts = [
        Some(&run.run_id),
        Some(&run.status),
        run.model.as_ref(),
        run.data.as_ref(),
    ];
    let mut texts = texts.into_iter().flatten().chain(&run.aliases);
    texts.any(|text| text.to_lowercase().contains(word))
}

/// The runs this one grew from, its parent first.
pub fn ancestors<'a>(list: &'a RunsList, run: &'a RunLine) -> Vec<&'a str> {
    let mut chain: Vec<&str> = Vec::new();
    let mut next = run.parent.as_deref();
    while let Some(parent) = next {
        if chain.len() == MOST_ANCESTORS || parent == run.run_id || chain.contains(&parent) {
            break;
        }
        chain.push(parent);
        let found = list.runs.iter().find(|run| run.run_id == parent);
        next = found.and_then(|run| run.parent.as_deref());
    }
    chain
}

/// The runs that grew from this one, the newest first.
pub fn children<'a>(list: &'a RunsList, run_id: &str) -> Vec<&'a str> {
    let born = list.runs.iter().filter(|run| run.parent.as_deref() == Some(run_id));
    born.map(|run| run.run_id.as_str()).collect()
}

/// Whether a run has a model that can be used.
pub fn is_usable(run: &RunLine) -> bool {
    run.status == "finished"
}

/// `2026-11-27 08:40` out of an RFC 3339 time; what is none stays as it is.
pub fn minute(time: &str) -> String {
    match (time.get(..10), time.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute}"),
        _ => time.to_owned(),
    }
}

/// The last part of a run's name, by which people tell runs of a day apart.
pub fn suffix(run_id: &str) -> &str {
    run_id.rsplit('-').next().unwrap_or(run_id)
}

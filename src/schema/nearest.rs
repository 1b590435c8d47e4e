//! Owns the search for the nearest name: renamed columns, misspelt keys.

use super::model::Schema;

/// Names longer than this are compared by their start only, so that hostile headers cost little.
const COMPARED_CHARS: usize = 128;
/// From which similarity on (0 to 1) a name is worth suggesting.
const WORTH_SAYING: f64 = 0.7;

impl Schema {
    /// The column whose name or alias is nearest to `name`, ignoring case, underscores and other punctuation; `None` where
    /// nothing is near. Of equally near columns, the first.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let names = self.columns.iter().flat_map(|c| {
            std::iter::once(&c.name)
                .chain(&c.aliases)
                .map(move |known| (known.as_str(), c.name.as_str()))
        });
        nearest_by(name, names)
    }
}

/// The nearest of `known` to `name`, by the same measure as [`Schema::nearest`].
pub(super) fn nearest_of<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_by(name, known.into_iter().map(|k| (k, k)))
}

fn nearest_by<'a>(name: &str, known: impl Iterator<Item = (&'a str, &'a str)>) -> Option<&'a str> {
    let wanted = folded(name);
    if wanted.is_empty() {
        return None;
    }
    let mut best: Option<(f64, &str)> = None;
    for (candidate, answer) in known {
        let score = similarity(&wanted, &folded(candidate));
        if score >= WORTH_SAYING && best.is_none_or(|(s, _)| score > s) {
            best = Some((score, answer));
        }
    }
    best.map(|(_, answer)| answer)
}

/// Lower case, letters and digits only.
pub(super) fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .take(COMPARED_CHARS)
        .collect()
}

/// 1 for equal names; .9 and more where one is the start or end of the other (`port`, `port_no`); else the
/// Damerau-Levenshtein similarity.
fn similarity(a: &str, b: &str) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    if a == b {
        return 1.0;
    }
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let share = short.len() as f64 / long.len() as f64;
    if short.len() >= 4 && share >= 0.4 && (long.starts_with(short) || long.ends_with(short)) {
        return 0.9 + 0.09 * share;
    }
    strsim::normalized_damerau_levenshtein(a, b)
}

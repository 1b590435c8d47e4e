//! Owns the guess of the label: which column, which of its values mean malicious, and why.

use super::profile::Profile;
use crate::schema::model::{Label, Malicious};
use crate::schema::nearest::folded;
use crate::schema::reading::shown;
use crate::schema::vocabulary::{
    Meaning, is_uci_phishing, meaning, name_asserts_benign, name_asserts_malicious, names_label, names_measurement,
    tokens,
};

/// A score from which a column is taken for the label.
const ENOUGH: u32 = 5;
/// A column found by its place alone needs so many rows.
const ROWS_TO_TRUST_PLACE: u64 = 20;

/// The label as guessed, or as named by a person with its values guessed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelGuess {
    /// The label.
    pub label: Label,
    /// Why this column and why these values.
    pub reason: String,
    /// Whether the values say themselves what they mean; else a person must confirm it.
    pub certain: bool,
}

/// What a column's values mean, and why.
struct Reading {
    malicious: Malicious,
    benign: Vec<String>,
    reason: String,
    certain: bool,
}

impl Reading {
    fn values(malicious: &[&str], benign: &[&str], reason: &str, certain: bool) -> Self {
        let owned = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect();
        Self {
            malicious: Malicious::Values(owned(malicious)),
            benign: owned(benign),
            reason: reason.to_owned(),
            certain,
        }
    }

    fn guess(self, column: &str, why_column: &str) -> LabelGuess {
        LabelGuess {
            label: Label {
                column: column.to_owned(),
                malicious: self.malicious,
                benign: self.benign,
            },
            reason: format!("{why_column}; {}", self.reason),
            certain: self.certain,
        }
    }
}

/// Reads the values of a label column that a person named; `None` where it has no values or too many.
pub(super) fn of_named(names: &[String], profiles: &[Profile], index: usize) -> Option<LabelGuess> {
    let uci = is_uci_phishing(names.iter().map(String::as_str));
    let profile = &profiles[index];
    let reading = read_values(&names[index], profile, uci).or_else(|| by_frequency(profile))?;
    Some(reading.guess(&names[index], "named by you"))
}

/// The index of the column that is most likely the label, and its guess.
pub(super) fn guess(names: &[String], profiles: &[Profile]) -> Option<(usize, LabelGuess)> {
    let uci = is_uci_phishing(names.iter().map(String::as_str));
    let last = names.len().saturating_sub(1);
    let mut candidates: Vec<(u32, usize, String)> = (0..names.len())
        .filter_map(|index| {
            let (score, why) = score(&names[index], &profiles[index], index == last);
            (score >= ENOUGH).then_some((score, index, why))
        })
        .collect();
    // Best score first; of equal ones the rightmost, where tables keep the label.
    candidates.sort_by_key(|(score, index, _)| (std::cmp::Reverse(*score), std::cmp::Reverse(*index)));
    candidates
        .into_iter()
        .find_map(|(_, index, why)| {
            Some((
                index,
                read_values(&names[index], &profiles[index], uci)?.guess(&names[index], &why),
            ))
        })
        .or_else(|| by_place(names, profiles, last))
}

/// How much speaks for a column being the label: name 4, words of its values 4 or 2, two values 1, last place 1.
fn score(name: &str, profile: &Profile, is_last: bool) -> (u32, String) {
    let Some(values) = profile.sorted_values() else {
        return (0, String::new());
    };
    if values.len() < 2 || profile.nulls > profile.cells || names_measurement(name) {
        return (0, String::new());
    }
    let mut reasons = Vec::new();
    let mut score = 0;
    if names_label(name) {
        score += 4;
        reasons.push("its name");
    } else if tokens(name)
        .iter()
        .any(|t| matches!(t.as_str(), "label" | "class" | "target"))
    {
        score += 2;
        reasons.push("a word of its name");
    }
    if values.iter().any(|(v, _)| meaning(v) == Some(Meaning::Benign)) {
        score += 4;
        reasons.push("the words of its values");
    } else if values.iter().any(|(v, _)| meaning(v) == Some(Meaning::Malicious)) {
        score += 2;
        reasons.push("the words of its values");
    }
    if values.len() == 2 {
        score += 1;
        reasons.push("two values");
    }
    if is_last {
        score += 1;
        reasons.push("last column");
    }
    (score, format!("guessed from {}", reasons.join(", ")))
}

/// The last column, where it is the only one with two values.
fn by_place(names: &[String], profiles: &[Profile], last: usize) -> Option<(usize, LabelGuess)> {
    let binary = |p: &Profile| p.values.as_ref().is_some_and(|v| v.len() == 2);
    let profile = profiles.get(last)?;
    let alone = profiles.iter().filter(|p| binary(p)).count() == 1;
    if !binary(profile) || !alone || profile.cells < ROWS_TO_TRUST_PLACE || names[last].trim().is_empty() {
        return None;
    }
    let mut reading = read_values(&names[last], profile, false)?;
    reading.certain = false;
    Some((
        last,
        reading.guess(
            &names[last],
            "guessed from its place alone: last, and the only column with two values",
        ),
    ))
}

/// What the values mean, by their words, by convention or by what is known of the data set.
fn read_values(name: &str, profile: &Profile, uci: bool) -> Option<Reading> {
    let values = profile.sorted_values()?;
    by_words(&values)
        .or_else(|| by_number(name, &values, uci))
        .or_else(|| by_truth(name, &values))
}

fn by_words(values: &[(&str, u64)]) -> Option<Reading> {
    let of = |wanted: Option<Meaning>| {
        values
            .iter()
            .map(|(v, _)| *v)
            .filter(|v| meaning(v) == wanted)
            .collect::<Vec<_>>()
    };
    let (benign, malicious, other) = (of(Some(Meaning::Benign)), of(Some(Meaning::Malicious)), of(None));
    if !benign.is_empty() {
        let names = benign.join("`, `");
        if other.is_empty() && !malicious.is_empty() {
            return Some(Reading::values(
                &malicious,
                &benign,
                "the values say what they mean",
                true,
            ));
        }
        return Some(Reading {
            malicious: Malicious::NotBenign,
            benign: benign.iter().map(|v| (*v).to_owned()).collect(),
            reason: format!(
                "`{}` is benign and every other value names an attack",
                shown(&names, 120)
            ),
            certain: true,
        });
    }
    match (malicious.as_slice(), other.as_slice()) {
        ([bad], [good]) => {
            let reason = format!(
                "`{}` is malicious, so `{}` should be benign",
                shown(bad, 60),
                shown(good, 60)
            );
            Some(Reading::values(&[bad], &[good], &reason, false))
        }
        _ => None,
    }
}

fn by_number(name: &str, values: &[(&str, u64)], uci: bool) -> Option<Reading> {
    let mut numbers: Vec<f64> = values.iter().map(|(v, _)| v.parse().ok()).collect::<Option<_>>()?;
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    match numbers.as_slice() {
        [0.0, 1.0] | [0.0 | 1.0] if name_asserts_benign(name) => {
            Some(Reading::values(&["0"], &["1"], "the name says that 1 is benign", true))
        }
        [0.0, 1.0] | [0.0 | 1.0] => {
            let certain = name_asserts_malicious(name);
            let reason = if certain {
                "the name says that 1 is malicious"
            } else {
                "1 is malicious by convention"
            };
            Some(Reading::values(&["1"], &["0"], reason, certain))
        }
        [-1.0, 1.0] if uci || folded(name) == "result" => Some(Reading::values(
            &["-1"],
            &["1"],
            "in the UCI phishing data -1 is phishing and 1 legitimate; the data alone cannot tell",
            false,
        )),
        [-1.0, 1.0] => Some(Reading::values(
            &["-1"],
            &["1"],
            "-1 is the anomaly by convention",
            false,
        )),
        _ => None,
    }
}

fn by_truth(name: &str, values: &[(&str, u64)]) -> Option<Reading> {
    let is = |words: [&str; 3], v: &str| words.iter().any(|w| v.eq_ignore_ascii_case(w));
    let yes: Vec<&str> = values
        .iter()
        .map(|(v, _)| *v)
        .filter(|v| is(["true", "t", "yes"], v))
        .collect();
    let no: Vec<&str> = values
        .iter()
        .map(|(v, _)| *v)
        .filter(|v| is(["false", "f", "no"], v))
        .collect();
    if yes.is_empty() || no.is_empty() || yes.len() + no.len() != values.len() {
        return None;
    }
    Some(if name_asserts_benign(name) {
        Reading::values(&no, &yes, "the name says that true is benign", true)
    } else {
        let certain = name_asserts_malicious(name);
        let reason = if certain {
            "the name says that true is malicious"
        } else {
            "true is malicious by convention"
        };
        Reading::values(&yes, &no, reason, certain)
    })
}

/// The commonest value is benign and every other malicious: a last resort, for a column that a person named.
fn by_frequency(profile: &Profile) -> Option<Reading> {
    let values = profile.sorted_values()?;
    let (commonest, _) = values.iter().rev().max_by_key(|(_, count)| *count)?;
    Some(Reading {
        malicious: Malicious::NotBenign,
        benign: vec![(*commonest).to_owned()],
        reason: format!(
            "what the values mean is not known; `{}` is the commonest and taken for benign",
            shown(commonest, 60)
        ),
        certain: false,
    })
}

/// Whether a column that is not the label says nearly the same: `attack_cat` beside `label`.
pub(super) fn is_second_label(name: &str, profile: &Profile) -> bool {
    let named = names_label(name)
        || tokens(name)
            .iter()
            .any(|t| matches!(t.as_str(), "label" | "class" | "target" | "attack"));
    named
        && profile
            .values
            .as_ref()
            .is_some_and(|values| values.len() >= 2 && values.keys().any(|v| meaning(v).is_some()))
}

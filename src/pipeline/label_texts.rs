//! Owns how a label is written: the text that a source has for malicious, and the one for benign.

use std::collections::BTreeMap;

use crate::schema::{Label, LabelValue, Malicious};

/// How a source writes the two labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelTexts {
    malicious: Vec<u8>,
    benign: Vec<u8>,
}

impl LabelTexts {
    /// The text most rows have for each label, the first in byte order among equals; where no row has one, what the schema
    /// names, or the plain word. `cells` are the source's label cells.
    pub fn of<'a>(label: &Label, cells: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut counts: BTreeMap<&[u8], u64> = BTreeMap::new();
        for cell in cells {
            *counts.entry(cell).or_default() += 1;
        }
        let mut most: [Option<(&[u8], u64)>; 2] = [None, None];
        for (cell, count) in counts {
            let slot = match label.read(&String::from_utf8_lossy(cell)) {
                LabelValue::Malicious => &mut most[0],
                LabelValue::Benign => &mut most[1],
                LabelValue::Unknown => continue,
            };
            if slot.is_none_or(|(_, most)| count > most) {
                *slot = Some((cell, count));
            }
        }
        let named = match &label.malicious {
            Malicious::Values(values) => values.first().map(String::as_str),
            Malicious::NotBenign => None,
        };
        let text = |found: Option<(&[u8], u64)>, named: Option<&str>, word: &str| match found {
            Some((cell, _)) => cell.to_vec(),
            None => named.unwrap_or(word).as_bytes().to_vec(),
        };
        Self {
            malicious: text(most[0], named, "malicious"),
            benign: text(most[1], label.benign.first().map(String::as_str), "benign"),
        }
    }

    /// The text for a label.
    pub fn text(&self, malicious: bool) -> &[u8] {
        if malicious { &self.malicious } else { &self.benign }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(malicious: Malicious) -> Label {
        Label {
            column: "Result".into(),
            malicious,
            benign: vec!["normal".into()],
        }
    }

    #[test]
    fn the_most_frequent_text_wins_and_the_schema_fills_in() {
        let label = label(Malicious::NotBenign);
        let cells: [&[u8]; 6] = [b"smurf", b"neptune", b"neptune", b"normal", b"", b"smurf"];
        let texts = LabelTexts::of(&label, cells);
        assert_eq!(
            texts.text(true),
            b"neptune",
            "of two that are as frequent the first in order"
        );
        assert_eq!(texts.text(false), b"normal");
        let none = LabelTexts::of(&label, []);
        assert_eq!((none.text(true), none.text(false)), (&b"malicious"[..], &b"normal"[..]));
    }

    #[test]
    fn values_that_are_no_label_are_never_taken() {
        let label = label(Malicious::Values(vec!["bad".into()]));
        let texts = LabelTexts::of(&label, [&b"odd"[..], b"odd", b"bad"]);
        assert_eq!(texts.text(true), b"bad");
    }
}

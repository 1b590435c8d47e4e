//! Owns how doubtful a label is: what models that did not see the row say, weighed against the labels of its twins.

use std::collections::HashMap;

/// How many twins the models' word weighs as much as. Measured: `docs/BENCHMARKS.md`.
pub const PRIOR_ROWS: f64 = 2.0;

/// How doubtful a label is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    /// From 0 (everything speaks for the label) to 1.
    pub doubt: f64,
    /// Rows with the same features and the other label.
    pub twins: u64,
}

/// The doubt of each row's label: 1 less the probability of that label. The probability is that of a Beta-binomial whose
/// prior is the models' word, worth [`PRIOR_ROWS`] rows, and whose evidence is the labels of the other rows with identical
/// features. So the minority label of a vector is suspect in proportion to the counts, and a row without twins is as doubtful
/// as the models find it. One entry a row in all three; `probabilities` are of malicious.
pub fn doubts(probabilities: &[f64], labels: &[bool], groups: &[u64]) -> Vec<Doubt> {
    let mut counts: HashMap<u64, [u64; 2]> = HashMap::new();
    for (group, &label) in groups.iter().zip(labels) {
        counts.entry(*group).or_default()[usize::from(label)] += 1;
    }
    let rows = probabilities.iter().zip(labels).zip(groups);
    rows.map(|((&probability, &label), group)| {
        let [benign, malicious] = counts.get(group).copied().unwrap_or_default();
        let twins = benign + malicious - 1;
        let malicious_twins = malicious - u64::from(label);
        let believed = (PRIOR_ROWS * probability + malicious_twins as f64) / (PRIOR_ROWS + twins as f64);
        Doubt {
            doubt: if label { 1.0 - believed } else { believed },
            twins: if label { benign } else { malicious },
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubts_by_hand() {
        // Two rows alone, and four twins of which one says otherwise; models say .9, .9 and .6.
        let probabilities = [0.9, 0.9, 0.6, 0.6, 0.6, 0.6];
        let labels = [true, false, true, true, true, false];
        let found = doubts(&probabilities, &labels, &[1, 2, 3, 3, 3, 3]);
        let expected = [
            (0.1, 0),
            (0.9, 0),
            // Two of three others say malicious: (1.2 + 2) / 5.
            (1.0 - 0.64, 1),
            (1.0 - 0.64, 1),
            (1.0 - 0.64, 1),
            // All three others do: (1.2 + 3) / 5.
            (0.84, 3),
        ];
        for (found, (doubt, twins)) in found.iter().zip(expected) {
            assert!((found.doubt - doubt).abs() < 1e-12, "{found:?}");
            assert_eq!(found.twins, twins);
        }
        assert_eq!(doubts(&[], &[], &[]), []);
    }

    proptest! {
        #[test]
        fn doubts_are_probabilities_and_a_minority_is_doubted_more(
            rows in prop::collection::vec((0.0f64..=1.0, any::<bool>(), 0u64..4), 1..60),
        ) {
            // Models say the same of rows that are identical.
            let probability: Vec<f64> = (0..4).map(|g| rows.iter().find(|r| r.2 == g).map_or(0.5, |r| r.0)).collect();
            let labels: Vec<bool> = rows.iter().map(|r| r.1).collect();
            let groups: Vec<u64> = rows.iter().map(|r| r.2).collect();
            let probabilities: Vec<f64> = groups.iter().map(|g| probability[*g as usize]).collect();
            let found = doubts(&probabilities, &labels, &groups);
            for doubt in &found {
                prop_assert!((0.0..=1.0).contains(&doubt.doubt));
            }
            for a in 0..rows.len() {
                for b in 0..rows.len() {
                    // Where the models do not lean, the rarer label of a vector is the more doubtful one.
                    if groups[a] == groups[b] && labels[a] != labels[b] && found[a].twins > found[b].twins {
                        let even = doubts(&vec![0.5; rows.len()], &labels, &groups);
                        prop_assert!(even[a].doubt > even[b].doubt);
                    }
                }
            }
        }
    }
}

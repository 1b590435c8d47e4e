//! Owns the keys under which columns stand in JSON documents: what Elasticsearch takes as one key and never as a path.

use std::collections::HashSet;

/// Longest key, in characters.
const LONGEST: usize = 200;

/// A key for each column: its name with every character but letters, digits, `-` and `_` replaced by `_`; a name without a letter
/// or digit is `column_3` (from 1); of two that would be equal the later gets a number.
pub(super) fn label_keys(columns: &[String]) -> Vec<String> {
    let mut taken = HashSet::new();
    let columns = columns.iter().enumerate();
    columns
        .map(|(at, name)| {
            let plain = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
            let mut key: String = name.chars().take(LONGEST).map(plain).collect();
            if !key.contains(char::is_alphanumeric) {
                key = format!("column_{}", at + 1);
            }
            let base = key.clone();
            let mut number = 2;
            while !taken.insert(key.clone()) {
                key = format!("{base}_{number}");
                number += 1;
            }
            key
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_no_paths_and_no_two_are_equal() {
        let names = [
            "a.b",
            "a_b",
            "a b",
            "",
            "..",
            "über",
            "x\u{202e}\n",
            "a_b_2",
            "URL-Length",
        ];
        let keys = label_keys(&names.map(str::to_owned));
        let expected = [
            "a_b",
            "a_b_2",
            "a_b_3",
            "column_4",
            "column_5",
            "über",
            "x__",
            "a_b_2_2",
            "URL-Length",
        ];
        assert_eq!(keys, expected);
        assert_eq!(label_keys(&["y".repeat(300)])[0].len(), 200);
    }
}

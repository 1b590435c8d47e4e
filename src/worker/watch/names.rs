//! Owns the names of files in the watched directory: which are still being written, what they are called in the ledger, and
//! what their outputs are called.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Endings that programs give to files they have not finished.
const UNFINISHED: [&str; 9] = [
    "part",
    "partial",
    "filepart",
    "tmp",
    "temp",
    "crdownload",
    "download",
    "swp",
    "lock",
];

/// Bytes of a file's name that its output's name keeps.
const KEPT: usize = 180;

/// Whether a file of this name is somebody's work in progress: `.x`, `x~`, `x.part` …
pub(super) fn is_temporary(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    if bytes.starts_with(b".") || bytes.starts_with(b"#") || bytes.ends_with(b"~") {
        return true;
    }
    let ending = bytes.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    ending.len() < bytes.len() && UNFINISHED.iter().any(|e| ending.eq_ignore_ascii_case(e.as_bytes()))
}

/// The name as text, different for different names.
pub(super) fn key(name: &OsStr) -> String {
    if let Some(text) = name.to_str() {
        return text.to_owned();
    }
    let hash = blake3::hash(name.as_bytes()).to_hex();
    format!("{} ({})", name.to_string_lossy(), &hash[..8])
}

/// What the output of a file with this content is called. The same file has the same output, so scoring it again after a crash
/// doubles nothing.
pub(super) fn output(name: &OsStr, content: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(name.as_bytes());
    hasher.update(&[0]);
    hasher.update(content.as_bytes());
    let hash = hasher.finalize().to_hex();
    let safe = |c: char| {
        if c.is_control() || c == char::REPLACEMENT_CHARACTER {
            '_'
        } else {
            c
        }
    };
    let text: String = name.to_string_lossy().chars().map(safe).collect();
    format!("{}.{}.csv", &text[..text.floor_char_boundary(KEPT)], &hash[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_in_progress_is_known_by_its_name() {
        for name in [
            ".a.csv",
            "a.csv.part",
            "a.PART",
            "a.csv~",
            "a.csv.crdownload",
            "#a#",
            "x.tmp",
        ] {
            assert!(is_temporary(OsStr::new(name)), "{name}");
        }
        for name in ["a.csv", "part", "tmp", "a.party", "flows.csv.gz", "a.tmp.csv"] {
            assert!(!is_temporary(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn outputs_differ_where_name_or_content_does_and_fit_a_file_system() {
        let of = |name: &str, content: &str| output(OsStr::new(name), content);
        assert_eq!(of("a.csv", "x"), of("a.csv", "x"));
        assert!(of("a.csv", "x").starts_with("a.csv."));
        assert_ne!(of("a.csv", "x"), of("a.csv", "y"));
        assert_ne!(of("a.csv", "x")[6..], of("a.tsv", "x")[6..]);
        let long = of(&"\u{e9}".repeat(127), "x");
        assert!(long.len() <= 200, "{}", long.len());
        assert!(!of("a\u{1b}[2J\n.csv", "x").chars().any(char::is_control));
        let (one, other) = (OsStr::from_bytes(b"a\xff"), OsStr::from_bytes(b"a\xfe"));
        assert_ne!(key(one), key(other));
        assert_ne!(output(one, "x"), output(other, "x"));
    }
}

//! Owns the tests of the end of the log.

use proptest::prelude::*;

use super::*;

fn tail(bytes: &[u8], most: usize) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    fs::write(&path, bytes).unwrap();
    last_lines(&path, most).unwrap()
}

#[test]
fn the_end_is_read_whatever_its_shape() {
    assert_eq!(tail(b"", 5), Vec::<String>::new());
    assert_eq!(tail(b"one", 5), ["one"]);
    assert_eq!(tail(b"one\ntwo\n", 0), Vec::<String>::new());
    assert_eq!(tail(b"one\ntwo\n", 1), ["two"]);
    assert_eq!(tail(b"one\r\n\ntw\xff\n", 5), ["one", "", "tw\u{fffd}"]);
    assert_eq!(last_lines(Path::new("/dev/null"), 5).unwrap(), Vec::<String>::new());
    assert_eq!(
        last_lines(Path::new("/nowhere/at/all"), 5).unwrap(),
        Vec::<String>::new()
    );
    // One line longer than all that is looked at: its end.
    let long = vec![b'x'; MOST_BYTES as usize + 10];
    assert_eq!(tail(&long, 3).len(), 1);
}

#[test]
fn levels_and_times_of_both_forms() {
    let text = "2026-11-27T10:50:09.123456Z WARN  - nsec_tui::data: ragged";
    let json = r#"{"time":"2026-11-27T10:50:09.123457Z","level":"error","message":"no"}"#;
    assert_eq!(parsed(text.to_owned()).level, Level::Warning);
    assert_eq!(parsed(json.to_owned()).level, Level::Error);
    assert_eq!(parsed("{ not json".to_owned()).level, Level::Info);
    assert_eq!(parsed(String::new()).level, Level::Info);
    assert_eq!(time_of(text), Some("2026-11-27T10:50:09.123456Z"));
    assert_eq!(time_of(json), Some("2026-11-27T10:50:09.123457Z"));
    assert_eq!(time_of("ü".repeat(20).as_str()), None);
    let lines = ["lost", text, "more"].map(str::to_owned).to_vec();
    let times: Vec<String> = timed(lines).into_iter().map(|(time, _)| time).collect();
    assert_eq!(
        times,
        ["", "2026-11-27T10:50:09.123456Z", "2026-11-27T10:50:09.123456Z"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_last_lines_are_those_of_the_whole_text(
        lengths in prop::collection::vec(0_usize..40_000, 0..12),
        most in 0_usize..12,
        ended in any::<bool>(),
    ) {
        let lines: Vec<String> = lengths.iter().enumerate().map(|(i, n)| format!("{i}{}", "y".repeat(*n))).collect();
        let mut text = lines.join("\n");
        if ended && !text.is_empty() {
            text.push('\n');
        }
        let from = lines.len().saturating_sub(most);
        prop_assert_eq!(tail(text.as_bytes(), most), &lines[from..]);
    }
}

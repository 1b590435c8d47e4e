//! Owns the tests of logging.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::NaiveDate;
use serde_json::Value;

use super::*;
use crate::text::visible_text;

/// Runs `body` with logging into a fresh workspace and returns both files' text.
fn logged(settings: &LoggingSettings, level: Option<LogLevel>, body: impl FnOnce(&LogGuard)) -> (String, String) {
    let dir = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(dir.path());
    let (subscriber, guard, warnings) = subscriber(&workspace, settings, level);
    assert_eq!(warnings, Vec::<String>::new());
    if let Some(subscriber) = subscriber {
        tracing::subscriber::with_default(subscriber, || body(&guard));
    }
    drop(guard);
    let read = |name: &str| fs::read_to_string(workspace.logs_dir().join(name)).unwrap_or_default();
    (read(PIPELINE_LOG), read(PROGRAM_LOG))
}

fn json() -> LoggingSettings {
    LoggingSettings {
        json: true,
        ..LoggingSettings::default()
    }
}

#[test]
fn lines_go_where_they_belong_and_carry_the_run() {
    let (pipeline, program) = logged(&LoggingSettings::default(), None, |guard| {
        tracing::info!(target: "nsec_tui::cli::train", "starting");
        guard.run_tag().set(Some("20261123T084000Z-ab12"));
        std::thread::scope(|scope| {
            // Work moves between threads, and spans do not follow: the tag does.
            let dispatch = tracing::dispatcher::get_default(Clone::clone);
            scope.spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    tracing::info!(target: "nsec_tui::pipeline::training", rows = 11_055, "stage finished");
                });
            });
        });
        let span = tracing::error_span!(target: "nsec_tui::pipeline", "run", run = "20200101T000000Z-0000");
        span.in_scope(|| tracing::warn!(target: "nsec_tui::data::csv", "ragged"));
        guard.run_tag().set(None);
        tracing::debug!(target: "nsec_tui::pipeline", "too fine");
        tracing::info!(target: "polars", "a library's chatter");
        tracing::warn!(target: "polars", "a library's warning");
    });
    let lines: Vec<&str> = pipeline.lines().collect();
    assert_eq!(lines.len(), 2, "{pipeline}");
    assert!(lines[0].contains("INFO  20261123T084000Z-ab12 nsec_tui::pipeline::training: stage finished rows=11055"));
    assert!(
        lines[1].contains("WARN  20200101T000000Z-0000 nsec_tui::data::csv: ragged"),
        "{pipeline}"
    );
    let lines: Vec<&str> = program.lines().collect();
    assert_eq!(lines.len(), 2, "{program}");
    assert!(lines[0].contains("INFO  - nsec_tui::cli::train: starting"), "{program}");
    assert!(lines[1].contains("a library's warning"), "{program}");
}

#[test]
fn the_command_line_goes_before_the_settings() {
    let say = |_: &LogGuard| {
        tracing::debug!(target: "nsec_tui::pipeline", "fine");
        tracing::error!(target: "nsec_tui::pipeline", "bad");
    };
    assert_eq!(
        logged(&LoggingSettings::default(), Some(LogLevel::Debug), say)
            .0
            .lines()
            .count(),
        2
    );
    assert_eq!(
        logged(&LoggingSettings::default(), Some(LogLevel::Error), say)
            .0
            .lines()
            .count(),
        1
    );
    assert_eq!(logged(&LoggingSettings::default(), Some(LogLevel::Off), say).0, "");
}

const HOSTILE: &str = "a\x1b]0;owned\x07b\r\nWARN forged line\u{9b}31m \u{202e}gpj.exe\u{200b}\0\u{e0041}\u{7f}";

#[test]
fn hostile_values_cannot_act_or_forge_lines() {
    let say = |_: &LogGuard| {
        tracing::info!(target: "nsec_tui::pipeline", value = HOSTILE, other = ?HOSTILE, "cell {HOSTILE}");
    };
    let (text, _) = logged(&LoggingSettings::default(), None, say);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        !text.trim_end_matches('\n').chars().any(crate::text::is_invisible),
        "{text:?}"
    );
    assert!(
        text.contains("cell a\\x1b]0;owned\\x07b\\r\\nWARN forged line\\x9b31m \\u{202e}gpj.exe"),
        "{text}"
    );

    let (text, _) = logged(&json(), None, say);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        !text.trim_end_matches('\n').chars().any(crate::text::is_invisible),
        "{text:?}"
    );
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["fields"]["value"], HOSTILE, "nothing is lost");
    assert_eq!(line["message"], format!("cell {HOSTILE}"));
}

#[test]
fn json_lines_have_types() {
    let (text, _) = logged(&json(), None, |guard| {
        guard.run_tag().set(Some("r"));
        tracing::info!(target: "nsec_tui::pipeline", f1 = 0.93, rows = 5_u64, ok = true, bad = f64::NAN, "done");
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["level"], "info");
    assert_eq!(line["run"], "r");
    assert_eq!(
        line["fields"],
        serde_json::json!({"f1": 0.93, "rows": 5, "ok": true, "bad": "NaN"})
    );
}

#[test]
fn enormous_values_are_cut() {
    let huge = "é".repeat(5_000_000);
    let (text, _) = logged(&LoggingSettings::default(), None, |_| {
        tracing::info!(target: "nsec_tui::pipeline", cell = %huge, "{huge}");
    });
    assert!(text.len() < 100_000, "{}", text.len());
    assert!(text.contains("... (cut)"));
}

#[test]
fn errors_come_with_their_chain() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot train")]
    struct Outer(#[source] std::io::Error);
    let error = Outer(std::io::Error::other("the disk left"));
    assert_eq!(error_chain(&error), "cannot train: the disk left");
    let (text, _) = logged(&json(), None, |_| {
        tracing::error!(target: "nsec_tui::pipeline", error = &error as &(dyn Error + 'static), "failed");
    });
    let line: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["fields"]["error"], "cannot train: the disk left");
}

#[test]
fn logs_that_cannot_be_opened_are_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("logs"), "a file in its place").unwrap();
    let (subscriber_left, guard, warnings) = subscriber(&Workspace::at(dir.path()), &LoggingSettings::default(), None);
    assert!(!guard.is_active());
    tracing::subscriber::with_default(subscriber_left.unwrap(), || {
        tracing::info!(target: "nsec_tui::pipeline", "kept all the same");
    });
    let kept = guard.recent().listen(|_| {});
    assert!(
        kept.len() == 1 && kept[0].text.ends_with("nsec_tui::pipeline: kept all the same"),
        "{kept:?}"
    );
    assert_eq!(warnings.len(), 2);
    assert!(warnings[0].contains("going on without it"), "{warnings:?}");

    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let (_, guard, warnings) = subscriber(&Workspace::at(closed.path()), &LoggingSettings::default(), None);
    // The superuser may write anywhere.
    assert!(
        guard.is_active() || warnings[0].contains("permission denied"),
        "{warnings:?}"
    );
}

#[test]
fn a_full_disk_does_not_stop_the_program() {
    let Ok(full) = fs::File::options().write(true).open("/dev/full") else {
        return;
    };
    let mut guard = LogGuard::default();
    let sink = start_writer(full, &mut guard);
    let layer = LogLayer::new(Some(sink), None, guard.recent(), guard.run_tag(), false);
    tracing::subscriber::with_default(Registry::default().with(layer), || {
        for i in 0..1000 {
            tracing::error!(target: "nsec_tui::pipeline", i, "lost");
        }
    });
    drop(guard);
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn files(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn each_day_has_its_file_and_old_ones_go() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    for name in [
        "x.log.2026-11-01",
        "x.log.2026-11-20",
        "x.log.2026-11-21",
        "x.log.notes",
        "x.log.2026-11-01.gz",
        "y.log.2026-11-01",
    ] {
        fs::write(path.join(name), "").unwrap();
    }
    let (mut file, warning) = DailyFile::open_on(path, "x.log", 3, day("2026-11-22")).unwrap();
    assert_eq!(warning, None);
    assert_eq!(
        fs::read_link(path.join("x.log")).unwrap(),
        Path::new("x.log.2026-11-22")
    );
    file.roll_to(day("2026-11-23"));
    file.roll_to(day("2026-11-23"));
    assert_eq!(
        fs::read_link(path.join("x.log")).unwrap(),
        Path::new("x.log.2026-11-23")
    );
    let expected = [
        "x.log",
        "x.log.2026-11-01.gz",
        "x.log.2026-11-21",
        "x.log.2026-11-22",
        "x.log.2026-11-23",
        "x.log.notes",
        "y.log.2026-11-01",
    ];
    assert_eq!(files(path), expected);
    let (_all, _) = DailyFile::open_on(path, "y.log", 0, day("2026-11-23")).unwrap();
    assert!(path.join("y.log.2026-11-01").exists(), "0 keeps all");
}

#[test]
fn an_ordinary_file_in_the_links_place_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("x.log"), "precious").unwrap();
    let (_file, warning) = DailyFile::open_on(dir.path(), "x.log", 3, day("2026-11-22")).unwrap();
    assert!(warning.unwrap().contains("something else has its name"));
    assert_eq!(fs::read_to_string(dir.path().join("x.log")).unwrap(), "precious");
}

#[test]
fn ordinary_text_is_not_copied() {
    assert!(matches!(
        visible_text("plain \u{e9}\u{4e2d}"),
        std::borrow::Cow::Borrowed(_)
    ));
    assert_eq!(visible_text("1\u{1b}0"), "1\\x1b0");
}

#[test]
fn the_latest_lines_are_kept_and_heard() {
    let heard: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let (pipeline, _) = logged(&LoggingSettings::default(), None, |guard| {
        for at in 0..1_100 {
            let run = format!("2020010{}T000000Z-0000", at % 2 + 1);
            guard.run_tag().set(Some(&run));
            tracing::info!(target: "nsec_tui::pipeline", at, "step");
        }
        let recent = guard.recent();
        let of_run = recent.of_run("20200102T000000Z-0000", 2);
        let texts: Vec<&str> = of_run
            .iter()
            .map(|line| line.text.rsplit(' ').next().unwrap())
            .collect();
        assert_eq!(texts, ["at=1097", "at=1099"]);
        let listener = Arc::clone(&heard);
        let kept = recent.listen(move |line| listener.lock().unwrap().push(line.text.clone()));
        assert_eq!(kept.len(), 1_000);
        tracing::error!(target: "nsec_tui::pipeline", "heard");
        recent.listen(|_| {});
        tracing::error!(target: "nsec_tui::pipeline", "not heard");
    });
    let heard = heard.lock().unwrap();
    assert_eq!(heard.len(), 1);
    assert!(
        pipeline.lines().any(|line| line == heard[0]),
        "as it stands in the file"
    );
}

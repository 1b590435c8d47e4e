//! Sessions that were recorded with the real program (`scripts/record-triage`), played again: training, scoring, fifty verdicts,
//! ten taken back, a bulk verdict on a filter, a note, a reason, a tag, an export; then the next start.

use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use nsec_tui::tui::app::{App, Message, Start, Timed};
use nsec_tui::tui::key::KeyPress;
use nsec_tui::tui::keymap::{KeySettings, Keymap};
use nsec_tui::tui::run::record::replay;
use nsec_tui::worker::{Change, Job, Reply, Report, ReviewJob, Verdict};

use super::pictures::picture;
use super::screen::{BARE, PLAIN, Screen};

const SIZE: (u16, u16) = (160, 44);

fn recording(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/console/recorded/{name}.ndjson.gz"));
    let mut text = String::new();
    let file = std::fs::File::open(&path).unwrap();
    GzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

fn app() -> App {
    App::new(Keymap::new(&KeySettings::default()).unwrap(), Start::default())
}

fn messages(recording: &str) -> Vec<Timed> {
    let lines = recording.lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The answers to decisions, in order.
fn decided(messages: &[Timed]) -> Vec<(String, u64)> {
    let answers = messages.iter().filter_map(|timed| match &timed.message {
        Message::News(news) => match &news.report {
            Report::Done(reply) => match &**reply {
                Reply::Decided(decided) => Some((decided.what.clone(), decided.cases)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    answers.collect()
}

#[test]
fn the_round_of_a_shift_is_played_again() {
    let text = recording("triage");
    let messages = messages(&text);
    let decided = decided(&messages);
    let verdicts = decided
        .iter()
        .take_while(|(what, _)| !what.starts_with("undone"))
        .count();
    let undone = decided.iter().filter(|(what, _)| what.starts_with("undone")).count();
    assert_eq!((verdicts, undone), (50, 10));
    let (bulk, cases) = decided.iter().max_by_key(|(_, cases)| *cases).unwrap();
    assert!(bulk.starts_with("true positive on ") && *cases > 10, "{bulk}");

    // Nothing is drawn that may not be, at any moment of it.
    let mut app = app();
    let mut seen = 0;
    replay(&text, &mut app, |app| {
        seen += 1;
        if seen % 7 == 0 {
            for look in [PLAIN, BARE] {
                Screen::of(app, look, SIZE).check(look);
                Screen::of(app, look, (80, 24)).check(look);
            }
        }
    })
    .unwrap();
    assert_eq!(seen, messages.len());
}

#[test]
fn what_was_asked_of_the_store_is_what_was_typed() {
    let text = recording("triage");
    let mut app = app();
    let mut asked = Vec::new();
    for timed in messages(&text) {
        for effect in nsec_tui::tui::app::update(&mut app, timed.at, timed.message) {
            if let nsec_tui::tui::app::Effect::Submit(_, Job::Review(job)) = effect {
                asked.push(job);
            }
        }
    }
    let count = |wanted: &dyn Fn(&ReviewJob) -> bool| asked.iter().filter(|job| wanted(job)).count();
    let judged = |job: &ReviewJob| matches!(job, ReviewJob::Decide(d) if matches!(d.change, Change::Judge { .. }));
    // Fifty by hand, one bulk, one more.
    assert_eq!(count(&judged), 52);
    assert_eq!(count(&|job| matches!(job, ReviewJob::Undo)), 10);
    let noted = |job: &ReviewJob| matches!(job, ReviewJob::Decide(d) if matches!(&d.change, Change::Note { text } if text.contains("owner")));
    assert_eq!(count(&noted), 1);
    let tagged =
        |job: &ReviewJob| matches!(job, ReviewJob::Decide(d) if matches!(d.change, Change::Tag { on: true, .. }));
    assert_eq!(count(&tagged), 1);
    assert_eq!(count(&|job| matches!(job, ReviewJob::Export { .. })), 1);
}

#[test]
fn the_next_start_finds_everything_there() {
    let last = |name: &str| {
        let mut app = app();
        replay(&recording(name), &mut app, |_| {}).unwrap();
        app
    };
    let (left, again) = (last("triage"), last("triage-again"));
    let told = |app: &App| {
        let progress = &app.review.view().progress;
        (progress.verdicts, progress.today)
    };
    assert_eq!(told(&left), told(&again));
    assert!(told(&left).0[Verdict::ALL.iter().position(|v| *v == Verdict::TruePositive).unwrap()] > 50);
}

#[test]
fn the_picture_of_review_is_of_this_session() {
    let text = recording("triage");
    let quit: KeyPress = "q".parse().unwrap();
    let until = messages(&text)
        .iter()
        .rposition(|timed| timed.message == Message::Key(quit))
        .unwrap();
    let lines: Vec<&str> = text.lines().take(until).collect();
    let mut app = app();
    replay(&lines.join("\n"), &mut app, |_| {}).unwrap();
    picture(&Screen::of(&app, PLAIN, SIZE), "review", "The Review panel");
}

//! Every entry of the table of keys, pressed where it holds: something must take it.

use nsec_tui::browse::{ColumnInfo, ColumnKind, RowCount, TableRow};
use nsec_tui::tui::app::layer::{
    Caution, Confirm, Field, FieldValue, Form, Layer, LayerKind, Outcome, Picker, PickerItem, Prompt, Purpose, Reader,
    ReaderLine,
};
use nsec_tui::tui::app::line_editor::LineEditor;
use nsec_tui::tui::app::{App, Panel};
use nsec_tui::tui::keymap::{Action, Context, TABLE};
use nsec_tui::worker::{BrowseJob, Job, Kind, OpenedTable, Page, Reply};

use super::known::{knowing, known_survey};
use super::review_world::{reviewing, setup};
use super::session::Session;
use super::world::{World, done};

/// Presses every key of a place in a session of its own and answers those that nothing took.
fn untaken(context: Context, begin: impl Fn() -> Session) -> Vec<String> {
    let mut untaken = Vec::new();
    for entry in TABLE.iter().filter(|entry| entry.context == context) {
        for key in entry.keys {
            let mut session = begin();
            let app = &mut session.consoles[0].app;
            assert!(
                app.contexts().contains(&context),
                "{context:?} is not where keys are pressed"
            );
            let action = app.keymap.action(&app.contexts(), key.parse().unwrap());
            if action != Some(entry.action) || !takes(app, entry.action) {
                untaken.push(format!("{key}: {}", entry.action));
            }
        }
    }
    untaken
}

fn takes(app: &mut App, action: Action) -> bool {
    match app.layers.last_mut() {
        Some(layer) => layer.act(action, 10) != Outcome::Ignored,
        None => app.act(action),
    }
}

const NONE: [String; 0] = [];

#[test]
fn every_place_is_pressed_here() {
    let lists_and_layers = [
        Context::Everywhere,
        Context::Lists,
        Context::Form,
        Context::Prompt,
        Context::Picker,
        Context::Reader,
        Context::Confirm,
        Context::Caution,
    ];
    let panels = PANELS.map(|(context, _)| context);
    for context in Context::ALL {
        let pressed = lists_and_layers.contains(&context) || panels.contains(&context);
        assert!(pressed, "{context:?} is in no test of this file");
    }
}

#[test]
fn keys_that_hold_everywhere_are_taken() {
    let begin = || {
        let mut session = Session::new(World::new());
        session.keys("4");
        session
    };
    assert_eq!(untaken(Context::Everywhere, begin), NONE);
}

fn layer(kind: LayerKind) -> impl Fn() -> Session {
    move || {
        let mut session = Session::new(World::new());
        for console in &mut session.consoles {
            let layer = Layer::new(Some(Panel::Logs), Purpose::FilterLog, kind.clone());
            console.app.layers.push(layer);
        }
        session
    }
}

#[test]
fn keys_of_layers_are_taken() {
    let mut prompt = Prompt::new("find", "").remembering(&["before".to_owned()]);
    (prompt.regex, prompt.exact_case) = (Some(false), Some(false));
    let picker = Picker::new("column", vec![PickerItem::default()]);
    let reader = Reader::new("row", vec![ReaderLine::plain("line")]);
    let confirm = Confirm {
        question: "Leave?".to_owned(),
        consequences: Vec::new(),
    };
    let caution = Caution {
        careful: true,
        rows: vec![ReaderLine::plain("row")],
        ..Caution::default()
    };
    let field = |name, value| Field {
        name,
        label: name,
        help: "",
        value,
        error: None,
    };
    let form = Form {
        fields: vec![
            field("seed", FieldValue::Text(LineEditor::default())),
            field("data", FieldValue::Text(LineEditor::default())),
        ],
        ..Form::default()
    };
    for (context, kind) in [
        (Context::Prompt, LayerKind::Prompt(prompt)),
        (Context::Picker, LayerKind::Picker(picker)),
        (Context::Reader, LayerKind::Reader(reader)),
        (Context::Confirm, LayerKind::Confirm(confirm)),
        (Context::Caution, LayerKind::Caution(caution)),
        (Context::Form, LayerKind::Form(form)),
    ] {
        assert_eq!(untaken(context, layer(kind)), NONE, "{context:?}");
    }
}

/// A table of 500 rows, open, in a workspace that has everything.
fn full() -> World {
    let row = |at: u64| TableRow {
        ordinal: Some(at),
        cells: vec![at.to_string(), format!("value {}", at % 7), (at % 3).to_string()],
        trouble: None,
    };
    let column = |name: &str, kind| ColumnInfo {
        name: name.to_owned(),
        kind,
    };
    let opened = move || OpenedTable {
        path: None,
        name: "phisingData.csv".to_owned(),
        format: "CSV".to_owned(),
        bytes: Some(20_000),
        columns: vec![
            column("id", ColumnKind::Integer),
            column("text", ColumnKind::Text),
            column("Result", ColumnKind::Integer),
        ],
        rows: RowCount {
            known: 500,
            complete: true,
            estimated: None,
        },
        first: (0..60).map(row).collect(),
    };
    let mut review = setup(200);
    review.opened.saved_queues = (1..=9).map(|at| format!("queue {at}")).collect();
    reviewing(knowing(World::new()), review)
        .on(Kind::Survey, |_| done(Reply::Survey(known_survey())))
        .on(Kind::Open, move |_| done(Reply::Opened(opened())))
        .on(Kind::Row, move |job| match job {
            Job::Browse(BrowseJob::Row { at }) => done(Reply::Row(row(*at))),
            _ => Vec::new(),
        })
        .on(Kind::Page, move |job| match job {
            Job::Browse(BrowseJob::Page { first, count, .. }) => {
                let rows = (*first..500.min(first + *count as u64)).map(row).collect();
                done(Reply::Page(Page {
                    first: Some(*first),
                    rows,
                }))
            }
            _ => Vec::new(),
        })
}

/// A session of that workspace after some keys.
fn after(keys: &'static str) -> impl Fn() -> Session {
    move || {
        let mut session = Session::new(full());
        session.keys(keys);
        session
    }
}

/// The places of panels, and the keys that lead there.
const PANELS: [(Context, &str); 10] = [
    (Context::Data, "1"),
    (Context::Validation, "2 r"),
    (Context::Training, "3"),
    (Context::Dial, "3 d"),
    (Context::Review, "4"),
    (Context::SavedQueues, "4"),
    (Context::Tags, "4 #"),
    (Context::Runs, "5"),
    (Context::TeamRuns, "5 T"),
    (Context::Logs, "6"),
];

#[test]
fn keys_of_panels_are_taken() {
    for (context, keys) in PANELS {
        assert_eq!(untaken(context, after(keys)), NONE, "{context:?}");
    }
}

#[test]
fn moving_keys_are_taken_where_there_are_rows() {
    assert_eq!(untaken(Context::Lists, after("1")), NONE);
    // In a list without columns those keys may have nothing to do; up and down always have.
    for keys in ["2 r", "3", "5", "6"] {
        let sideways = ["left", "right", "first-column", "last-column"];
        let mut left = untaken(Context::Lists, after(keys));
        left.retain(|line| !sideways.iter().any(|action| line.ends_with(action)));
        assert_eq!(left, NONE, "{keys}");
    }
}

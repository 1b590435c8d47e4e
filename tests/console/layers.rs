//! Sessions about what opens above the panels.

use nsec_tui::tui::app::layer::{
    Field, FieldValue, Form, Layer, Picker, PickerItem, Prompt, Purpose, Reader, ReaderLine, Tone,
};
use nsec_tui::tui::app::line_editor::LineEditor;
use nsec_tui::tui::app::{Effect, Panel};

use super::session::Session;
use super::world::World;

/// A session with a layer open above the Logs panel.
fn above_logs(layer: &Layer) -> Session {
    let mut session = Session::new(World::new());
    session.keys("6");
    for console in &mut session.consoles {
        console.app.layers.push(layer.clone());
    }
    session
}

#[test]
fn help_has_the_keys_of_where_one_is() {
    let mut session = Session::new(World::new());
    session.keys("6 ?").shows("help");
    session.typed("mouse").shows("help-narrowed");
    session.keys("enter");
    assert!(session.text().contains("the program has the mouse"));
    session.replays();
}

#[test]
fn the_palette_has_commands_by_name() {
    let mut session = Session::new(World::new());
    session.keys("6 :").shows("palette").shows_plain("palette");
    session.typed("zzz").shows("palette-nothing-fits");
    session.keys("ctrl-u").typed("show-tr").keys("enter");
    assert_eq!(session.consoles[0].app.panel, Panel::Training);
}

#[test]
fn a_prompt_shows_its_hint_its_completions_and_what_is_wrong() {
    let mut prompt = Prompt::new(
        "filter",
        "a condition, as URL_Length = 1 and service like 'http%', or any text",
    );
    prompt.words = ["URL_Length", "URL_of_Anchor", "service"].map(str::to_owned).to_vec();
    let mut session = above_logs(&Layer::prompt(Panel::Logs, Purpose::FilterLog, prompt.clone()));
    session.shows("prompt-empty");
    session.typed("x = 1 and url").shows("prompt-completions");
    prompt.error = Some("there is no column \u{201c}srvice\u{202e}\u{201d}; the nearest is service".to_owned());
    prompt.regex = Some(true);
    prompt.exact_case = Some(false);
    let layer = Layer::prompt(
        Panel::Logs,
        Purpose::FilterLog,
        prompt.starting_with("\\d+ \u{1b}[2J ".repeat(12)),
    );
    above_logs(&layer).shows("prompt-error").shows_plain("prompt-error");
}

#[test]
fn a_picker_has_groups_and_scrolls() {
    let item = |at: usize| PickerItem {
        label: format!("column_{at}"),
        about: if at.is_multiple_of(3) {
            "a text about it that is rather long, longer than most".repeat(2)
        } else {
            String::new()
        },
        aside: ["int", "category", "f\u{1b}loat"][at % 3].to_owned(),
        group: format!("group {}", at / 10),
    };
    let picker = Picker::new("column", (0..57).map(item).collect());
    let mut session = above_logs(&Layer::picker(Panel::Logs, Purpose::GoToColumn, picker));
    session
        .shows("picker")
        .keys("down*30 pagedown")
        .shows("picker-scrolled");
    session.typed("5").shows("picker-narrowed");
}

#[test]
fn a_text_to_read_is_broken_and_scrolls() {
    let mut lines = vec![
        ReaderLine::heading("Row 12"),
        ReaderLine::labelled("URL_Length", "1"),
        ReaderLine::labelled("note", "a rather long text ".repeat(20)),
        ReaderLine::labelled("hostile\u{1b}[2J", "\u{202e}desrever\u{7} \\x1b").in_tone(Tone::Bad),
        ReaderLine::labelled("wide", "漢字".repeat(60)).in_tone(Tone::Warning),
    ];
    lines.extend((0..60).map(|at| ReaderLine::labelled(format!("column_{at}"), at.to_string())));
    let mut session = above_logs(&Layer::reader(
        Panel::Logs,
        Reader::new("row 12 of \u{1b}[2J.csv", lines),
    ));
    session.shows("reader").keys("j*40").shows("reader-scrolled");
    session.keys("G k y");
    assert_eq!(session.effects().last(), Some(&Effect::Copy("58".to_owned())));
    session.keys("G").shows_plain("reader-end");
}

#[test]
fn a_dialog_says_what_is_wrong_where() {
    let field = |name: &'static str, help: &'static str, value: FieldValue| Field {
        name,
        label: name,
        help,
        value,
        error: None,
    };
    let families = [
        "logistic_regression",
        "decision_tree",
        "random_forest",
        "extra_trees",
        "gradient_boosting",
        "knn",
    ];
    let models = FieldValue::Several {
        options: families
            .iter()
            .map(|name| ((*name).to_owned(), *name != "knn"))
            .collect(),
        at: 2,
    };
    let split = FieldValue::Choice {
        options: ["grouped", "stratified", "time"].map(str::to_owned).to_vec(),
        at: 0,
    };
    let form = Form {
        title: "train".to_owned(),
        notes: vec!["11,055 rows of phisingData.csv. Every default is good enough: Enter starts.".to_owned()],
        fields: vec![
            field("models", "families that take part", models),
            field("split", "grouped keeps identical rows on one side", split),
            field(
                "seed",
                "the same seed, the same model",
                FieldValue::Text(LineEditor::new("42")),
            ),
        ],
        check: Some(|fields| match fields[2].value.text().parse::<u64>() {
            Ok(_) => Vec::new(),
            Err(_) => vec![("seed", "a seed is a whole number from 0 on".to_owned())],
        }),
        ..Form::default()
    };
    let mut session = above_logs(&Layer::form(Panel::Logs, Purpose::Train, form));
    session.shows("form").keys("down right").shows("form-choice");
    session
        .keys("down x enter")
        .shows("form-error")
        .shows_plain("form-error");
    session.keys("backspace enter");
    assert!(session.consoles[0].app.layers.is_empty());
}

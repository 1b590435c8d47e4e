//! Every entry of the table of keys, pressed where it holds: something must take it.

use nsec_tui::tui::app::layer::{
    Confirm, Field, FieldValue, Form, Layer, LayerKind, Outcome, Picker, PickerItem, Prompt, Purpose, Reader,
    ReaderLine,
};
use nsec_tui::tui::app::line_editor::LineEditor;
use nsec_tui::tui::app::{App, Panel};
use nsec_tui::tui::keymap::{Action, Context, TABLE};

use super::session::Session;
use super::world::World;

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
        (Context::Form, LayerKind::Form(form)),
    ] {
        assert_eq!(untaken(context, layer(kind)), NONE, "{context:?}");
    }
}

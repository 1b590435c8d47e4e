//! What opens above a panel: a line to type, a list to choose from, a text to read, a question, a dialog of several fields.

mod caution;
mod confirm;
mod form;
mod path;
mod picker;
mod prompt;
mod reader;
mod secret;

pub use caution::Caution;
pub use confirm::Confirm;
pub use form::{Field, FieldValue, Form};
pub use path::PathLine;
pub use picker::{Picker, PickerItem};
pub use prompt::Prompt;
pub use reader::{Reader, ReaderLine, Tone};
pub use secret::SecretLine;

use super::panel::Panel;
use super::review::{Asking, Dialog};
use crate::tui::key::KeyPress;
use crate::tui::keymap::{Action, Context};

/// What a layer is open for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A text to look for in Data.
    Find,
    /// A condition for Data.
    Filter,
    /// A filter to take away.
    RemoveFilter,
    /// A row's number.
    GoToRow,
    /// A column by name.
    GoToColumn,
    /// A file to open.
    OpenFile,
    /// Where the view goes.
    ExportView,
    /// Where the report goes.
    ExportReport,
    /// Where rejected rows go.
    ExportRejects,
    /// Whether this file may be replaced; the path was typed for the purpose in the box.
    Replace(Box<Purpose>, String),
    /// The training dialog.
    Train,
    /// Whether this threshold is taken for this run.
    Threshold(String),
    /// What mistakes cost, for the dial.
    Costs,
    /// How many alerts there may be, for the dial.
    Budget,
    /// A text that runs must contain.
    FilterRuns,
    /// Whether this run becomes champion.
    Promote(String),
    /// Whether the champion before becomes champion again.
    Rollback,
    /// Whether this run is deleted.
    Delete(String),
    /// The team's server.
    Team,
    /// Whether this run is fetched from the team and becomes champion here.
    FetchChampion(String),
    /// Whether this shared run becomes the team's champion.
    TeamChampion {
        /// The run.
        run: String,
        /// The champion that was on the screen.
        expected: Option<String>,
    },
    /// Something of the Review panel.
    Review(Asking),
    /// A dialog of the Review panel.
    Dialog(Dialog),
    /// A text that log lines must contain.
    FilterLog,
    /// The keys of where one is.
    Help,
    /// Every command.
    Palette,
    /// Whether to leave although work runs.
    Quit,
    /// Something to read.
    Read,
}

/// What a layer was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What it was open for.
    pub purpose: Purpose,
    /// What was typed or chosen.
    pub given: Given,
}

/// What was typed or chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A line, with how to read it where that can be switched.
    Line {
        /// The text.
        text: String,
        /// As a regular expression.
        regex: bool,
        /// Case counts whatever the text.
        exact_case: bool,
    },
    /// The place of an item in the list that the picker was given, and what was typed.
    Choice {
        /// The item; `None` where only text was given and that is allowed.
        item: Option<usize>,
        /// What was typed to narrow the list.
        text: String,
    },
    /// Yes.
    Yes,
    /// A dialog's values by field name.
    Fields(Vec<(&'static str, FieldValue)>),
}

/// What became of an action or a key in a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It stays open.
    Stays,
    /// It closes without an answer.
    Closes,
    /// It closes with an answer.
    Answers(Given),
    /// The text of the line the cursor is on is to be copied.
    Copies(String),
    /// What is typed has changed and somebody may have suggestions to give (see [`Prompt::path`]).
    Typed,
    /// This text is to be read above it.
    Shows(Reader),
    /// Not for this layer.
    Ignored,
}

/// Something open above a panel.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Who is told the answer; `None` is the console itself.
    pub owner: Option<Panel>,
    purpose: Purpose,
    /// What it looks like.
    pub kind: LayerKind,
}

/// The kinds of layers.
#[derive(Clone, Debug)]
pub enum LayerKind {
    /// A line to type.
    Prompt(Prompt),
    /// A list to choose from.
    Picker(Picker),
    /// A text to read.
    Reader(Reader),
    /// A question.
    Confirm(Confirm),
    /// A question with something to be read first.
    Caution(Caution),
    /// Several fields.
    Form(Form),
}

impl Layer {
    /// A line to type for a panel.
    pub fn prompt(owner: Panel, purpose: Purpose, prompt: Prompt) -> Self {
        Self::new(Some(owner), purpose, LayerKind::Prompt(prompt))
    }

    /// A list to choose from for a panel.
    pub fn picker(owner: Panel, purpose: Purpose, picker: Picker) -> Self {
        Self::new(Some(owner), purpose, LayerKind::Picker(picker))
    }

    /// A text to read.
    pub fn reader(owner: Panel, reader: Reader) -> Self {
        Self::new(Some(owner), Purpose::Read, LayerKind::Reader(reader))
    }

    /// A question of a panel.
    pub fn confirm(owner: Panel, purpose: Purpose, confirm: Confirm) -> Self {
        Self::new(Some(owner), purpose, LayerKind::Confirm(confirm))
    }

    /// A question of a panel with something to be read first.
    pub fn caution(owner: Panel, purpose: Purpose, caution: Caution) -> Self {
        Self::new(Some(owner), purpose, LayerKind::Caution(caution))
    }

    /// A dialog of a panel.
    pub fn form(owner: Panel, purpose: Purpose, form: Form) -> Self {
        Self::new(Some(owner), purpose, LayerKind::Form(form))
    }

    /// Of the console itself where there is no owner.
    pub fn new(owner: Option<Panel>, purpose: Purpose, kind: LayerKind) -> Self {
        Self { owner, purpose, kind }
    }

    /// What it is open for.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// Where its keys are.
    pub fn context(&self) -> Context {
        match self.kind {
            LayerKind::Prompt(_) => Context::Prompt,
            LayerKind::Picker(_) => Context::Picker,
            LayerKind::Reader(_) => Context::Reader,
            LayerKind::Caution(Caution { careful: true, .. }) => Context::Caution,
            LayerKind::Confirm(_) | LayerKind::Caution(_) => Context::Confirm,
            LayerKind::Form(_) => Context::Form,
        }
    }

    /// Does what a key asks. `page` is how many lines a screen has.
    pub fn act(&mut self, action: Action, page: usize) -> Outcome {
        if matches!(action, Action::Back | Action::No) {
            return Outcome::Closes;
        }
        match &mut self.kind {
            LayerKind::Prompt(prompt) => prompt.act(action),
            LayerKind::Picker(picker) => picker.act(action, page),
            LayerKind::Reader(reader) => reader.act(action, page),
            LayerKind::Confirm(_) | LayerKind::Caution(_) if action == Action::Yes => Outcome::Answers(Given::Yes),
            // It has no rows to list.
            LayerKind::Confirm(_) if action == Action::Open => Outcome::Stays,
            LayerKind::Confirm(_) => Outcome::Ignored,
            LayerKind::Caution(caution) => caution.act(action),
            LayerKind::Form(form) => form.act(action),
        }
    }

    /// Takes a key that is no entry of the keymap: something typed, or moving within the line.
    pub fn press(&mut self, key: KeyPress) -> Outcome {
        match &mut self.kind {
            LayerKind::Prompt(prompt) => prompt.press(key),
            LayerKind::Picker(picker) => picker.press(key),
            LayerKind::Form(form) => form.press(key),
            LayerKind::Reader(_) | LayerKind::Confirm(_) | LayerKind::Caution(_) => Outcome::Ignored,
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str) -> Outcome {
        match &mut self.kind {
            LayerKind::Prompt(prompt) => prompt.paste(text),
            LayerKind::Picker(picker) => picker.paste(text),
            LayerKind::Form(form) => form.paste(text),
            LayerKind::Reader(_) | LayerKind::Confirm(_) | LayerKind::Caution(_) => Outcome::Ignored,
        }
    }
}

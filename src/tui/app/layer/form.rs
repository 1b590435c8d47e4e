//! Owns a dialog of several fields.

use super::{Given, Outcome, PathLine, SecretLine};
use crate::tui::app::line_editor::LineEditor;
use crate::tui::key::KeyPress;
use crate::tui::keymap::Action;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// One of several.
    Choice {
        /// What there is.
        options: Vec<String>,
        /// Which one.
        at: usize,
    },
    /// Any number of several.
    Several {
        /// What there is, and whether it is taken.
        options: Vec<(String, bool)>,
        /// The one the cursor is on.
        at: usize,
    },
    /// A line.
    Text(LineEditor),
    /// A path.
    Path(PathLine),
    /// A password.
    Secret(SecretLine),
}

impl FieldValue {
    /// The choice, or the line; nothing of a password.
    pub fn text(&self) -> &str {
        match self {
            Self::Choice { options, at } => options.get(*at).map_or("", String::as_str),
            Self::Several { .. } | Self::Secret(_) => "",
            Self::Text(line) => line.text(),
            Self::Path(path) => path.line.text(),
        }
    }

    /// Which of several are taken.
    pub fn taken(&self) -> Vec<&str> {
        match self {
            Self::Several { options, .. } => options
                .iter()
                .filter(|(_, taken)| *taken)
                .map(|(name, _)| name.as_str())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The line, where one is typed that can be seen.
    pub fn line(&self) -> Option<&LineEditor> {
        match self {
            Self::Text(line) | Self::Path(PathLine { line, .. }) => Some(line),
            _ => None,
        }
    }
}

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// By which the answer names it.
    pub name: &'static str,
    /// Before the value.
    pub label: &'static str,
    /// A line about it, shown while the cursor is on it.
    pub help: &'static str,
    /// What it holds.
    pub value: FieldValue,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// Looks at a dialog's values: the names of fields and what is wrong with them.
pub type Check = fn(&[Field]) -> Vec<(&'static str, String)>;

/// A dialog.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Its title.
    pub title: String,
    /// Lines above the fields.
    pub notes: Vec<String>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The field the cursor is on.
    pub cursor: usize,
    /// Looks at all values before they are an answer: the field's name and what is wrong with it.
    pub check: Option<Check>,
}

impl Form {
    /// The field the cursor is on.
    pub fn current(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.cursor)
    }

    pub(super) fn act(&mut self, action: Action) -> Outcome {
        let last = self.fields.len().saturating_sub(1);
        match action {
            Action::NextField => self.cursor = if self.cursor >= last { 0 } else { self.cursor + 1 },
            Action::PreviousField => self.cursor = self.cursor.checked_sub(1).unwrap_or(last),
            Action::NextChoice => return self.choose(1),
            Action::PreviousChoice => return self.choose(-1),
            Action::Mark => self.mark(),
            Action::Accept => return self.accept(),
            _ => return Outcome::Ignored,
        }
        Outcome::Stays
    }

    fn choose(&mut self, by: isize) -> Outcome {
        let key = if by > 0 { "right" } else { "left" };
        let Some(field) = self.current() else {
            return Outcome::Stays;
        };
        field.error = None;
        match &mut field.value {
            FieldValue::Choice { options, at } => *at = round(*at, by, options.len()),
            FieldValue::Several { options, at } => *at = round(*at, by, options.len()),
            // The key is free at the end of a line: there it completes.
            FieldValue::Path(path) => {
                if by > 0 && path.complete() {
                    return Outcome::Typed;
                }
                step(&mut path.line, key);
            }
            FieldValue::Text(line) => step(line, key),
            FieldValue::Secret(_) => {}
        }
        Outcome::Stays
    }

    fn mark(&mut self) {
        let Some(field) = self.current() else { return };
        match &mut field.value {
            FieldValue::Choice { options, at } => *at = round(*at, 1, options.len()),
            FieldValue::Several { options, at } => {
                if let Some((_, taken)) = options.get_mut(*at) {
                    *taken = !*taken;
                }
            }
            FieldValue::Text(line) | FieldValue::Path(PathLine { line, .. }) => line.insert(" "),
            FieldValue::Secret(line) => line.insert(" "),
        }
        field.error = None;
    }

    fn accept(&mut self) -> Outcome {
        let wrong = self.check.map(|check| check(&self.fields)).unwrap_or_default();
        for (at, field) in self.fields.iter_mut().enumerate().rev() {
            field.error = wrong
                .iter()
                .find(|(name, _)| *name == field.name)
                .map(|(_, error)| error.clone());
            if field.error.is_some() {
                self.cursor = at;
            }
        }
        if !wrong.is_empty() {
            return Outcome::Stays;
        }
        let values = self.fields.iter().map(|field| (field.name, field.value.clone()));
        Outcome::Answers(Given::Fields(values.collect()))
    }

    pub(super) fn press(&mut self, key: KeyPress) -> Outcome {
        let Some(field) = self.current() else {
            return Outcome::Ignored;
        };
        let taken = match &mut field.value {
            FieldValue::Text(line) | FieldValue::Path(PathLine { line, .. }) => line.press(key),
            FieldValue::Secret(line) => line.press(key),
            FieldValue::Choice { .. } | FieldValue::Several { .. } => false,
        };
        if !taken {
            return Outcome::Ignored;
        }
        field.error = None;
        Outcome::Typed
    }

    pub(super) fn paste(&mut self, text: &str) -> Outcome {
        let Some(field) = self.current() else {
            return Outcome::Ignored;
        };
        match &mut field.value {
            FieldValue::Text(line) | FieldValue::Path(PathLine { line, .. }) => line.insert(text),
            FieldValue::Secret(line) => line.insert(text),
            FieldValue::Choice { .. } | FieldValue::Several { .. } => return Outcome::Ignored,
        }
        field.error = None;
        Outcome::Typed
    }
}

/// Moves the cursor of a line.
fn step(line: &mut LineEditor, key: &str) {
    if let Ok(key) = key.parse() {
        line.press(key);
    }
}

/// A step round a circle of `of`.
fn round(at: usize, by: isize, of: usize) -> usize {
    let of = of.max(1) as isize;
    (at as isize + by).rem_euclid(of) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        let field = |name, value| Field {
            name,
            label: name,
            help: "",
            value,
            error: None,
        };
        let seed = FieldValue::Text(LineEditor::new("42"));
        let models = FieldValue::Several {
            options: vec![("a".into(), true), ("b".into(), true)],
            at: 0,
        };
        let split = FieldValue::Choice {
            options: vec!["grouped".into(), "time".into()],
            at: 0,
        };
        Form {
            fields: vec![field("seed", seed), field("models", models), field("split", split)],
            check: Some(|fields| match fields[0].value.text().parse::<u64>() {
                Ok(_) => Vec::new(),
                Err(_) => vec![("seed", "not a number".to_owned())],
            }),
            ..Form::default()
        }
    }

    #[test]
    fn a_wrong_field_keeps_the_dialog_open_and_takes_the_cursor() {
        let mut form = form();
        form.press("x".parse().unwrap());
        form.act(Action::NextField);
        assert_eq!(form.act(Action::Accept), Outcome::Stays);
        assert_eq!(
            (form.cursor, form.fields[0].error.as_deref()),
            (0, Some("not a number"))
        );
        form.press("backspace".parse().unwrap());
        assert!(matches!(form.act(Action::Accept), Outcome::Answers(_)));
    }

    #[test]
    fn choices_go_round_and_marks_switch() {
        let mut form = form();
        form.act(Action::NextField);
        form.act(Action::NextChoice);
        form.act(Action::Mark);
        assert_eq!(form.fields[1].value.taken(), ["a"]);
        form.act(Action::NextField);
        form.act(Action::PreviousChoice);
        assert_eq!(form.fields[2].value.text(), "time");
        form.act(Action::NextField);
        assert_eq!(form.cursor, 0);
    }
}

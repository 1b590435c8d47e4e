//! Owns what a recording may have of what is typed: of a password only how long it is.

use super::address::{HIDDEN, begins_a_scheme, is_address, may_be_secret};
use super::layer::{Field, FieldValue, LayerKind, SecretLine};
use super::team::ADDRESS;
use super::{App, Message};
use crate::tui::key::KeyPress;

/// What is being typed into.
enum Typing<'a> {
    /// A password.
    Secret,
    /// A line, as far as its cursor; whether it is an address whatever it begins with.
    Line(&'a str, bool),
}

impl App {
    /// What a recording may have in the place of a message that is about to be taken; `None` is the message itself. A session
    /// played again from it goes the same way.
    pub fn for_recording(&self, message: &Message) -> Option<Vec<Message>> {
        match message {
            Message::Key(key) => {
                let c = key.typed()?;
                let hidden = match self.typing()? {
                    Typing::Secret => true,
                    Typing::Line(before, address) => may_be_secret(before, c, address),
                };
                hidden.then(|| vec![Message::Key(KeyPress::char(HIDDEN))])
            }
            Message::Paste(text) => match self.typing()? {
                Typing::Secret => Some(SecretLine::taken(text).map(|_| typed(HIDDEN)).collect()),
                Typing::Line(before, address) => pasted(before, text, address),
            },
            _ => None,
        }
    }

    fn typing(&self) -> Option<Typing<'_>> {
        let line = |line| Some(Typing::Line(line, false));
        match &self.layers.last()?.kind {
            LayerKind::Prompt(prompt) => line(prompt.line.split().0),
            LayerKind::Picker(picker) => line(picker.line.split().0),
            LayerKind::Form(form) => {
                let Field { name, value, .. } = form.fields.get(form.cursor)?;
                match value {
                    FieldValue::Secret(_) => Some(Typing::Secret),
                    value => Some(Typing::Line(value.line()?.split().0, *name == ADDRESS)),
                }
            }
            LayerKind::Reader(_) | LayerKind::Confirm(_) | LayerKind::Caution(_) => None,
        }
    }
}

/// An address that is pasted, as the keys that would have typed it; `None` if it is none.
fn pasted(before: &str, text: &str, address: bool) -> Option<Vec<Message>> {
    let mut line = format!("{before}{text}");
    let meant = is_address(&line);
    if !meant && !address {
        return None;
    }
    line.truncate(before.len());
    let mut keys = Vec::new();
    for c in text.chars() {
        // Blanks in front are cut off before the text is read, so they must be there when it is played again.
        let blank = c == ' ' && line.trim_start().is_empty();
        let bare = !meant && !blank && !begins_a_scheme(&line, c);
        let hidden = bare || c.is_control() || may_be_secret(&line, c, address);
        line.push(c);
        keys.push(typed(if hidden { HIDDEN } else { c }));
    }
    Some(keys)
}

fn typed(c: char) -> Message {
    Message::Key(KeyPress::char(c))
}

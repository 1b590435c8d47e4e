//! Owns a person's own keys: put in the place of the table's, and refused where they could not be used.

use std::collections::BTreeMap;

use super::{Action, Binding, Context, Keymap};
use crate::tui::key::{Key, KeyPress};

/// Keys by context and action, as `nsec.yaml` has them.
pub type KeySettings = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Why a person's keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct KeymapError {
    /// The setting's path: `console.keys.data.find`.
    pub key: String,
    /// What is wrong with it and what would be right.
    pub message: String,
}

/// Names less alike than this (Jaro-Winkler, 0 to 1) are no slips of each other.
const ALIKE: f64 = 0.75;

/// Without a key for these nobody gets out again.
const WAYS_OUT: [(Context, Action); 11] = [
    (Context::Everywhere, Action::Quit),
    (Context::Dial, Action::Back),
    (Context::Tags, Action::Back),
    (Context::Form, Action::Back),
    (Context::Prompt, Action::Back),
    (Context::Picker, Action::Back),
    (Context::Reader, Action::Back),
    (Context::Confirm, Action::No),
    (Context::Confirm, Action::Yes),
    (Context::Caution, Action::No),
    (Context::Caution, Action::Yes),
];

/// Where characters are typed, so that none can be a key.
const TYPING: [Context; 3] = [Context::Form, Context::Prompt, Context::Picker];

impl Keymap {
    /// The table's keys, with a person's instead where there are some.
    ///
    /// # Errors
    /// Names that do not exist, texts that are no keys, a key for two actions of one context, characters where text is
    /// typed, no key left for a way out.
    pub fn new(settings: &KeySettings) -> Result<Self, KeymapError> {
        let mut keymap = Self::of_table();
        for (context, actions) in settings {
            let known = Context::ALL.into_iter().find(|c| c.name() == *context);
            let Some(known) = known else {
                let names = Context::ALL.map(Context::name);
                let key = format!("console.keys.{context}");
                return Err(refused(
                    key,
                    format!("there is no such place; {}", nearest(context, &names)),
                ));
            };
            for (action, keys) in actions {
                replace(&mut keymap.bindings, known, action, keys)?;
            }
        }
        keymap.check()?;
        Ok(keymap)
    }

    fn check(&self) -> Result<(), KeymapError> {
        for (at, binding) in self.bindings.iter().enumerate() {
            let others = self.bindings[at + 1..].iter();
            for other in others.filter(|other| other.entry.context == binding.entry.context) {
                if let Some(key) = binding.keys.iter().find(|key| other.keys.contains(key)) {
                    let (first, second) = (binding.entry.action, other.entry.action);
                    let message = format!("{key} would do both {first} and {second}; give one of them another key");
                    return Err(refused(path(binding.entry.context, second.name()), message));
                }
            }
        }
        for (context, action) in WAYS_OUT {
            let mut here = self.of(context).filter(|binding| binding.entry.action == action);
            if here.all(|binding| binding.keys.is_empty()) {
                let message = "without a key for it there is no way out; give it one".to_owned();
                return Err(refused(path(context, action.name()), message));
            }
        }
        Ok(())
    }
}

fn refused(key: String, message: String) -> KeymapError {
    KeymapError { key, message }
}

fn path(context: Context, action: impl std::fmt::Display) -> String {
    format!("console.keys.{}.{action}", context.name())
}

fn replace(bindings: &mut [Binding], context: Context, action: &str, keys: &[String]) -> Result<(), KeymapError> {
    let here = || path(context, action);
    let mut of_context = bindings.iter_mut().filter(|b| b.entry.context == context);
    let Some(binding) = of_context.find(|b| b.entry.action.name() == action) else {
        let of_context = bindings.iter().filter(|b| b.entry.context == context);
        let names: Vec<String> = of_context.map(|b| b.entry.action.name()).collect();
        let message = format!("nothing of that name is done there; {}", nearest(action, &names));
        return Err(refused(here(), message));
    };
    let mut read: Vec<KeyPress> = Vec::new();
    for text in keys {
        let key: KeyPress = text.parse().map_err(|error| refused(here(), format!("{error}")))?;
        // The table has some such keys of its own: the space that ticks a box types a space where text is typed.
        let own = binding.entry.keys.contains(&text.as_str());
        if TYPING.contains(&context) && key.typed().is_some() && !own {
            let message = format!("{key} types a character there; take one with ctrl- or alt-");
            return Err(refused(here(), message));
        }
        if let Some(message) = never_arrives(key) {
            return Err(refused(here(), message));
        }
        if read.contains(&key) {
            return Err(refused(here(), format!("{key} stands there twice")));
        }
        read.push(key);
    }
    binding.keys = read;
    Ok(())
}

/// Why a terminal would never send a key.
fn never_arrives(key: KeyPress) -> Option<String> {
    let Key::Char(c) = key.key else { return None };
    let other = match c {
        _ if !key.ctrl => return None,
        'i' => "tab".to_owned(),
        'm' => "enter".to_owned(),
        '[' => "esc".to_owned(),
        c if c.is_ascii_uppercase() => format!("ctrl-{}", c.to_ascii_lowercase()),
        _ => return None,
    };
    Some(format!("terminals send {other} for {key}; take another key"))
}

/// The nearest name if one is near, else where to find them.
fn nearest(given: &str, names: &[String]) -> String {
    let given: String = given.chars().take(60).collect();
    let alike = names.iter().map(|name| (strsim::jaro_winkler(&given, name), name));
    let best = alike
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(alike, _)| *alike >= ALIKE);
    match best {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if names.len() <= 16 => format!("use one of {}", names.join(", ")),
        None => "docs/KEYS.md lists the names".to_owned(),
    }
}

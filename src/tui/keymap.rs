//! Owns which key does what, where: the one table behind dispatch, footer hints, help, the palette and `docs/KEYS.md`.

mod action;
mod table;

use std::collections::BTreeMap;

pub use self::action::{Action, Context};
pub use self::table::TABLE;
use super::key::KeyPress;

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Where it holds.
    pub context: Context,
    /// The keys as text; the first one is shown.
    pub keys: &'static [&'static str],
    /// What they do.
    pub action: Action,
    /// For the footer, a word or two; empty keeps it out.
    pub label: &'static str,
    /// For help and palette.
    pub help: &'static str,
}

/// The keys in force: the table's, and what a person's settings put in their place.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// An entry with its keys read.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The line of the table.
    pub entry: &'static Entry,
    /// Its keys, perhaps other ones than the table's.
    pub keys: Vec<KeyPress>,
}

/// A key, and the word for what it does, as the footer shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key.
    pub key: KeyPress,
    /// The word.
    pub label: &'static str,
    /// What it does.
    pub action: Action,
    /// Where it is an entry.
    pub context: Context,
}

/// Keys by context and action, as `nsec.yaml` has them.
pub type KeySettings = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Why a person's keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// No such context.
    #[error("console.keys.{context}: there is no such place; places are {places}")]
    Context {
        /// As written.
        context: String,
        /// What there is.
        places: String,
    },
    /// No such action there.
    #[error("console.keys.{context}.{action}: nothing of that name is done there; docs/KEYS.md lists the names")]
    Action {
        /// The context.
        context: String,
        /// As written.
        action: String,
    },
    /// Not a key.
    #[error("console.keys.{context}.{action}: {key:?} is no key; write keys as x, X, ctrl-x, alt-x, F5, space, enter")]
    Key {
        /// The context.
        context: String,
        /// The action.
        action: String,
        /// As written.
        key: String,
    },
    /// One key for two things.
    #[error("console.keys.{context}: {key} would do both {first} and {second}; give one of them another key")]
    Twice {
        /// The context.
        context: String,
        /// The key.
        key: String,
        /// An action.
        first: String,
        /// The other.
        second: String,
    },
}

impl Keymap {
    /// The table's keys, with a person's instead where there are some.
    ///
    /// # Errors
    /// Names that do not exist, texts that are no keys, a key for two actions of one context.
    pub fn new(settings: &KeySettings) -> Result<Self, KeymapError> {
        let mut bindings: Vec<Binding> = TABLE
            .iter()
            .map(|entry| Binding {
                entry,
                keys: entry.keys.iter().filter_map(|key| key.parse().ok()).collect(),
            })
            .collect();
        for (context, actions) in settings {
            if !Context::ALL.iter().any(|c| c.name() == *context) {
                let places: Vec<String> = Context::ALL.iter().map(|c| c.name()).collect();
                return Err(KeymapError::Context {
                    context: context.clone(),
                    places: places.join(", "),
                });
            }
            for (action, keys) in actions {
                replace(&mut bindings, context, action, keys)?;
            }
        }
        let keymap = Self { bindings };
        keymap.check()?;
        Ok(keymap)
    }

    /// What a key does where `contexts` are open, the innermost first.
    pub fn action(&self, contexts: &[Context], key: KeyPress) -> Option<Action> {
        self.binding(contexts, key).map(|binding| binding.entry.action)
    }

    /// The binding that takes a key where `contexts` are open, the innermost first.
    pub fn binding(&self, contexts: &[Context], key: KeyPress) -> Option<&Binding> {
        contexts
            .iter()
            .find_map(|context| self.of(*context).find(|binding| binding.keys.contains(&key)))
    }

    /// The bindings of a context in the table's order.
    pub fn of(&self, context: Context) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |b| b.entry.context == context)
    }

    /// The first key of an action, as text, in the first of these contexts that has one.
    pub fn key_for(&self, contexts: &[Context], action: Action) -> Option<String> {
        contexts.iter().find_map(|context| {
            let binding = self.of(*context).find(|b| b.entry.action == action)?;
            binding.keys.first().map(ToString::to_string)
        })
    }

    /// What the footer says where `contexts` are open, the innermost first: keys that do here what they say, and the
    /// word for it.
    pub fn hints(&self, contexts: &[Context]) -> Vec<Hint> {
        let mut hints = Vec::new();
        for binding in contexts.iter().flat_map(|context| self.of(*context)) {
            // A key that something further inside has taken would do something else.
            let does = |key: &KeyPress| self.binding(contexts, *key).is_some_and(|b| std::ptr::eq(b, binding));
            let key = binding.keys.iter().copied().find(does);
            if let Some(key) = key.filter(|_| !binding.entry.label.is_empty()) {
                hints.push(Hint {
                    key,
                    label: binding.entry.label,
                    action: binding.entry.action,
                    context: binding.entry.context,
                });
            }
        }
        hints
    }

    fn check(&self) -> Result<(), KeymapError> {
        for (at, binding) in self.bindings.iter().enumerate() {
            for other in &self.bindings[at + 1..] {
                let same = other.entry.context == binding.entry.context;
                if let Some(key) = binding.keys.iter().find(|key| same && other.keys.contains(key)) {
                    return Err(KeymapError::Twice {
                        context: binding.entry.context.name(),
                        key: key.to_string(),
                        first: binding.entry.action.name(),
                        second: other.entry.action.name(),
                    });
                }
            }
        }
        Ok(())
    }
}

fn replace(bindings: &mut [Binding], context: &str, action: &str, keys: &[String]) -> Result<(), KeymapError> {
    let found = bindings
        .iter_mut()
        .find(|b| b.entry.context.name() == context && b.entry.action.name() == action);
    let Some(binding) = found else {
        return Err(KeymapError::Action {
            context: context.to_owned(),
            action: action.to_owned(),
        });
    };
    let read = keys.iter().map(|key| {
        key.parse().map_err(|_| KeymapError::Key {
            context: context.to_owned(),
            action: action.to_owned(),
            key: key.clone(),
        })
    });
    binding.keys = read.collect::<Result<_, _>>()?;
    Ok(())
}

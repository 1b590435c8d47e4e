//! Owns which key does what, where: the one table behind dispatch, footer hints, help, the palette and `docs/KEYS.md`.

mod action;
pub mod reference;
mod settings;
mod table;

pub use self::action::{Action, Context};
pub use self::settings::{KeySettings, KeymapError};
pub use self::table::{SIGNS, TABLE};
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

/// A sign in Review's list, explained.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// As it is drawn.
    pub sign: &'static str,
    /// The same where only ASCII is drawn.
    pub ascii: &'static str,
    /// A word for it.
    pub name: &'static str,
    /// What it means.
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

impl Keymap {
    /// The table's keys.
    fn of_table() -> Self {
        let binding = |entry: &'static Entry| Binding {
            entry,
            keys: entry.keys.iter().filter_map(|key| key.parse().ok()).collect(),
        };
        Self {
            bindings: TABLE.iter().map(binding).collect(),
        }
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
}

#[cfg(test)]
mod tests;

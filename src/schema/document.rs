//! Owns the first look at a YAML document: its shape, read under limits, so that a hostile file is an error.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A schema file may not be larger.
pub(super) const MAX_FILE_BYTES: usize = 8 << 20;
/// One value may not be longer.
const MAX_SCALAR_BYTES: usize = 64 << 10;
/// What aliases may expand a document to.
const MAX_NODES: usize = 1_000_000;
/// As above, in bytes of text.
const MAX_TEXT_BYTES: usize = 32 << 20;
/// Brackets that may stand open at once: the YAML scanner takes time in their square.
const MAX_OPEN_BRACKETS: usize = 1_000;

/// The shape of a document, without positions.
#[derive(Debug)]
pub(super) enum Node {
    /// No value.
    Null,
    /// A scalar's text.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// A mapping in file order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads the document's shape; errors carry a position.
    pub(super) fn read(text: &str) -> Result<Self, serde_yaml::Error> {
        let budget = Budget::default();
        NodeSeed(&budget).deserialize(serde_yaml::Deserializer::from_str(text))
    }

    /// The value of a mapping's key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The text of a scalar.
    pub(super) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Scalar(text) => Some(text),
            _ => None,
        }
    }
}

/// Line and column (1-based) of the bracket with which too many stand open.
pub(super) fn too_deep(text: &str) -> Option<(usize, usize)> {
    let mut open = 0usize;
    for (number, line) in text.lines().enumerate() {
        for (at, byte) in line.bytes().enumerate() {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > MAX_OPEN_BRACKETS {
                return Some((number + 1, at + 1));
            }
        }
    }
    None
}

#[derive(Default)]
struct Budget {
    nodes: Cell<usize>,
    bytes: Cell<usize>,
}

impl Budget {
    fn spend<E: Error>(&self, bytes: usize) -> Result<(), E> {
        if bytes > MAX_SCALAR_BYTES {
            return Err(E::custom(format_args!(
                "a value of {bytes} bytes; at most {MAX_SCALAR_BYTES} are read"
            )));
        }
        self.nodes.set(self.nodes.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        if self.nodes.get() > MAX_NODES || self.bytes.get() > MAX_TEXT_BYTES {
            return Err(E::custom(
                "the document expands too far; write repeated parts out or drop the aliases",
            ));
        }
        Ok(())
    }

    fn scalar<E: Error>(&self, text: &str) -> Result<Node, E> {
        self.spend(text.len())?;
        Ok(Node::Scalar(text.to_owned()))
    }
}

#[derive(Clone, Copy)]
struct NodeSeed<'b>(&'b Budget);

impl<'de> DeserializeSeed<'de> for NodeSeed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_> {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value, a list or a mapping")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.0.spend(0).map(|()| Node::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.0.scalar(&value.to_string())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.0.scalar(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        self.0.scalar(&value.to_string())
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.0.scalar(&value.to_string())
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.0.scalar(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.0.scalar(&value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.0.scalar(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        self.0.spend(0)?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        self.0.spend(0)?;
        let mut seen = HashSet::new();
        let mut map = Vec::new();
        while let Some(key) = entries.next_key_seed(KeySeed {
            budget: self.0,
            seen: &mut seen,
        })? {
            map.push((key, entries.next_value_seed(self)?));
        }
        Ok(Node::Map(map))
    }
}

/// A mapping's key, refused where it stands for the second time.
struct KeySeed<'b, 's> {
    budget: &'b Budget,
    seen: &'s mut HashSet<String>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_, '_> {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
        self.budget.spend(value.len())?;
        if !self.seen.insert(value.to_owned()) {
            return Err(E::custom(format_args!("the key `{value}` stands here twice; drop one")));
        }
        Ok(value.to_owned())
    }
}

//! Owns finding the line on which a key stands in a YAML text.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The 1-based line of the key (or list index) at the end of `path`. `None` where there is no such key, or where
/// aliases and merges hide it.
pub(super) fn line_of(text: &str, path: &[String]) -> Option<usize> {
    // The reader knows its position only when something fails: so fail on purpose at the key, and ask where.
    let failed = Descend { path }
        .deserialize(serde_yaml::Deserializer::from_str(text))
        .err()?;
    if !failed.to_string().contains(FOUND) {
        return None;
    }
    failed.location().map(|location| location.line())
}

const FOUND: &str = "nsec: key found here";

/// Goes down `path` and fails with [`FOUND`] at its last key.
struct Descend<'p> {
    path: &'p [String],
}

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((wanted, rest)) = self.path.split_first() else {
            return skip_map(map);
        };
        let key = Key {
            wanted,
            last: rest.is_empty(),
        };
        while let Some(here) = map.next_key_seed(Key { ..key })? {
            if here {
                map.next_value_seed(Descend { path: rest })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let (wanted, rest) = match self.path.split_first() {
            Some((first, rest)) => (first.parse::<usize>().ok(), rest),
            None => (None, self.path),
        };
        let mut index = 0;
        loop {
            let more = if wanted == Some(index) && rest.is_empty() {
                seq.next_element_seed(Fail)?
            } else if wanted == Some(index) {
                seq.next_element_seed(Descend { path: rest })?
            } else {
                seq.next_element::<IgnoredAny>()?.map(|_| ())
            };
            if more.is_none() {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Whether the key is the wanted one; fails at it if it is the last of the path.
struct Key<'p> {
    wanted: &'p str,
    last: bool,
}

impl Key<'_> {
    fn answer<E: de::Error>(&self, text: &str) -> Result<bool, E> {
        match (text == self.wanted, self.last) {
            (true, true) => Err(E::custom(FOUND)),
            (here, _) => Ok(here),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
        self.answer(text)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
        self.answer(&value.to_string())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<bool, E> {
        self.answer(&value.to_string())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<bool, E> {
        self.answer(&value.to_string())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<bool, E> {
        self.answer(&value.to_string())
    }

    fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
        self.answer("null")
    }
}

/// Fails at the next value.
struct Fail;

impl<'de> DeserializeSeed<'de> for Fail {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Fail {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whatever is there, it is not this: the reader fails with these words.
        f.write_str(FOUND)
    }
}

//! Owns the names under which the cells of a table stand. Rows mostly come under the names of the rows before them: as long as
//! they do, no name is copied.

use std::collections::HashMap;
use std::sync::Arc;

/// Distinct names in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    list: Vec<String>,
    places: HashMap<String, usize>,
}

impl Names {
    fn push(&mut self, name: &str) {
        self.places.insert(name.to_owned(), self.list.len());
        self.list.push(name.to_owned());
    }

    fn truncate(&mut self, len: usize) {
        for name in self.list.drain(len..) {
            self.places.remove(&name);
        }
    }
}

/// The names of a table: as many of the list as have been met; those behind are expected.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields {
    names: Arc<Names>,
    met: usize,
}

impl Fields {
    /// None yet; these are expected.
    pub(super) fn expecting(names: Arc<Names>) -> Self {
        Self { names, met: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.met
    }

    /// The names.
    pub(super) fn list(&self) -> &[String] {
        self.names.list.get(..self.met).unwrap_or_default()
    }

    /// Where a name stands.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.places.get(name).copied().filter(|place| *place < self.met)
    }

    /// Whether this name stands there, known or expected.
    pub(super) fn are_likely(&self, place: usize, name: &str) -> bool {
        place <= self.met && self.names.list.get(place).is_some_and(|likely| likely == name)
    }

    /// Adds a name that is not among them.
    pub(super) fn push(&mut self, name: &str) {
        if !self.are_likely(self.met, name) {
            self.own().push(name);
        }
        self.met += 1;
    }

    /// Forgets all but the first names; the others are expected from now on.
    pub(super) fn truncate(&mut self, len: usize) {
        self.met = self.met.min(len);
    }

    /// The names, to be expected of the next table.
    pub(super) fn shared(&mut self) -> Arc<Names> {
        if self.met < self.names.list.len() {
            self.own();
        }
        Arc::clone(&self.names)
    }

    /// Whether these are all of those, and not merely equal to them.
    pub(super) fn are(&self, names: &Arc<Names>) -> bool {
        self.met == names.list.len() && Arc::ptr_eq(&self.names, names)
    }

    /// A list of its own, without what is merely expected.
    fn own(&mut self) -> &mut Names {
        if Arc::get_mut(&mut self.names).is_none() {
            let mut own = Names::default();
            for name in self.list() {
                own.push(name);
            }
            self.names = Arc::new(own);
        }
        let own = Arc::make_mut(&mut self.names);
        own.truncate(self.met);
        own
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(names: &[&str]) -> Fields {
        let mut fields = Fields::default();
        for name in names {
            fields.push(name);
        }
        fields
    }

    #[test]
    fn names_that_come_as_expected_are_those_themselves() {
        let names = of(&["a", "b", "c"]).shared();
        let mut same = Fields::expecting(Arc::clone(&names));
        assert_eq!((same.len(), same.find("a")), (0, None));
        for name in ["a", "b", "c"] {
            assert!(!same.are(&names));
            same.push(name);
        }
        assert!(same.are(&names) && Arc::ptr_eq(&same.shared(), &names));
        let mut more = same.clone();
        more.push("d");
        assert_eq!(more.list(), ["a", "b", "c", "d"]);
        assert!(!more.are(&names));
        assert_eq!(same.list(), ["a", "b", "c"], "others are not touched");
        // Fewer than expected are not the same.
        let mut fewer = Fields::expecting(Arc::clone(&names));
        fewer.push("a");
        assert_eq!(fewer.shared().list, ["a"]);
    }

    proptest! {
        #[test]
        fn whatever_is_expected_the_names_are_those_that_came(
            expected in prop::collection::hash_set("[a-e]", 0..5),
            came in prop::collection::vec("[a-e]", 0..8),
        ) {
            let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            let mut fields = Fields::expecting(of(&expected).shared());
            let mut plain: Vec<String> = Vec::new();
            for name in came {
                prop_assert_eq!(fields.find(&name), plain.iter().position(|other| *other == name));
                if fields.find(&name).is_none() {
                    fields.push(&name);
                    plain.push(name);
                }
                prop_assert_eq!(fields.list(), &plain[..]);
                prop_assert_eq!(fields.len(), plain.len());
            }
            prop_assert_eq!(&fields.shared().list, &plain);
        }
    }
}

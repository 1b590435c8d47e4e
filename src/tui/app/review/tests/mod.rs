//! The tests of the Review panel's state, by what they are about.

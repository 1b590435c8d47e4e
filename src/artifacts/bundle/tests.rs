//! Owns the tests of its parent.

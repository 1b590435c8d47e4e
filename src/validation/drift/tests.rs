//! Owns the tests of drift.

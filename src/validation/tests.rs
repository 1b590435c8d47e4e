//! Owns the tests of validation.

//! Owns the tests of the end of the log.

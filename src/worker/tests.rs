//! Owns the tests of the worker.

//! The stages, from files to a versioned model and from a model to a scored file, and the events they report with.

pub mod event;

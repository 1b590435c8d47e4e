//! The console: state (`app`), drawing (`view`), keys (`keymap`). Knows the worker's messages, never the pipeline's inside.

pub mod app;
pub mod key;
pub mod keymap;
pub mod view;

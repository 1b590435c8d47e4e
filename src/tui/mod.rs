//! The console: state (`app`), drawing (`view`), keys (`keymap`), the loop and the terminal (`run`). Knows the worker's messages, never the pipeline's inside.

pub mod app;
pub mod key;
pub mod keymap;
pub mod run;
pub mod view;

//! Owns the log files: where lines go, how they look, and that a hostile value cannot act from within them.

mod escape;
pub use escape::escape_controls;

//! `nsec-tui`: a pipeline that learns to tell malicious network traffic and phishing sites from benign ones, and
//! the console over it.
//!
//! Arrows point down: `cli` -> `pipeline` -> { `validation`, `data`, `schema`, `transform`, `models`, `metrics`,
//! `explain`, `artifacts`, `triage` }. Nothing in `models` knows that a file exists; nothing below `cli` knows that a
//! terminal exists. `docs/ARCHITECTURE.md` tells the whole story.

pub mod cancel;
pub mod data;
pub mod embedded;
pub mod models;
pub mod pipeline;
pub mod schema;
pub mod synthetic;
pub mod transform;

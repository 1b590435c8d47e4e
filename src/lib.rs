//! `nsec-tui`: a pipeline that learns to tell malicious network traffic and phishing sites from benign ones, and
//! the console and the command line over it.
//!
//! Arrows point down: `cli`, `tui` -> `worker` -> `pipeline` -> { `validation`, `data`, `schema`, `transform`, `models`, `metrics`,
//! `explain`, `artifacts`, `triage` }. Nothing in `models` knows that a file exists; nothing below `cli` and `tui` knows that a
//! terminal exists. `docs/ARCHITECTURE.md` tells the whole story.

pub mod artifacts;
pub mod browse;
pub mod cancel;
pub mod cli;
pub mod data;
pub mod embedded;
pub mod event;
pub mod explain;
pub mod export;
pub mod logging;
pub mod metrics;
pub mod models;
pub mod mongo;
pub mod onnx;
pub mod pipeline;
pub mod review;
pub mod schema;
pub mod serve;
pub mod settings;
pub mod sql;
pub mod store;
pub mod surroundings;
pub mod synthetic;
pub mod team;
pub mod text;
pub mod transform;
pub mod triage;
pub mod tui;
pub mod validation;
pub mod worker;
pub mod workspace;

//! Owns the tests of `serve`: the real program behind a real socket.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/http.rs"]
mod http;

mod access;
mod hostile;
mod mlflow;
mod page;
mod routes;
mod rows;
mod training;

//! Owns what a server is started with: the address, who may use it, and every limit.

use std::net::SocketAddr;
use std::time::Duration;

use super::token::Token;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What callers must show; `None` lets everybody in who reaches the address.
    pub token: Option<Token>,
    /// Whether an address that others reach may be served without a token.
    pub insecure: bool,
    /// Names under which browsers may reach a server without a token, besides `localhost` and plain addresses.
    pub allow_hosts: Vec<String>,
    /// Whether training may be started.
    pub allow_train: bool,
    /// Which model scores: an alias, a run id, or a run's directory. An alias is followed when it moves.
    pub model: String,
    /// How much is taken in.
    pub limits: Limits,
    /// Threads that training uses.
    pub threads: usize,
}

/// How much a server takes in, and how long it waits.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of a body that is held in memory (JSON), unpacked.
    pub body_bytes: usize,
    /// Bytes of a body that is a stream (CSV, NDJSON), unpacked.
    pub stream_bytes: u64,
    /// Records of one JSON body.
    pub rows: usize,
    /// Requests worked on at once.
    pub concurrency: usize,
    /// Streams among them.
    pub streams: usize,
    /// Open connections; more wait until one ends.
    pub connections: usize,
    /// For a request that is no stream, from its head to its answer.
    pub request_time: Duration,
    /// For a stream of which no byte moves, and for a client that takes no byte of its answer.
    pub idle_time: Duration,
    /// From the opening of a connection, or the last answer on it, to the end of the next request's head.
    pub header_time: Duration,
    /// For open requests, once the server is asked to end.
    pub drain_time: Duration,
    /// Bytes on disk of an answer whose client sends everything before it reads anything.
    pub spool_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
            stream_bytes: 16 << 30,
            rows: 10_000,
            concurrency: 64,
            streams: 4,
            connections: 512,
            request_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(30),
            header_time: Duration::from_secs(10),
            drain_time: Duration::from_secs(20),
            spool_bytes: 8 << 30,
        }
    }
}

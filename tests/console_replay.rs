//! Sessions of the console, replayed: messages go in, screens come out and are held against snapshots.
//!
//! A session is a sequence of `Timed` messages, the same that `--record` writes down, one a line. `console/session.rs`
//! feeds such a sequence to two consoles at once, of 80x24 and of 160x48, line by line through JSON, so that everything
//! that is tested is also known to be recordable:
//!
//! ```ignore
//! let mut session = Session::new(world);          // begins the console; `world` answers its jobs
//! session.keys("/ f o o enter j j");              // keys as docs/KEYS.md writes them, `j*20` is twenty times j
//! session.typed("URL_Length = 1");                // one key a character
//! session.shows("find-a-text");                   // two snapshots: console/snapshots/find-a-text@80x24.snap, @160x48
//! session.shows_plain("find-a-text");             // without colours, in ASCII, with the styles drawn below the screen
//! ```
//!
//! A *world* (`console/world.rs`) is what stands in for the worker: it answers the jobs that it knows at once, in the order in
//! which they were given. `World::new()` knows the workspace; `.on(kind, |job| report)` teaches it more. A job that it
//! does not know stays running: `session.tell(kind, report)` says something about it later.
//!
//! `shows` also checks what must hold of every screen: no control character, nothing but ASCII in ASCII, no colour without
//! colours, no panic at any size, and hints that do what they say.
//!
//! A panel's sessions stand in a file of their own in `console/`, named in `console/mod.rs`. Snapshots are made anew with
//! `INSTA_UPDATE=always cargo test --test console_replay`, and looked at before they are committed; pictures and
//! docs/KEYS.md with `NSEC_UPDATE_DOCS=1`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

mod console;
#[path = "common/svg.rs"]
mod svg;

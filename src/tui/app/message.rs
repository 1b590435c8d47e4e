//! Owns what reaches the console's state: keys, sizes, news of the worker, time.

use serde::{Deserialize, Serialize};

use crate::tui::key::KeyPress;
use crate::worker::News;

/// One thing that happened. All of them serialise, so that a session can be recorded and replayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", content = "of", rename_all = "snake_case")]
pub enum Message {
    /// The program begins; the size of the terminal is known.
    Started {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// A key was pressed.
    Key(KeyPress),
    /// Text was pasted.
    Paste(String),
    /// The wheel was turned, in rows; down is positive. Only while the program has the mouse.
    Wheel(i16),
    /// A cell was clicked. Only while the program has the mouse.
    Click {
        /// 0-based column.
        x: u16,
        /// 0-based row.
        y: u16,
    },
    /// The terminal has another size.
    Resized {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// The worker has something to say.
    News(Box<News>),
    /// A moment asked for by [`super::Effect::WakeAt`] has come.
    Woke,
    /// Text went to the terminal's clipboard, or to a file because there is none, or not at all. A line for people.
    Copied(String),
    /// The program is being ended from outside: a last look, to save what is shown.
    Ending,
}

/// A message with its time: milliseconds since the program began. State has no other clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timed {
    /// When.
    pub at: u64,
    /// What.
    #[serde(flatten)]
    pub message: Message,
}

//! Owns what the console's state asks of the world.

use serde::{Deserialize, Serialize};

use crate::worker::{Job, Ticket};

/// A wish; whoever runs the state carries it out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", content = "of", rename_all = "snake_case")]
pub enum Effect {
    /// Give the worker a job.
    Submit(Ticket, Job),
    /// Give up a job.
    Cancel(Ticket),
    /// End a training run when the stage that runs is done.
    StopAfterStage(Ticket),
    /// Put a text into the terminal's clipboard; answered by [`super::Message::Copied`].
    Copy(String),
    /// Give the mouse to the program, or back to the terminal.
    Mouse(bool),
    /// Send [`super::Message::Woke`] at this time (milliseconds since the program began). A later wish does not undo an
    /// earlier one; the earliest counts, and there is one answer for all that are due.
    WakeAt(u64),
    /// Draw everything anew, whatever the terminal is thought to show.
    Redraw,
    /// Go to sleep until the shell wakes the program.
    Suspend,
    /// Leave.
    Quit,
}

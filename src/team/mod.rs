//! Sharing verdicts with a team: what this host decided goes to the server, what others decided comes back, and who looks
//! at which case. The store on this host stays the one that decisions are written to; nothing here keeps an analyst waiting.

mod cases;
mod encoding;
mod error;
mod exchange;
mod joined;
mod memory;
mod once;
mod round;
mod rules;
mod state;
#[cfg(test)]
mod tests;
mod waiting;

pub use error::TeamError;
pub use joined::{Team, TeamOptions, TellTeam};
pub use once::{Exchanged, share_once};
pub use state::{Claim, Hearing, Link, TeamState};
pub use waiting::waiting_here;

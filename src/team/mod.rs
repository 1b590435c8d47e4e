//! Sharing verdicts with a team: what this host decided goes to the server, what others decided comes back, and who looks
//! at which case. The store on this host stays the one that decisions are written to; nothing here keeps an analyst waiting.

mod state;
mod team;

pub use state::{Claim, Hearing, Link, TeamState};
pub use team::{Team, TeamOptions, TellTeam};

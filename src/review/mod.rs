//! Reviewing a scored file: its cases in the order of a queue, what is known of each, and what was decided. Knows no terminal.

mod arrange;
pub mod card;
mod cases;
mod columns;
mod contract;
mod decide;
mod disagreement;
mod error;
mod explained;
mod file;
mod find;
mod handover;
mod ledger;
mod live;
mod open;
mod pace;
mod page;
mod rules;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod undo;
mod watch;

pub use contract::{
    Card, CardColumn, CardNeighbour, Decision, HistoryLine, NeighbourSource, OpenedReview, Progress, QueueView,
    Reliability, ReviewPage, ReviewRow, RuleLine, Selection, StoreState,
};
pub use decide::Outcome;
pub use error::ReviewError;
pub use file::ScoredFile;
pub use find::Sought;
pub use handover::{ExportWish, Scope, export_scored};
pub use open::{OpenedStore, Review, analyst};
pub use watch::Changed;

//! Reviewing a scored file: its cases in the order of a queue, what is known of each, and what was decided. Knows no terminal.

pub mod card;
mod contract;

pub use contract::{
    Card, CardColumn, CardNeighbour, Decision, HistoryLine, NeighbourSource, OpenedReview, Progress, QueueView,
    Reliability, ReviewPage, ReviewRow, RuleLine, Selection, StoreState,
};

//! Owns what follows a score: the risk band and the action that is recommended; what people decide about flagged rows, and
//! what their decisions add up to.

pub mod case;
pub mod command;
pub mod event;
pub mod merge;
pub mod queue;
pub mod risk;
pub mod settings;
pub mod statistics;
pub mod suppression;
pub mod verdict;

pub use case::{CaseState, Cases, Judgement};
pub use command::{command_line, suppress_line, withdraw_line};
pub use event::{CaseId, Cells, Change, Event, EventId, Lane, Score};
pub use merge::{Merged, merge};
pub use queue::{Queue, audit_place, is_audited};
pub use risk::{Action, RiskLevel, RiskSettings};
pub use settings::{SavedQueue, TriageSettings};
pub use statistics::Statistics;
pub use suppression::{SuppressionRule, WhatIf};
pub use verdict::Verdict;

//! Owns what follows a score: the risk band and the action that is recommended.

pub mod risk;

pub use risk::{Action, RiskLevel, RiskSettings};

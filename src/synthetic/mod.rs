//! Synthetic data for demos, tests and load: network flows and phishing rows, invented, deterministic, marked as such.
//!
//! Nothing here is evidence of how well a model does: the generators know the labels they draw from. Every row carries a
//! column `synthetic` that says `true`. The bytes depend on the seed alone, on every platform: chances come from
//! ChaCha8, and no function of the system's maths library is called.

mod dice;
mod error;
mod flow;
mod flows;
mod phishing;
mod phishing_profiles;
mod scenario;

pub use error::GenerateError;
pub use flow::{ConnState, Flags, Flow, Protocol, Service, Traffic};
pub use flows::{FlowGenerator, FlowOptions, FlowSummary, write_csv as write_flows};
pub use phishing::{PHISHING_COLUMNS, PhishingGenerator, PhishingSummary, write_csv as write_phishing};

//! The MongoDB server that a team shares: connecting, pushing rows, reading them back. It knows no file and no terminal.
//!
//! The driver is asynchronous; here alone. Whoever calls hands in plain values and waits, never longer than a stated
//! time, on a thread of his own.

mod address;
mod connection;
mod data_set;
mod document;
mod error;
mod json;
mod ping;
mod pull;
mod push;
mod record;
mod secret;
mod settings;
mod shared_claims;
mod shared_records;
mod shared_runs;
mod shared_states;
mod trouble;
mod watch;

pub use address::{Address, check_collection, check_database, redacted};
pub use connection::{Connection, Patience};
pub use data_set::{DATA_SETS, DataSet, data_sets};
pub use document::{FieldKind, Fields, Misfit, ROW_FIELD, Row, SET_FIELD, row_hash};
pub use error::MongoError;
pub use ping::{Ping, Rights, ping};
pub use pull::{Reading, parse_query};
pub use push::{BATCH_ROWS, Cells, PushError, PushRequest, Pushed, push};
pub use record::keep_record;
pub use secret::Secret;
pub use settings::{Found, Given, HiddenUri, MongoSettings, PASSWORD_VARIABLE, Target, URI_VARIABLE};
pub use shared_claims::{exchange_claims, prepare_claims, withdraw_claim};
pub use shared_records::{Added, NamesSince, Record, Records};
pub use shared_runs::{
    Naming, SharedFile, SharedName, SharedRun, Sharing, fetch, find_shared, name_shared, shared_names, shared_runs,
};
pub use shared_states::{NewState, Version, change_states, state_versions};
pub use watch::{Heard, Mark, Watch};

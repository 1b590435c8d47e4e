//! Why a row got its score and what it is like: the evidence by schema column in words, the smallest change that would
//! clear it, the training rows nearest to it.
//!
//! Works on typed cells and on what a model says of them; knows no table, file or stage.

mod change_search;
mod gower;
mod reasons;
mod reference_rows;
mod seen_values;
mod smallest_change;
mod usual;
mod value;

pub use change_search::{Place, ScoreChanges, change_search};
pub use gower::Measure;
pub use reasons::{ColumnShare, column_shares, first_reason, format_reasons};
pub use reference_rows::{MOST_ROWS, Neighbour, ReferenceRows, RowChoice};
pub use seen_values::{MOST_NAMES, MOST_NUMBERS, SeenColumn, SeenValues};
pub use smallest_change::{FieldChange, STARTS, SmallestChange, smallest_change};
pub use usual::UsualColumn;
pub use value::Value;

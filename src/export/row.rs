//! Owns what is exported: a scored row with its verdict, what is said of all rows together, and the count of what was written.

use crate::artifacts::Timestamp;
use crate::data::{Header, Layout};
use crate::schema::{ColumnType, NullTokens, Schema};
use crate::triage::{Action, CaseId, CaseState, Event, RiskLevel, SuppressionRule};

/// A row of a scored file with what was decided about its case.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportRow {
    /// The input's columns as text, in the order of [`ExportHeader::columns`]; the columns that scoring added are not among
    /// them.
    pub cells: Vec<String>,
    /// Its line in the scored file, from 1, where it is known.
    pub line: Option<u64>,
    /// The case it is.
    pub case: CaseId,
    /// Rows of the file that are this case, this one included.
    pub copies: u64,
    /// Calibrated probability of malicious.
    pub probability: f64,
    /// Probability of the class that was named.
    pub confidence: f64,
    /// Whether it was flagged.
    pub flagged: bool,
    /// The band.
    pub risk: RiskLevel,
    /// What is recommended.
    pub action: Action,
    /// The `reasons` cell.
    pub reasons: String,
    /// The run that scored it.
    pub run: String,
    /// How the case stands.
    pub state: CaseState,
    /// The condition of the rule that suppresses it.
    pub suppressed: Option<String>,
    /// Everything that was ever said of the case, in the store's order. Only NDJSON writes it. Events have names, so a reader
    /// may meet them twice; give them with one of a case's copies to save room.
    pub events: Vec<Event>,
}

impl ExportRow {
    /// `malicious` or `benign`, as the model named it.
    pub fn classification(&self) -> &'static str {
        if self.flagged { "malicious" } else { "benign" }
    }
}

/// What is said of all rows of an export together.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportHeader {
    /// Names of the input's columns, in order.
    pub columns: Vec<String>,
    /// For each of them the type that the schema gives it; `None` for one it does not know, for the label, and where the
    /// schema is not at hand. Text of such a column is passed on as text.
    pub types: Vec<Option<ColumnType>>,
    /// Texts that mean "no value" in typed columns.
    pub nulls: NullTokens,
    /// The schema's name.
    pub schema: String,
    /// Position of the label's column, where the file has it.
    pub label: Option<usize>,
    /// The scored file's name, without its directory.
    pub file: String,
    /// The run that scored it.
    pub run: String,
    /// The family of its model, where it is known: `gradient_boosting`.
    pub model: Option<String>,
    /// What flagged rows have at least, where it is known.
    pub threshold: Option<f64>,
    /// Who exports.
    pub analyst: String,
    /// When.
    pub made_at: Timestamp,
    /// Since when the shift lasts, for the hand-over; `None`: since midnight (UTC) before `made_at`.
    pub shift_from: Option<Timestamp>,
    /// Which rows these are, in words: `all rows`, `rows with a verdict`.
    pub scope: String,
    /// Rules that hold, each with the rows of this file that it suppresses. Where there is one, CSV and Parquet have a column
    /// `suppressed_by`.
    pub rules: Vec<(SuppressionRule, u64)>,
    /// Whether CSV cells that a spreadsheet would run as a formula get an apostrophe.
    pub guard: bool,
}

impl ExportHeader {
    /// A header for a file with these columns that was scored under a schema. The other fields can be set one by one; `guard`
    /// is on.
    pub fn new(columns: Vec<String>, schema: &Schema, made_at: Timestamp) -> Self {
        let header = Header { names: columns };
        let layout = Layout::resolve(schema, &header);
        let mut types = vec![None; header.names.len()];
        for (column, source) in schema.columns.iter().zip(&layout.sources) {
            let place = source.and_then(|at| types.get_mut(at));
            if let Some(place) = place.filter(|_| !schema.is_label(&column.name)) {
                *place = Some(column.kind);
            }
        }
        Self {
            types,
            label: layout.label,
            schema: schema.name.clone(),
            ..Self::without_schema(header.names, &schema.name, made_at)
        }
    }

    /// A header for a file whose schema is not at hand, only its name.
    pub fn without_schema(columns: Vec<String>, schema: &str, made_at: Timestamp) -> Self {
        Self {
            types: vec![None; columns.len()],
            columns,
            nulls: NullTokens::default(),
            schema: schema.to_owned(),
            label: None,
            file: String::new(),
            run: String::new(),
            model: None,
            threshold: None,
            analyst: String::new(),
            made_at,
            shift_from: None,
            scope: String::from("all rows"),
            rules: Vec::new(),
            guard: true,
        }
    }
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows taken from the caller; all of them are in the file, or counted in `without_indicator`.
    pub rows: u64,
    /// Of those, rows whose case has a verdict.
    pub judged: u64,
    /// Of those, rows that a rule suppresses.
    pub suppressed: u64,
    /// STIX: rows without a URL, domain or address that can be one; they are not in the bundle.
    pub without_indicator: u64,
    /// STIX: objects of the bundle.
    pub objects: u64,
    /// Cells that could not be read as their column's type: empty in Parquet, under `labels` in NDJSON, no part of an
    /// observable in STIX.
    pub unreadable_cells: u64,
    /// Bytes.
    pub bytes: u64,
}

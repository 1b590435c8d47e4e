//! Owns the tests of validation: what they share, and the run as a whole.

mod data_checks;
mod properties;
mod reference_checks;
mod report;
mod row_checks;

use std::sync::Arc;

use super::*;
use crate::data::{Layout, ReadSettings, TypedBatch, open_bytes, parse_batch};
use crate::schema::{Column, ColumnType, DriftThresholds, Label, Malicious, Role, Schema, Severity};

/// A nullable feature column without any limits.
pub(super) fn column(name: &str, kind: ColumnType) -> Column {
    Column {
        name: name.into(),
        kind,
        required: true,
        nullable: true,
        allowed: None,
        min: None,
        max: None,
        pattern: None,
        unique: false,
        aliases: vec![],
        description: None,
        role: Role::Feature,
        severity: Severity::Block,
    }
}

/// A schema of these columns with the label `y`: `bad` or `good`.
pub(super) fn schema(columns: Vec<Column>) -> Schema {
    Schema {
        name: "test".into(),
        description: None,
        label: Some(Label {
            column: "y".into(),
            malicious: Malicious::Values(vec!["bad".into()]),
            benign: vec!["good".into()],
        }),
        columns,
        rules: vec![],
        drift: DriftThresholds::default(),
    }
}

/// What a run gave.
pub(super) struct Outcome {
    pub(super) report: Report,
    pub(super) accepted: Vec<bool>,
    pub(super) rejects: Vec<Reject>,
}

impl Outcome {
    /// The one outcome of this check, about this column.
    pub(super) fn check(&self, id: &str, column: Option<&str>) -> &CheckOutcome {
        let mut all = self
            .report
            .checks
            .iter()
            .filter(|c| c.id == id && c.column.as_deref() == column);
        let found = all
            .next()
            .unwrap_or_else(|| panic!("no outcome {id} {column:?} in {:#?}", self.report.checks));
        assert!(all.next().is_none(), "two outcomes {id} {column:?}");
        found
    }

    /// Lines of the rejected rows.
    pub(super) fn lines(&self) -> Vec<u64> {
        self.rejects.iter().map(|r| r.line).collect()
    }
}

/// A run to be set up.
pub(super) struct Run {
    pub(super) purpose: Purpose,
    pub(super) settings: ValidationSettings,
    pub(super) against: Against,
    pub(super) lines: usize,
    pub(super) batch: usize,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            purpose: Purpose::Train,
            settings: ValidationSettings {
                max_rejected_fraction: 1.0,
                ..ValidationSettings::default()
            },
            against: Against::default(),
            lines: 0,
            batch: 3,
        }
    }
}

/// The typed rows of a CSV text, in one batch.
pub(super) fn typed(schema: &Schema, csv: &str) -> TypedBatch {
    let mut reader = open_bytes("test.csv", csv.as_bytes().to_vec(), &ReadSettings::default()).unwrap();
    let layout = Layout::resolve(schema, reader.header());
    let raw = reader.next_batch(usize::MAX).unwrap().unwrap();
    parse_batch(schema, &layout, &raw, reader.null_tokens())
}

impl Run {
    pub(super) fn try_on(&self, schema: &Schema, csv: &[u8]) -> Result<Outcome, ValidationError> {
        let schema = Arc::new(schema.clone());
        let mut reader = open_bytes("test.csv", csv.to_vec(), &ReadSettings::default()).unwrap();
        let layout = Layout::resolve(&schema, reader.header());
        let mut validator = Validator::new(
            Arc::clone(&schema),
            layout.clone(),
            self.purpose,
            &self.settings,
            self.against.clone(),
        )?;
        validator.keep_failing_lines(self.lines);
        let (mut accepted, mut rejects) = (Vec::new(), Vec::new());
        while let Some(raw) = reader.next_batch(self.batch).unwrap() {
            let typed = parse_batch(&schema, &layout, &raw, reader.null_tokens());
            let verdict = validator.check_batch(&raw, &typed)?;
            assert_eq!(verdict.accepted.len(), raw.rows());
            let left = verdict.accepted.iter().filter(|a| **a).count();
            assert_eq!(
                left + verdict.rejects.len(),
                raw.rows() + raw.malformed.len(),
                "accepted + rejected = rows"
            );
            assert!(verdict.rejects.is_sorted_by_key(|r| r.line), "line order");
            accepted.extend(verdict.accepted);
            rejects.extend(verdict.rejects);
        }
        validator.note_source(reader.notes());
        let report = validator.finish();
        assert_eq!(report.rejected_rows, rejects.len() as u64);
        Ok(Outcome {
            report,
            accepted,
            rejects,
        })
    }

    pub(super) fn on(&self, schema: &Schema, csv: &str) -> Outcome {
        self.try_on(schema, csv.as_bytes()).unwrap()
    }
}

/// A run for training with the default strictness of tests: any share of rows may be rejected.
pub(super) fn train(schema: &Schema, csv: &str) -> Outcome {
    Run::default().on(schema, csv)
}

/// A run for scoring.
pub(super) fn score(schema: &Schema, csv: &str) -> Outcome {
    Run {
        purpose: Purpose::Score,
        ..Run::default()
    }
    .on(schema, csv)
}

#[test]
fn a_sound_file_passes_every_check() {
    let schema = schema(vec![column("a", ColumnType::Int), column("b", ColumnType::Category)]);
    let outcome = train(&schema, "a,b,y\n1,x,bad\n2,y,good\n3,x,good\n");
    assert_eq!(outcome.report.status, Status::Passed, "{:#?}", outcome.report);
    assert_eq!((outcome.report.rows, outcome.report.rejected_rows), (3, 0));
    assert!(outcome.rejects.is_empty());
}

#[test]
fn a_row_that_fails_twice_is_rejected_once_and_counted_by_both() {
    let mut a = column("a", ColumnType::Int);
    a.max = Some(5.0);
    let mut b = column("b", ColumnType::Category);
    b.nullable = false;
    let outcome = train(&schema(vec![a, b]), "a,b,y\n9,,bad\n1,x,good\n2,x,bad\n");
    assert_eq!(outcome.accepted, [false, true, true]);
    assert_eq!(outcome.check("range", Some("a")).failing_rows, 1);
    assert_eq!(outcome.check("null", Some("b")).failing_rows, 1);
    let reject = &outcome.rejects[0];
    assert_eq!(
        (reject.line, reject.column.as_deref(), reject.check.as_str()),
        (2, Some("b"), "null")
    );
    assert!(reject.reason.contains("a: above 5"), "{}", reject.reason);
    assert_eq!(reject.raw, b"9,,bad");
    assert_eq!(outcome.report.status, Status::Warned);
}

#[test]
fn malformed_rows_stand_among_the_rejects_in_line_order() {
    let mut a = column("a", ColumnType::Int);
    a.min = Some(0.0);
    let outcome = train(&schema(vec![a]), "a,y\n1,bad\n2\n-3,good\n4,good\n5,6,7\n");
    assert_eq!(outcome.lines(), [3, 4, 6]);
    let checks: Vec<&str> = outcome.rejects.iter().map(|r| r.check.as_str()).collect();
    assert_eq!(checks, ["malformed_row", "range", "malformed_row"]);
    assert_eq!(outcome.rejects[0].reason, "1 field, expected 2");
    let malformed = outcome.check("malformed_row", None);
    assert_eq!((malformed.failing_rows, malformed.examples.len()), (2, 2));
    assert_eq!(outcome.report.rows, 5);
}

#[test]
fn a_raw_row_is_quoted_again_and_bounded() {
    let mut a = column("a", ColumnType::Text);
    a.pattern = Some("ok".into());
    let long = "x".repeat(10_000_000);
    let csv = format!("a,y\n\"say \"\"hi\"\", you\",bad\n{long},good\n");
    let outcome = train(&schema(vec![a]), &csv);
    assert_eq!(outcome.rejects[0].raw, b"\"say \"\"hi\"\", you\",bad");
    assert_eq!(outcome.rejects[1].raw.len(), 4096);
    assert_eq!(outcome.rejects[1].value.chars().count(), 201);
    assert_eq!(outcome.rejects[0].value, "say \"hi\", you");
}

#[test]
fn batches_of_other_rows_are_refused() {
    let schema = schema(vec![column("a", ColumnType::Int)]);
    let csv = "a,y\n1,bad\n2,good\n";
    let mut reader = open_bytes("t", csv.as_bytes().to_vec(), &ReadSettings::default()).unwrap();
    let layout = Layout::resolve(&schema, reader.header());
    let raw = reader.next_batch(10).unwrap().unwrap();
    let other = typed(&schema, "a,y\n1,bad\n");
    let settings = ValidationSettings::default();
    let against = Against::default();
    let mut validator = Validator::new(Arc::new(schema), layout, Purpose::Train, &settings, against).unwrap();
    let error = validator.check_batch(&raw, &other).unwrap_err();
    assert!(matches!(error, ValidationError::Batch { line: 2, .. }), "{error}");
}

#[test]
fn lines_of_failing_rows_are_kept_on_request_and_never_written() {
    let mut a = column("a", ColumnType::Int);
    a.max = Some(5.0);
    let schema = schema(vec![a]);
    let csv = "a,y\n9,bad\n1,good\nx,bad\n8,good\n2\n7,bad\n6,good\n";
    let lines = |most: usize| {
        let run = Run {
            lines: most,
            ..Run::default()
        };
        let outcome = run.on(&schema, csv);
        let of = |id: &str, column| outcome.check(id, column).lines.clone();
        let json = outcome.report.to_json().unwrap();
        assert!(!json.contains("\"lines\""));
        [
            of("range", Some("a")),
            of("unparsable", Some("a")),
            of("malformed_row", None),
            of("rejected_fraction", None),
        ]
    };
    assert_eq!(lines(0), [const { Vec::<u64>::new() }; 4]);
    // Any share of rows may be rejected here, so that check passes and has no failing rows.
    assert_eq!(lines(10), [vec![2, 5, 7, 8], vec![4], vec![6], vec![]]);
    assert_eq!(lines(2), [vec![2, 5], vec![4], vec![6], vec![]]);
    let strict = Run {
        lines: 4,
        settings: ValidationSettings::default(),
        ..Run::default()
    };
    let outcome = strict.on(&schema, csv);
    assert_eq!(outcome.check("rejected_fraction", None).lines, [2, 4, 5, 6]);
}

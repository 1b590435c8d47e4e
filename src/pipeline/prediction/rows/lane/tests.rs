//! Owns the tests of the short way: for every sort of column it takes exactly the rows that a batch accepts, and makes the same
//! features and ids of them, to the bit.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::data::{Header, Layout, NullTokens, row_ids};
use crate::schema::{Loaded, Schema};
use crate::transform::{
    CategoryEncoding, CategoryImputation, MissingValues, NumberImputation, NumericTransform, Scaling,
    TransformSettings, Wants,
};
use crate::validation::{Against, Purpose, ValidationSettings};

/// Every type of column, with every sort of limit.
const SCHEMA: &str = "name: every\n\
    label: {column: y, malicious: [bad], benign: [good]}\n\
    columns:\n\
    - {name: count, type: int, min: -5, max: 100}\n\
    - {name: few, type: int, allowed: [-1, 0, 1], nullable: true}\n\
    - {name: size, type: float, nullable: true, max: 1.0e9}\n\
    - {name: odd, type: float, nullable: true}\n\
    - {name: flag, type: bool, nullable: true}\n\
    - {name: half, type: bool, allowed: [\"true\"], nullable: true}\n\
    - {name: protocol, type: category, allowed: [tcp, udp, \" x\"], nullable: true}\n\
    - {name: service, type: category, nullable: true}\n\
    - {name: src, type: ip, nullable: true}\n\
    - {name: dst, type: ip, nullable: true, allowed: [10.0.0.1, \"::1\"]}\n\
    - {name: port, type: port, nullable: true, pattern: \"[0-9 ]+\"}\n\
    - {name: seen, type: timestamp, role: timestamp, nullable: true, min: 0}\n\
    - {name: name, type: text, role: id, pattern: \"[a-z ]*\", nullable: true}\n\
    - {name: other, type: int, role: ignore, nullable: true}\n";

/// Texts of cells by column: how many are good, those, then bad ones. The last columns are the label's and one that the schema
/// does not know.
const CELLS: [(usize, &[&str]); 16] = [
    (7, &["0", "7", " 9", "+3", "1.0", "1e1", "-5", "101", "x", "", "NA"]),
    (4, &["-1", "0", "1", "1.0", "2", "nan"]),
    (
        7,
        &[
            "0.5",
            "1e-3",
            "-0.0",
            "123456789.125",
            "1e9",
            "",
            "NULL",
            "2e9",
            "inf",
            "0.1e400",
        ],
    ),
    (6, &["1", "3.25", "-2", "", "1e300", "12345678901234567890.5"]),
    (5, &["true", "F", "yes", "0", "", "maybe"]),
    (3, &["true", "1", "", "false"]),
    (5, &["tcp", "udp", " x", "", "null", "x", "TCP"]),
    (8, &["http", "dns", " dns", "none", "None", "ssh", "häuser", ""]),
    (
        7,
        &[
            "10.0.0.1",
            "192.168.3.4",
            "8.8.8.8",
            "::1",
            "::ffff:10.1.2.3",
            "2001:db8::7",
            "",
            "10.0.0",
        ],
    ),
    (4, &["10.0.0.1", "::1", "0:0:0:0:0:0:0:1", "", "10.0.0.2"]),
    (5, &["80", "443", " 22 ", "65535", "", "65536", "-1", "+80"]),
    (
        4,
        &[
            "2024-02-29 23:59:59",
            "1700000000",
            "2026-11-27T06:00:00+02:00",
            "",
            "1969-12-31",
            "2024-13-01",
        ],
    ),
    (3, &["ab c", "", "NA", "X"]),
    (2, &["1", "", "x"]),
    (3, &["bad", "good", ""]),
    (1, &["whatever"]),
];

/// Rows of good cells, half of them with one cell that may be bad.
fn a_row() -> impl Strategy<Value = Vec<&'static str>> {
    let good: Vec<_> = CELLS.iter().map(|(good, _)| 0..*good).collect();
    (good, prop::option::of((0..CELLS.len(), any::<prop::sample::Index>()))).prop_map(|(places, odd)| {
        let mut row: Vec<&str> = places.iter().zip(&CELLS).map(|(at, (_, cells))| cells[*at]).collect();
        if let Some((column, at)) = odd {
            row[column] = CELLS[column].1[at.index(CELLS[column].1.len())];
        }
        row
    })
}

/// Of a header in another order than the schema's.
const ORDER: [usize; 16] = [15, 4, 0, 1, 2, 3, 14, 5, 9, 8, 7, 6, 13, 12, 11, 10];
const NAMES: [&str; 16] = [
    "count", "few", "size", "odd", "flag", "half", "protocol", "service", "src", "dst", "port", "seen", "name",
    "other", "y", "unknown",
];

struct Ways {
    schema: Arc<Schema>,
    layout: Layout,
    nulls: NullTokens,
}

impl Ways {
    fn new(nulls: NullTokens, names: &[&str]) -> Self {
        let schema = Arc::new(Loaded::parse(SCHEMA, "test").unwrap().schema);
        let header = Header {
            names: names.iter().map(|&name| name.to_owned()).collect(),
        };
        Self {
            layout: Layout::resolve(&schema, &header),
            schema,
            nulls,
        }
    }

    fn checker(&self) -> BatchChecker {
        BatchChecker::new(
            Arc::clone(&self.schema),
            self.layout.clone(),
            self.nulls.clone(),
            Purpose::Score,
            &ValidationSettings::default(),
            Against::default(),
        )
        .unwrap()
    }

    /// A preprocessor that was fitted on rows of which each has all of its cells, or most.
    fn fitted(&self, wants: Wants, settings: &TransformSettings) -> Preprocessor {
        let rows: Vec<Vec<&str>> = (0..40)
            .map(|row| {
                CELLS
                    .iter()
                    .enumerate()
                    .map(|(at, (_, cells))| cells[(row * 7 + at * 3) % cells.len()])
                    .collect()
            })
            .collect();
        let frame = self.checker().check(Self::batch(&rows)).unwrap().typed.frame;
        let labels: Vec<bool> = (0..40).map(|row| row % 3 == 0).collect();
        let columns = self.schema.columns.iter();
        let read: Vec<_> = columns
            .filter(|c| !matches!(c.name.as_str(), "name" | "other" | "y"))
            .cloned()
            .collect();
        Preprocessor::fit(&frame, &read, &labels, &wants, settings).unwrap()
    }

    /// Rows whose cells are given in the order of [`CELLS`].
    fn batch(rows: &[Vec<&str>]) -> RawBatch {
        let mut batch = RawBatch::new(ORDER.len());
        for (line, row) in rows.iter().enumerate() {
            batch.push(line as u64 + 2, ORDER.iter().map(|&at| row[at].as_bytes()));
        }
        batch
    }

    /// What the long way makes of rows, if it accepts all of them.
    fn by_frame(&self, preprocessor: &Preprocessor, raw: RawBatch) -> Option<(Vec<u32>, Vec<RowId>)> {
        let batch = self.checker().check(raw).unwrap();
        if !batch.verdict.rejects.is_empty() {
            return None;
        }
        let matrix = preprocessor.transform(&batch.typed.frame).unwrap();
        let bits = matrix.values.iter().map(|value| value.to_bits()).collect();
        Some((bits, row_ids(&self.schema, &batch.typed.frame)))
    }
}

fn ordered_names() -> Vec<&'static str> {
    ORDER.iter().map(|&at| NAMES[at]).collect()
}

/// Every way of encoding, scaling and filling at least once.
fn preprocessors(ways: &Ways) -> Vec<Preprocessor> {
    use CategoryEncoding::{Native, OneHot, Ordinal, TargetStatistics};
    use MissingValues::{Impute, Keep};
    let all = TransformSettings {
        min_category_rows: 1,
        timestamp_parts: true,
        ..TransformSettings::default()
    };
    let constant = TransformSettings {
        impute_numbers: NumberImputation::Constant,
        impute_constant: -7.5,
        impute_categories: CategoryImputation::Constant,
        numeric_transform: NumericTransform::SquareRoot,
        max_categories: 3,
        ..all.clone()
    };
    let few = TransformSettings {
        top_k: Some(9),
        numeric_transform: NumericTransform::Log1p,
        ..all.clone()
    };
    let wants = |categories, scaling, missing, discrete_as_categories| Wants {
        categories,
        discrete_as_categories,
        scaling,
        missing,
    };
    vec![
        ways.fitted(wants(OneHot, Scaling::Standard, Impute, true), &all),
        ways.fitted(wants(Native, Scaling::None, Keep, false), &all),
        ways.fitted(wants(Ordinal, Scaling::MinMax, Impute, false), &constant),
        ways.fitted(wants(TargetStatistics, Scaling::Robust, Impute, true), &constant),
        ways.fitted(wants(OneHot, Scaling::None, Keep, true), &few),
    ]
}

#[test]
fn a_row_goes_the_short_way_if_a_batch_accepts_it_and_comes_to_the_same() {
    let bare = |texts: &[&str]| NullTokens::new(texts.iter().copied());
    // Null texts that are numbers must be found among numbers.
    for nulls in [NullTokens::default(), bare(&["-1", "80", "tcp"])] {
        let ways = Ways::new(nulls, &ordered_names());
        let preprocessors = preprocessors(&ways);
        let lanes: Vec<Lane> = (preprocessors.iter())
            .map(|preprocessor| Lane::new(&ways.schema, preprocessor, ways.checker()).unwrap())
            .collect();
        let taken = std::cell::Cell::new([0_u32; 2]);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
        let outcome = runner.run(&prop::collection::vec(a_row(), 1..4), |rows| {
            for (preprocessor, lane) in preprocessors.iter().zip(&lanes) {
                let short = lane.read(preprocessor, &Ways::batch(&rows)).map(|(matrix, ids)| {
                    let bits: Vec<u32> = matrix.values.iter().map(|value| value.to_bits()).collect();
                    (bits, ids)
                });
                // What a frame makes null and forgives, an `ignore` column that cannot be read, goes the long way.
                let other = rows.iter().any(|row| row[13] == "x");
                let long = ways.by_frame(preprocessor, Ways::batch(&rows)).filter(|_| !other);
                let mut counts = taken.get();
                counts[usize::from(short.is_some())] += 1;
                taken.set(counts);
                prop_assert_eq!(short, long);
            }
            Ok(())
        });
        outcome.unwrap();
        let [not, some] = taken.get();
        assert!(some > 300 && not > 300, "{some} went the short way, {not} did not");
    }
}

#[test]
fn rows_that_need_a_frame_do_not_go_the_short_way() {
    let ways = Ways::new(NullTokens::default(), &ordered_names());
    let good: Vec<&str> = CELLS.iter().map(|(_, cells)| cells[0]).collect();
    let wants = Wants {
        categories: CategoryEncoding::OneHot,
        discrete_as_categories: false,
        scaling: Scaling::None,
        missing: MissingValues::Impute,
    };
    let plain = ways.fitted(wants, &TransformSettings::default());
    let lane = Lane::new(&ways.schema, &plain, ways.checker()).unwrap();
    assert!(lane.read(&plain, &Ways::batch(std::slice::from_ref(&good))).is_some());
    // Many rows, none, malformed ones, cells that are not UTF-8.
    assert!(
        lane.read(&plain, &Ways::batch(&vec![good.clone(); MOST_ROWS]))
            .is_some()
    );
    assert!(
        lane.read(&plain, &Ways::batch(&vec![good.clone(); MOST_ROWS + 1]))
            .is_none()
    );
    assert!(lane.read(&plain, &Ways::batch(&[])).is_none());
    let mut short = Ways::batch(std::slice::from_ref(&good));
    short.push(9, [&b"1"[..]]);
    assert!(lane.read(&plain, &short).is_none());
    let mut bytes: Vec<&[u8]> = ORDER.iter().map(|&at| good[at].as_bytes()).collect();
    bytes[ORDER.iter().position(|&at| NAMES[at] == "service").unwrap()] = b"\xff";
    let mut batch = RawBatch::new(ORDER.len());
    batch.push(2, bytes);
    assert!(lane.read(&plain, &batch).is_none());
    // Gaps that are filled from similar rows.
    let knn = TransformSettings {
        impute_numbers: NumberImputation::Knn,
        ..TransformSettings::default()
    };
    let knn = ways.fitted(wants, &knn);
    let lane = Lane::new(&ways.schema, &knn, ways.checker()).unwrap();
    assert!(lane.read(&knn, &Ways::batch(std::slice::from_ref(&good))).is_none());
}

/// The ways under a schema that has this rule as well.
fn with_rule(rule: &str) -> Ways {
    let text = format!("{SCHEMA}rules:\n- {{id: sane, expression: \"{rule}\"}}\n");
    Ways {
        schema: Arc::new(Loaded::parse(&text, "test").unwrap().schema),
        ..Ways::new(NullTokens::default(), &ordered_names())
    }
}

#[test]
fn simple_rules_hold_for_a_row_as_they_do_in_a_frame() {
    let rules = [
        "count >= few",
        "few < 0.5 OR size > 3",
        "size <= count",
        "odd = 1 OR odd <> 3.25",
        "protocol <> 'tcp' OR (port IS NULL AND seen IS NOT NULL)",
        "NOT (flag AND half)",
        "flag OR half IS NULL",
        "src <> dst",
        "src = dst OR NOT (src = dst)",
        "protocol = service OR service > 'e'",
        "seen >= seen AND name IS NOT NULL",
        "1 = 1 AND true",
        "port > 443 OR port = 80",
        "NOT (port > 443)",
        "NOT flag",
        "NOT (size IS NULL OR NOT half)",
        "'tcp' = protocol",
    ];
    let wants = Wants {
        categories: CategoryEncoding::Native,
        discrete_as_categories: false,
        scaling: Scaling::None,
        missing: MissingValues::Keep,
    };
    for rule in rules {
        let ways = with_rule(rule);
        let plain = Ways::new(NullTokens::default(), &ordered_names()).fitted(wants, &TransformSettings::default());
        let lane = Lane::new(&ways.schema, &plain, ways.checker()).unwrap();
        let taken = std::cell::Cell::new(0_u32);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(150));
        let outcome = runner.run(&a_row(), |row| {
            let rows = [row];
            let short = lane.read(&plain, &Ways::batch(&rows)).is_some();
            let long = ways.by_frame(&plain, Ways::batch(&rows)).is_some() && rows[0][13] != "x";
            taken.set(taken.get() + u32::from(short));
            prop_assert_eq!(short, long, "{}", rule);
            Ok(())
        });
        outcome.unwrap();
        assert!(taken.get() > 5, "{rule}: only {} rows went the short way", taken.get());
    }
}

#[test]
fn other_rules_need_a_frame() {
    let wants = Wants {
        categories: CategoryEncoding::Native,
        discrete_as_categories: false,
        scaling: Scaling::None,
        missing: MissingValues::Keep,
    };
    for rule in [
        "count + few >= -100",
        "LENGTH(service) < 100",
        "src >= '0'",
        "count IN (0, 7)",
    ] {
        let ways = with_rule(rule);
        let plain = ways.fitted(wants, &TransformSettings::default());
        assert!(Lane::new(&ways.schema, &plain, ways.checker()).is_none(), "{rule}");
    }
}

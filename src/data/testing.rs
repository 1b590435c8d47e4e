//! Owns what the tests of this module share: reading a source to its end, and small schemas.

use super::*;
use crate::schema::{Column, ColumnType, Label, Malicious, Role, Schema, Severity};

/// Everything a reader gave.
#[derive(Debug, Default)]
pub(super) struct Drained {
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<(u64, Vec<Vec<u8>>)>,
    pub(super) malformed: Vec<MalformedRow>,
    pub(super) error: Option<DataError>,
    pub(super) notes: Vec<String>,
}

impl Drained {
    pub(super) fn texts(&self) -> Vec<Vec<String>> {
        let text = |cell: &Vec<u8>| String::from_utf8_lossy(cell).into_owned();
        self.rows
            .iter()
            .map(|(_, cells)| cells.iter().map(text).collect())
            .collect()
    }

    pub(super) fn lines(&self) -> Vec<u64> {
        self.rows.iter().map(|(line, _)| *line).collect()
    }

    pub(super) fn bad(&self) -> Vec<(u64, &str)> {
        self.malformed
            .iter()
            .map(|row| (row.line, row.reason.as_str()))
            .collect()
    }
}

pub(super) fn drain(mut reader: Box<dyn RowReader>, max_rows: usize) -> Drained {
    let mut all = Drained {
        header: reader.header().names.clone(),
        ..Drained::default()
    };
    loop {
        match reader.next_batch(max_rows) {
            Ok(Some(batch)) => {
                assert!(batch.total_rows() > 0 && batch.total_rows() <= max_rows.max(1));
                assert_eq!(batch.columns(), all.header.len());
                for row in 0..batch.rows() {
                    all.rows
                        .push((batch.line(row), batch.row(row).map(<[u8]>::to_vec).collect()));
                }
                all.malformed.extend(batch.malformed);
            }
            Ok(None) => break,
            Err(error) => {
                all.error = Some(error);
                assert!(
                    reader.next_batch(max_rows).unwrap().is_none(),
                    "nothing comes after an error"
                );
                break;
            }
        }
    }
    all.notes = reader.notes().to_vec();
    all
}

pub(super) fn read(bytes: impl Into<Vec<u8>>) -> Drained {
    drain(
        open_bytes("t.csv", bytes.into(), &ReadSettings::default()).unwrap(),
        1000,
    )
}

pub(super) fn refusal(bytes: impl Into<Vec<u8>>) -> String {
    match open_bytes("t.csv", bytes.into(), &ReadSettings::default()) {
        Ok(_) => panic!("it opened"),
        Err(error) => {
            let text = error.to_string();
            assert!(!text.contains('\n'), "{text}");
            text
        }
    }
}

pub(super) fn column(name: &str, kind: ColumnType) -> Column {
    Column {
        name: name.to_owned(),
        kind,
        required: true,
        nullable: true,
        allowed: None,
        min: None,
        max: None,
        pattern: None,
        unique: false,
        aliases: Vec::new(),
        description: None,
        role: Role::Feature,
        severity: Severity::Block,
    }
}

pub(super) fn schema(columns: Vec<Column>, label: Option<&str>) -> Schema {
    Schema {
        name: "test".to_owned(),
        description: None,
        label: label.map(|name| Label {
            column: name.to_owned(),
            malicious: Malicious::Values(vec!["-1".to_owned()]),
            benign: vec!["1".to_owned()],
        }),
        columns,
        rules: Vec::new(),
        drift: crate::schema::DriftThresholds::default(),
    }
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

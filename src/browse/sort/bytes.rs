//! Owns keys as bytes whose order is that of the rows, whatever the cells are.

use super::super::contract::SortKey;
use super::super::record::{Dialect, split};
use super::super::value::{Number, number, ordered_bits};
use super::{Job, slots};
use crate::data::NullTokens;

/// Bytes of a text that count; longer ones that begin alike keep the source's order.
const MOST_TEXT: usize = 16 << 10;
/// Whole numbers beyond this are not all floats.
const EXACT: u64 = 1 << 53;

const NUMBER: u8 = 1;
const TEXT: u8 = 2;
const NONE: u8 = 0xff;

/// Writes rows' keys.
pub(super) struct Writer<'w> {
    dialect: Dialect,
    nulls: &'w NullTokens,
    keys: &'w [SortKey],
    columns: Vec<usize>,
    slots: Vec<usize>,
}

/// Memory that is used again from row to row.
#[derive(Default)]
pub(super) struct Scratch {
    cells: Vec<Vec<u8>>,
    text: Vec<u8>,
}

impl<'w> Writer<'w> {
    pub(super) fn new(job: &Job<'w>) -> Self {
        let (columns, slots) = slots(job.keys);
        Self {
            dialect: job.table.0.dialect,
            nulls: &job.table.0.nulls,
            keys: job.keys,
            columns,
            slots,
        }
    }

    /// Appends a row's key.
    pub(super) fn write(&self, row: &[u8], scratch: &mut Scratch, out: &mut Vec<u8>) {
        let Scratch { cells, text: buffer } = scratch;
        cells.resize_with(self.columns.len(), Vec::new);
        cells.iter_mut().for_each(Vec::clear);
        let last = self.columns[self.columns.len() - 1];
        let mut slot = 0;
        split(row, self.dialect, |column, cell| {
            if self.columns.get(slot) == Some(&column) {
                let text = cell.text(row, buffer);
                cells[slot].extend_from_slice(&text[..text.len().min(MOST_TEXT)]);
                slot += 1;
            }
            column < last
        });
        for (key, &slot) in self.keys.iter().zip(&self.slots) {
            self.cell(&cells[slot], key.descending, out);
        }
    }

    fn cell(&self, cell: &[u8], descending: bool, out: &mut Vec<u8>) {
        if self.nulls.is_null(cell) {
            out.push(NONE);
            return;
        }
        let start = out.len();
        match number(cell) {
            Some(value) => write_number(value, out),
            None => write_text(cell, out),
        }
        if descending {
            out[start..].iter_mut().for_each(|byte| *byte = !*byte);
        }
    }
}

/// The nearest float, and for whole numbers that floats do not tell apart the number itself.
fn write_number(value: Number, out: &mut Vec<u8>) {
    out.push(NUMBER);
    out.extend_from_slice(&ordered_bits(value.as_f64()).to_be_bytes());
    match value {
        Number::Int(value) if value.unsigned_abs() > EXACT => {
            out.push(1);
            out.extend_from_slice(&((value as u64) ^ (1 << 63)).to_be_bytes());
        }
        _ => out.push(0),
    }
}

/// Its bytes and an end that sorts before any byte.
fn write_text(text: &[u8], out: &mut Vec<u8>) {
    out.push(TEXT);
    for &byte in text {
        out.push(byte);
        if byte == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

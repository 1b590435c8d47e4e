//! Owns the view: which rows are shown, in which order.

use std::sync::Arc;

use super::bits::{Bits, BitsBuilder};
use super::table::Table;

/// Rows of a table in an order.
#[derive(Clone, Debug)]
pub struct View(pub(super) Rows);

#[derive(Clone, Debug)]
pub(super) enum Rows {
    /// Every row, in the source's order.
    All,
    /// Some, in the source's order.
    Some(Arc<Bits>),
    /// These, in this order.
    Ordered(Arc<Vec<u32>>),
}

impl View {
    /// Every row in the source's order.
    pub fn all() -> Self {
        Self(Rows::All)
    }

    /// Some rows, ascending, in the source's order.
    pub fn of_rows(table: &Table, rows: &[u64]) -> Self {
        let mut bits = BitsBuilder::new(table.row_count().known);
        for &row in rows {
            bits.add(row);
        }
        Self(Rows::Some(Arc::new(bits.build())))
    }

    /// Whether it is every row in the source's order.
    pub fn is_all(&self) -> bool {
        matches!(self.0, Rows::All)
    }

    /// Whether its order is not the source's.
    pub fn is_ordered(&self) -> bool {
        matches!(self.0, Rows::Ordered(_))
    }

    /// How many rows it has, as far as the table is known.
    pub fn len(&self, table: &Table) -> u64 {
        match &self.0 {
            Rows::All => table.row_count().known,
            Rows::Some(bits) => bits.count(),
            Rows::Ordered(rows) => rows.len() as u64,
        }
    }

    /// The row at a place.
    pub fn row(&self, at: u64) -> Option<u64> {
        match &self.0 {
            Rows::All => Some(at),
            Rows::Some(bits) => bits.select(at),
            Rows::Ordered(rows) => rows.get(usize::try_from(at).ok()?).map(|&row| u64::from(row)),
        }
    }

    /// The rows at some places, as far as there are any.
    pub fn rows(&self, first: u64, count: usize) -> impl Iterator<Item = u64> + '_ {
        (first..first.saturating_add(count as u64)).map_while(|at| self.row(at))
    }

    /// The set of its rows; `None` for all.
    pub(super) fn set(&self, table: &Table) -> Option<Arc<Bits>> {
        match &self.0 {
            Rows::All => None,
            Rows::Some(bits) => Some(Arc::clone(bits)),
            Rows::Ordered(rows) if rows.len() as u64 == table.row_count().known => None,
            Rows::Ordered(rows) => {
                let mut bits = BitsBuilder::new(table.row_count().known);
                for &row in rows.iter() {
                    bits.add(u64::from(row));
                }
                Some(Arc::new(bits.build()))
            }
        }
    }
}

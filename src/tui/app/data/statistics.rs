//! Owns the pane of a column's statistics, and the ones that were computed for the present view.

use crate::browse::ColumnStatistics;

/// Columns whose statistics are kept.
const MOST_KEPT: usize = 64;

/// The pane beside the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatisticsPane {
    /// The column it is about, while it is open.
    pub column: Option<usize>,
    /// Why there are none.
    pub problem: Option<String>,
    known: Vec<ColumnStatistics>,
}

impl StatisticsPane {
    /// Whether it is open.
    pub fn is_open(&self) -> bool {
        self.column.is_some()
    }

    /// What it shows, once that is computed.
    pub fn shown(&self) -> Option<&ColumnStatistics> {
        self.known.iter().find(|known| Some(known.column) == self.column)
    }

    /// Turns it to a column; whether that one's statistics are still to be computed.
    pub fn show(&mut self, column: usize) -> bool {
        self.column = Some(column);
        self.problem = None;
        self.shown().is_none()
    }

    /// Takes what was computed.
    pub fn computed(&mut self, statistics: ColumnStatistics) {
        self.known.retain(|known| known.column != statistics.column);
        if self.known.len() >= MOST_KEPT {
            self.known.remove(0);
        }
        self.known.push(statistics);
    }

    /// The rows are others now.
    pub fn forget(&mut self) {
        self.known.clear();
        self.problem = None;
    }

    /// Closes it; whether it was open.
    pub fn close(&mut self) -> bool {
        self.problem = None;
        self.column.take().is_some()
    }
}

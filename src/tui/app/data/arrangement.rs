//! Owns which rows are shown and in which order: filters, sort keys, or rows whose lines somebody pointed at.

use crate::browse::SortKey;
use crate::worker::BrowseJob;

/// Rows at known lines of the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointedRows {
    /// 1-based, ascending.
    pub lines: Vec<u64>,
    /// What they have in common.
    pub title: String,
    /// The column that is marked.
    pub column: Option<String>,
}

/// Which rows, in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrangement {
    /// Conditions, all of which hold.
    pub filters: Vec<String>,
    /// Sort keys, the first one first.
    pub sort: Vec<SortKey>,
    /// These rows and no others, in the source's order; filters and keys wait until they are left.
    pub pointed: Option<PointedRows>,
}

impl Arrangement {
    /// Whether it is every row in the source's order.
    pub fn is_plain(&self) -> bool {
        self.filters.is_empty() && self.sort.is_empty() && self.pointed.is_none()
    }

    /// What the worker is asked for.
    pub fn job(&self) -> BrowseJob {
        match &self.pointed {
            Some(pointed) => BrowseJob::Lines {
                lines: pointed.lines.clone(),
            },
            None => BrowseJob::Arrange {
                filters: self.filters.clone(),
                sort: self.sort.clone(),
            },
        }
    }

    /// With one more condition; `None` if it is there already.
    pub fn and(&self, filter: &str) -> Option<Self> {
        let mut wanted = self.clone();
        wanted.filters.push(filter.to_owned());
        (!self.filters.iter().any(|present| present == filter)).then_some(wanted)
    }

    /// Sorted by a column: it joins the keys as the last one, or changes its direction where it is one. Upwards again by
    /// a column that is sorted upwards changes nothing.
    pub fn sorted_by(&self, column: usize, descending: bool) -> Self {
        let mut wanted = self.clone();
        match wanted.sort.iter_mut().find(|key| key.column == column) {
            Some(key) => key.descending = descending,
            None => wanted.sort.push(SortKey { column, descending }),
        }
        wanted
    }

    /// What of it the filter line has, piece by piece: the conditions, then the rows pointed at.
    pub fn pieces(&self) -> Vec<&str> {
        let pointed = self.pointed.iter().map(|pointed| pointed.title.as_str());
        match &self.pointed {
            Some(_) => pointed.collect(),
            None => self.filters.iter().map(String::as_str).collect(),
        }
    }

    /// Without one of its pieces.
    pub fn without(&self, piece: usize) -> Self {
        let mut wanted = self.clone();
        if wanted.pointed.take().is_none() && piece < wanted.filters.len() {
            wanted.filters.remove(piece);
        }
        wanted
    }
}

//! Owns writing a view to a CSV file, whole or not at all.

use std::collections::HashMap;
use std::io::Write;
use std::ops::AddAssign;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::BrowseError;
use super::feed::write_row;
use super::index::Segment;
use super::record::{Cell, split};
use super::scan::{SEGMENT, Work, each};
use super::select::{next_row, wanted};
use super::table::Table;
use super::view::{Rows, View};
use crate::artifacts::atomic::{AtomicFile, WriteError};

/// Bytes of rows held at once while rows are written in another order than the source's.
const HELD: u64 = 32 << 20;

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Rows, the header not among them.
    pub rows: u64,
    /// Those of them that have more or fewer cells than the header, or are too long to be read whole: what lacked is empty, what was
    /// too much is left out.
    pub ragged: u64,
}

impl AddAssign for Exported {
    fn add_assign(&mut self, more: Self) {
        self.rows += more.rows;
        self.ragged += more.ragged;
    }
}

/// Writes some columns of a view's rows in their order, as CSV with a header; the cells' texts stay as they are. Every row
/// gets as many cells as there are columns.
///
/// # Errors
/// The file is there already and may not be replaced, is the table itself, cannot be written, not all rows can be read, or it
/// was given up. What was there before is then still there.
pub fn export(
    table: &Table,
    view: &View,
    columns: &[usize],
    path: &Path,
    replace: bool,
    control: Work<'_>,
) -> Result<Exported, BrowseError> {
    let count = table.columns().len();
    if let Some(&column) = columns.iter().find(|&&column| column >= count) {
        return Err(BrowseError::NoColumn { column, columns: count });
    }
    check_target(table, path, replace)?;
    table.wait(control.cancel, control.progress)?;
    let mut file = AtomicFile::create(path)?;
    let failed = |cause| WriteError::writing(path, cause);
    let mut head = Vec::new();
    write_row(
        columns.iter().map(|&column| table.columns()[column].name.as_bytes()),
        &mut head,
    );
    file.write_all(&head).map_err(failed)?;
    let writer = Writer {
        table,
        columns,
        last: columns.iter().copied().max().unwrap_or(0),
    };
    let exported = match &view.0 {
        Rows::Ordered(rows) => writer.in_order(rows, &mut file, path, control)?,
        _ => writer.in_place(view, &mut file, path, control)?,
    };
    file.commit()?;
    Ok(exported)
}

fn check_target(table: &Table, path: &Path, replace: bool) -> Result<(), BrowseError> {
    let Ok(there) = std::fs::metadata(path) else {
        return Ok(());
    };
    let same =
        |open: &Path| std::fs::metadata(open).is_ok_and(|open| (open.dev(), open.ino()) == (there.dev(), there.ino()));
    if table.path().is_some_and(same) {
        return Err(BrowseError::Itself {
            path: path.to_path_buf(),
        });
    }
    if there.is_file() && !replace {
        return Err(BrowseError::Exists {
            path: path.to_path_buf(),
        });
    }
    Ok(())
}

struct Writer<'w> {
    table: &'w Table,
    columns: &'w [usize],
    last: usize,
}

/// Memory that is used again from row to row.
#[derive(Default)]
struct Scratch {
    cells: Vec<Cell>,
    texts: Vec<Vec<u8>>,
}

impl Writer<'_> {
    /// Appends a row, of which the end may be cut off; answers what that adds to what was written.
    fn row(&self, text: &[u8], cut: bool, scratch: &mut Scratch, out: &mut Vec<u8>) -> Exported {
        let Scratch { cells, texts } = scratch;
        cells.clear();
        let row = split(text, self.table.0.dialect, |column, cell| {
            if column <= self.last {
                cells.push(cell);
            }
            true
        });
        texts.resize_with(self.columns.len(), Vec::new);
        for (&column, own) in self.columns.iter().zip(texts.iter_mut()) {
            if let Some(cell @ Cell::Quoted(_)) = cells.get(column) {
                let _ = cell.text(text, own);
            }
        }
        let texts = &*texts;
        let cell = |slot: usize| match cells.get(self.columns[slot]) {
            Some(Cell::Plain(range)) => &text[range.clone()],
            Some(Cell::Quoted(_)) => &texts[slot],
            None => &[],
        };
        write_row((0..self.columns.len()).map(cell), out);
        Exported {
            rows: 1,
            ragged: u64::from(cut || row.cells != self.table.columns().len()),
        }
    }

    /// Rows in the source's order.
    fn in_place(
        &self,
        view: &View,
        file: &mut AtomicFile,
        path: &Path,
        control: Work<'_>,
    ) -> Result<Exported, BrowseError> {
        let among = view.set(self.table);
        let segments = wanted(self.table, among.as_ref());
        let mut exported = Exported::default();
        each(
            self.table,
            &segments,
            control,
            "writing",
            |cursor, segment| {
                let (mut out, mut scratch, mut written) = (Vec::new(), Scratch::default(), Exported::default());
                for row in segment.from.row..segment.from.row + segment.rows {
                    let at = next_row(self.table, cursor)?;
                    if among.as_ref().is_none_or(|among| among.contains(row)) {
                        written += self.row(cursor.text(at), at.cut, &mut scratch, &mut out);
                    }
                }
                Ok((out, written))
            },
            |_, (out, written)| {
                exported += written;
                file.write_all(&out).map_err(|cause| WriteError::writing(path, cause))?;
                Ok(true)
            },
        )?;
        Ok(exported)
    }

    /// Rows in any order: as many as may be held are read in the source's order, put in the view's, and written.
    fn in_order(
        &self,
        rows: &[u32],
        file: &mut AtomicFile,
        path: &Path,
        control: Work<'_>,
    ) -> Result<Exported, BrowseError> {
        let known = self.table.row_count().known.max(1);
        let a_row = (self.table.0.store.len() / known).max(1);
        let held = (HELD / a_row).clamp(1, 1 << 20) as usize;
        let segments = self.table.segments(SEGMENT);
        let mut exported = Exported::default();
        for chunk in rows.chunks(held) {
            let mut sorted: Vec<(u64, u32)> = chunk
                .iter()
                .zip(0..)
                .map(|(&row, place)| (u64::from(row), place))
                .collect();
            sorted.sort_unstable();
            let (texts, written) = self.collect(&sorted, &segments, control)?;
            for place in 0..chunk.len() as u32 {
                let text = texts.get(&place).map_or(&[][..], Vec::as_slice);
                file.write_all(text).map_err(|cause| WriteError::writing(path, cause))?;
            }
            exported += written;
            (control.progress)(exported.rows, Some(rows.len() as u64), "writing");
        }
        Ok(exported)
    }

    /// The text of some rows, given in ascending order, by their place.
    fn collect(
        &self,
        sorted: &[(u64, u32)],
        segments: &[Segment],
        control: Work<'_>,
    ) -> Result<(HashMap<u32, Vec<u8>>, Exported), BrowseError> {
        let part = |segment: &Segment| {
            let from = sorted.partition_point(|(row, _)| *row < segment.from.row);
            let to = sorted.partition_point(|(row, _)| *row < segment.from.row + segment.rows);
            &sorted[from..to]
        };
        let needed: Vec<Segment> = segments
            .iter()
            .copied()
            .filter(|segment| !part(segment).is_empty())
            .collect();
        let mut texts = HashMap::with_capacity(sorted.len());
        let mut exported = Exported::default();
        let quiet = Work {
            progress: &|_, _, _| {},
            ..control
        };
        each(
            self.table,
            &needed,
            quiet,
            "",
            |cursor, segment| {
                let (mut found, mut scratch, mut written) = (Vec::new(), Scratch::default(), Exported::default());
                let mut row = segment.from.row;
                for &(wanted, place) in part(segment) {
                    let mut at = next_row(self.table, cursor)?;
                    while row < wanted {
                        at = next_row(self.table, cursor)?;
                        row += 1;
                    }
                    row += 1;
                    let mut out = Vec::new();
                    written += self.row(cursor.text(at), at.cut, &mut scratch, &mut out);
                    found.push((place, out));
                }
                Ok((found, written))
            },
            |_, (found, written)| {
                texts.extend(found);
                exported += written;
                Ok(true)
            },
        )?;
        Ok((texts, exported))
    }
}

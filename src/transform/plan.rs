//! Owns the way from a frame to the matrix: a plan compiled from the fitted steps, run column by column into codes and
//! numbers, then row block by row block into one row-major buffer.
//!
//! Rows never look at each other, so slices, threads and column order change nothing.

use std::sync::Arc;

use ndarray::Array2;
use polars::prelude::DataFrame;
use rayon::prelude::*;

use crate::schema::TypedCell;

use super::cells::{Cells, NumberView, Table};
use super::encode::{CategoryStep, Encoding};
use super::error::TransformError;
use super::impute::Neighbours;
use super::keys::KeyTable;
use super::matrix::{Feature, FeatureMatrix};
use super::numeric::narrow;
use super::one_cell::OneCell;
use super::step::{Fitted, FittedColumn, Step};

/// Position of a feature that was dropped.
const NOWHERE: u32 = u32::MAX;
/// Fewer rows than this are done on the calling thread.
const PARALLEL_ROWS: usize = 4096;
/// Cells of a row block: 32 KB of `f32`, which stays in the first-level cache while every column writes into it.
const BLOCK_CELLS: usize = 8192;

/// What the inner loops need, compiled from [`Fitted`].
#[derive(Clone, Debug)]
pub(super) struct Plan {
    features: Arc<[Feature]>,
    /// The columns that are read, with their place in [`Fitted::columns`].
    columns: Vec<(usize, PlanColumn)>,
}

#[derive(Clone, Debug)]
struct PlanColumn {
    /// Its place among the columns that neighbours are compared by.
    neighbour: Option<usize>,
    /// What is written, with the place of its step in [`FittedColumn::steps`].
    writes: Vec<(usize, Write)>,
}

/// Where a step's features go.
#[derive(Clone, Debug)]
enum Write {
    Number { at: u32 },
    OneHot { table: KeyTable, at: Vec<u32> },
    Lookup { table: KeyTable, at: u32, values: Vec<f32> },
    Flags { at: Vec<u32> },
}

/// A step's result for all rows, and where it goes.
enum Block<'p> {
    Numbers {
        at: u32,
        numbers: Vec<f32>,
    },
    OneHot {
        at: &'p [u32],
        codes: Vec<u32>,
    },
    Lookup {
        at: u32,
        values: &'p [f32],
        codes: Vec<u32>,
    },
    Flags {
        at: &'p [u32],
        bits: Vec<u8>,
    },
}

impl Plan {
    /// Compiles a checked [`Fitted`].
    pub(super) fn new(fitted: &Fitted) -> Self {
        let mut positions = vec![0u32; fitted.width()];
        for dropped in &fitted.dropped {
            if let Some(position) = positions.get_mut(dropped.feature as usize) {
                *position = NOWHERE;
            }
        }
        for (next, position) in positions.iter_mut().filter(|p| **p != NOWHERE).enumerate() {
            *position = next as u32;
        }
        let features = fitted.all_features().into_iter().zip(&positions);
        let features = features
            .filter(|(_, at)| **at != NOWHERE)
            .map(|(feature, _)| feature)
            .collect();
        let mut rest = positions.as_slice();
        let mut columns = Vec::new();
        for (index, column) in fitted.columns.iter().enumerate() {
            let mut writes = Vec::new();
            for (place, step) in column.steps.iter().enumerate() {
                let (at, after) = rest.split_at(step.width().min(rest.len()));
                rest = after;
                if at.iter().any(|&p| p != NOWHERE) {
                    writes.push((place, Write::new(step, at)));
                }
            }
            let compared = fitted.neighbours.as_ref().map_or(&[][..], |n| &n.columns);
            let neighbour = compared.iter().position(|&c| c as usize == index);
            if neighbour.is_some() || !writes.is_empty() {
                columns.push((index, PlanColumn { neighbour, writes }));
            }
        }
        Self { features, columns }
    }

    /// The features of the matrix.
    pub(super) fn features(&self) -> &Arc<[Feature]> {
        &self.features
    }

    /// Places in [`Fitted::columns`] of the columns that are read.
    pub(super) fn needed(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().map(|(index, _)| *index)
    }

    /// Builds the matrix of a frame's rows. `fitted` is what this plan was compiled from.
    pub(super) fn run(&self, fitted: &Fitted, frame: &DataFrame) -> Result<FeatureMatrix, TransformError> {
        let table = Table::new(frame);
        let filled = match &fitted.neighbours {
            Some(neighbours) => fill_gaps(neighbours, fitted, &table)?,
            None => Vec::new(),
        };
        // Errors are taken in column order, so that the same one is told every time.
        let columns: Vec<Result<Vec<Block<'_>>, TransformError>> = if table.rows() < PARALLEL_ROWS {
            self.columns.iter().map(|c| read(c, fitted, &filled, &table)).collect()
        } else {
            self.columns
                .par_iter()
                .map(|c| read(c, fitted, &filled, &table))
                .collect()
        };
        let mut blocks = Vec::new();
        for column in columns {
            blocks.extend(column?);
        }
        Ok(FeatureMatrix {
            values: gather(&blocks, table.rows(), self.features.len())?,
            features: Arc::clone(&self.features),
        })
    }
}

impl Plan {
    /// The features of one row: the values that [`Plan::run`] gives it. `cell` has the cell of the nth of [`Plan::needed`].
    /// `None` where gaps are filled from similar rows, or a cell is not of its column's type.
    pub(super) fn run_row<'a>(&self, fitted: &Fitted, cell: impl Fn(usize) -> TypedCell<'a>) -> Option<Vec<f32>> {
        if fitted.neighbours.is_some() {
            return None;
        }
        let mut row = vec![0f32; self.features.len()];
        for (nth, (index, plan)) in self.columns.iter().enumerate() {
            let column = fitted.columns.get(*index)?;
            let cell = OneCell::new(column.kind, cell(nth))?;
            for (place, write) in &plan.writes {
                write.one(column.steps.get(*place)?, &cell, &mut row)?;
            }
        }
        Some(row)
    }
}

/// One column's blocks.
fn read<'p>(
    (index, plan): &'p (usize, PlanColumn),
    fitted: &'p Fitted,
    filled: &[Vec<f64>],
    table: &Table<'_>,
) -> Result<Vec<Block<'p>>, TransformError> {
    let Some(column) = fitted.columns.get(*index) else {
        return Ok(Vec::new());
    };
    let cells = table.cells(&column.name, column.kind)?;
    let filled = plan.neighbour.and_then(|at| filled.get(at)).map(Vec::as_slice);
    Ok(plan
        .writes
        .iter()
        .filter_map(|(place, write)| write.block(column.steps.get(*place)?, &cells, filled))
        .collect())
}

/// The raw numbers of the compared columns, with gaps filled from the neighbours.
fn fill_gaps(neighbours: &Neighbours, fitted: &Fitted, table: &Table<'_>) -> Result<Vec<Vec<f64>>, TransformError> {
    let compared = neighbours
        .columns
        .iter()
        .filter_map(|&c| fitted.columns.get(c as usize));
    let mut columns = compared
        .map(|FittedColumn { name, kind, .. }| Ok(table.cells(name, *kind)?.numbers(NumberView::Value)))
        .collect::<Result<Vec<Vec<f64>>, TransformError>>()?;
    neighbours.fill_columns(&mut columns);
    Ok(columns)
}

impl Write {
    /// Where `step` writes, given the position of each of its features.
    fn new(step: &Step, at: &[u32]) -> Self {
        let first = at.first().copied().unwrap_or(NOWHERE);
        let table = |category: &CategoryStep| KeyTable::new(&category.keys, category.other());
        match step {
            Step::Number(_) => Self::Number { at: first },
            Step::Flags(_) => Self::Flags { at: at.to_vec() },
            Step::Category(category) => match &category.encoding {
                Encoding::OneHot => Self::OneHot {
                    table: table(category),
                    at: at.to_vec(),
                },
                Encoding::Native => Self::Lookup {
                    table: table(category),
                    at: first,
                    values: (0..category.codes()).map(|code| code as f32).collect(),
                },
                Encoding::Numbers { values, scale, .. } => Self::Lookup {
                    table: table(category),
                    at: first,
                    values: values.iter().map(|&v| narrow(scale.apply(v))).collect(),
                },
            },
        }
    }

    /// The step's result for these cells; `filled` are the column's numbers with gaps filled, where neighbours do that.
    fn block<'p>(&'p self, step: &Step, cells: &Cells<'_>, filled: Option<&[f64]>) -> Option<Block<'p>> {
        Some(match (self, step) {
            (Self::Number { at }, Step::Number(number)) => {
                let apply = |x: &f64| narrow(number.apply(*x));
                let numbers = match filled {
                    Some(filled) => filled.iter().map(apply).collect(),
                    None => cells.numbers(number.view).iter().map(apply).collect(),
                };
                Block::Numbers { at: *at, numbers }
            }
            (Self::OneHot { table, at }, Step::Category(category)) => Block::OneHot {
                at,
                codes: category.codes_of(cells, table),
            },
            (Self::Lookup { table, at, values }, Step::Category(category)) => Block::Lookup {
                at: *at,
                values,
                codes: category.codes_of(cells, table),
            },
            (Self::Flags { at }, Step::Flags(flags)) => Block::Flags {
                at,
                bits: cells.flags(flags),
            },
            _ => return None,
        })
    }

    /// Writes the step's result for one cell into its row, which is zero; `None` if the cell is of another sort.
    fn one(&self, step: &Step, cell: &OneCell<'_>, row: &mut [f32]) -> Option<()> {
        match (self, step) {
            (Self::Number { at }, Step::Number(number)) => {
                *row.get_mut(*at as usize)? = narrow(number.apply(cell.number(number.view)?));
            }
            (Self::OneHot { table, at }, Step::Category(category)) => {
                put_indicator(at, category.code_of(cell, table)?, row);
            }
            (Self::Lookup { table, at, values }, Step::Category(category)) => {
                *row.get_mut(*at as usize)? = number_of_code(values, category.code_of(cell, table)?);
            }
            (Self::Flags { at }, Step::Flags(flags)) => put_flags(at, cell.flags(flags), row),
            _ => return None,
        }
        Some(())
    }
}

/// Sets the indicator of a code. A dropped feature, or a missing cell that is passed on, has no place.
#[inline]
fn put_indicator(at: &[u32], code: u32, row: &mut [f32]) {
    if let Some(cell) = at.get(code as usize).and_then(|&p| row.get_mut(p as usize)) {
        *cell = 1.0;
    }
}

/// The number of a code; a missing cell that is passed on has none.
#[inline]
fn number_of_code(values: &[f32], code: u32) -> f32 {
    values.get(code as usize).copied().unwrap_or(f32::NAN)
}

/// Writes bit i to the ith place.
#[inline]
fn put_flags(at: &[u32], bits: u8, row: &mut [f32]) {
    for (i, &p) in at.iter().enumerate() {
        if let Some(cell) = row.get_mut(p as usize) {
            *cell = f32::from(bits >> i & 1);
        }
    }
}

/// Writes the blocks into one row-major matrix.
fn gather(blocks: &[Block<'_>], rows: usize, width: usize) -> Result<Array2<f32>, TransformError> {
    let internal = |reason: String| TransformError::Internal { reason };
    let cells = rows
        .checked_mul(width)
        .ok_or_else(|| internal(format!("{rows} x {width} is too large")))?;
    let mut values = vec![0f32; cells];
    // There is always a feature; the guards keep chunk sizes above 0 without relying on it.
    let block_rows = (BLOCK_CELLS / width.max(1)).clamp(1, 256);
    let chunk = (block_rows * width).max(1);
    let write = |(nth, out): (usize, &mut [f32])| {
        for block in blocks {
            block.write(nth * block_rows, width.max(1), out);
        }
    };
    if rows < PARALLEL_ROWS {
        values.chunks_mut(chunk).enumerate().for_each(write);
    } else {
        values.par_chunks_mut(chunk).enumerate().for_each(write);
    }
    Array2::from_shape_vec((rows, width), values).map_err(|e| internal(e.to_string()))
}

impl Block<'_> {
    /// Writes the rows from `first` on into `out`, which is zero and holds whole rows.
    fn write(&self, first: usize, width: usize, out: &mut [f32]) {
        let rows = out.chunks_exact_mut(width);
        match self {
            Self::Numbers { at, numbers } => {
                for (row, &number) in rows.zip(numbers.iter().skip(first)) {
                    row[*at as usize] = number;
                }
            }
            Self::OneHot { at, codes } => {
                for (row, &code) in rows.zip(codes.iter().skip(first)) {
                    put_indicator(at, code, row);
                }
            }
            Self::Lookup { at, values, codes } => {
                for (row, &code) in rows.zip(codes.iter().skip(first)) {
                    row[*at as usize] = number_of_code(values, code);
                }
            }
            Self::Flags { at, bits } => {
                for (row, &bits) in rows.zip(bits.iter().skip(first)) {
                    put_flags(at, bits, row);
                }
            }
        }
    }
}

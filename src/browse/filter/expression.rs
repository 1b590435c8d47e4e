//! Owns conditions as they are evaluated, and whether a row meets them.

use std::cmp::Ordering;
use std::ops::Range;

use regex::bytes::Regex;

use super::super::pattern::Pattern;
use super::super::record::{Cell, Dialect, split};
use super::super::value::{Number, number};
use crate::data::NullTokens;

/// Something compared.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// A cell, by its place among the columns used.
    Cell(usize),
    Number(Number),
    Text(Vec<u8>),
}

/// How two things are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Less,
    AtMost,
}

/// A text with `%` and `_`.
#[derive(Clone, Debug)]
pub(super) enum Like {
    Exact(Vec<u8>),
    Prefix(Vec<u8>),
    Suffix(Vec<u8>),
    Contains(Vec<u8>),
    Other(Regex),
}

/// A condition.
#[derive(Clone, Debug)]
pub(super) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Operand, Comparison, Operand),
    Like(usize, Like),
    Matches(usize, Regex),
    Null(usize),
    /// A text in any cell.
    Anywhere(Box<Pattern>),
}

/// A condition with the columns it looks at.
#[derive(Clone, Debug)]
pub(in super::super) struct Filter {
    pub(super) expression: Expression,
    /// Ascending; cells are numbered by their place here.
    pub(super) columns: Vec<usize>,
}

/// The cells of one row at which conditions look.
#[derive(Debug, Default)]
pub(in super::super) struct Fields {
    cells: Vec<Field>,
}

#[derive(Debug, Default)]
struct Field {
    range: Range<usize>,
    /// Its text, where it does not stand in the row as it is.
    own: Option<Vec<u8>>,
}

impl Fields {
    /// Takes up the cells of some columns, which ascend.
    pub(in super::super) fn take(&mut self, row: &[u8], dialect: Dialect, columns: &[usize]) {
        self.cells.resize_with(columns.len(), Field::default);
        let mut slot = 0;
        if let Some(&last) = columns.last() {
            split(row, dialect, |column, cell| {
                if columns.get(slot) == Some(&column) {
                    let field = &mut self.cells[slot];
                    match cell {
                        Cell::Plain(range) => (field.range, field.own) = (range, None),
                        quoted @ Cell::Quoted(_) => {
                            let mut own = field.own.take().unwrap_or_default();
                            let _ = quoted.text(row, &mut own);
                            field.own = Some(own);
                        }
                    }
                    slot += 1;
                }
                column < last
            });
        }
        // A row that ends too soon has nothing there.
        for field in &mut self.cells[slot..] {
            *field = Field::default();
        }
    }

    /// The cell of the column that stood at `slot`.
    pub(in super::super) fn get<'r>(&'r self, row: &'r [u8], slot: usize) -> &'r [u8] {
        let field = &self.cells[slot];
        match &field.own {
            Some(own) => own,
            None => &row[field.range.clone()],
        }
    }
}

/// A row at which conditions look.
struct Seen<'r> {
    text: &'r [u8],
    dialect: Dialect,
    nulls: &'r NullTokens,
    fields: &'r Fields,
}

impl Filter {
    /// Whether a row meets the condition.
    pub(in super::super) fn holds(
        &self,
        row: &[u8],
        dialect: Dialect,
        nulls: &NullTokens,
        fields: &mut Fields,
    ) -> bool {
        fields.take(row, dialect, &self.columns);
        self.expression.holds(&Seen {
            text: row,
            dialect,
            nulls,
            fields,
        })
    }

    /// The text without which no row meets the condition, if it is one of a text in any cell.
    pub(in super::super) fn anywhere(&self) -> Option<&Pattern> {
        match &self.expression {
            Expression::Anywhere(pattern) => Some(pattern),
            _ => None,
        }
    }
}

impl Expression {
    fn holds(&self, row: &Seen<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(row)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(row)),
            Self::Not(part) => !part.holds(row),
            Self::Compare(a, comparison, b) => row.compare(a, *comparison, b),
            Self::Like(slot, like) => like.holds(row.cell(*slot)),
            Self::Matches(slot, regex) => regex.is_match(row.cell(*slot)),
            Self::Null(slot) => row.nulls.is_null(row.cell(*slot)),
            Self::Anywhere(pattern) => pattern.column_of(row.text, row.dialect, 0, usize::MAX).is_some(),
        }
    }
}

impl Seen<'_> {
    fn cell(&self, slot: usize) -> &[u8] {
        self.fields.get(self.text, slot)
    }

    fn number(&self, operand: &Operand) -> Option<Number> {
        match operand {
            Operand::Number(value) => Some(*value),
            Operand::Text(_) => None,
            Operand::Cell(slot) => {
                let cell = self.cell(*slot);
                number(cell).filter(|_| !self.nulls.any_numeric() || !self.nulls.is_null(cell))
            }
        }
    }

    /// The text of a cell or a literal text. A literal number is compared with numbers only.
    fn text<'o>(&'o self, operand: &'o Operand) -> Option<&'o [u8]> {
        match operand {
            Operand::Cell(slot) => Some(self.cell(*slot)),
            Operand::Text(text) => Some(text),
            Operand::Number(_) => None,
        }
    }

    /// Numbers as numbers where both are, else texts byte by byte. A cell without a value has no order.
    fn compare(&self, a: &Operand, comparison: Comparison, b: &Operand) -> bool {
        let order = match (self.number(a), self.number(b)) {
            (Some(a), Some(b)) => a.order(b),
            _ => match (self.text(a), self.text(b)) {
                (Some(a), Some(b)) if comparison == Comparison::Equal => return a == b,
                (Some(x), Some(y)) if !self.nulls.is_null(x) && !self.nulls.is_null(y) => x.cmp(y),
                _ => return false,
            },
        };
        match comparison {
            Comparison::Equal => order == Ordering::Equal,
            Comparison::Less => order == Ordering::Less,
            Comparison::AtMost => order != Ordering::Greater,
        }
    }
}

impl Like {
    fn holds(&self, cell: &[u8]) -> bool {
        match self {
            Self::Exact(text) => cell == text,
            Self::Prefix(text) => cell.starts_with(text),
            Self::Suffix(text) => cell.ends_with(text),
            Self::Contains(text) => memchr::memmem::find(cell, text).is_some(),
            Self::Other(regex) => regex.is_match(cell),
        }
    }
}

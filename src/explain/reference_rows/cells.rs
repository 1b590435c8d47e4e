//! Owns the cells of one column in little space, and how far they are from one cell.

use std::collections::BTreeSet;

use crate::explain::gower::{Measure, number_gap, unequal};
use crate::explain::value::Value;
use crate::schema::ColumnType;

/// The code of a missing cell among [`Cells::Codes`].
const MISSING: u32 = u32::MAX;

/// Distinct values, a missing one among them, of which a byte can tell which it is.
const FEW: usize = 256;

/// Cells of a column.
#[derive(Clone, Debug)]
pub(super) enum Cells {
    /// Of few distinct values: places in `values`, which ascend.
    Few {
        codes: Vec<u8>,
        values: Vec<Option<Value>>,
        measure: Measure,
    },
    /// Numbers and times, NaN for missing, and the range they cover.
    Numbers {
        numbers: Vec<f64>,
        kind: ColumnType,
        range: f64,
    },
    /// Everything else: places in `names`, which ascend, or [`MISSING`].
    Codes { codes: Vec<u32>, names: Vec<Value> },
}

impl Cells {
    /// Of as many rows; cells that are lacking count as missing.
    pub(super) fn of(kind: ColumnType, cells: &[Option<&Value>], measure: Measure) -> Self {
        let distinct: BTreeSet<Option<&Value>> = cells.iter().copied().collect();
        if distinct.len() <= FEW {
            let values: Vec<Option<&Value>> = distinct.into_iter().collect();
            let code = |cell| values.binary_search(cell).unwrap_or_default() as u8;
            return Self::Few {
                codes: cells.iter().map(code).collect(),
                values: values.iter().map(|value| value.cloned()).collect(),
                measure,
            };
        }
        match measure {
            Measure::Range(range) => {
                let number = |cell: Option<&Value>| cell.and_then(Value::number).unwrap_or(f64::NAN);
                Self::Numbers {
                    numbers: cells.iter().copied().map(number).collect(),
                    kind,
                    range,
                }
            }
            Measure::Equality => {
                let names: Vec<Value> = distinct.into_iter().flatten().cloned().collect();
                let code = |cell: Option<&Value>| match cell {
                    Some(value) => names.binary_search(value).map_or(MISSING, |code| code as u32),
                    None => MISSING,
                };
                Self::Codes {
                    codes: cells.iter().copied().map(code).collect(),
                    names,
                }
            }
        }
    }

    /// The value of a row's cell.
    pub(super) fn value(&self, place: usize) -> Option<Value> {
        match self {
            Self::Few { codes, values, .. } => values.get(usize::from(*codes.get(place)?)).cloned().flatten(),
            Self::Numbers { numbers, kind, .. } => {
                let number = numbers.get(place).copied().filter(|number| !number.is_nan())?;
                Some(match kind {
                    ColumnType::Float => Value::Float(number),
                    ColumnType::Timestamp => Value::Time(number as i64),
                    _ => Value::Int(number as i64),
                })
            }
            Self::Codes { codes, names } => names.get(*codes.get(place)? as usize).cloned(),
        }
    }

    /// The codes of a column of few values.
    pub(super) fn few(&self) -> Option<&[u8]> {
        match self {
            Self::Few { codes, .. } => Some(codes),
            _ => None,
        }
    }

    /// Puts rows into another order: `order` has the present place of each.
    pub(super) fn put_in_order(&mut self, order: &[u32]) {
        fn ordered<T: Copy>(cells: &mut Vec<T>, order: &[u32]) {
            *cells = order.iter().filter_map(|at| cells.get(*at as usize).copied()).collect();
        }
        match self {
            Self::Few { codes, .. } => ordered(codes, order),
            Self::Numbers { numbers, .. } => ordered(numbers, order),
            Self::Codes { codes, .. } => ordered(codes, order),
        }
    }

    /// The column made ready to be compared with one cell.
    pub(super) fn probe(&self, cell: Option<&Value>) -> Probe<'_> {
        match self {
            Self::Few { codes, values, measure } => {
                // What is no number is like no value among numbers.
                let cell = cell.filter(|cell| *measure == Measure::Equality || cell.number().is_some());
                let mut gaps = [0.0; FEW];
                for (gap, value) in gaps.iter_mut().zip(values) {
                    *gap = measure.gap(cell, value.as_ref());
                }
                Probe::Few {
                    codes,
                    gaps: Box::new(gaps),
                }
            }
            Self::Numbers { numbers, range, .. } => Probe::Numbers {
                numbers,
                range: *range,
                number: cell.and_then(Value::number).unwrap_or(f64::NAN),
            },
            Self::Codes { codes, names } => Probe::Codes {
                codes,
                // A value that training did not have is like no code at all.
                code: cell.map_or(Some(MISSING), |value| {
                    names.binary_search(value).ok().map(|code| code as u32)
                }),
            },
        }
    }
}

/// One column and the cell that its rows are compared with.
pub(super) enum Probe<'a> {
    Few {
        codes: &'a [u8],
        gaps: Box<[f64; FEW]>,
    },
    Numbers {
        numbers: &'a [f64],
        range: f64,
        number: f64,
    },
    Codes {
        codes: &'a [u32],
        code: Option<u32>,
    },
}

impl Probe<'_> {
    /// Adds each row's gap, from row `first` on, to its sum.
    #[inline]
    pub(super) fn add_gaps(&self, first: usize, sums: &mut [f64]) {
        match self {
            Self::Few { codes, gaps } => {
                let codes = codes.get(first..).unwrap_or_default();
                for (sum, code) in sums.iter_mut().zip(codes) {
                    *sum += gaps[usize::from(*code)];
                }
            }
            Self::Numbers { numbers, range, number } => {
                let numbers = numbers.get(first..).unwrap_or_default();
                for (sum, other) in sums.iter_mut().zip(numbers) {
                    *sum += match (number.is_nan(), other.is_nan()) {
                        (false, false) => number_gap(*number, *other, *range),
                        (missing, other_missing) => unequal(missing != other_missing),
                    };
                }
            }
            Self::Codes { codes, code } => {
                let codes = codes.get(first..).unwrap_or_default();
                for (sum, other) in sums.iter_mut().zip(codes) {
                    *sum += unequal(Some(*other) != *code);
                }
            }
        }
    }
}

//! Owns what the steps read of a single cell: the same as [`Cells`](super::cells::Cells) gives them of a column.

use std::net::IpAddr;

use crate::schema::{ColumnType, TypedCell};

use super::cells::{Flag, KeyView, NumberView, ip_flag, pack, time_flag};
use super::numeric::admit;
use super::{ip, port, time};

/// A cell by its column's type; missing is `None`.
pub(super) enum OneCell<'a> {
    /// A whole number or a port.
    Int(Option<i64>),
    /// A number.
    Float(Option<f64>),
    /// A truth value.
    Bool(Option<bool>),
    /// A category.
    Text(Option<&'a str>),
    /// An address.
    Ip(Option<IpAddr>),
    /// Microseconds since the epoch.
    Time(Option<i64>),
}

impl<'a> OneCell<'a> {
    /// A cell of a column of this type; `None` if it is of another.
    pub(super) fn new(kind: ColumnType, cell: TypedCell<'a>) -> Option<Self> {
        use ColumnType::{Bool, Category, Float, Int, Ip, Port, Text, Timestamp};
        Some(match (kind, cell) {
            (Int | Port, TypedCell::Missing) => Self::Int(None),
            (Int | Port, TypedCell::Int(value)) => Self::Int(Some(value)),
            (Float, TypedCell::Missing) => Self::Float(None),
            (Float, TypedCell::Float(value)) => Self::Float(Some(value)),
            (Bool, TypedCell::Missing) => Self::Bool(None),
            (Bool, TypedCell::Bool(value)) => Self::Bool(Some(value)),
            (Category | Text, TypedCell::Missing) => Self::Text(None),
            (Category | Text, TypedCell::Text(value)) => Self::Text(Some(value)),
            (Ip, TypedCell::Missing) => Self::Ip(None),
            // An IPv4-mapped IPv6 address counts as the IPv4 address it carries.
            (Ip, TypedCell::Ip(value)) => Self::Ip(Some(value.to_canonical())),
            (Timestamp, TypedCell::Missing) => Self::Time(None),
            (Timestamp, TypedCell::Time(value)) => Self::Time(Some(value)),
            _ => return None,
        })
    }

    /// The cell as a number, NaN for missing; `None` if its column has no such numbers.
    pub(super) fn number(&self, view: NumberView) -> Option<f64> {
        Some(match (self, view) {
            (Self::Int(cell), NumberView::Value) => cell.map_or(f64::NAN, |value| value as f64),
            (Self::Float(cell), NumberView::Value) => cell.map_or(f64::NAN, admit),
            (Self::Time(cell), NumberView::HourSine) => cell.map_or(f64::NAN, time::hour_sine),
            (Self::Time(cell), NumberView::HourCosine) => cell.map_or(f64::NAN, time::hour_cosine),
            _ => return None,
        })
    }

    /// Whether the cell is missing.
    pub(super) fn is_missing(&self) -> bool {
        match self {
            Self::Int(cell) | Self::Time(cell) => cell.is_none(),
            Self::Float(cell) => !cell.is_some_and(f64::is_finite),
            Self::Bool(cell) => cell.is_none(),
            Self::Text(cell) => cell.is_none(),
            Self::Ip(cell) => cell.is_none(),
        }
    }

    /// The key of a cell that is there; `None` if its column has no whole-number keys of that sort.
    pub(super) fn int_key(&self, view: KeyView) -> Option<i64> {
        match (self, view) {
            (Self::Int(cell), KeyView::Value) => *cell,
            (Self::Int(cell), KeyView::PortBand) => cell.map(port::band),
            (Self::Int(cell), KeyView::PortService) => cell.map(port::service),
            (Self::Bool(cell), KeyView::Truth) => cell.map(i64::from),
            (Self::Ip(cell), KeyView::WideNetwork) => cell.map(ip::wide_network),
            (Self::Ip(cell), KeyView::NarrowNetwork) => cell.map(ip::narrow_network),
            (Self::Time(cell), KeyView::Weekday) => cell.map(time::weekday),
            _ => None,
        }
    }

    /// The text of a cell that is there; `None` if this is no column of text.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(cell) => *cell,
            _ => None,
        }
    }

    /// Bit i set where `flags[i]` holds.
    pub(super) fn flags(&self, flags: &[Flag]) -> u8 {
        match self {
            Self::Ip(cell) => pack(flags, |flag| ip_flag(flag, *cell)),
            Self::Time(cell) => pack(flags, |flag| time_flag(flag, *cell)),
            _ => pack(flags, |flag| flag == Flag::Missing && self.is_missing()),
        }
    }
}

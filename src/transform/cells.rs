//! Owns the way from a data frame's columns to the cells the steps read: typed, checked, missing as `None` or NaN.

use std::collections::HashMap;
use std::net::IpAddr;

use polars::prelude::{
    BooleanChunked, Column as FrameColumn, DataFrame, Float64Chunked, Int64Chunked, StringChunked, TimeUnit,
};
use serde::{Deserialize, Serialize};

use crate::schema::ColumnType;

use super::error::TransformError;
use super::numeric::admit;
use super::{ip, port, time};

/// A frame's columns by name.
pub(super) struct Table<'a> {
    columns: HashMap<&'a str, &'a FrameColumn>,
    rows: usize,
}

/// One column's cells.
pub(super) enum Cells<'a> {
    /// Whole numbers and ports.
    Int(&'a Int64Chunked),
    /// Numbers.
    Float(&'a Float64Chunked),
    /// Truth values.
    Bool(&'a BooleanChunked),
    /// Categories.
    Text(&'a StringChunked),
    /// Addresses; a cell that is none counts as missing.
    Ip(Vec<Option<IpAddr>>),
    /// Microseconds since the epoch.
    Time(Vec<Option<i64>>),
}

/// What a number is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberView {
    /// The cell itself.
    Value,
    /// Sine of the time of day.
    HourSine,
    /// Cosine of the time of day.
    HourCosine,
}

/// What a category is read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyView {
    /// The cell itself.
    Value,
    /// A truth value.
    Truth,
    /// /8 of IPv4, /16 of IPv6.
    WideNetwork,
    /// /16 of IPv4, /32 of IPv6.
    NarrowNetwork,
    /// Band of a port.
    PortBand,
    /// Service behind a port.
    PortService,
    /// Day of the week.
    Weekday,
}

/// What a 0/1 feature is read from. It is 0 where the cell is missing, but for `Missing` itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The cell is missing.
    Missing,
    /// The address is private.
    Private,
    /// The address is public.
    Public,
    /// The address is the machine itself.
    Loopback,
    /// The address is a group's.
    Multicast,
    /// The address is IPv6.
    Ipv6,
    /// Saturday or Sunday.
    Weekend,
    /// 22:00 to 06:00.
    Night,
}

impl<'a> Table<'a> {
    /// Takes a frame's columns.
    pub(super) fn new(frame: &'a DataFrame) -> Self {
        Self {
            columns: frame.columns().iter().map(|c| (c.name().as_str(), c)).collect(),
            rows: frame.height(),
        }
    }

    /// Rows of the frame.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there is a column of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    /// The cells of a column of this type.
    pub(super) fn cells(&self, name: &str, kind: ColumnType) -> Result<Cells<'a>, TransformError> {
        let column = *self.columns.get(name).ok_or_else(|| TransformError::MissingColumn {
            column: name.to_owned(),
        })?;
        let wrong = |_| TransformError::ColumnType {
            column: name.to_owned(),
            expected: expected_type(kind),
            found: format!("{:?}", column.dtype()),
        };
        Ok(match kind {
            ColumnType::Int | ColumnType::Port => Cells::Int(column.i64().map_err(wrong)?),
            ColumnType::Float => Cells::Float(column.f64().map_err(wrong)?),
            ColumnType::Bool => Cells::Bool(column.bool().map_err(wrong)?),
            ColumnType::Category | ColumnType::Text => Cells::Text(column.str().map_err(wrong)?),
            ColumnType::Ip => Cells::Ip(
                column
                    .str()
                    .map_err(wrong)?
                    .iter()
                    .map(|cell| cell.and_then(ip::parse))
                    .collect(),
            ),
            ColumnType::Timestamp => {
                let times = column.datetime().map_err(wrong)?;
                let micros: fn(i64) -> i64 = match times.time_unit() {
                    TimeUnit::Nanoseconds => |t| t.div_euclid(1000),
                    TimeUnit::Microseconds => |t| t,
                    TimeUnit::Milliseconds => |t| t.saturating_mul(1000),
                };
                Cells::Time(times.physical().iter().map(|cell| cell.map(micros)).collect())
            }
        })
    }
}

/// The Polars type of a schema type, for error messages.
fn expected_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Int | ColumnType::Port => "Int64",
        ColumnType::Float => "Float64",
        ColumnType::Bool => "Boolean",
        ColumnType::Category | ColumnType::Text | ColumnType::Ip => "String",
        ColumnType::Timestamp => "Datetime",
    }
}

impl Cells<'_> {
    /// The cells as numbers, NaN for missing; empty if this column has no such numbers.
    pub(super) fn numbers(&self, view: NumberView) -> Vec<f64> {
        match (self, view) {
            (Self::Int(cells), NumberView::Value) => {
                cells.iter().map(|cell| cell.map_or(f64::NAN, |v| v as f64)).collect()
            }
            (Self::Float(cells), NumberView::Value) => cells.iter().map(|cell| cell.map_or(f64::NAN, admit)).collect(),
            (Self::Time(cells), NumberView::HourSine) => cells
                .iter()
                .map(|cell| cell.map_or(f64::NAN, time::hour_sine))
                .collect(),
            (Self::Time(cells), NumberView::HourCosine) => cells
                .iter()
                .map(|cell| cell.map_or(f64::NAN, time::hour_cosine))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Maps each cell's key; `None` if this column has no whole-number keys of that sort.
    pub(super) fn map_int_keys<T>(&self, view: KeyView, map: impl Fn(Option<i64>) -> T) -> Option<Vec<T>> {
        Some(match (self, view) {
            (Self::Int(cells), KeyView::Value) => match cells.cont_slice() {
                Ok(whole) => whole.iter().map(|&v| map(Some(v))).collect(),
                Err(_) => cells.iter().map(map).collect(),
            },
            (Self::Int(cells), KeyView::PortBand) => cells.iter().map(|c| map(c.map(port::band))).collect(),
            (Self::Int(cells), KeyView::PortService) => cells.iter().map(|c| map(c.map(port::service))).collect(),
            (Self::Bool(cells), KeyView::Truth) => cells.iter().map(|c| map(c.map(i64::from))).collect(),
            (Self::Ip(cells), KeyView::WideNetwork) => cells.iter().map(|c| map(c.map(ip::wide_network))).collect(),
            (Self::Ip(cells), KeyView::NarrowNetwork) => cells.iter().map(|c| map(c.map(ip::narrow_network))).collect(),
            (Self::Time(cells), KeyView::Weekday) => cells.iter().map(|c| map(c.map(time::weekday))).collect(),
            _ => return None,
        })
    }

    /// Maps each cell's text; `None` if this is no column of text.
    pub(super) fn map_texts<T>(&self, map: impl Fn(Option<&str>) -> T) -> Option<Vec<T>> {
        match self {
            Self::Text(cells) => Some(cells.iter().map(map).collect()),
            _ => None,
        }
    }

    /// One byte a row, bit i set where `flags[i]` holds.
    pub(super) fn flags(&self, flags: &[Flag]) -> Vec<u8> {
        match self {
            Self::Int(cells) => cells
                .iter()
                .map(|c| pack(flags, |f| f == Flag::Missing && c.is_none()))
                .collect(),
            Self::Float(cells) => cells
                .iter()
                .map(|c| pack(flags, |f| f == Flag::Missing && !c.is_some_and(f64::is_finite)))
                .collect(),
            Self::Bool(cells) => cells
                .iter()
                .map(|c| pack(flags, |f| f == Flag::Missing && c.is_none()))
                .collect(),
            Self::Text(cells) => cells
                .iter()
                .map(|c| pack(flags, |f| f == Flag::Missing && c.is_none()))
                .collect(),
            Self::Ip(cells) => cells.iter().map(|c| pack(flags, |f| ip_flag(f, *c))).collect(),
            Self::Time(cells) => cells.iter().map(|c| pack(flags, |f| time_flag(f, *c))).collect(),
        }
    }

    /// Whether a cell is missing.
    pub(super) fn any_missing(&self) -> bool {
        match self {
            Self::Int(cells) => cells.null_count() > 0,
            Self::Float(cells) => cells.iter().any(|c| !c.is_some_and(f64::is_finite)),
            Self::Bool(cells) => cells.null_count() > 0,
            Self::Text(cells) => cells.null_count() > 0,
            Self::Ip(cells) => cells.iter().any(Option::is_none),
            Self::Time(cells) => cells.iter().any(Option::is_none),
        }
    }

    /// Whether the whole numbers have at most `limit` distinct values (missing ones apart).
    pub(super) fn distinct_ints_within(&self, limit: usize) -> bool {
        let Self::Int(cells) = self else {
            return false;
        };
        let mut seen: Vec<i64> = Vec::with_capacity(limit + 1);
        for value in cells.iter().flatten() {
            if let Err(at) = seen.binary_search(&value) {
                if seen.len() == limit {
                    return false;
                }
                seen.insert(at, value);
            }
        }
        true
    }
}

pub(super) fn pack(flags: &[Flag], holds: impl Fn(Flag) -> bool) -> u8 {
    flags
        .iter()
        .enumerate()
        .fold(0, |bits, (i, &flag)| bits | u8::from(holds(flag)) << i)
}

pub(super) fn ip_flag(flag: Flag, cell: Option<IpAddr>) -> bool {
    match (flag, cell) {
        (Flag::Missing, cell) => cell.is_none(),
        (Flag::Private, Some(ip)) => ip::is_private(ip),
        (Flag::Public, Some(ip)) => ip::is_public(ip),
        (Flag::Loopback, Some(ip)) => ip.is_loopback(),
        (Flag::Multicast, Some(ip)) => ip.is_multicast(),
        (Flag::Ipv6, Some(ip)) => ip.is_ipv6(),
        _ => false,
    }
}

pub(super) fn time_flag(flag: Flag, cell: Option<i64>) -> bool {
    match (flag, cell) {
        (Flag::Missing, cell) => cell.is_none(),
        (Flag::Weekend, Some(micros)) => time::is_weekend(micros),
        (Flag::Night, Some(micros)) => time::is_night(micros),
        _ => false,
    }
}

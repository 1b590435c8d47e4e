//! Owns the value of a single cell, by the type of its column.

use std::net::IpAddr;

/// A cell by its column's type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TypedCell<'a> {
    /// Empty, or its column is not there.
    Missing,
    /// Of an `int` or `port` column.
    Int(i64),
    /// Of a `float` column; finite.
    Float(f64),
    /// Of a `bool` column.
    Bool(bool),
    /// Of a `category` or `text` column: the text as it stands.
    Text(&'a str),
    /// Of an `ip` column.
    Ip(IpAddr),
    /// Of a `timestamp` column: microseconds since 1970, UTC.
    Time(i64),
}

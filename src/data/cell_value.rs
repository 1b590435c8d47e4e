//! Owns one cell's text as the value that its column's type says, for whoever has cells one by one.

use std::net::IpAddr;

use super::batch::CellProblem;
use super::cell;
use crate::schema::ColumnType;

/// A cell's value.
#[derive(Clone, Debug, PartialEq)]
pub enum CellValue {
    /// Of an `int` or `port` column.
    Int(i64),
    /// Of a `float` column; finite.
    Float(f64),
    /// Of a `bool` column.
    Bool(bool),
    /// Of an `ip` column.
    Ip(IpAddr),
    /// Of a `timestamp` column: microseconds since 1970 UTC.
    Time(i64),
    /// Of a `category` or `text` column: the text as it stands.
    Text,
}

/// Reads a cell as batches are typed: white space around anything but text does not count. What means "no value" is the
/// caller's to know.
///
/// # Errors
/// What is wrong with the text.
pub fn cell_value(kind: ColumnType, text: &str) -> Result<CellValue, CellProblem> {
    let bytes = text.as_bytes().trim_ascii();
    match kind {
        ColumnType::Int => cell::int(bytes).map(CellValue::Int),
        ColumnType::Port => cell::port(bytes).map(CellValue::Int),
        ColumnType::Float => cell::float(bytes).map(CellValue::Float),
        ColumnType::Bool => cell::boolean(bytes).map(CellValue::Bool),
        ColumnType::Ip => cell::ip(bytes).map(CellValue::Ip),
        ColumnType::Timestamp => cell::timestamp(bytes).map(CellValue::Time),
        ColumnType::Category | ColumnType::Text => Ok(CellValue::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_by_its_columns_type() {
        use ColumnType::{Bool, Category, Float, Int, Ip, Port, Timestamp};
        assert_eq!(cell_value(Int, " +7 "), Ok(CellValue::Int(7)));
        assert_eq!(cell_value(Port, "65536"), Err(CellProblem::InvalidPort));
        assert_eq!(cell_value(Float, "1e-3"), Ok(CellValue::Float(0.001)));
        assert_eq!(cell_value(Float, "inf"), Err(CellProblem::NotFinite));
        assert_eq!(cell_value(Bool, "Yes"), Ok(CellValue::Bool(true)));
        assert_eq!(cell_value(Ip, "::0001"), Ok(CellValue::Ip("::1".parse().unwrap())));
        assert_eq!(
            cell_value(Timestamp, "1970-01-01 00:00:01"),
            Ok(CellValue::Time(1_000_000))
        );
        assert_eq!(cell_value(Category, " x "), Ok(CellValue::Text));
    }
}

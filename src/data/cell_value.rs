//! Owns one cell's text as the value that its column's type says, for whoever has cells one by one.

use super::batch::CellProblem;
use super::cell;
use crate::schema::{ColumnType, TypedCell};

/// Reads a cell as batches are typed: white space around anything but text does not count. What means "no value" is the
/// caller's to know.
///
/// # Errors
/// What is wrong with the text.
pub fn cell_value(kind: ColumnType, text: &[u8]) -> Result<TypedCell<'_>, CellProblem> {
    let trimmed = text.trim_ascii();
    match kind {
        ColumnType::Int => cell::int(trimmed).map(TypedCell::Int),
        ColumnType::Port => cell::port(trimmed).map(TypedCell::Int),
        ColumnType::Float => cell::float(trimmed).map(TypedCell::Float),
        ColumnType::Bool => cell::boolean(trimmed).map(TypedCell::Bool),
        ColumnType::Ip => cell::ip(trimmed).map(TypedCell::Ip),
        ColumnType::Timestamp => cell::timestamp(trimmed).map(TypedCell::Time),
        ColumnType::Category | ColumnType::Text => {
            let text = std::str::from_utf8(text).map_err(|_| CellProblem::InvalidUtf8)?;
            Ok(TypedCell::Text(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_read_by_its_columns_type() {
        use ColumnType::{Bool, Category, Float, Int, Ip, Port, Timestamp};
        assert_eq!(cell_value(Int, b" +7 "), Ok(TypedCell::Int(7)));
        assert_eq!(cell_value(Port, b"65536"), Err(CellProblem::InvalidPort));
        assert_eq!(cell_value(Float, b"1e-3"), Ok(TypedCell::Float(0.001)));
        assert_eq!(cell_value(Float, b"inf"), Err(CellProblem::NotFinite));
        assert_eq!(cell_value(Bool, b"Yes"), Ok(TypedCell::Bool(true)));
        assert_eq!(cell_value(Ip, b"::0001"), Ok(TypedCell::Ip("::1".parse().unwrap())));
        assert_eq!(
            cell_value(Timestamp, b"1970-01-01 00:00:01"),
            Ok(TypedCell::Time(1_000_000))
        );
        assert_eq!(cell_value(Category, b" x "), Ok(TypedCell::Text(" x ")));
    }
}

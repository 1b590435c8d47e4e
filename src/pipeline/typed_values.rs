//! Owns the way between the typed columns of a frame and the values that explanations work with.

use polars::prelude::{
    Column as FrameColumn, DataFrame, DataType, IntoColumn, NamedFrom, PolarsResult, Series, TimeUnit,
};

use crate::explain::Value;
use crate::schema::{Column, ColumnType};
use crate::transform::TransformError;

/// The cells of a schema column in a frame, `None` for missing.
///
/// # Errors
/// The frame does not have the column, or with another type.
pub fn values_of(frame: &DataFrame, column: &Column) -> Result<Vec<Option<Value>>, TransformError> {
    let cells = frame.column(&column.name).map_err(|_| TransformError::MissingColumn {
        column: column.name.clone(),
    })?;
    read(cells, column.kind).map_err(|_| TransformError::ColumnType {
        column: column.name.clone(),
        expected: column.kind.word(),
        found: format!("{:?}", cells.dtype()),
    })
}

fn read(cells: &FrameColumn, kind: ColumnType) -> PolarsResult<Vec<Option<Value>>> {
    Ok(match kind {
        ColumnType::Int | ColumnType::Port => cells.i64()?.iter().map(|cell| cell.map(Value::Int)).collect(),
        ColumnType::Float => {
            let finite = |cell: Option<f64>| cell.filter(|number| number.is_finite()).map(Value::Float);
            cells.f64()?.iter().map(finite).collect()
        }
        ColumnType::Bool => cells.bool()?.iter().map(|cell| cell.map(Value::Bool)).collect(),
        ColumnType::Category | ColumnType::Text | ColumnType::Ip => {
            let text = |cell: Option<&str>| cell.map(|text| Value::Text(text.to_owned()));
            cells.str()?.iter().map(text).collect()
        }
        ColumnType::Timestamp => {
            cells.datetime()?;
            let micros = cells.cast(&MICROS)?.cast(&DataType::Int64)?;
            micros.i64()?.iter().map(|cell| cell.map(Value::Time)).collect()
        }
    })
}

/// How frames hold times.
const MICROS: DataType = DataType::Datetime(TimeUnit::Microseconds, None);

/// A frame of these schema columns with these rows, whose cells stand in the columns' order. A value of another type
/// than its column's counts as missing.
///
/// # Errors
/// Two columns of one name.
pub fn frame_of(columns: &[Column], rows: &[Vec<Option<&Value>>]) -> PolarsResult<DataFrame> {
    let built = columns.iter().enumerate().map(|(at, column)| {
        let cells = rows.iter().map(|row| row.get(at).copied().flatten());
        write(column, cells)
    });
    DataFrame::new(rows.len(), built.collect::<PolarsResult<Vec<FrameColumn>>>()?)
}

fn write<'a>(column: &Column, cells: impl Iterator<Item = Option<&'a Value>>) -> PolarsResult<FrameColumn> {
    let name = column.name.as_str().into();
    let series = match column.kind {
        ColumnType::Int | ColumnType::Port => Series::new(
            name,
            collected(cells, |value| match value {
                Value::Int(value) => Some(*value),
                _ => None,
            }),
        ),
        ColumnType::Float => Series::new(
            name,
            collected(cells, |value| match value {
                Value::Float(value) => Some(*value),
                _ => None,
            }),
        ),
        ColumnType::Bool => Series::new(
            name,
            collected(cells, |value| match value {
                Value::Bool(value) => Some(*value),
                _ => None,
            }),
        ),
        ColumnType::Category | ColumnType::Text | ColumnType::Ip => Series::new(
            name,
            collected(cells, |value| match value {
                Value::Text(value) => Some(value.as_str()),
                _ => None,
            }),
        ),
        ColumnType::Timestamp => Series::new(
            name,
            collected(cells, |value| match value {
                Value::Time(micros) => Some(*micros),
                _ => None,
            }),
        )
        .cast(&MICROS)?,
    };
    Ok(series.into_column())
}

fn collected<'a, T>(
    cells: impl Iterator<Item = Option<&'a Value>>,
    as_type: impl Fn(&'a Value) -> Option<T>,
) -> Vec<Option<T>> {
    cells.map(|cell| cell.and_then(&as_type)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [ColumnType; 8] = [
        ColumnType::Int,
        ColumnType::Float,
        ColumnType::Category,
        ColumnType::Bool,
        ColumnType::Text,
        ColumnType::Ip,
        ColumnType::Port,
        ColumnType::Timestamp,
    ];

    fn columns() -> Vec<Column> {
        KINDS.map(|kind| Column::new(kind.word(), kind)).to_vec()
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn every_type_goes_into_a_frame_and_comes_back() {
        let row = [
            Value::Int(i64::MAX),
            Value::Float(0.1),
            text("a"),
            Value::Bool(true),
            text(" b "),
            text("::1"),
            Value::Int(443),
            Value::Time(-1),
        ];
        let full: Vec<Option<&Value>> = row.iter().map(Some).collect();
        let frame = frame_of(&columns(), &[full, vec![None; 8], vec![]]).unwrap();
        assert_eq!(frame.shape(), (3, 8));
        for (column, value) in columns().iter().zip(row) {
            assert_eq!(values_of(&frame, column).unwrap(), [Some(value), None, None]);
        }
        assert_eq!(frame_of(&columns(), &[]).unwrap().shape(), (0, 8));
    }

    #[test]
    fn what_does_not_fit_is_missing_or_an_error() {
        let odd = Value::Bool(true);
        let columns = columns();
        let frame = frame_of(&columns[..1], &[vec![Some(&odd)]]).unwrap();
        assert_eq!(values_of(&frame, &columns[0]).unwrap(), [None]);
        let absent = values_of(&frame, &columns[1]);
        assert!(matches!(absent, Err(TransformError::MissingColumn { column }) if column == "float"));
        for kind in KINDS
            .into_iter()
            .filter(|k| !matches!(k, ColumnType::Int | ColumnType::Port))
        {
            let other = values_of(&frame, &Column::new("int", kind));
            assert!(matches!(other, Err(TransformError::ColumnType { .. })), "{kind:?}");
        }
        let infinite = Value::Float(f64::INFINITY);
        let frame = frame_of(&columns[1..2], &[vec![Some(&infinite)]]).unwrap();
        assert_eq!(values_of(&frame, &columns[1]).unwrap(), [None]);
    }
}

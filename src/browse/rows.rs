//! Owns going over rows on behalf of others: the cells they ask for, and conditions that also look at columns which stand
//! beside the table because they are not in it.

use super::contract::{ColumnInfo, ColumnKind};
use super::error::BrowseError;
use super::filter::{Fields, Filter, parse};
use super::record::{Dialect, write_cell};
use super::scan::{SEGMENT, Work, each};
use super::select::next_row;
use super::table::Table;

/// The cells that were asked for of one row.
#[derive(Debug)]
pub struct RowCells<'r> {
    text: &'r [u8],
    fields: &'r Fields,
}

impl RowCells<'_> {
    /// The text of the column that stood at `slot` among those asked for; empty where the row ends before it.
    pub fn get(&self, slot: usize) -> &[u8] {
        self.fields.get(self.text, slot)
    }
}

/// Goes over every row on two threads. `read` is given a row's number and the cells of `columns`, which ascend; what it
/// makes of the rows is handed to `take` in the source's order, many at once.
///
/// # Errors
/// Not all rows can be read, the file has changed, or it was given up.
pub fn each_row<T: Send>(
    table: &Table,
    columns: &[usize],
    control: Work<'_>,
    note: &str,
    read: impl Fn(u64, &RowCells<'_>) -> Option<T> + Sync,
    mut take: impl FnMut(Vec<T>),
) -> Result<(), BrowseError> {
    table.wait(control.cancel, control.progress)?;
    let segments = table.segments(SEGMENT);
    each(
        table,
        &segments,
        control,
        note,
        |cursor, segment| {
            let mut made = Vec::with_capacity(segment.rows as usize);
            let mut fields = Fields::default();
            for row in segment.from.row..segment.from.row + segment.rows {
                let at = next_row(table, cursor)?;
                let text = cursor.text(at);
                fields.take(text, table.0.dialect, columns);
                made.extend(read(row, &RowCells { text, fields: &fields }));
            }
            Ok(made)
        },
        |_, made| {
            take(made);
            Ok(true)
        },
    )
}

/// Conditions over a table's columns and over columns beside it, all of which must hold.
#[derive(Clone, Debug)]
pub struct Conditions {
    filters: Vec<Filter>,
    /// How many columns stand beside the table.
    beside: usize,
}

/// Takes the cells of one row that stand beside the table, in the order of their columns.
#[derive(Debug)]
pub struct Beside<'o> {
    out: &'o mut Vec<u8>,
    dialect: Dialect,
}

impl Beside<'_> {
    /// The next cell.
    pub fn push(&mut self, cell: &str) {
        let delimiter = self.dialect.delimiter;
        if self.dialect.quotes {
            write_cell(cell.as_bytes(), delimiter, self.out);
        } else {
            // Nothing can be quoted there.
            let plain = |byte: u8| match byte {
                b'\n' | b'\r' => b' ',
                byte if byte == delimiter => b' ',
                byte => byte,
            };
            self.out.extend(cell.bytes().map(plain));
        }
        self.out.push(delimiter);
    }
}

impl Conditions {
    /// Reads conditions. A column beside the table hides one of the table that has the same name.
    ///
    /// # Errors
    /// Where, what was expected, and which column may have been meant.
    pub fn parse(table: &Table, beside: &[&str], conditions: &[String]) -> Result<Self, BrowseError> {
        let mut columns: Vec<ColumnInfo> = Vec::with_capacity(beside.len() + table.columns().len());
        columns.extend(beside.iter().map(|name| ColumnInfo {
            name: (*name).to_owned(),
            kind: ColumnKind::Text,
        }));
        for column in table.columns() {
            let hidden = beside.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
            columns.push(ColumnInfo {
                // No condition can name it so.
                name: if hidden { "\0".to_owned() } else { column.name.clone() },
                kind: column.kind,
            });
        }
        let filters = conditions.iter().map(|text| parse(text, &columns));
        Ok(Self {
            filters: filters.collect::<Result<_, _>>()?,
            beside: beside.len(),
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.filters.is_empty()
    }

    /// Hands the numbers of the rows that meet all of them to `take`, ascending, many at once. `beside` is given a row's
    /// number and writes the cells that stand beside it.
    ///
    /// # Errors
    /// Not all rows can be read, the file has changed, or it was given up.
    pub fn select(
        &self,
        table: &Table,
        control: Work<'_>,
        beside: impl Fn(u64, &mut Beside<'_>) + Sync,
        mut take: impl FnMut(&[u64]),
    ) -> Result<(), BrowseError> {
        table.wait(control.cancel, control.progress)?;
        let segments = table.segments(SEGMENT);
        let (dialect, nulls) = (table.0.dialect, &table.0.nulls);
        each(
            table,
            &segments,
            control,
            "filtering",
            |cursor, segment| {
                let (mut found, mut fields, mut whole) = (Vec::new(), Fields::default(), Vec::new());
                for row in segment.from.row..segment.from.row + segment.rows {
                    let at = next_row(table, cursor)?;
                    let mut text = cursor.text(at);
                    if self.beside > 0 {
                        whole.clear();
                        let out = &mut whole;
                        beside(row, &mut Beside { out, dialect });
                        whole.extend_from_slice(text);
                        text = &whole;
                    }
                    if self.filters.iter().all(|f| f.holds(text, dialect, nulls, &mut fields)) {
                        found.push(row);
                    }
                }
                Ok(found)
            },
            |_, found| {
                take(&found);
                Ok(true)
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{file, opened, quietly};
    use super::*;

    fn meeting(
        text: &str,
        beside: &[&str],
        conditions: &[&str],
        cells: impl Fn(u64) -> Vec<String> + Sync,
    ) -> Vec<u64> {
        let source = file(text.as_bytes(), ".csv");
        let table = opened(&source);
        let conditions: Vec<String> = conditions.iter().map(|c| (*c).to_owned()).collect();
        let conditions = Conditions::parse(&table, beside, &conditions).unwrap();
        let mut found = Vec::new();
        quietly(|work| {
            let push = |row, out: &mut Beside<'_>| cells(row).iter().for_each(|cell| out.push(cell));
            conditions.select(&table, work, push, |rows| found.extend_from_slice(rows))
        })
        .unwrap();
        found
    }

    #[test]
    fn columns_beside_a_table_hide_its_own_and_mix_with_the_others() {
        let text = "a,verdict\n1,stale\n2,stale\n3,stale\n4\n";
        let cells = |row: u64| vec![["", "x, \"y\"", "x, \"y\"", "z"][row as usize].to_owned()];
        assert_eq!(
            meeting(text, &["verdict"], &["verdict = 'x, \"y\"' and a > 2"], cells),
            [2]
        );
        assert_eq!(
            meeting(text, &["verdict"], &["verdict is null or a = 4"], cells),
            [0, 3]
        );
        assert_eq!(meeting(text, &["verdict"], &["VERDICT = 'z'"], cells), [3]);
        assert_eq!(meeting(text, &["verdict"], &["a >= 2", "a < 4"], cells), [1, 2]);
        assert_eq!(meeting(text, &[], &["verdict = 'stale'"], |_| Vec::new()), [0, 1, 2]);
    }

    #[test]
    fn every_row_comes_once_and_in_order() {
        let mut text = String::from("a,b,c\n");
        for row in 0..40_000 {
            text += &format!("{row},\"q \"\"{row}\"\"\",z\n");
        }
        let source = file(text.as_bytes(), ".csv");
        let table = opened(&source);
        let mut seen = Vec::new();
        quietly(|work| {
            let read = |row: u64, cells: &RowCells<'_>| {
                assert_eq!(cells.get(1), format!("q \"{row}\"").as_bytes());
                std::str::from_utf8(cells.get(0)).unwrap().parse::<u64>().ok()
            };
            each_row(&table, &[0, 1], work, "reading", read, |rows| seen.extend(rows))
        })
        .unwrap();
        assert_eq!(seen, (0..40_000).collect::<Vec<u64>>());
    }
}

//! Owns the tests of tables.

use proptest::prelude::*;

use super::*;
use crate::tui::view::Colors;

const ASCII: Look = Look {
    colors: Colors::None,
    ascii: true,
};

fn drawn(table: &Table<'_>, width: u16, height: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    table.draw(ASCII, area, &mut buffer);
    area.rows()
        .map(|row| (0..width).map(|x| buffer[(x, row.y)].symbol()).collect::<String>())
        .map(|row| row.trim_end().to_owned())
        .collect()
}

fn columns() -> Vec<Column<'static>> {
    vec![
        Column {
            about: "int".into(),
            ..Column::right("id", 4)
        },
        Column {
            about: "text".into(),
            mark: "^",
            ..Column::left("name", 8)
        },
        Column::left("verdict", 8),
    ]
}

#[test]
fn numbers_stand_right_and_the_cursor_has_a_sign() {
    let columns = columns();
    let rows = [
        TableRow::of(["1", "one", "benign"]),
        TableRow::of(["22", "tw\u{1b}o two two", "x"]),
    ];
    let table = Table {
        columns: &columns,
        rows: &rows,
        cursor: Some(1),
        ..Table::default()
    };
    let expected = [
        "   id  name^     verdict",
        "  int  text",
        "    1  one       benign",
        ">  22  tw\\x1bo~  x",
        "",
    ];
    assert_eq!(drawn(&table, 30, 5), expected);
}

#[test]
fn columns_scroll_behind_the_frozen_ones() {
    let columns = columns();
    let rows = [TableRow::of(["1", "one", "benign"])];
    let table = Table {
        columns: &columns,
        rows: &rows,
        frozen: 1,
        first_column: 2,
        headless: true,
        ..Table::default()
    };
    assert_eq!(drawn(&table, 30, 1), ["    1  benign"]);
    assert_eq!(drawn(&table, 9, 1), ["    1  b~"]);
}

#[test]
fn headings_and_marks_stand_between_rows() {
    let columns = columns();
    let marked = TableRow {
        mark: "x",
        ..TableRow::of(["1", "one", "benign"])
    };
    let rows = [TableRow::heading("failed"), marked];
    let table = Table {
        columns: &columns,
        rows: &rows,
        headless: true,
        ..Table::default()
    };
    assert_eq!(drawn(&table, 30, 2), [" failed", "x   1  one       benign"]);
}

#[test]
fn the_widest_give_way_first() {
    assert_eq!(fit_widths(&[(4, 4), (5, 20), (5, 10)], 60), [4, 20, 10]);
    // 31 less one for the cursor's sign and two gaps of two are 26.
    assert_eq!(fit_widths(&[(4, 4), (5, 20), (5, 10)], 31), [4, 12, 10]);
    assert_eq!(fit_widths(&[(4, 4), (5, 20), (5, 10)], 3), [4, 5, 5]);
    assert!(fit_widths(&[], 10).is_empty());
}

#[test]
fn a_list_scrolls_no_further_than_it_must() {
    assert_eq!(scrolled(5, 4, 10), 4);
    assert_eq!(scrolled(5, 14, 10), 5);
    assert_eq!(scrolled(5, 15, 10), 6);
    assert_eq!(scrolled(0, 7, 0), 7);
}

proptest! {
    #[test]
    fn no_size_and_no_place_makes_it_panic(
        width in 0u16..40,
        height in 0u16..6,
        cursor in prop::option::of(0usize..5),
        cursor_column in prop::option::of(0usize..9),
        frozen in 0usize..9,
        first_column in 0usize..9,
        cell in any::<String>(),
    ) {
        let columns = columns();
        let rows = [TableRow::of([cell.as_str(), cell.as_str()]), TableRow::heading(cell.as_str())];
        let table = Table { columns: &columns, rows: &rows, cursor, cursor_column, frozen, first_column, headless: false };
        for row in drawn(&table, width, height) {
            prop_assert!(row.is_ascii() && !row.chars().any(char::is_control));
        }
    }
}

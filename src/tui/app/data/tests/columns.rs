//! The columns in sight.

use proptest::prelude::*;

use super::*;

fn columns(widths: &[u16], room: u16) -> Columns {
    let names: Vec<String> = (0..widths.len()).map(|at| format!("c{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut columns = Columns::new(&infos(&names), &[], room);
    for (at, width) in widths.iter().enumerate() {
        columns.set_width(at, *width);
    }
    columns
}

fn in_sight(columns: &Columns) -> Vec<usize> {
    columns.in_sight().iter().map(|sight| sight.column).collect()
}

#[test]
fn widths_come_from_the_first_rows_within_bounds() {
    let mut cells = row(Some(0), 0);
    cells.cells = [
        "x".repeat(500),
        "12345".to_owned(),
        "\u{1b}[2J".to_owned(),
        "\u{6f22}\u{5b57}".repeat(3),
    ]
    .to_vec();
    let mut infos = infos(&["a", "a_very_long_name_of_a_column", "c", "wide"]);
    infos[1].kind = ColumnKind::Integer;
    let columns = Columns::new(&infos, &[cells], 200);
    let widths: Vec<u16> = columns.all().iter().map(|column| column.width).collect();
    // Cut at 32; the name up to 17 with its mark; an escape as it is drawn; two columns a character.
    assert_eq!(widths, [32, 18, 7, 12]);
    assert!(columns.all()[1].right() && !columns.all()[0].right());
}

#[test]
fn the_cursor_scrolls_no_further_than_it_must() {
    // One for the sign, then 10 and two between: 1, 13, 25, 37, and the fourth would end at 47.
    let mut columns = columns(&[10; 8], 40);
    assert_eq!(in_sight(&columns), [0, 1, 2, 3]);
    columns.step(true);
    columns.step(true);
    assert_eq!(in_sight(&columns), [0, 1, 2, 3]);
    columns.step(true);
    assert_eq!((columns.cursor(), in_sight(&columns)), (3, vec![1, 2, 3, 4]));
    columns.end(true);
    assert_eq!((columns.cursor(), in_sight(&columns)), (7, vec![5, 6, 7]));
    columns.step(false);
    assert_eq!(in_sight(&columns), [5, 6, 7]);
    columns.end(false);
    assert_eq!(in_sight(&columns), [0, 1, 2, 3]);
}

#[test]
fn frozen_columns_stay_but_leave_room() {
    let mut columns = columns(&[10; 8], 60);
    columns.step(true);
    assert!(columns.toggle_frozen());
    columns.end(true);
    assert_eq!(in_sight(&columns), [0, 1, 5, 6, 7]);
    assert_eq!(columns.in_sight()[2].x, 25);
    // Hidden frozen columns take no room.
    columns.go_to(0);
    assert!(columns.hide());
    columns.end(true);
    assert_eq!(in_sight(&columns), [1, 5, 6, 7]);
    columns.go_to(1);
    assert!(!columns.toggle_frozen());
    // All frozen would leave nothing to scroll.
    columns.show_all();
    columns.set_frozen(8);
    columns.go_to(7);
    assert!(in_sight(&columns).contains(&7));
}

#[test]
fn the_last_column_cannot_be_hidden() {
    let mut columns = columns(&[5, 5], 40);
    assert!(columns.hide());
    assert_eq!(columns.cursor(), 1);
    assert!(!columns.hide());
    assert_eq!(columns.show_all(), 1);
    columns.go_to(1);
    assert!(columns.hide());
    assert_eq!(columns.cursor(), 0);
}

#[test]
fn numbers_get_room_as_they_grow_unless_a_person_chose_the_width() {
    let mut infos = infos(&["n", "m", "t"]);
    infos[0].kind = ColumnKind::Integer;
    infos[1].kind = ColumnKind::Integer;
    let mut columns = Columns::new(&infos, &rows(0, 1, 0), 80);
    columns.set_width(1, 4);
    let mut wide = row(Some(0), 0);
    wide.cells = vec!["123456789".to_owned(); 3];
    columns.make_room(&[wide]);
    let widths: Vec<u16> = columns.all().iter().map(|column| column.width).collect();
    assert_eq!(widths, [9, 4, 5]);
}

proptest! {
    #[test]
    fn the_cursors_column_is_always_in_sight(
        widths in prop::collection::vec(3u16..60, 1..30),
        room in 20u16..200,
        keys in prop::collection::vec((0usize..9, 0usize..40), 0..60),
    ) {
        let mut columns = columns(&widths, room);
        for (key, at) in keys {
            match key {
                0 => columns.step(true),
                1 => columns.step(false),
                2 => columns.end(at % 2 == 0),
                3 => _ = columns.hide(),
                4 => _ = columns.show_all(),
                5 => _ = columns.toggle_frozen(),
                6 => columns.widen(at as i16 - 20),
                7 => columns.go_to(at),
                _ => columns.resize(20 + at as u16 * 4),
            }
            let sight = columns.in_sight();
            prop_assert!(sight.iter().any(|sight| sight.column == columns.cursor()), "{columns:?}");
            prop_assert!(!columns.current().unwrap().1.hidden);
            prop_assert!(sight.windows(2).all(|pair| pair[0].column < pair[1].column));
            prop_assert!(sight.windows(2).all(|pair| pair[0].x + pair[0].width + GAP == pair[1].x));
        }
    }
}

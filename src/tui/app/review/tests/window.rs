//! Owns what must hold of the cases in sight, whatever is pressed and whatever comes.

use proptest::prelude::*;

use super::super::window::{Filled, Window};
use super::page;
use crate::worker::{Kind, Ticket};

fn ticket(id: u64) -> Ticket {
    Ticket { id, kind: Kind::Cases }
}

fn filled(window: &mut Window, number: impl Fn(u64) -> u64) -> Option<Filled> {
    let wish = window.wish()?;
    window.asked(ticket(1), wish);
    let rows: Vec<u64> = (wish.0..wish.0 + wish.1 as u64).map(number).collect();
    Some(window.filled(page(wish.0, rows)))
}

#[test]
fn another_view_keeps_the_old_rows_on_the_screen_but_no_case_under_the_cursor() {
    let mut window = Window::default();
    window.resize(5);
    window.show(100, 0);
    assert_eq!(filled(&mut window, |at| at), Some(Filled::Same));
    window.step(2, false);
    window.show(50, 20);
    assert!(window.current().is_none());
    assert_eq!(window.sight().rows.len(), 5);
    assert_eq!(window.sight().cursor, None);
    filled(&mut window, |at| at + 500);
    assert_eq!(window.current().map(|row| row.row.0), Some(1_520));
    assert_eq!(window.sight().cursor, Some(2));
    window.show(0, 0);
    assert!(window.sight().rows.is_empty() && window.wish().is_none());
}

#[test]
fn rows_are_not_asked_for_twice_but_when_something_was_decided() {
    let mut window = Window::default();
    window.resize(5);
    window.show(12, 0);
    assert!(filled(&mut window, |at| at).is_some());
    while filled(&mut window, |at| at).is_some() {}
    assert_eq!(window.wish(), None);
    window.outlived();
    assert!(window.wish().is_some());
    // Decided while rows are on their way: these do not count, they are asked for once more.
    let wish = window.wish().unwrap();
    window.asked(ticket(2), wish);
    window.outlived();
    window.filled(page(wish.0, wish.0..wish.0 + wish.1 as u64));
    assert!(window.wish().is_some());
}

proptest! {
    #[test]
    fn the_cursor_is_on_a_case_and_in_sight(
        moves in prop::collection::vec((0u8..7, 0u64..60, 1usize..9), 1..60),
    ) {
        let mut window = Window::default();
        window.resize(4);
        window.show(40, 0);
        let mut shift = 0;
        for (what, by, height) in moves {
            match what {
                0 => window.step(by as i64 % 7, false),
                1 => window.step(-(by as i64 % 7), false),
                2 => window.step(by as i64 - 30, true),
                3 => window.go_to(by),
                4 => window.resize(height),
                5 => { shift = by % 3; window.outlived(); }
                _ => window.show(by, by / 2),
            }
            let before = window.current().map(|row| row.row);
            let came = filled(&mut window, |at| at + shift);
            if came == Some(Filled::Same) && before.is_some() {
                prop_assert_eq!(window.current().map(|row| row.row), before);
            }
            let sight = window.sight();
            if let Some(place) = window.place() {
                prop_assert!(place < window.cases());
            }
            if let (Some(at), Some(row)) = (sight.cursor, window.current()) {
                prop_assert!(at < window.height());
                prop_assert_eq!(sight.rows[at].map(|row| row.row), Some(row.row));
            }
        }
    }
}

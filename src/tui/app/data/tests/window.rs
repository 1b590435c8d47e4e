//! The rows in sight.

use super::super::window::Wish;
use super::*;

fn ticket(id: u64) -> Ticket {
    Ticket { id, kind: Kind::Page }
}

/// Answers the window's wish; whether it had one.
fn answer(window: &mut Window, columns: usize) -> bool {
    let Some(wish) = window.wish() else { return false };
    window.asked(ticket(1), wish);
    let page = match wish {
        Wish::Rows { first, count } => Page {
            first: Some(first),
            rows: rows(first, count, columns),
        },
        Wish::Tail { count } => Page {
            first: None,
            rows: (0..count).map(|_| row(None, columns)).collect(),
        },
    };
    window.filled(page);
    true
}

/// The first cell of what is in sight, and the line of the cursor.
fn seen(window: &Window) -> (Vec<Option<u64>>, Option<usize>) {
    let sight = window.sight();
    let ordinals = sight.rows.iter().map(|row| row.and_then(|row| row.ordinal));
    (ordinals.collect(), sight.cursor)
}

#[test]
fn steps_down_a_long_table_never_wait_for_rows() {
    let mut window = Window::new(counted(10_000), rows(0, 60, 3), 3, 20);
    let mut asked = 0;
    for step in 1..=2_000_u64 {
        window.step(1, false);
        let (ordinals, cursor) = seen(&window);
        let top = step.saturating_sub(19);
        assert_eq!(ordinals, (top..top + 20).map(Some).collect::<Vec<_>>());
        assert_eq!(cursor, Some((step - top) as usize));
        asked += usize::from(answer(&mut window, 3));
    }
    // A job for each step would be two thousand.
    assert!(asked < 250, "{asked} pages");
    for step in (0..2_000_u64).rev() {
        window.step(-1, false);
        let (ordinals, _) = seen(&window);
        assert!(ordinals.iter().all(Option::is_some), "at {step}");
        answer(&mut window, 3);
    }
    assert_eq!(window.place(), Some(0));
}

#[test]
fn what_was_on_the_screen_stays_until_the_rows_asked_for_are_there() {
    let mut window = Window::new(counted(1_000_000), rows(0, 60, 3), 3, 20);
    window.go_to(500_000);
    assert_eq!(window.place(), Some(500_000));
    let (ordinals, cursor) = seen(&window);
    assert_eq!((ordinals[0], cursor), (Some(0), Some(0)));
    let wish = window.wish().unwrap();
    let Wish::Rows { first, count } = wish else {
        panic!("{wish:?}")
    };
    assert!(first <= 499_990 && first + count as u64 >= 500_010);
    assert!(answer(&mut window, 3));
    let (ordinals, cursor) = seen(&window);
    assert_eq!((ordinals[0], cursor), (Some(499_990), Some(10)));
}

#[test]
fn one_wish_at_a_time_and_none_twice_for_nothing() {
    let mut window = Window::new(counted(1_000), Vec::new(), 3, 20);
    let wish = window.wish().unwrap();
    window.asked(ticket(7), wish);
    assert!(window.waits_for(ticket(7)) && !window.waits_for(ticket(8)));
    assert_eq!(window.wish(), None);
    // A page that brings nothing is not asked for again and again.
    window.filled(Page {
        first: Some(0),
        rows: Vec::new(),
    });
    assert_eq!(window.wish(), None);
    window.step(1, false);
    window.go_to(500);
    assert!(window.wish().is_some());
}

#[test]
fn the_last_rows_are_shown_before_their_places_are_known() {
    let mut window = Window::new(counting(500), rows(0, 60, 3), 3, 20);
    window.to_bottom();
    assert_eq!(window.place(), None);
    assert_eq!(window.wish(), Some(Wish::Tail { count: 40 }));
    assert!(answer(&mut window, 3));
    let (ordinals, cursor) = seen(&window);
    assert_eq!((ordinals.len(), cursor), (20, Some(19)));
    // Two up, and everything stays where it is once the rows are counted.
    window.step(-2, false);
    assert_eq!(seen(&window).1, Some(17));
    assert_eq!(window.wish(), None);
    let before = window.sight().rows.len();
    window.counted(counted(9_000));
    assert_eq!(window.place(), Some(8_997));
    assert_eq!((window.sight().rows.len(), seen(&window).1), (before, Some(17)));
    assert_eq!(window.top(), 8_980);
    assert!(window.current().is_some());
}

#[test]
fn last_rows_that_come_after_the_count_have_their_places() {
    let mut window = Window::new(counting(500), rows(0, 60, 3), 3, 20);
    window.to_bottom();
    let wish = window.wish().unwrap();
    window.asked(ticket(1), wish);
    window.counted(counted(9_000));
    assert_eq!(window.place(), Some(8_999));
    window.filled(Page {
        first: None,
        rows: rows(8_960, 40, 3),
    });
    assert_eq!(seen(&window).0[19], Some(8_999));
    // A worker that knows the count by then says so itself.
    let mut window = Window::new(counting(500), rows(0, 60, 3), 3, 20);
    window.to_bottom();
    window.asked(ticket(1), wish);
    window.filled(Page {
        first: Some(8_960),
        rows: rows(8_960, 40, 3),
    });
    assert_eq!(window.place(), Some(8_999));
}

#[test]
fn a_row_that_is_not_counted_yet_is_gone_to_as_soon_as_it_is() {
    let mut window = Window::new(counting(500), rows(0, 60, 3), 3, 20);
    window.go_to(3_000);
    assert_eq!((window.expected(), window.place()), (Some(3_000), Some(499)));
    window.counted(counting(2_000));
    assert_eq!(window.expected(), Some(3_000));
    window.counted(counting(4_000));
    assert_eq!((window.expected(), window.place()), (None, Some(3_000)));
    // A move gives it up; the end of a shorter table is as far as it goes.
    window.go_to(9_000);
    window.step(-1, false);
    assert_eq!(window.expected(), None);
    window.go_to(9_000);
    window.counted(counted(5_000));
    assert_eq!(window.place(), Some(4_999));
}

#[test]
fn screens_go_by_their_height_and_stop_at_the_ends() {
    let mut window = Window::new(counted(50), rows(0, 50, 3), 3, 20);
    window.step(20, true);
    assert_eq!((window.place(), window.top()), (Some(20), 20));
    window.step(20, true);
    assert_eq!((window.place(), window.top()), (Some(40), 30));
    window.step(20, true);
    assert_eq!((window.place(), window.top()), (Some(49), 30));
    window.step(-20, true);
    assert_eq!((window.place(), window.top()), (Some(29), 10));
    window.resize(5);
    assert_eq!(seen(&window).0.len(), 5);
    window.resize(200);
    assert_eq!((window.top(), seen(&window).0.len()), (0, 50));
}

#[test]
fn no_rows_are_no_trouble() {
    let mut window = Window::new(counted(0), Vec::new(), 0, 20);
    for by in [1, -1, 20, -20] {
        window.step(by, true);
    }
    window.to_bottom();
    window.to_top();
    window.go_to(5);
    assert_eq!((window.place(), window.wish(), window.current()), (None, None, None));
    assert_eq!(window.sight(), Sight::default());
}

#[test]
fn thousands_of_columns_keep_few_rows() {
    let mut window = Window::new(counted(1_000_000), rows(0, 20, 1), 5_000, 20);
    window.go_to(500_000);
    assert_eq!(
        window.wish(),
        Some(Wish::Rows {
            first: 499_990,
            count: 20
        })
    );
}

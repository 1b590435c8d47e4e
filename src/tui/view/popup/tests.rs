//! Owns the tests of boxes.

use super::*;
use crate::tui::view::Colors;

const LOOK: Look = Look {
    colors: Colors::None,
    ascii: false,
};

fn rows(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area;
    area.rows()
        .map(|row| (0..area.width).map(|x| buffer[(x, row.y)].symbol()).collect())
        .collect()
}

#[test]
fn a_box_stands_in_the_middle_and_hides_what_is_under_it() {
    let area = Rect::new(0, 0, 12, 5);
    let mut buffer = Buffer::empty(area);
    for row in area.rows() {
        LOOK.put(&mut buffer, row, "漢漢漢漢漢漢", ratatui::style::Style::new());
    }
    let inside = popup(LOOK, &mut buffer, area, "t\u{7}", (9, 3));
    assert_eq!(inside, Rect::new(3, 2, 5, 1));
    assert_eq!(
        rows(&buffer)[1..4],
        [
            " ┌─ t\\~ ─┐漢 ".to_owned(),
            " │       │漢 ".to_owned(),
            " └───────┘漢 ".to_owned()
        ]
    );
}

#[test]
fn no_size_makes_it_panic() {
    for (width, height) in [(0, 0), (1, 1), (3, 3), (4, 2), (5, 1), (200, 200)] {
        let area = Rect::new(0, 0, 10, 4);
        let mut buffer = Buffer::empty(area);
        let inside = popup(
            LOOK,
            &mut buffer,
            area,
            "a long title, longer than the box",
            (width, height),
        );
        assert_eq!(inside.intersection(area).area(), inside.area());
        rule(LOOK, &mut buffer, Rect::new(0, 0, width, 1), "title");
        let small = Rect::new(0, 0, width.min(10), height.min(4));
        empty_state(
            LOOK,
            &mut buffer,
            small,
            "nothing",
            &[("r", "does it"), ("q", "leaves")],
        );
    }
}

#[test]
fn an_empty_panel_says_which_key_does_what() {
    let area = Rect::new(0, 0, 24, 4);
    let mut buffer = Buffer::empty(area);
    empty_state(
        LOOK,
        &mut buffer,
        area,
        "No run yet.",
        &[("3", "train"), ("2 r", "check the data")],
    );
    assert_eq!(
        rows(&buffer),
        [
            " No run yet.            ",
            "                        ",
            " 3      train           ",
            " 2 r    check the data  "
        ]
    );
}

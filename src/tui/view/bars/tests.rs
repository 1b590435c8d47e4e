//! Owns the tests of bars.

use super::*;
use crate::tui::view::Colors;

const UNICODE: Look = Look {
    colors: Colors::None,
    ascii: false,
};
const ASCII: Look = Look {
    colors: Colors::None,
    ascii: true,
};

fn drawn(width: u16, height: u16, draw: impl FnOnce(&mut Buffer, Rect)) -> Vec<String> {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    draw(&mut buffer, area);
    area.rows()
        .map(|row| (0..width).map(|x| buffer[(x, row.y)].symbol()).collect())
        .collect()
}

fn bar_of(look: Look, share: f64) -> String {
    drawn(4, 1, |buffer, area| bar(look, buffer, area, share, Role::Plain)).remove(0)
}

#[test]
fn a_bar_counts_in_eighths_and_never_lies_about_nothing() {
    for (share, text) in [
        (0.0, "    "),
        (0.5, "██  "),
        (0.53125, "██▏ "),
        (1.0, "████"),
        (9.0, "████"),
        (0.0001, "▏   "),
        (f64::NAN, "    "),
        (-1.0, "    "),
        (f64::INFINITY, "████"),
    ] {
        assert_eq!(bar_of(UNICODE, share), text, "{share}");
    }
    assert_eq!(bar_of(ASCII, 0.5), "##  ");
    assert_eq!(bar_of(ASCII, 0.0001), "=   ");
}

#[test]
fn progress_has_its_text_at_the_right() {
    let rows = drawn(12, 1, |buffer, area| progress(ASCII, buffer, area, 0.5, "50 %"));
    assert_eq!(rows, ["###=... 50 %"]);
    let rows = drawn(3, 1, |buffer, area| progress(ASCII, buffer, area, 0.5, "50 %"));
    assert_eq!(rows, ["50~"]);
}

#[test]
fn a_histogram_is_as_high_as_its_largest_value() {
    let values = [1.0, 2.0, 4.0];
    let rows = drawn(3, 2, |buffer, area| {
        histogram(UNICODE, buffer, area, &values, Role::Plain);
    });
    assert_eq!(rows, ["  █", "▄██"]);
    // Few values are broad, many share a column as their largest.
    let rows = drawn(6, 1, |buffer, area| {
        histogram(UNICODE, buffer, area, &[4.0, 2.0], Role::Plain);
    });
    assert_eq!(rows, ["███▄▄▄"]);
    let rows = drawn(2, 1, |buffer, area| {
        histogram(UNICODE, buffer, area, &[1.0, 4.0, 2.0, 0.0], Role::Plain);
    });
    assert_eq!(rows, ["█▄"]);
}

#[test]
fn values_that_are_none_leave_a_gap() {
    let values = [f64::NAN, 1.0, f64::INFINITY, 0.5];
    let rows = drawn(4, 1, |buffer, area| {
        sparkline(UNICODE, buffer, area, &values, Role::Plain);
    });
    assert_eq!(rows, [" █ ▄"]);
    let rows = drawn(4, 1, |buffer, area| sparkline(UNICODE, buffer, area, &[], Role::Plain));
    assert_eq!(rows, ["    "]);
}

#[test]
fn labelled_bars_share_their_scale() {
    let bars = [
        LabelledBar {
            label: "one",
            value: 2.0,
            text: "2",
            role: Role::Plain,
        },
        LabelledBar {
            label: "\u{1b}",
            value: 1.0,
            text: "1",
            role: Role::Plain,
        },
    ];
    let rows = drawn(12, 2, |buffer, area| labelled_bars(ASCII, buffer, area, &bars));
    assert_eq!(rows, ["one  ##### 2", "\\x1b ##=   1"]);
}

#[test]
fn a_scroll_bar_stands_where_one_is() {
    let column =
        |first, shown, all| drawn(1, 4, |buffer, area| scroll_bar(ASCII, buffer, area, first, shown, all)).concat();
    assert_eq!(column(0, 4, 4), "    ");
    assert_eq!(column(0, 4, 8), "##||");
    assert_eq!(column(4, 4, 8), "||##");
    assert_eq!(column(996, 4, 1000), "|||#");
    assert_eq!(column(usize::MAX, 4, 1000), "|||#");
}

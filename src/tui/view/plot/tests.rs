//! Owns the proof of the plots.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::*;
use crate::tui::view::theme::Colors;

const PLAIN: Look = Look {
    colors: Colors::None,
    ascii: false,
};

const ASCII: Look = Look {
    colors: Colors::None,
    ascii: true,
};

fn drawn(plot: &Plot<'_>, look: Look, width: u16, height: u16) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    plot.draw(look, area, &mut buffer);
    let lines = buffer.content.chunks(usize::from(width)).map(|line| {
        let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn points(values: &[(f64, f64)]) -> Vec<Span> {
    values.iter().map(|(x, y)| Span::point(*x, *y)).collect()
}

fn ticks(low: f64, high: f64, log: bool, most: usize) -> Vec<String> {
    let ticks = Scale::between(low, high, log).ticks(most);
    ticks.into_iter().map(|(_, label)| label).collect()
}

#[test]
fn a_line_is_joined_from_column_to_column() {
    let spans = points(&[(0.0, 0.0), (5.0, 0.0), (10.0, 4.0), (15.0, 4.0), (20.0, 2.0)]);
    let plot = Plot {
        x: Axis::free("step"),
        y: Axis::free("y"),
        lines: &[Line {
            name: "a".into(),
            spans: &spans,
            ..Line::default()
        }],
        ..Plot::default()
    };
    let expected = "\
y  ── a
4┤         ┌──────┐
 │        ┌┘      └─┐
2┤       ┌┘         └─
 │      ┌┘
0┤──────┘
 └┬─────────┬─────step
  0        10       20";
    assert_eq!(drawn(&plot, PLAIN, 22, 8), expected);
}

#[test]
fn pens_and_marks_are_told_apart_in_ascii_without_colours() {
    let light = points(&[(0.0, 0.0), (20.0, 1.0)]);
    let double = points(&[(0.0, 1.0), (20.0, 0.0)]);
    let plot = Plot {
        x: Axis::free("iteration"),
        y: Axis::share("share"),
        lines: &[
            Line {
                name: "train".into(),
                spans: &light,
                ..Line::default()
            },
            Line {
                name: "validation".into(),
                pen: Pen::Double,
                spans: &double,
                ..Line::default()
            },
        ],
        marks: &[Mark {
            x: 20.0,
            y: 0.0,
            glyph: "@",
            role: Role::Accent,
        }],
        ..Plot::default()
    };
    let text = drawn(&plot, ASCII, 40, 9);
    assert!(text.is_ascii(), "{text}");
    for sample in ["-- train", "== validation", "@", "share", "iteration"] {
        assert!(text.contains(sample), "{sample}: {text}");
    }
}

#[test]
fn many_values_of_one_column_are_drawn_from_the_smallest_to_the_largest() {
    let span = Span {
        x: 0.0,
        first: 2.0,
        last: 3.0,
        low: 0.0,
        high: 4.0,
    };
    let plot = Plot {
        y: Axis::free(""),
        lines: &[Line {
            spans: &[span],
            ..Line::default()
        }],
        ..Plot::default()
    };
    let text = drawn(&plot, PLAIN, 13, 8);
    let expected = "4┤     │\n │     │\n2┤     │\n │     │\n0┤     │\n └┬────┬────┬\n-0.001 0";
    assert_eq!(text.trim_start(), expected);
}

#[test]
fn what_is_no_number_breaks_the_line() {
    let spans = points(&[(0.0, 1.0), (1.0, f64::NAN), (2.0, 1.0)]);
    let plot = Plot {
        lines: &[Line {
            spans: &spans,
            ..Line::default()
        }],
        y: Axis::free(""),
        x: Axis::free(""),
        ..Plot::default()
    };
    let text = drawn(&plot, PLAIN, 30, 7);
    let line = text.lines().find(|line| line.contains("1.00┤")).unwrap();
    assert_eq!(line.matches('─').count(), 2, "{text}");
}

#[test]
fn ticks_are_round_numbers_with_as_many_decimals_as_they_need() {
    assert_eq!(ticks(0.0, 1.0, false, 4), ["0", "0.5", "1.0"]);
    assert_eq!(ticks(0.0, 1.0, false, 5), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    assert_eq!(ticks(1.0, 10_000.0, false, 5), ["2000", "4000", "6000", "8000", "10k"]);
    assert_eq!(
        ticks(0.0123, 0.0125, false, 4),
        ["0.01230", "0.01235", "0.01240", "0.01245", "0.01250"]
    );
    assert_eq!(ticks(-1.0, 1.0, false, 3), ["-1", "0", "1"]);
    assert_eq!(ticks(0.001, 10.0, true, 5), ["0.001", "0.01", "0.1", "1", "10"]);
    assert_eq!(ticks(0.1, 1.0, true, 4), ["0.1", "0.2", "0.5", "1"]);
    // Less than one of 1, 2, 5 times a power: ticks as on a linear axis.
    assert_eq!(ticks(0.3, 0.4, true, 3), ["0.30", "0.35", "0.40"]);
}

#[test]
fn a_logarithmic_scale_spans_what_is_above_zero() {
    let values = [-1.0, 0.0, 0.01, 1.0, f64::INFINITY];
    let scale = Scale::of(values.into_iter(), true).unwrap();
    assert_eq!((scale.place(0.01), scale.place(1.0)), (Some(0.0), Some(1.0)));
    assert!((scale.place(0.1).unwrap() - 0.5).abs() < 1e-12);
    assert_eq!(scale.place(0.0), None);
    let nothing = Scale::of([-1.0, 0.0].into_iter(), true).unwrap();
    assert!(!nothing.is_log());
    assert_eq!(Scale::of([f64::NAN].into_iter(), false), None);
}

#[test]
fn the_far_ends_of_numbers_have_places() {
    let scale = Scale::of([f64::MIN, f64::MAX].into_iter(), false).unwrap();
    assert_eq!(
        (scale.place(f64::MIN), scale.place(0.0), scale.place(f64::MAX)),
        (Some(0.0), Some(0.5), Some(1.0))
    );
    let one = Scale::of([7.0].into_iter(), false).unwrap();
    assert_eq!(one.place(7.0), Some(0.5));
}

#[test]
fn without_colours_no_cell_has_one() {
    let spans = points(&[(0.0, 1.0), (1.0, 2.0)]);
    let lines = [Line {
        name: "a".into(),
        role: Role::Series(0),
        spans: &spans,
        ..Line::default()
    }];
    let plot = Plot {
        lines: &lines,
        cursor: Some(0.5),
        rules: &[(0.2, Role::Warning)],
        ..Plot::default()
    };
    let area = Rect::new(0, 0, 40, 10);
    let mut buffer = Buffer::empty(area);
    plot.draw(PLAIN, area, &mut buffer);
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => -10.0..10.0_f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MIN, f64::MAX,
            f64::MIN_POSITIVE, 5e-324, 1e15]),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    (value(), value(), value(), value(), value()).prop_map(|(x, first, last, low, high)| Span {
        x,
        first,
        last,
        low,
        high,
    })
}

#[test]
fn numbers_too_small_to_divide_are_nothing() {
    let scale = Scale::of([5e-324, 0.0].into_iter(), false).unwrap();
    for (tick, _) in scale.ticks(1) {
        assert!(scale.place(tick).is_some());
    }
}

proptest! {
    #[test]
    fn nothing_makes_a_plot_panic_or_leave_its_area(
        a in prop::collection::vec(span(), 0..40),
        b in prop::collection::vec(span(), 0..5),
        (width, height) in (0u16..90, 0u16..30),
        (log_x, log_y, ascii) in any::<(bool, bool, bool)>(),
        cursor in prop::option::of(value()),
        mark in (value(), value()),
        fixed in prop::option::of((value(), value())),
    ) {
        let lines = [
            Line { name: "a\u{1b}[31m".into(), spans: &a, ..Line::default() },
            Line { name: "b".into(), pen: Pen::Double, spans: &b, ..Line::default() },
        ];
        let range = fixed.filter(|(a, b)| a.is_finite() && b.is_finite());
        let plot = Plot {
            x: Axis { title: "x", range: None, log: log_x },
            y: Axis { title: "y", range, log: log_y },
            lines: &lines,
            marks: &[Mark { x: mark.0, y: mark.1, glyph: "o", role: Role::Bad }],
            rules: &[(mark.0, Role::Warning)],
            cursor,
            notes: &[],
        };
        let whole = Rect::new(0, 0, 100, 40);
        let area = Rect::new(5, 5, width, height);
        let mut buffer = Buffer::empty(whole);
        plot.draw(Look { colors: Colors::Sixteen, ascii }, area, &mut buffer);
        for y in 0..40 {
            for x in 0..100 {
                let cell = &buffer[(x, y)];
                let inside = area.contains((x, y).into());
                prop_assert!(inside || cell.symbol() == " ", "{x} {y} {:?}", cell.symbol());
                let escape = cell.symbol().contains('\u{1b}');
                prop_assert!(!escape);
                prop_assert!(!ascii || cell.symbol().is_ascii());
            }
        }
    }

    #[test]
    fn ticks_are_few_rising_and_inside(low in value(), high in value(), most in 1usize..12, log: bool) {
        if let Some(scale) = Scale::of([low, high].into_iter(), log) {
            let ticks = scale.ticks(most);
            prop_assert!((1..=most + 1).contains(&ticks.len()), "{ticks:?}");
            prop_assert!(ticks.is_sorted_by(|a, b| a.0 < b.0), "{ticks:?}");
            for (tick, label) in &ticks {
                let place = scale.place(*tick).unwrap();
                prop_assert!((-0.01..=1.01).contains(&place), "{place} {label}");
                prop_assert!(label.len() <= 12, "{label}");
            }
        }
    }
}

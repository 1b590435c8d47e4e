//! Random frames: edits, scrolls, styles, sizes. The terminal shows each of them.

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::{LOOK, Screen, buffer, has_color, nonzero};
use crate::tui::view::{Colors, Look};

/// What may happen to a screen between two frames.
#[derive(Clone, Debug)]
enum Change {
    Put(u16, u16, Vec<&'static str>, Style),
    Paint(u16, u16, u16, u16, Style),
    Scroll(u16, u16, i16),
    Clear,
    Resize(u16, u16),
    Cursor(Option<(u16, u16)>),
}

const SYMBOLS: [&str; 17] = [
    "a",
    "b",
    "7",
    " ",
    " ",
    "é",
    "e\u{301}",
    "世",
    "界",
    "─",
    "▎",
    "\u{1f600}",
    "\u{1b}",
    "\u{202e}",
    "ж",
    "क",
    "\u{1112}\u{1161}",
];

fn any_style() -> impl Strategy<Value = Style> {
    let colors = || {
        prop_oneof![
            4 => Just(Color::Reset),
            1 => Just(Color::Blue),
            1 => Just(Color::LightYellow),
            1 => Just(Color::Indexed(208)),
        ]
    };
    let modifiers = prop_oneof![4 => Just(0_u16), 1 => 0..512_u16];
    (colors(), colors(), modifiers).prop_map(|(fg, bg, bits)| {
        let modifier = Modifier::from_bits_truncate(bits) - Modifier::SLOW_BLINK - Modifier::RAPID_BLINK;
        Style::new().fg(fg).bg(bg).add_modifier(modifier)
    })
}

fn any_change() -> impl Strategy<Value = Change> {
    let symbols = prop::collection::vec(prop::sample::select(&SYMBOLS[..]), 1..24);
    prop_oneof![
        6 => (0..30_u16, 0..14_u16, symbols, any_style()).prop_map(|(x, y, s, style)| Change::Put(x, y, s, style)),
        2 => (0..30_u16, 0..14_u16, 1..30_u16, 1..6_u16, any_style())
            .prop_map(|(x, y, w, h, style)| Change::Paint(x, y, w, h, style)),
        4 => (0..14_u16, 2..14_u16, -5..6_i16).prop_map(|(top, rows, by)| Change::Scroll(top, rows, by)),
        1 => Just(Change::Clear),
        1 => (1..33_u16, 1..15_u16).prop_map(|(w, h)| Change::Resize(w, h)),
        1 => prop::option::of((0..30_u16, 0..14_u16)).prop_map(Change::Cursor),
    ]
}

/// Puts a symbol as the buffer itself does it: what it covers is reset.
fn put(buffer: &mut Buffer, x: u16, y: u16, symbol: &str, style: Style) -> u16 {
    let width = u16::try_from(crate::text::text_width(symbol)).unwrap().max(1);
    for covered in x..(x + width).min(buffer.area.width) {
        buffer[(covered, y)].reset();
    }
    buffer[(x, y)].set_symbol(symbol).set_style(style);
    width
}

fn apply(change: &Change, buffer: &mut Buffer, cursor: &mut Option<Position>) {
    let (width, height) = (buffer.area.width, buffer.area.height);
    match change {
        Change::Put(x, y, symbols, style) => {
            let mut x = *x;
            for symbol in symbols {
                if x >= width || *y >= height {
                    break;
                }
                x += put(buffer, x, *y, symbol, *style);
            }
        }
        Change::Paint(x, y, w, h, style) => {
            let area = Rect::new(*x, *y, *w, *h).intersection(buffer.area);
            buffer.set_style(area, *style);
        }
        Change::Scroll(top, rows, by) => {
            let old = buffer.clone();
            let bottom = (top + rows).min(height);
            for y in *top..bottom {
                for x in 0..width {
                    let from = y.saturating_add_signed(*by);
                    let inside = i32::from(y) + i32::from(*by) >= i32::from(*top) && from < bottom;
                    buffer[(x, y)] = if inside {
                        old[(x, from)].clone()
                    } else {
                        ratatui::buffer::Cell::EMPTY
                    };
                }
            }
        }
        Change::Clear => buffer.reset(),
        Change::Resize(w, h) => *buffer = Buffer::empty(Rect::new(0, 0, *w, *h)),
        Change::Cursor(place) => *cursor = place.map(|(x, y)| Position::new(x, y)),
    }
    *cursor = cursor.filter(|c| c.x < buffer.area.width && c.y < buffer.area.height);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_terminal_shows_the_buffer(
        frames in prop::collection::vec(prop::collection::vec(any_change(), 1..6), 1..16),
        colors in prop::sample::select(vec![Colors::None, Colors::Sixteen, Colors::Many]),
        ascii: bool,
    ) {
        let look = Look { colors, ascii };
        let mut screen = Screen::new(30, 14, look);
        let mut wanted = buffer(30, 14);
        let mut cursor = None;
        for changes in &frames {
            for change in changes {
                apply(change, &mut wanted, &mut cursor);
            }
            let size = screen.terminal.screen().size();
            let now = (nonzero(wanted.area.height), nonzero(wanted.area.width));
            if size != now {
                screen.terminal.screen_mut().set_size(now.0, now.1);
            }
            let bytes = screen.draw(&wanted, cursor);
            if colors == Colors::None {
                prop_assert!(!has_color(&bytes), "{:?}", String::from_utf8_lossy(&bytes));
            }
            if ascii {
                prop_assert!(bytes.is_ascii());
            }
        }
    }

    /// Lines that repeat each other are the hard case for finding what moved.
    #[test]
    fn repeating_lines_scroll_right(
        lines in prop::collection::vec(0..6_usize, 20..60),
        starts in prop::collection::vec(0..20_usize, 2..12),
        height in 4..14_u16,
    ) {
        let texts = ["", "same", "same", "one line of many", "       another, indented", "世界世界世界世界世界"];
        let mut screen = Screen::new(24, 14, LOOK);
        for start in starts {
            let mut wanted = buffer(24, 14);
            for row in 0..height {
                let line = lines.get(start + usize::from(row)).map_or("", |at| texts[*at]);
                wanted.set_string(0, row, line, Style::new());
            }
            screen.draw(&wanted, None);
        }
    }
}

//! Holds the painter to what a terminal makes of its bytes, and to its budget.

use std::num::NonZeroU16;

use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::Painter;
use crate::tui::view::{Colors, Look};

const LOOK: Look = Look {
    colors: Colors::Many,
    ascii: false,
};

fn buffer(width: u16, height: u16) -> Buffer {
    Buffer::empty(Rect::new(0, 0, width, height))
}

fn emulator(width: u16, height: u16) -> vt100::Parser {
    vt100::Parser::new(nonzero(height), nonzero(width), 0)
}

fn nonzero(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// A terminal and the painter that draws on it.
struct Screen {
    painter: Painter,
    terminal: vt100::Parser,
    look: Look,
}

impl Screen {
    fn new(width: u16, height: u16, look: Look) -> Self {
        Self {
            painter: Painter::new(look),
            terminal: emulator(width, height),
            look,
        }
    }

    /// Draws, checks that the terminal shows the buffer and that a second frame has nothing to say; the bytes.
    fn draw(&mut self, buffer: &Buffer, cursor: Option<Position>) -> Vec<u8> {
        let bytes = self.painter.frame(buffer, cursor).to_vec();
        self.terminal.process(&bytes);
        self.check(buffer, &bytes);
        let screen = self.terminal.screen();
        assert_eq!(screen.hide_cursor(), cursor.is_none());
        if let Some(cursor) = cursor {
            assert_eq!(screen.cursor_position(), (cursor.y, cursor.x));
        }
        assert_eq!(self.painter.frame(buffer, cursor), b"", "nothing has changed");
        bytes
    }

    fn check(&self, buffer: &Buffer, bytes: &[u8]) {
        for y in 0..buffer.area.height {
            let mut x = 0;
            while x < buffer.area.width {
                let wanted = &buffer[(x, y)];
                let shown = self.terminal.screen().cell(y, x).unwrap();
                let width = u16::try_from(crate::text::text_width(wanted.symbol())).unwrap().max(1);
                let symbol = match wanted.symbol() {
                    s if s.chars().any(crate::text::is_invisible) => "?",
                    s if self.look.ascii && !s.is_ascii() => "?",
                    _ if x + width > buffer.area.width => "?",
                    s => s,
                };
                let contents = match shown.contents() {
                    "" => " ",
                    other => other,
                };
                let place = || format!("row {y}, column {x} after {:?}", String::from_utf8_lossy(bytes));
                assert_eq!(contents, symbol, "{}", place());
                let modifier = wanted.modifier;
                assert_eq!(shown.inverse(), modifier.contains(Modifier::REVERSED), "{}", place());
                assert_eq!(
                    shown.underline(),
                    modifier.contains(Modifier::UNDERLINED),
                    "{}",
                    place()
                );
                assert_eq!(shown.bgcolor(), color(wanted.bg, self.look.colors), "{}", place());
                if symbol != " " {
                    let bold = modifier.contains(Modifier::BOLD);
                    assert_eq!(shown.bold(), bold, "{}", place());
                    assert_eq!(shown.dim(), modifier.contains(Modifier::DIM) && !bold, "{}", place());
                    assert_eq!(shown.italic(), modifier.contains(Modifier::ITALIC), "{}", place());
                    assert_eq!(shown.fgcolor(), color(wanted.fg, self.look.colors), "{}", place());
                }
                x += width;
            }
        }
    }
}

/// The colours that the tests use, as the terminal should have them.
fn color(color: Color, colors: Colors) -> vt100::Color {
    match (colors, color) {
        (Colors::None, _) | (_, Color::Reset) => vt100::Color::Default,
        (_, Color::Blue) => vt100::Color::Idx(4),
        (_, Color::LightYellow) => vt100::Color::Idx(11),
        (Colors::Many, Color::Indexed(n)) => vt100::Color::Idx(n),
        // 208 is orange: of the sixteen, yellow is nearest to 255, 135, 0.
        (Colors::Sixteen, Color::Indexed(208)) => vt100::Color::Idx(3),
        other => panic!("{other:?} is not used"),
    }
}

/// A table as the console draws it: rows of numbers, a glyph before the cursor's row, the position above.
fn table(first: usize, cursor: usize) -> Buffer {
    let mut buffer = buffer(160, 48);
    buffer.set_string(
        0,
        0,
        format!("data.csv  {} / 10,000,000", first + cursor + 1),
        Style::new(),
    );
    for row in 0..45 {
        let number = first + row;
        let mut line = format!("{number:>10}");
        for column in 0..18 {
            line.push_str(&format!("{:>8}", (number * 7919 + column * 104_729) % 99_991));
        }
        buffer.set_string(2, row as u16 + 2, line, Style::new());
        if row == cursor {
            buffer.set_string(0, row as u16 + 2, "▎", Style::new().fg(Color::Blue));
        }
    }
    buffer.set_string(0, 47, "? help  / find", Style::new().add_modifier(Modifier::DIM));
    buffer
}

#[test]
fn a_cursor_move_takes_65_bytes_at_most() {
    let mut screen = Screen::new(160, 48, LOOK);
    screen.draw(&table(1_000_000, 20), None);
    let down = screen.draw(&table(1_000_000, 21), None);
    assert!(down.len() <= 65, "{}: {:?}", down.len(), String::from_utf8_lossy(&down));
    let up = screen.draw(&table(1_000_000, 20), None);
    assert!(up.len() <= 65, "{}: {:?}", up.len(), String::from_utf8_lossy(&up));
}

#[test]
fn a_scroll_of_a_full_table_takes_330_bytes_at_most() {
    let mut screen = Screen::new(160, 48, LOOK);
    screen.draw(&table(1_000_000, 44), None);
    let down = screen.draw(&table(1_000_001, 44), None);
    assert!(
        down.len() <= 330,
        "{}: {:?}",
        down.len(),
        String::from_utf8_lossy(&down)
    );
    screen.draw(&table(1_000_001, 0), None);
    let up = screen.draw(&table(1_000_000, 0), None);
    assert!(up.len() <= 330, "{}: {:?}", up.len(), String::from_utf8_lossy(&up));
}

#[test]
fn a_table_scrolls_beside_something_that_stays() {
    let beside = |first: usize| {
        let mut buffer = table(first, 44);
        for row in 2..47 {
            buffer.set_string(120, row, format!("│ note {row:<32}"), Style::new());
        }
        buffer
    };
    let mut screen = Screen::new(160, 48, LOOK);
    let whole = screen.draw(&beside(500), None);
    let scrolled = screen.draw(&beside(501), None);
    assert!(
        scrolled.len() * 2 < whole.len(),
        "{} of {}",
        scrolled.len(),
        whole.len()
    );
}

#[test]
fn a_page_of_new_rows_is_drawn_in_one_go() {
    let mut screen = Screen::new(160, 48, LOOK);
    screen.draw(&table(0, 0), None);
    let bytes = screen.draw(&table(5_000, 0), None);
    assert!(bytes.starts_with(b"\x1b[?2026h"));
    assert!(bytes.ends_with(b"\x1b[?2026l"));
    assert_eq!(bytes.windows(8).filter(|w| *w == b"\x1b[?2026h").count(), 1);
}

#[test]
fn without_colour_no_colour_command_is_sent_and_reverse_stays() {
    let look = Look {
        colors: Colors::None,
        ..LOOK
    };
    let mut screen = Screen::new(20, 2, look);
    let mut wanted = buffer(20, 2);
    let style = Style::new()
        .fg(Color::Blue)
        .bg(Color::LightYellow)
        .add_modifier(Modifier::REVERSED | Modifier::BOLD);
    wanted.set_string(3, 1, "row", style);
    let bytes = screen.draw(&wanted, None);
    let text = String::from_utf8(bytes).unwrap();
    assert!(text.contains("\x1b[1;7mrow"), "{text:?}");
}

#[test]
fn sixteen_colours_stand_for_the_rest() {
    let look = Look {
        colors: Colors::Sixteen,
        ..LOOK
    };
    let mut screen = Screen::new(20, 2, look);
    let mut wanted = buffer(20, 2);
    wanted.set_string(0, 0, "orange", Style::new().fg(Color::Indexed(208)));
    let bytes = screen.draw(&wanted, None);
    assert!(!bytes.windows(4).any(|w| w == b"38;5"));
}

#[test]
fn ascii_sends_no_other_byte() {
    let look = Look { ascii: true, ..LOOK };
    let mut screen = Screen::new(20, 2, look);
    let mut wanted = buffer(20, 2);
    wanted.set_string(0, 0, "naïve 世界 ─▎", Style::new());
    let bytes = screen.draw(&wanted, None);
    assert!(bytes.is_ascii());
    assert!(String::from_utf8_lossy(&bytes).contains("na?ve ?"));
}

#[test]
fn what_could_act_is_shown_as_a_mark() {
    let mut screen = Screen::new(160, 1, LOOK);
    let mut wanted = buffer(160, 1);
    let hostile = [
        "\u{1b}",
        "\u{7}",
        "\u{9b}",
        "\u{202e}",
        "\u{200b}",
        "\r",
        "\u{1b}]52;c;eA==\u{7}",
        "a\u{1b}[2J",
    ];
    for (x, symbol) in hostile.iter().enumerate() {
        wanted[(x as u16 * 20, 0)].set_symbol(symbol);
    }
    let bytes = screen.painter.frame(&wanted, None).to_vec();
    let text = String::from_utf8(bytes).unwrap();
    let marks = text.matches('?').count() - text.matches("\x1b[?").count();
    assert_eq!(marks, hostile.len(), "{text:?}");
    for refused in ['\u{7}', '\u{9b}', '\u{202e}', '\u{200b}', '\r'] {
        assert!(!text.contains(refused), "{text:?}");
    }
    assert!(!text.contains("]52"), "{text:?}");
    assert_eq!(text.matches("\x1b[2J").count(), 1, "only the painter's own: {text:?}");
}

#[test]
fn clusters_of_several_wide_parts_are_told_apart() {
    let mut wanted = buffer(10, 1);
    // A flag is two letters to a terminal; of the thumb with a skin tone, two columns have room for the thumb.
    wanted[(0, 0)].set_symbol("\u{1f1eb}\u{1f1f7}");
    wanted[(4, 0)].set_symbol("\u{1f44d}\u{1f3fd}");
    let mut painter = Painter::new(LOOK);
    let mut terminal = emulator(10, 1);
    terminal.process(painter.frame(&wanted, None));
    let cell = |x| terminal.screen().cell(0, x).unwrap().contents().to_owned();
    assert_eq!((cell(0), cell(1)), ("\u{1f1eb}".to_owned(), "\u{1f1f7}".to_owned()));
    assert_eq!(cell(4), "\u{1f44d}");
}

#[test]
fn forgetting_draws_everything_again() {
    let mut screen = Screen::new(160, 48, LOOK);
    let whole = screen.draw(&table(0, 3), None);
    screen.terminal = emulator(160, 48);
    screen.terminal.process(b"\x1b[3;7r\x1b[1;31;44mrubbish\x1b[?25h");
    screen.painter.forget();
    let again = screen.draw(&table(0, 3), None);
    assert_eq!(whole.len(), again.len());
}

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

/// Whether a colour is set or reset anywhere.
fn has_color(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let found = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
        rest[end..].starts_with('m').then(|| rest[..end].to_owned())
    });
    let codes: Vec<u32> = found
        .flat_map(|codes| codes.split(';').filter_map(|c| c.parse().ok()).collect::<Vec<_>>())
        .collect();
    codes
        .iter()
        .any(|code| (30..50).contains(code) || (90..108).contains(code))
}

//! Holds the painter to what a terminal makes of its bytes, and to its budget.

mod random;

use std::num::NonZeroU16;

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
    let mut screen = Screen::new(200, 1, LOOK);
    let mut wanted = buffer(200, 1);
    let hostile = [
        "\u{1b}",
        "\u{7}",
        "\u{9b}",
        "\u{202e}",
        "\u{200b}",
        "\r",
        "\u{1b}]52;c;eA==\u{7}",
        "a\u{1b}[2J",
        "a\u{202e}",
        "e\u{200d}",
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
fn a_tower_of_marks_is_cut() {
    let mut wanted = buffer(10, 1);
    wanted[(0, 0)].set_symbol(&format!("e{}", "\u{301}".repeat(500)));
    let bytes = Painter::new(LOOK).frame(&wanted, None).len();
    assert!(bytes < 80, "{bytes}");
}

/// Text of what turns `before` into `after` on a terminal of these sizes.
fn step(width: u16, height: u16, before: &[(u16, u16, &str, Style)], after: &[(u16, u16, &str, Style)]) -> String {
    let mut painter = Painter::new(LOOK);
    let mut wanted = buffer(width, height);
    for (x, y, text, style) in before {
        wanted.set_string(*x, *y, text, *style);
    }
    painter.frame(&wanted, None);
    for (x, y, text, style) in after {
        wanted.set_string(*x, *y, text, *style);
    }
    String::from_utf8(painter.frame(&wanted, None).to_vec()).unwrap()
}

/// What terminals disagree about is never relied on, so the emulator, which agrees with us, cannot prove it.
#[test]
fn behind_the_last_column_and_uncertain_widths_positions_are_absolute() {
    let plain = Style::new();
    let edge = step(10, 1, &[(9, 0, "x", plain)], &[(8, 0, "y", plain)]);
    assert!(edge.contains("\x1b[1;9Hy"), "{edge:?}");
    let emoji = step(10, 1, &[], &[(0, 0, "\u{1f600}a", plain)]);
    assert!(emoji.contains("\u{1f600}\x1b[1;3Ha"), "{emoji:?}");
    let certain = step(10, 1, &[], &[(0, 0, "é世─a", plain)]);
    assert!(certain.contains("é世─a"), "{certain:?}");
}

/// Terminals fill what a scroll or an erasure uncovers with the background of the pen.
#[test]
fn the_pen_is_plain_before_anything_is_uncovered() {
    let mut painter = Painter::new(LOOK);
    let lines = |first: usize| {
        let mut wanted = buffer(40, 8);
        for row in 0..6 {
            let text = char::from(b'a' + (first + row) as u8).to_string().repeat(30);
            wanted.set_string(0, row as u16, text, Style::new());
        }
        wanted.set_string(0, 7, "footer", Style::new().bg(Color::Blue));
        wanted
    };
    painter.frame(&lines(1), None);
    let text = String::from_utf8(painter.frame(&lines(2), None).to_vec()).unwrap();
    let plain = text.find("\x1b[m").unwrap();
    assert!(plain < text.find("\x1b[M").unwrap(), "{text:?}");
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

//! Owns a screen as a picture: a drawn buffer as SVG, the same bytes on every machine.

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// Size of a cell, in the picture's units.
const CELL: (f64, f64) = (8.4, 18.0);

/// Around the screen.
const EDGE: f64 = 12.0;

/// The picture's own colours where the terminal's would stand.
const FOREGROUND: &str = "#d8dee9";
const BACKGROUND: &str = "#1d2129";

/// The screen as a picture.
pub(crate) fn svg(buffer: &Buffer, title: &str) -> String {
    let area = buffer.area;
    let width = f64::from(area.width) * CELL.0 + 2.0 * EDGE;
    let height = f64::from(area.height) * CELL.1 + 2.0 * EDGE;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\" role=\"img\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n",
        escaped(title)
    );
    for y in 0..area.height {
        for run in runs(buffer, y) {
            draw(&mut out, &run, y);
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Cells of one style, one behind the other.
struct Run {
    x: u16,
    columns: usize,
    text: String,
    style: Style,
}

fn runs(buffer: &Buffer, y: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut x = 0;
    while x < buffer.area.width {
        let cell = &buffer[(x, y)];
        let (symbol, style) = (cell.symbol(), cell.style());
        let columns = symbol.width().max(1);
        match runs.last_mut() {
            Some(run) if run.style == style => {
                run.text.push_str(symbol);
                run.columns += columns;
            }
            _ => runs.push(Run {
                x,
                columns,
                text: symbol.to_owned(),
                style,
            }),
        }
        x += columns as u16;
    }
    runs
}

fn draw(out: &mut String, run: &Run, row: u16) {
    let has = |modifier| run.style.add_modifier.contains(modifier);
    let reversed = has(Modifier::REVERSED);
    let front = run
        .style
        .fg
        .map_or(FOREGROUND.to_owned(), |color| hex(color, FOREGROUND));
    let back = run
        .style
        .bg
        .map_or(BACKGROUND.to_owned(), |color| hex(color, BACKGROUND));
    let (front, back) = if reversed { (back, front) } else { (front, back) };
    let (x, y) = (EDGE + f64::from(run.x) * CELL.0, EDGE + f64::from(row) * CELL.1);
    let width = run.columns as f64 * CELL.0;
    if back != BACKGROUND {
        _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{back}\"/>",
            CELL.1
        );
    }
    if run.text.trim().is_empty() {
        return;
    }
    let bold = if has(Modifier::BOLD) {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let line = if has(Modifier::UNDERLINED) {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    // The length is given, so that a font of another width cannot move what stands behind.
    _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" fill=\"{front}\" \
         xml:space=\"preserve\"{bold}{line}>{}</text>",
        y + CELL.1 * 0.75,
        escaped(&run.text)
    );
}

/// The sixteen, and of the 256 those of the cube and the greys.
fn hex(color: Color, reset: &str) -> String {
    const SIXTEEN: [&str; 16] = [
        "#3b4252", "#e06c75", "#98c379", "#e5c07b", "#6fa8ff", "#c678dd", "#56b6c2", "#d8dee9", "#8a93a5", "#ff7a85",
        "#b5e890", "#ffd787", "#8fc1ff", "#e0a0ff", "#7fdbe6", "#ffffff",
    ];
    let place = match color {
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
        Color::Indexed(n) if n < 16 => usize::from(n),
        Color::Indexed(n) if n < 232 => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * u16::from(step) };
            let cube = n - 16;
            return format!(
                "#{:02x}{:02x}{:02x}",
                level(cube / 36),
                level(cube / 6 % 6),
                level(cube % 6)
            );
        }
        Color::Indexed(n) => {
            let grey = 8 + 10 * u16::from(n - 232);
            return format!("#{grey:02x}{grey:02x}{grey:02x}");
        }
        Color::Rgb(r, g, b) => return format!("#{r:02x}{g:02x}{b:02x}"),
        Color::Reset => return reset.to_owned(),
    };
    SIXTEEN[place].to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

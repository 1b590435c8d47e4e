//! Owns how a character looks, in colours that the terminal has, and the shortest command from one look to another.

use ratatui::style::{Color, Modifier};

use crate::tui::view::Colors;

/// A colour as it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// The terminal's own.
    Own,
    /// One of the palette; the first 16 have short commands.
    Indexed(u8),
}

/// How a character looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pen {
    pub(super) fg: Ink,
    pub(super) bg: Ink,
    pub(super) modifier: Modifier,
}

/// What is sent of modifiers, with the commands that switch it on and off.
const SWITCHES: [(Modifier, u8, u8); 6] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::REVERSED, 7, 27),
    (Modifier::CROSSED_OUT, 9, 29),
];

/// What is visible without a character.
const ON_BLANKS: Modifier = Modifier::UNDERLINED
    .union(Modifier::REVERSED)
    .union(Modifier::CROSSED_OUT);

impl Pen {
    /// The terminal's own look.
    pub(super) const PLAIN: Self = Self {
        fg: Ink::Own,
        bg: Ink::Own,
        modifier: Modifier::empty(),
    };

    /// A look brought down to what may be sent. Nothing blinks, nothing is hidden, and bold goes before dim, for
    /// terminals differ in what both at once mean.
    pub(super) fn of(fg: Color, bg: Color, modifier: Modifier, colors: Colors) -> Self {
        let known = SWITCHES.iter().fold(Modifier::empty(), |all, (one, _, _)| all | *one);
        let mut modifier = modifier & known;
        if modifier.contains(Modifier::BOLD) {
            modifier.remove(Modifier::DIM);
        }
        Self {
            fg: ink(fg, colors),
            bg: ink(bg, colors),
            modifier,
        }
    }

    /// The look of a blank: what only shows on a character is left out, so that blanks need no commands.
    pub(super) fn of_blank(self) -> Self {
        let modifier = self.modifier & ON_BLANKS;
        if modifier.is_empty() {
            return Self {
                fg: Ink::Own,
                modifier,
                ..self
            };
        }
        self
    }

    /// Writes the command that changes the terminal's pen from `before`, or from any, to this one.
    pub(super) fn write_change(self, before: Option<Self>, out: &mut Vec<u8>) {
        let mut anew = vec![0];
        self.add(Self::PLAIN, &mut anew);
        let codes = match before {
            Some(before) => {
                let mut steps = Vec::new();
                self.add(before, &mut steps);
                if length(&steps) <= length(&anew) { steps } else { anew }
            }
            None => anew,
        };
        out.extend_from_slice(b"\x1b[");
        if codes != [0] {
            for (at, code) in codes.iter().enumerate() {
                if at > 0 {
                    out.push(b';');
                }
                // A zero that something follows may be left out like one that stands alone.
                if *code != 0 || at > 0 {
                    out.extend_from_slice(code.to_string().as_bytes());
                }
            }
        }
        out.push(b'm');
    }

    /// The codes that turn `before` into this look.
    fn add(self, before: Self, codes: &mut Vec<u8>) {
        let off = before.modifier - self.modifier;
        let on = self.modifier - before.modifier;
        for (one, _, code) in SWITCHES {
            if off.contains(one) {
                codes.push(code);
            }
        }
        for (one, code, _) in SWITCHES {
            if on.contains(one) {
                codes.push(code);
            }
        }
        if self.fg != before.fg {
            add_ink(self.fg, 30, codes);
        }
        if self.bg != before.bg {
            add_ink(self.bg, 40, codes);
        }
    }
}

fn add_ink(ink: Ink, base: u8, codes: &mut Vec<u8>) {
    match ink {
        Ink::Own => codes.push(base + 9),
        Ink::Indexed(n) if n < 8 => codes.push(base + n),
        Ink::Indexed(n) if n < 16 => codes.push(base + 60 + n - 8),
        Ink::Indexed(n) => codes.extend_from_slice(&[base + 8, 5, n]),
    }
}

/// Bytes of codes with what stands between them.
fn length(codes: &[u8]) -> usize {
    let digits = |code: &u8| match code {
        0..10 => 1,
        10..100 => 2,
        _ => 3,
    };
    codes.iter().map(digits).sum::<usize>() + codes.len()
}

fn ink(color: Color, colors: Colors) -> Ink {
    let index = match color {
        Color::Reset => return Ink::Own,
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
        Color::Indexed(n) => n,
        Color::Rgb(r, g, b) => nearest(&PALETTE, [r, g, b]),
    };
    match colors {
        Colors::None => Ink::Own,
        Colors::Many => Ink::Indexed(index),
        Colors::Sixteen if index < 16 => Ink::Indexed(index),
        Colors::Sixteen => Ink::Indexed(nearest(&PALETTE[..16], PALETTE[usize::from(index)])),
    }
}

/// The entry of a palette that is nearest to a colour; the first of those equally near.
fn nearest(palette: &[[u8; 3]], [r, g, b]: [u8; 3]) -> u8 {
    // The eye sees green best and blue least.
    let distance = |c: &[u8; 3]| {
        let part = |a: u8, b: u8, weight: u32| u32::from(a.abs_diff(b)).pow(2) * weight;
        part(c[0], r, 3) + part(c[1], g, 6) + part(c[2], b, 1)
    };
    let found = palette.iter().enumerate().min_by_key(|(_, color)| distance(color));
    found.map_or(0, |(at, _)| at as u8)
}

/// What xterm shows for each number: 16 colours, a cube of six steps a side, greys.
static PALETTE: [[u8; 3]; 256] = palette();

const fn palette() -> [[u8; 3]; 256] {
    const BASE: [[u8; 3]; 16] = [
        [0, 0, 0],
        [205, 0, 0],
        [0, 205, 0],
        [205, 205, 0],
        [0, 0, 238],
        [205, 0, 205],
        [0, 205, 205],
        [229, 229, 229],
        [127, 127, 127],
        [255, 0, 0],
        [0, 255, 0],
        [255, 255, 0],
        [92, 92, 255],
        [255, 0, 255],
        [0, 255, 255],
        [255, 255, 255],
    ];
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let mut all = [[0; 3]; 256];
    let mut at = 0;
    while at < 256 {
        all[at] = if at < 16 {
            BASE[at]
        } else if at < 232 {
            let n = at - 16;
            [STEPS[n / 36], STEPS[n / 6 % 6], STEPS[n % 6]]
        } else {
            let grey = 8 + 10 * (at - 232) as u8;
            [grey, grey, grey]
        };
        at += 1;
    }
    all
}

//! Owns what colours mean: roles, and their styles on this terminal. The terminal's own foreground and background stay.

use ratatui::style::{Color, Modifier, Style};

/// How things look on this terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How many colours there are.
    pub colors: Colors,
    /// Only ASCII.
    pub ascii: bool,
}

/// How many colours a terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// None are to be used.
    None,
    /// The sixteen.
    Sixteen,
    /// 256.
    Many,
}

/// What a piece of the screen means. Every meaning is also said by a word or a glyph, never by a colour alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Text.
    #[default]
    Plain,
    /// Less important text.
    Faint,
    /// A heading, a table's header.
    Heading,
    /// The cell, item or field the cursor is on.
    Cursor,
    /// The glyph at the left of the cursor's row.
    CursorMark,
    /// Marked by a person.
    Selected,
    /// What was looked for.
    Match,
    /// Good.
    Good,
    /// Worth a look.
    Warning,
    /// Bad.
    Bad,
    /// What draws the eye: what runs, the champion.
    Accent,
    /// The malicious class.
    Malicious,
    /// The benign class.
    Benign,
    /// Frames and separators.
    Border,
    /// Axes, their ticks and labels.
    Axis,
    /// A key in a hint.
    Key,
    /// The present panel's tab.
    Tab,
    /// The n-th series of a chart, from 0; they go round.
    Series(u8),
}

/// The colours of series, far apart in hue and in lightness. Blue and yellow come first: most eyes tell them apart.
const SERIES: [(Color, u8); 6] = [
    (Color::Cyan, 74),
    (Color::Yellow, 178),
    (Color::Magenta, 170),
    (Color::Green, 71),
    (Color::LightBlue, 69),
    (Color::Red, 167),
];

impl Look {
    /// The style of a role. Without colours it has none at all: an empty colour command would undo the reverse before it.
    pub fn style(self, role: Role) -> Style {
        // Bold, reverse and underline stay where there are colours: they say the same to those who see none.
        let style = Style::new().add_modifier(modifier(role));
        match (self.colors, color(role)) {
            (Colors::Many, Some((_, fine))) => style.fg(Color::Indexed(fine)),
            // The grey of the sixteen is the background of some terminals, so what is faint is dim.
            (_, Some((Color::DarkGray, _))) => style.add_modifier(Modifier::DIM),
            (Colors::None, _) | (_, None) => style,
            (Colors::Sixteen, Some((base, _))) => style.fg(base),
        }
    }
}

fn modifier(role: Role) -> Modifier {
    match role {
        Role::Heading | Role::CursorMark | Role::Accent | Role::Bad | Role::Malicious | Role::Key => Modifier::BOLD,
        Role::Cursor => Modifier::REVERSED,
        Role::Tab => Modifier::REVERSED.union(Modifier::BOLD),
        Role::Match | Role::Selected => Modifier::UNDERLINED.union(Modifier::BOLD),
        _ => Modifier::empty(),
    }
}

/// Among the sixteen, and among 256. Middle lightness only, so that both stand on light and on dark.
fn color(role: Role) -> Option<(Color, u8)> {
    match role {
        Role::Plain | Role::Heading | Role::Cursor | Role::Tab => None,
        Role::Faint | Role::Border | Role::Axis => Some((Color::DarkGray, 244)),
        Role::CursorMark | Role::Accent | Role::Key => Some((Color::Cyan, 37)),
        Role::Selected => Some((Color::Magenta, 170)),
        Role::Match | Role::Warning | Role::Malicious => Some((Color::Yellow, 178)),
        Role::Good | Role::Benign => Some((Color::LightBlue, 69)),
        Role::Bad => Some((Color::Red, 167)),
        Role::Series(n) => Some(SERIES[usize::from(n) % SERIES.len()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 19] = [
        Role::Plain,
        Role::Faint,
        Role::Heading,
        Role::Cursor,
        Role::CursorMark,
        Role::Selected,
        Role::Match,
        Role::Good,
        Role::Warning,
        Role::Bad,
        Role::Accent,
        Role::Malicious,
        Role::Benign,
        Role::Border,
        Role::Axis,
        Role::Key,
        Role::Tab,
        Role::Series(0),
        Role::Series(200),
    ];

    #[test]
    fn without_colours_no_role_names_one() {
        let look = Look {
            colors: Colors::None,
            ascii: false,
        };
        for role in ROLES {
            let style = look.style(role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
        }
        assert!(look.style(Role::Cursor).add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn no_role_paints_the_background() {
        for colors in [Colors::Sixteen, Colors::Many] {
            for role in ROLES {
                assert_eq!(Look { colors, ascii: false }.style(role).bg, None, "{role:?}");
            }
        }
    }
}

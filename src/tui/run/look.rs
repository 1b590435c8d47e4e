//! Owns what a terminal can show, as far as the environment tells: how many colours, and which characters.

use std::ffi::OsString;

/// How many colours the terminal is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// No colour command at all.
    None,
    /// The 16 that every terminal lets its owner choose.
    Sixteen,
    /// The palette of 256.
    Palette,
}

/// What the terminal is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How many colours.
    pub depth: Depth,
    /// Whether nothing beyond ASCII may be sent.
    pub ascii: bool,
}

/// What a person asked for on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// `--ascii`.
    pub ascii: bool,
    /// `--no-color`.
    pub no_color: bool,
}

impl Look {
    /// What the environment tells, read by `get`. An ssh server passes on `TERM` and hardly anything else, so nothing
    /// more is asked for; the background stays the terminal's own.
    pub fn find(wish: Wish, get: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name: &str| {
            let value = get(name)?;
            Some(value.to_string_lossy().into_owned()).filter(|v| !v.is_empty())
        };
        let term = text("TERM").unwrap_or_default();
        let depth = if wish.no_color || text("NO_COLOR").is_some() {
            Depth::None
        } else {
            depth_of(&term)
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        Self {
            depth,
            ascii: wish.ascii || locale.is_some_and(|l| is_ascii_locale(&l)),
        }
    }
}

fn depth_of(term: &str) -> Depth {
    const MANY: [&str; 6] = ["256color", "kitty", "alacritty", "ghostty", "wezterm", "foot"];
    const NONE: [&str; 3] = ["dumb", "unknown", "emacs"];
    if term.is_empty() || NONE.contains(&term) || term.ends_with("-mono") || is_video_terminal(term) {
        Depth::None
    } else if MANY.iter().any(|name| term.contains(name)) || term.ends_with("-direct") {
        Depth::Palette
    } else {
        Depth::Sixteen
    }
}

/// `vt100`, `vt220` and their kin: built before colour.
fn is_video_terminal(term: &str) -> bool {
    let model = term.strip_prefix("vt").unwrap_or_default();
    let number = model.split('-').next().unwrap_or_default();
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) && number != "525"
}

/// A locale without UTF-8. One that names no encoding at all is an old short form of one that is UTF-8 today.
fn is_ascii_locale(locale: &str) -> bool {
    let name = locale.split('@').next().unwrap_or_default();
    match name.split_once('.') {
        Some((_, encoding)) => !encoding.replace('-', "").eq_ignore_ascii_case("utf8"),
        None => matches!(name, "C" | "POSIX"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)]) -> Look {
        wished(Wish::default(), variables)
    }

    fn wished(wish: Wish, variables: &[(&str, &str)]) -> Look {
        Look::find(wish, |name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn depth_is_what_term_says() {
        let cases = [
            ("xterm", Depth::Sixteen),
            ("screen", Depth::Sixteen),
            ("linux", Depth::Sixteen),
            ("xterm-256color", Depth::Palette),
            ("tmux-256color", Depth::Palette),
            ("xterm-kitty", Depth::Palette),
            ("xterm-direct", Depth::Palette),
            ("vt100", Depth::None),
            ("vt220-w", Depth::None),
            ("vte", Depth::Sixteen),
            ("dumb", Depth::None),
            ("", Depth::None),
        ];
        for (term, depth) in cases {
            assert_eq!(look(&[("TERM", term)]).depth, depth, "{term}");
        }
        assert_eq!(look(&[]).depth, Depth::None, "no TERM at all");
    }

    #[test]
    fn no_color_goes_before_term_unless_it_is_empty() {
        let term = ("TERM", "xterm-256color");
        assert_eq!(look(&[term, ("NO_COLOR", "1")]).depth, Depth::None);
        assert_eq!(look(&[term, ("NO_COLOR", "")]).depth, Depth::Palette);
        let wish = Wish {
            no_color: true,
            ..Wish::default()
        };
        assert_eq!(wished(wish, &[term]).depth, Depth::None);
    }

    #[test]
    fn a_locale_without_utf8_gets_ascii() {
        let cases = [
            (&[("LANG", "C")][..], true),
            (&[("LANG", "POSIX")], true),
            (&[("LANG", "en_US.ISO-8859-1")], true),
            (&[("LANG", "C.UTF-8")], false),
            (&[("LANG", "de_DE.utf8@euro")], false),
            (&[("LANG", "en_US")], false),
            (&[("LANG", "C"), ("LC_ALL", "en_US.UTF-8")], false),
            (&[("LANG", "en_US.UTF-8"), ("LC_CTYPE", "C")], true),
            (&[("LC_ALL", ""), ("LANG", "C")], true),
            (&[], false),
        ];
        for (variables, ascii) in cases {
            assert_eq!(look(variables).ascii, ascii, "{variables:?}");
        }
        let wish = Wish {
            ascii: true,
            ..Wish::default()
        };
        assert!(wished(wish, &[("LANG", "en_US.UTF-8")]).ascii);
    }
}

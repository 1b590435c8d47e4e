//! Owns what a terminal can show, as far as the environment tells: how many colours, and which characters.

use std::ffi::OsString;

use crate::tui::view::{Colors, Look};

/// What a person asked for, on the command line or in the settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Only ASCII.
    pub ascii: bool,
    /// No colour at all.
    pub no_color: bool,
    /// How many colours the settings ask for, where they do; nothing goes before a wish for none.
    pub colors: Option<Colors>,
}

impl Wish {
    /// What the environment tells, read by `get`. An ssh server passes on `TERM` and hardly anything else, so nothing
    /// more is asked for; the background stays the terminal's own.
    pub fn look(self, get: impl Fn(&str) -> Option<OsString>) -> Look {
        let text = |name: &str| {
            let value = get(name)?;
            Some(value.to_string_lossy().into_owned()).filter(|v| !v.is_empty())
        };
        let term = text("TERM").unwrap_or_default();
        let colors = if self.no_color || text("NO_COLOR").is_some() {
            Colors::None
        } else {
            self.colors.unwrap_or_else(|| colors_of(&term))
        };
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        Look {
            colors,
            ascii: self.ascii || locale.is_some_and(|l| is_ascii_locale(&l)),
        }
    }
}

fn colors_of(term: &str) -> Colors {
    const MANY: [&str; 6] = ["256color", "kitty", "alacritty", "ghostty", "wezterm", "foot"];
    const NONE: [&str; 3] = ["dumb", "unknown", "emacs"];
    if term.is_empty() || NONE.contains(&term) || term.ends_with("-mono") || is_video_terminal(term) {
        Colors::None
    } else if MANY.iter().any(|name| term.contains(name)) || term.ends_with("-direct") {
        Colors::Many
    } else {
        Colors::Sixteen
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
        wish.look(|name| {
            let found = variables.iter().find(|(n, _)| *n == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    #[test]
    fn depth_is_what_term_says() {
        let cases = [
            ("xterm", Colors::Sixteen),
            ("screen", Colors::Sixteen),
            ("linux", Colors::Sixteen),
            ("xterm-256color", Colors::Many),
            ("tmux-256color", Colors::Many),
            ("xterm-kitty", Colors::Many),
            ("xterm-direct", Colors::Many),
            ("vt100", Colors::None),
            ("vt220-w", Colors::None),
            ("vte", Colors::Sixteen),
            ("dumb", Colors::None),
            ("", Colors::None),
        ];
        for (term, colors) in cases {
            assert_eq!(look(&[("TERM", term)]).colors, colors, "{term}");
        }
        assert_eq!(look(&[]).colors, Colors::None, "no TERM at all");
    }

    #[test]
    fn no_color_goes_before_term_unless_it_is_empty() {
        let term = ("TERM", "xterm-256color");
        assert_eq!(look(&[term, ("NO_COLOR", "1")]).colors, Colors::None);
        assert_eq!(look(&[term, ("NO_COLOR", "")]).colors, Colors::Many);
        let wish = Wish {
            no_color: true,
            ..Wish::default()
        };
        assert_eq!(wished(wish, &[term]).colors, Colors::None);
    }

    #[test]
    fn settings_go_before_term_and_no_color_before_both() {
        let wish = Wish {
            colors: Some(Colors::Sixteen),
            ..Wish::default()
        };
        let term = ("TERM", "xterm-256color");
        assert_eq!(wished(wish, &[term]).colors, Colors::Sixteen);
        assert_eq!(wished(wish, &[term, ("NO_COLOR", "1")]).colors, Colors::None);
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

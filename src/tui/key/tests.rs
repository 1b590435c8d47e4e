//! Owns the proof that every key reads back as it was written, and that one press has one form.

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> KeyPress {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn keys_are_written_as_people_know_them() {
    let held = |ctrl, alt, shift| Held { ctrl, alt, shift };
    let cases = [
        ("x", KeyPress::char('x')),
        ("X", KeyPress::char('X')),
        ("-", KeyPress::char('-')),
        ("+", KeyPress::char('+')),
        ("?", KeyPress::char('?')),
        ("space", KeyPress::char(' ')),
        ("ctrl-c", KeyPress::ctrl('c')),
        ("ctrl--", KeyPress::ctrl('-')),
        ("alt-m", KeyPress::new(Key::Char('m'), held(false, true, false))),
        ("alt-M", KeyPress::new(Key::Char('M'), held(false, true, false))),
        ("ctrl-alt--", KeyPress::new(Key::Char('-'), held(true, true, false))),
        ("ctrl-space", KeyPress::ctrl(' ')),
        ("shift-tab", KeyPress::new(Key::Tab, held(false, false, true))),
        ("ctrl-alt-shift-up", KeyPress::new(Key::Up, held(true, true, true))),
        ("F1", KeyPress::plain(Key::F(1))),
        ("F12", KeyPress::plain(Key::F(12))),
        ("pagedown", KeyPress::plain(Key::PageDown)),
        ("é", KeyPress::char('é')),
    ];
    for (text, key) in cases {
        assert_eq!(read(text), key, "{text}");
        assert_eq!(key.to_string(), text);
    }
}

#[test]
fn one_press_has_one_form() {
    assert_eq!(read("ctrl-X"), read("ctrl-x"));
    assert_eq!(read("shift-x"), read("X"));
    assert_eq!(read("CTRL-PgUp"), read("ctrl-pageup"));
    assert_eq!(read("Escape"), read("esc"));
    assert_eq!(read("shift-ctrl-left"), read("ctrl-shift-left"));
    assert_ne!(read("g"), read("G"));
    assert_ne!(read("tab"), read("shift-tab"));
}

#[test]
fn only_characters_without_ctrl_and_alt_are_typed() {
    assert_eq!(read("x").typed(), Some('x'));
    assert_eq!(read("space").typed(), Some(' '));
    for key in ["ctrl-x", "alt-x", "enter", "F3"] {
        assert_eq!(read(key).typed(), None, "{key}");
    }
}

#[test]
fn other_text_is_no_key() {
    for text in [
        "",
        "xy",
        "ctrl-",
        "ctrl",
        "F0",
        "F25",
        "F+1",
        "F01",
        "hyper-x",
        "ctrl-ctrl-x",
        "--",
        "\u{1b}",
        "ctrl-\n",
    ] {
        assert!(text.parse::<KeyPress>().is_err(), "{text:?}");
    }
    let said = "nothing".parse::<KeyPress>().unwrap_err().to_string();
    assert!(said.starts_with("\"nothing\" is no key; write keys as"), "{said}");
}

fn any_key() -> impl Strategy<Value = Key> {
    prop_oneof![
        any::<char>()
            .prop_filter("no control", |c| !c.is_control())
            .prop_map(Key::Char),
        (1..=FUNCTION_KEYS).prop_map(Key::F),
        (0..NAMES.len()).prop_map(|at| NAMES[at].0),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back(key in any_key(), ctrl: bool, alt: bool, shift: bool) {
        let press = KeyPress::new(key, Held { ctrl, alt, shift });
        prop_assert_eq!(read(&press.to_string()), press);
        let json = serde_json::to_string(&press).unwrap();
        prop_assert_eq!(serde_json::from_str::<KeyPress>(&json).unwrap(), press);
    }

    #[test]
    fn no_text_is_too_odd(text: String) {
        if let Ok(key) = text.parse::<KeyPress>() {
            prop_assert_eq!(read(&key.to_string()), key);
        }
    }
}

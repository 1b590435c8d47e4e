//! Owns what holds the decoder to what terminals send, torn apart anywhere, and to never stopping at nonsense.

use proptest::prelude::*;

use super::*;

fn decode(bytes: &[u8]) -> Vec<Input> {
    let mut out = Vec::new();
    let mut decoder = Decoder::default();
    decoder.feed(bytes, 0, &mut out);
    decoder.expire(10_000, &mut out);
    assert_eq!(decoder.deadline(), None);
    out
}

fn keys(bytes: &[u8]) -> String {
    let keys = decode(bytes).into_iter().map(|input| match input {
        Input::Key(key) => key.to_string(),
        other => format!("{other:?}"),
    });
    keys.collect::<Vec<_>>().join(" ")
}

#[test]
fn keys_are_what_terminals_send() {
    let cases: &[(&[u8], &str)] = &[
        (b"aG?", "a G ?"),
        (b" \r\t\x7f\x08", "space enter tab backspace backspace"),
        (b"\n", "enter"),
        (b"\x03\x1a\x00\x0c", "ctrl-c ctrl-z ctrl-space ctrl-l"),
        (b"\x1c\x1d\x1e\x1f", "ctrl-\\ ctrl-] ctrl-^ ctrl-_"),
        ("é世😀".as_bytes(), "é 世 😀"),
        (b"\x1b", "esc"),
        (b"\x1b\x1b", "esc esc"),
        (b"\x1bm\x1bM", "alt-m alt-M"),
        (b"\x1b\r\x1b\x7f", "alt-enter alt-backspace"),
        (b"\x1b\x03", "ctrl-alt-c"),
        (b"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", "up down right left home end"),
        (b"\x1bOA\x1bOD\x1bOH\x1bOM", "up left home enter"),
        (b"\x1bOP\x1bOS\x1b[15~\x1b[17~\x1b[21~\x1b[24~", "F1 F4 F5 F6 F10 F12"),
        (b"\x1b[[A\x1b[[E", "F1 F5"),
        (
            b"\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~",
            "home insert delete end pageup pagedown",
        ),
        (b"\x1b[Z", "shift-tab"),
        (
            b"\x1b[1;5C\x1b[1;2A\x1b[1;3D\x1b[5;5~",
            "ctrl-right shift-up alt-left ctrl-pageup",
        ),
        (b"\x1b[1;2P\x1b[1;5R", "shift-F1 ctrl-F3"),
        (b"\x1b[", "alt-["),
        (b"\x1bO", "alt-O"),
        (b"\x1b\x1b[A", "esc up"),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(keys(bytes), *wanted, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn answers_of_the_terminal_are_no_keys() {
    let answers: &[&[u8]] = &[
        b"\x1b[12;40R",
        b"\x1b[1;40R",
        b"\x1b[R",
        b"\x1b[?62;22c",
        b"\x1b[>41;354;0c",
        b"\x1b[0n",
        b"\x1b[?2026;2$y",
        b"\x1b[8;48;160t",
        b"\x1b[I\x1b[O",
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
        b"\x1b]10;rgb:ffff/ffff/ffff\x07",
        b"\x1bP>|XTerm(380)\x1b\\",
        b"\x1bP1+r544e=787465726d\x1b\\",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b[M !!",
        b"\x1b[<35;10;10M",
        b"\x1b[<0;10;10m",
    ];
    for answer in answers {
        let mut bytes = answer.to_vec();
        bytes.push(b'j');
        assert_eq!(keys(&bytes), "j", "{:?}", String::from_utf8_lossy(answer));
    }
}

#[test]
fn a_sequence_torn_apart_is_whole_if_the_rest_comes_soon() {
    let mut decoder = Decoder::default();
    let mut out = Vec::new();
    decoder.feed(b"\x1b", 100, &mut out);
    assert_eq!(decoder.deadline(), Some(150));
    decoder.expire(149, &mut out);
    decoder.feed(b"[", 149, &mut out);
    decoder.feed(b"B", 190, &mut out);
    assert_eq!(out, [plain(Key::Down)]);
    out.clear();
    decoder.feed(b"\x1b", 300, &mut out);
    decoder.feed(b"[B", 350, &mut out);
    assert_eq!(out, [plain(Key::Esc), plain(Key::Char('[')), plain(Key::Char('B'))]);
}

#[test]
fn a_string_that_never_ends_swallows_no_later_keys() {
    let mut decoder = Decoder::default();
    let mut out = Vec::new();
    decoder.feed(b"\x1bP", 0, &mut out);
    decoder.feed(b"jjj", 60, &mut out);
    assert_eq!(out.len(), 3);
}

#[test]
fn a_paste_is_one_text_and_none_of_its_bytes_a_key() {
    let pasted = |text: &[u8]| decode(&[b"\x1b[200~", text, b"\x1b[201~q"].concat());
    let text = |text: &str| vec![Input::Paste(text.to_owned()), plain(Key::Char('q'))];
    assert_eq!(pasted(b"a\r\nb\rc\nd"), text("a\nb\nc\nd"));
    assert_eq!(pasted(b"q\x1b[Aq\x03"), text("q\u{1b}[Aq\u{3}"));
    assert_eq!(pasted("世".as_bytes()), text("世"));
    assert_eq!(pasted(b"\xff"), text("\u{fffd}"));
    assert_eq!(pasted(b""), text(""));
}

#[test]
fn a_paste_keeps_its_first_mebibyte() {
    let long = vec![b'x'; PASTE_LIMIT + 12_345];
    let found = decode(&[b"\x1b[200~", long.as_slice(), b"\x1b[201~j"].concat());
    assert_eq!(found.len(), 2);
    assert!(matches!(&found[0], Input::Paste(text) if text.len() == PASTE_LIMIT));
}

#[test]
fn a_paste_whose_end_is_lost_ends_by_itself() {
    let mut decoder = Decoder::default();
    let mut out = Vec::new();
    decoder.feed(b"\x1b[200~abc", 0, &mut out);
    decoder.feed(b"def", 900, &mut out);
    assert_eq!(out, []);
    decoder.feed(b"j", 2_000, &mut out);
    assert_eq!(out, [Input::Paste("abcdef".to_owned()), plain(Key::Char('j'))]);
}

#[test]
fn the_mouse_is_read_where_it_is_on() {
    let found = decode(b"\x1b[<0;5;3M\x1b[<64;1;1M\x1b[<65;300;200M");
    let wheel = |up, column, row| Input::Wheel { up, column, row };
    assert_eq!(
        found,
        [
            Input::Click { column: 4, row: 2 },
            wheel(true, 0, 0),
            wheel(false, 299, 199)
        ]
    );
    assert_eq!(decode(b"\x1b[<0;0;0M"), [], "columns begin at 1");
}

proptest! {
    #[test]
    fn no_bytes_are_too_odd(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8)) {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            decoder.feed(piece, at as u64 * 30, &mut out);
        }
        decoder.expire(1_000_000, &mut out);
        prop_assert_eq!(decoder.deadline(), None);
        out.clear();
        decoder.feed(b"j", 1_000_000, &mut out);
        prop_assert_eq!(out, [plain(Key::Char('j'))]);
    }

    #[test]
    fn where_it_is_torn_does_not_matter(cut in 0..60_usize) {
        let bytes = "a\u{1b}[1;5C世\u{1b}[200~x\r\ny\u{1b}[201~\u{1b}]11;rgb:00/00/00\u{7}\u{1b}OPq\u{1b}[<64;3;4M\u{1b}m".as_bytes();
        let cut = cut.min(bytes.len());
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        decoder.feed(&bytes[..cut], 0, &mut out);
        decoder.feed(&bytes[cut..], 10, &mut out);
        decoder.expire(10_000, &mut out);
        prop_assert_eq!(out, decode(bytes));
    }
}

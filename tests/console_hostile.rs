//! Owns the promise that nothing in data, names or logs acts on the terminal: every byte the console sends is one of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/console.rs"]
mod console;
#[cfg(test)]
mod hostile;

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use crate::common::Workspace;
    use crate::console::{Console, LARGE, SMALL, Start};
    use crate::hostile;

    /// Final bytes of the commands that the console sends.
    const COMMANDS: &str = "HABCDKJXmrMLhl";

    /// Characters that show nothing or move others; none of them may be sent.
    fn is_unseen(c: char) -> bool {
        matches!(c, '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{e0000}'..='\u{e0fff}')
    }

    /// Fails at the first byte that is not the console's own.
    #[track_caller]
    fn check_stream(stream: &[u8], of: &str) {
        let text = std::str::from_utf8(stream).unwrap_or_else(|e| panic!("{of}: {e}"));
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let place = || rest.chars().take(40).collect::<String>();
            if let Some(command) = rest.strip_prefix("\x1b[") {
                let end = command
                    .find(|c: char| !c.is_ascii_digit() && c != ';' && c != '?')
                    .unwrap();
                let last = command[end..].chars().next().unwrap();
                assert!(COMMANDS.contains(last), "{of}: {:?}", place());
                rest = &command[end + last.len_utf8()..];
                continue;
            }
            assert!(!c.is_control() || matches!(c, '\r' | '\x08'), "{of}: {:?}", place());
            assert!(!is_unseen(c), "{of}: {:?}", place());
            rest = &rest[c.len_utf8()..];
        }
    }

    /// Looks at everything that can be looked at.
    fn look_about(console: &mut Console) {
        let walks = [
            "j j j l l",
            "enter",
            "pagedown",
            "esc",
            "G",
            "s",
            "esc",
            "$",
            "s",
            "esc",
            "g",
            "0",
            "2",
            "r",
            "j j",
            "v",
            "v",
            "6",
            "j",
            "enter",
            "esc",
            "5",
            "3",
            "1",
            "o",
            "esc",
            "/",
        ];
        for keys in walks {
            console.keys(keys);
            console.wait_quiet(Duration::from_millis(120));
        }
        console.text("1");
        console.keys("enter");
        console.wait_quiet(Duration::from_millis(200));
        console.keys("esc");
        console.keys("esc");
    }

    fn open(workspace: &Workspace, file: &Path, size: (u16, u16)) -> Console {
        let data = file.display().to_string();
        let console = Start::new(workspace)
            .args(&["tui", "--data", &data])
            .size(size)
            .run(workspace.root());
        console.wait_until("the console", vt100::Screen::alternate_screen);
        console.wait_quiet(Duration::from_millis(400));
        console
    }

    #[test]
    fn no_file_of_the_hostile_set_reaches_the_terminal() {
        let mut files: Vec<_> = std::fs::read_dir(hostile::directory())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(files.len() > 40);
        for (at, file) in files.iter().enumerate() {
            let workspace = Workspace::new();
            let size = if at % 2 == 0 { SMALL } else { LARGE };
            let mut console = open(&workspace, file, size);
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let telling = ["escapes", "quoted", "nul", "ragged", "utf", "huge"];
            if telling.iter().any(|part| name.contains(part)) {
                look_about(&mut console);
            }
            console.signal("TERM");
            let (code, _) = console.wait_end();
            assert_eq!(code, 143, "{name}");
            check_stream(&console.stream(), &name);
        }
    }

    #[test]
    fn what_would_act_is_shown_with_a_mark() {
        let workspace = Workspace::new();
        let evil = "name,\u{1b}]2;title\u{7}\nA\u{1b}[2JB,1\u{1b}]52;c;ZXZpbA==\u{7}\nC\u{202e}D,\u{9b}31mE\nF\u{200b}G,H\rI\n";
        let file = workspace.write("a\u{1b}]52;c;bmFtZQ==\u{7}\u{202e}b.csv", evil);
        let mut console = open(&workspace, &file, LARGE);
        console.wait_for("A");
        let screen = console.screen();
        assert!(!screen.contains("AB"), "something stands between them:\n{screen}");
        assert!(!screen.contains("CD") && !screen.contains("FG"), "{screen}");
        look_about(&mut console);
        console.signal("TERM");
        console.wait_end();
        let stream = console.stream();
        check_stream(&stream, "the evil file");
        let text = String::from_utf8(stream).unwrap();
        assert!(!text.contains("\x1b]"), "no operating system command of any kind");
    }

    #[test]
    fn a_cell_of_ten_megabytes_is_shown_and_left() {
        let directory = Workspace::new();
        hostile::write_big(directory.root());
        let workspace = Workspace::new();
        let mut console = open(&workspace, &directory.path("ten_megabyte_cell.csv"), SMALL);
        console.keys("G");
        console.wait_quiet(Duration::from_millis(300));
        console.keys("g");
        console.wait_quiet(Duration::from_millis(300));
        console.signal("TERM");
        let (code, _) = console.wait_end();
        assert_eq!(code, 143);
        let stream = console.stream();
        check_stream(&stream, "ten megabytes");
        assert!(stream.len() < 200_000, "{} bytes", stream.len());
    }

    /// What is pasted is text, whatever it holds.
    #[test]
    fn a_hostile_paste_is_text() {
        let workspace = Workspace::new();
        let mut console = Start::new(&workspace).run(workspace.root());
        console.wait_until("the console", vt100::Screen::alternate_screen);
        console.wait_quiet(Duration::from_millis(300));
        console.keys("&");
        console.wait_quiet(Duration::from_millis(200));
        console.send(b"\x1b[200~evil\x1b]52;c;eA==\x07\x1b[2Jq\r\nrm -rf /\x1b[201~");
        console.wait_for("evil");
        console.keys("esc");
        console.keys("esc");
        let stream = console.quit();
        check_stream(&stream, "paste");
    }
}

//! Owns the promises of the console to the terminal: taken and given back, silent when idle, alive at any size, left in time.

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
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use crate::common::{Outcome, PROGRAM, Workspace, bundled, program};
    use crate::console::{Console, LARGE, SMALL, Start, signal};

    /// A second is promised; a busy machine must not fail a test, a hang must.
    const IN_TIME: Duration = Duration::from_secs(10);

    fn workspace() -> Workspace {
        let workspace = Workspace::new();
        workspace.write("Network_Data/phisingData.csv", bundled(300));
        workspace
    }

    /// The console in a workspace, once its first rows are on the screen.
    fn opened(start: &Start, workspace: &Workspace) -> Console {
        let console = start.run(workspace.root());
        console.wait_for("having_IP");
        console
    }

    #[test]
    fn it_opens_on_data_and_gives_the_terminal_back() {
        for size in [SMALL, LARGE] {
            let workspace = workspace();
            let console = opened(&Start::new(&workspace).size(size), &workspace);
            console.wait_for("300");
            assert!(console.look(vt100::Screen::alternate_screen));
            assert!(!console.modes_are_restored(), "raw while it runs");
            let stream = String::from_utf8(console.quit()).unwrap();
            assert!(stream.starts_with("\x1b[?1049h"), "{stream:?}");
            assert!(!stream.contains("\x1b[?1000h"), "the mouse is the terminal's");
            assert!(
                !stream.contains("\x1b[6n") && !stream.contains("\x1b[c"),
                "nothing is asked"
            );
            workspace.assert_no_leftovers();
        }
    }

    #[test]
    fn without_a_terminal_it_says_what_to_do() {
        let outcome = Outcome::of(program().write_stdin(""));
        outcome.check(2);
        assert!(outcome.stdout.is_empty());
        assert!(outcome.err().contains("needs a terminal"), "{}", outcome.err());
    }

    #[test]
    fn no_color_sends_no_colour() {
        for (variable, argument) in [(true, false), (false, true)] {
            let workspace = workspace();
            let mut start = Start::new(&workspace).env("TERM", "xterm-256color");
            if variable {
                start = start.env("NO_COLOR", "1");
            }
            if argument {
                start = start.args(&["--no-color"]);
            }
            let mut console = opened(&start, &workspace);
            walk_about(&mut console);
            let codes = graphic_codes(&console.quit());
            assert!(!codes.is_empty(), "something stands out without colour, too");
            let colour = codes
                .iter()
                .find(|code| (30..50).contains(*code) || (90..108).contains(*code));
            assert_eq!(colour, None);
        }
    }

    #[test]
    fn sixteen_colours_are_all_that_plain_terminals_get() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace).env("TERM", "xterm"), &workspace);
        walk_about(&mut console);
        let codes = graphic_codes(&console.quit());
        assert!(
            codes
                .iter()
                .any(|code| (30..50).contains(code) || (90..108).contains(code)),
            "colours are used"
        );
        assert!(!codes.contains(&38) && !codes.contains(&48), "no palette");
    }

    #[test]
    fn ascii_sends_nothing_else() {
        let plain = workspace();
        let asked = Start::new(&plain).args(&["tui", "--ascii"]);
        let located = Start::new(&plain).env("LANG", "C");
        for start in [asked, located] {
            plain.write("naïve.csv", "name,naïve\nProkofjew,Прокофьев 世界\n");
            let mut console = opened(&start, &plain);
            walk_about(&mut console);
            let stream = console.quit();
            assert!(stream.is_ascii());
        }
    }

    #[test]
    fn idle_means_silent() {
        let workspace = workspace();
        let console = opened(&Start::new(&workspace).size(LARGE), &workspace);
        // What is done at the start may take its time on a busy machine; then it is silent for three windows in a row.
        let mut silent = 0;
        let mut windows = (0..20).map(|_| {
            let before = console.stream().len();
            let used = cpu_ticks(console.process());
            std::thread::sleep(Duration::from_secs(2));
            let sent = console.stream().len() - before;
            let ticks = used.zip(cpu_ticks(console.process()));
            (sent, ticks.map_or(0, |(before, after)| after - before))
        });
        let rests = windows.any(|(sent, ticks)| {
            println!("{sent} bytes, {ticks} ticks of 200");
            silent = if sent == 0 && ticks <= 4 { silent + 1 } else { 0 };
            silent == 3
        });
        assert!(rests, "it never comes to rest");
        console.quit();
    }

    /// As a person presses it: nothing behind it says that it was alone.
    #[test]
    fn a_lone_escape_is_a_key_once_nothing_follows() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace), &workspace);
        for _ in 0..3 {
            console.keys("?");
            console.wait_for(" keys ");
            console.send(b"\x1b");
            console.wait_gone(" keys ");
        }
        console.quit();
    }

    #[test]
    fn any_size_at_any_moment() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace), &workspace);
        let mut seed = 12_345_u32;
        let mut next = |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for step in 0..500 {
            let size = match step % 10 {
                0 => (1, 1),
                1 => (200, 1),
                2 => (1, 200),
                _ => (1 + next(200) as u16, 1 + next(200) as u16),
            };
            console.resize(size);
            if step % 3 == 0 {
                console.keys(["j", "l", "G", "g", "tab", "?", "esc", "4"][next(8) as usize]);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        console.keys("esc");
        console.keys("esc");
        console.keys("1");
        console.resize(LARGE);
        console.wait_for("[1 Data]");
        console.wait_for(" / 300");
        console.quit();
    }

    #[test]
    fn a_tiny_terminal_is_told_so_and_nothing_breaks() {
        let workspace = workspace();
        let console = Start::new(&workspace).size((59, 14)).run(workspace.root());
        console.wait_for("60");
        console.resize((1, 1));
        console.wait_quiet(Duration::from_millis(300));
        console.resize(SMALL);
        console.wait_for("having_IP");
        console.quit();
    }

    #[test]
    fn signals_end_it_with_their_codes_and_the_terminal_restored() {
        for (name, code) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
            let workspace = workspace();
            let mut console = opened(&Start::new(&workspace), &workspace);
            console.signal(name);
            let (ended, took) = console.wait_end();
            assert_eq!(ended, code, "{name}");
            assert!(took < IN_TIME, "{name}: {took:?}");
            if name != "HUP" {
                console.check_given_back();
            }
        }
    }

    #[test]
    fn a_signal_at_the_very_start_ends_it_too() {
        let workspace = workspace();
        for delay in [0, 5, 20, 40, 80] {
            let mut console = Start::new(&workspace).run(workspace.root());
            std::thread::sleep(Duration::from_millis(delay));
            console.signal("TERM");
            // Before it watches signals, the system ends it.
            console.wait_any_end();
        }
    }

    #[test]
    fn a_lost_connection_ends_it() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace), &workspace);
        console.hang_up(b"j");
        let (code, took) = console.wait_end();
        assert_eq!(code, 129);
        assert!(took < IN_TIME, "{took:?}");
    }

    /// Under `nohup` nobody hears of the hangup but by reading.
    #[test]
    fn a_lost_connection_ends_it_even_where_hangups_are_ignored() {
        let workspace = workspace();
        let root = workspace.root().display().to_string();
        let command = format!("trap '' HUP; exec {PROGRAM} --workspace {root}");
        let mut console = opened(&Start::command(&workspace, &["sh", "-c", &command]), &workspace);
        console.hang_up(b"j");
        let (code, took) = console.wait_end();
        assert_eq!(code, 129);
        assert!(took < IN_TIME, "{took:?}");
    }

    #[test]
    fn a_terminal_that_takes_nothing_holds_nothing_up() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace).size(LARGE), &workspace);
        // One byte a second: frames are stuck half-written.
        console.slow_down(1);
        for _ in 0..20 {
            console.keys("G g");
        }
        console.signal("TERM");
        let (code, took) = console.wait_end();
        assert_eq!(code, 143);
        assert!(took < IN_TIME, "{took:?}");
    }

    #[test]
    fn a_slow_line_gets_the_last_frame_and_loses_no_key() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace).size(LARGE), &workspace);
        console.slow_down(4_000);
        for _ in 0..200 {
            console.keys("j");
            std::thread::sleep(Duration::from_millis(5));
        }
        console.wait_for("201 / 300");
        console.slow_down(0);
        console.keys("k");
        console.wait_for("200 / 300");
        console.quit();
    }

    #[test]
    fn ctrl_z_gives_the_shell_back_and_fg_the_console() {
        let workspace = workspace();
        let mut console = Start::command(&workspace, &["bash", "--norc", "--noprofile", "-i"]).run(workspace.root());
        // What is typed before the shell has its prompt again is still the console's.
        let at_prompt = |screen: &vt100::Screen| {
            !screen.alternate_screen() && !screen.hide_cursor() && screen.contents().trim_end().ends_with("shell>")
        };
        console.text(&format!("PS1='shell> '; {PROGRAM} --workspace .\r"));
        console.wait_for("having_IP");
        console.keys("j");
        console.keys("ctrl-z");
        console.wait_until("the shell", at_prompt);
        console.text("fg\r");
        console.wait_until("the console", vt100::Screen::alternate_screen);
        console.wait_for("2 / 300");
        // A stop from outside, and on again.
        let process = children(console.process());
        assert_eq!(process.len(), 1, "{process:?}");
        signal(process[0], "TSTP");
        console.wait_until("the shell", at_prompt);
        console.text("fg\r");
        console.wait_until("the console", vt100::Screen::alternate_screen);
        console.keys("j");
        console.wait_for("3 / 300");
        console.keys("q");
        console.wait_until("the shell", at_prompt);
        console.text("exit\r");
        assert_eq!(console.wait_end().0, 0);
    }

    #[test]
    fn ctrl_z_without_a_shell_stays() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace), &workspace);
        console.keys("ctrl-z");
        console.wait_for("no shell");
        console.quit();
    }

    #[test]
    fn the_mouse_is_on_only_while_asked_for() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace), &workspace);
        console.keys("alt-m");
        let is_on = |screen: &vt100::Screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        console.wait_until("the mouse", is_on);
        console.send(b"\x1b[<65;5;5M");
        console.wait_for("4 / 300");
        console.quit();
        let start = Start::new(&workspace).args(&["tui", "--mouse"]);
        let console = opened(&start, &workspace);
        console.wait_until("the mouse", is_on);
        console.quit();
    }

    #[test]
    fn late_answers_of_the_terminal_are_no_keys() {
        let workspace = workspace();
        let mut console = opened(&Start::new(&workspace), &workspace);
        console.send(b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\\x1b[?62;22c\x1b[12;40R\x1bP>|XTerm(380)\x1b\\j");
        console.wait_for("2 / 300");
        console.quit();
    }

    /// Keys that visit what there is to see.
    fn walk_about(console: &mut Console) {
        for keys in [
            "j j l", "?", "esc", "2", "3", "4", "5", "6", "1", "G", "s", "esc", "enter", "esc",
        ] {
            console.keys(keys);
            console.wait_quiet(Duration::from_millis(150));
        }
    }

    /// Every number of every graphic rendition command.
    fn graphic_codes(stream: &[u8]) -> Vec<u32> {
        let text = String::from_utf8_lossy(stream);
        let commands = text.split("\x1b[").skip(1).filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            rest[end..].starts_with('m').then(|| rest[..end].to_owned())
        });
        commands
            .flat_map(|codes| codes.split(';').filter_map(|c| c.parse().ok()).collect::<Vec<_>>())
            .collect()
    }

    /// Processor time of a process, where the system tells.
    fn cpu_ticks(process: u32) -> Option<u64> {
        let stat = std::fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    }

    fn children(process: u32) -> Vec<u32> {
        let list = std::fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap();
        list.split_whitespace().map(|id| id.parse().unwrap()).collect()
    }
}

//! Owns the proof that files are scored from the console: one that a person chose, and what is dropped into a watched
//! directory, each once, whatever becomes of the consoles.

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
    use std::fs;
    use std::time::{Duration, Instant};

    use crate::common::{Table, Workspace, bundled};
    use crate::console::{Console, LARGE, Start};

    /// Catches hangs; the budgets are measured elsewhere.
    const LIMIT: Duration = Duration::from_mins(2);

    fn console(workspace: &Workspace) -> Console {
        let console = Start::new(workspace).size(LARGE).run(workspace.root());
        // Whatever panel the last session was left in.
        console.wait_for("4 Review");
        console
    }

    /// Looks for a file in the list of watched ones: a console hears of it some time after it is in the ledger.
    #[track_caller]
    fn wait_for_watched(console: &mut Console, name: &str) {
        console.keys("4");
        console.wait_for("[4 Review]");
        let started = Instant::now();
        loop {
            console.keys("W");
            console.wait_until("the watched files, or why there are none", |screen| {
                let shown = screen.contents();
                let words = ["watched files;", "nothing has come", "no directory is watched"];
                words.iter().any(|word| shown.contains(word))
            });
            let shown = console.screen();
            if shown.contains("watched files;") {
                console.keys("esc");
                console.wait_gone("watched files;");
            }
            // In the list, which has borders, and not in what is told beside it.
            let is_listed = |line: &str| line.contains(name) && line.contains('│');
            if shown.contains("watched files;") && shown.lines().any(is_listed) {
                return;
            }
            assert!(
                started.elapsed() < LIMIT,
                "{name} is not among the watched files:\n{shown}"
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Names of the watched files' outputs.
    fn outputs(workspace: &Workspace) -> Vec<String> {
        let Ok(entries) = fs::read_dir(workspace.path("prediction_output/watched")) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| !name.starts_with('.') && !name.contains(".rejects."))
            .collect();
        names.sort();
        names
    }

    /// How often the ledger says that a file is scored.
    fn scored(workspace: &Workspace, name: &str) -> usize {
        let ledger = fs::read_to_string(workspace.path("watch.ndjson")).unwrap_or_default();
        let name = format!("\"name\":\"{name}\"");
        let done = |line: &&str| line.contains(&name) && line.contains("\"state\":\"done\"");
        ledger.lines().filter(done).count()
    }

    #[track_caller]
    fn wait(what: &str, mut done: impl FnMut() -> bool) {
        let started = Instant::now();
        while !done() {
            assert!(started.elapsed() < LIMIT, "{what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    #[test]
    fn a_file_is_scored_by_keys_and_opens_in_review() {
        let workspace = Workspace::with_champion();
        let mut text = bundled(200);
        text.push_str("1,1\n");
        let path = workspace.write("new.csv", text);
        let mut console = console(&workspace);
        console.keys("P");
        console.wait_for("score a file");
        console.keys("ctrl-u");
        console.text(path.to_str().unwrap());
        console.keys("enter");
        console.wait_for("[4 Review]");
        console.wait_for("of 201 rows flagged, 1 rejected");
        let table = Table::read(&workspace.path("prediction_output/output.csv"));
        assert_eq!(table.column("row_id").len(), 200);
        // What could not be scored is a key away.
        console.wait_quiet(Duration::from_millis(300));
        console.keys("R");
        console.wait_for("[1 Data]");
        console.wait_for("rejects.csv");
        let audit = fs::read_to_string(workspace.path("logs/audit.ndjson")).unwrap();
        assert!(audit.contains("\"action\":\"predict\""), "{audit}");
        console.quit();
    }

    #[test]
    fn dropped_files_are_scored_once_across_kills_and_consoles() {
        let workspace = Workspace::with_champion();
        workspace.write("nsec.yaml", "watch: drop\n");
        workspace.write("drop/one.csv", bundled(100));
        let mut first = console(&workspace);
        let mut second = console(&workspace);
        wait("one.csv is scored", || scored(&workspace, "one.csv") > 0);
        wait_for_watched(&mut first, "one.csv");
        wait_for_watched(&mut second, "one.csv");
        // The one that watches is killed in the middle of whatever it does; the other goes on.
        workspace.write("drop/two.csv", bundled(150));
        std::thread::sleep(Duration::from_millis(1_500));
        crate::console::signal(first.process(), "KILL");
        wait("two.csv is scored", || scored(&workspace, "two.csv") > 0);
        drop(first);
        // Names in progress are nobody's business.
        workspace.write("drop/three.csv.part", bundled(50));
        wait_for_watched(&mut second, "two.csv");
        second.quit();
        let third = console(&workspace);
        fs::rename(workspace.path("drop/three.csv.part"), workspace.path("drop/three.csv")).unwrap();
        third.wait_for("watched: three.csv");
        for name in ["one.csv", "two.csv", "three.csv"] {
            assert_eq!(scored(&workspace, name), 1, "{name}");
        }
        let outputs = outputs(&workspace);
        assert_eq!(outputs.len(), 3, "{outputs:?}");
        third.quit();
    }
}

//! Owns the promise that work started in the console ends with it: cancelled by keys, by a signal, by a lost connection.

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
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use serde_json::Value;

    use crate::common::{Workspace, bundled};
    use crate::console::{Console, LARGE, Start};

    /// Catches hangs; the budgets are measured elsewhere.
    const LIMIT: Duration = Duration::from_mins(2);

    fn workspace() -> Workspace {
        let workspace = Workspace::new();
        workspace.write("Network_Data/phisingData.csv", bundled(3_000));
        workspace
    }

    /// The console with a training run that has its directory.
    fn training(workspace: &Workspace) -> (Console, PathBuf) {
        let mut console = Start::new(workspace).size(LARGE).run(workspace.root());
        console.wait_for("[1 Data]");
        console.keys("3");
        // Until the workspace is surveyed there is no dialog.
        while !console.screen().contains("time budget") {
            console.keys("enter");
            console.wait_quiet(Duration::from_millis(300));
        }
        // Its defaults are good enough.
        console.keys("enter");
        let started = Instant::now();
        loop {
            let runs = std::fs::read_dir(workspace.path("Artifacts"))
                .into_iter()
                .flatten()
                .flatten();
            let run = runs
                .map(|entry| entry.path())
                .find(|run| run.join("manifest.json").exists());
            if let Some(run) = run {
                return (console, run);
            }
            assert!(
                started.elapsed() < LIMIT,
                "no run began; the screen:\n{}",
                console.screen()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn status(run: &std::path::Path) -> String {
        let manifest: Value = serde_json::from_slice(&std::fs::read(run.join("manifest.json")).unwrap()).unwrap();
        manifest["status"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn wait_status(run: &std::path::Path, wanted: &str) {
        let started = Instant::now();
        while status(run) != wanted {
            assert!(started.elapsed() < LIMIT, "{}, not {wanted}", status(run));
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[test]
    fn a_run_is_cancelled_by_its_key() {
        let workspace = workspace();
        let (mut console, run) = training(&workspace);
        console.keys("K");
        wait_status(&run, "cancelled");
        console.wait_for("cancelled");
        console.quit();
        workspace.assert_no_leftovers();
    }

    #[test]
    fn leaving_asks_while_a_run_goes_on_and_cancels_it() {
        let workspace = workspace();
        let (mut console, run) = training(&workspace);
        console.keys("q");
        console.wait_for("Leave");
        console.keys("y");
        let (code, _) = console.wait_end();
        assert_eq!(code, 0);
        console.check_given_back();
        assert_eq!(status(&run), "cancelled");
    }

    #[test]
    fn signals_cancel_the_run_at_any_moment() {
        let delays = [0, 35, 90, 150, 400, 700, 1_100, 2_000];
        let signals = [("TERM", 143), ("HUP", 129), ("INT", 130)];
        let mut marked = 0;
        for (at, delay) in delays.into_iter().enumerate() {
            let workspace = workspace();
            let (mut console, run) = training(&workspace);
            std::thread::sleep(Duration::from_millis(delay));
            let (name, code) = signals[at % signals.len()];
            console.signal(name);
            let (ended, took) = console.wait_end();
            assert_eq!(ended, code, "SIG{name} after {delay} ms");
            assert!(took < Duration::from_secs(5), "{took:?}");
            println!("SIG{name} after {delay} ms: {} ms, {}", took.as_millis(), status(&run));
            // Whoever gets no processor for the whole second is cut off, and the list of runs says so.
            if took < Duration::from_millis(850) {
                assert_eq!(status(&run), "cancelled", "SIG{name} after {delay} ms");
                marked += 1;
            }
            if name != "HUP" {
                console.check_given_back();
            }
        }
        assert!(marked > 0, "nothing ended in time");
    }

    #[test]
    fn a_lost_connection_cancels_the_run() {
        let workspace = workspace();
        let (mut console, run) = training(&workspace);
        console.hang_up(b"1");
        let (code, _) = console.wait_end();
        assert_eq!(code, 129);
        assert_eq!(status(&run), "cancelled");
    }

    #[test]
    fn keys_are_answered_while_a_run_goes_on() {
        let workspace = workspace();
        let (mut console, _) = training(&workspace);
        console.keys("1");
        console.wait_for("[1 Data]");
        for row in 2..=40 {
            console.keys("j");
            console.wait_for(&format!("{row} / 3,000"));
        }
        console.signal("TERM");
        assert_eq!(console.wait_end().0, 143);
    }
}

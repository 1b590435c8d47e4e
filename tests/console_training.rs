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

    /// The console waits no shorter than this for work to stop once it got a signal.
    const SHORT_PATIENCE: Duration = Duration::from_millis(600);

    fn workspace() -> Workspace {
        let workspace = Workspace::new();
        workspace.write("Network_Data/phisingData.csv", bundled(3_000));
        workspace
    }

    /// The console with a training run that has its directory.
    fn training(workspace: &Workspace) -> (Console, PathBuf) {
        let mut console = Start::new(workspace).size(LARGE).run(workspace.root());
        // The table opens once the workspace is surveyed, and until then there is no dialog.
        console.wait_for("1 / 3,000");
        console.keys("3");
        console.wait_for("[3 Training]");
        console.keys("enter");
        console.wait_for("time budget");
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

    /// A run that was stopped is marked as cancelled, unless the console was left before the run could: it waits only so long,
    /// and whoever looks at the run later sees that it is over. Answers whether it was marked.
    #[track_caller]
    fn assert_stopped(workspace: &Workspace, run: &std::path::Path, took: Duration, waited: Duration) -> bool {
        let marked = status(run) == "cancelled";
        if !marked {
            assert!(took >= waited, "{} after {took:?}", status(run));
            assert!(workspace.run(&[&"runs", &"list"], 0).out().contains("killed"));
        }
        marked
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

    /// Does it until the run was stopped in time, which a busy machine may not allow at once.
    #[track_caller]
    fn until_marked(mut once: impl FnMut() -> bool) {
        assert!((0..10).any(|_| once()), "the run never ended in time");
    }

    #[test]
    fn leaving_asks_while_a_run_goes_on_and_cancels_it() {
        until_marked(|| {
            let workspace = workspace();
            let (mut console, run) = training(&workspace);
            console.keys("q");
            console.wait_for("Leave");
            let asked = Instant::now();
            console.keys("y");
            let (code, _) = console.wait_end();
            let took = asked.elapsed();
            assert_eq!(code, 0);
            console.check_given_back();
            assert_stopped(&workspace, &run, took, Duration::from_millis(1_900))
        });
    }

    #[test]
    fn signals_cancel_the_run_at_any_moment() {
        let delays = [0, 35, 90, 150, 400, 700, 1_100, 2_000];
        let signals = [("TERM", 143), ("HUP", 129), ("INT", 130)];
        // Whether each signal stopped a run in time.
        let mut marked = [false; 3];
        // All of them, and some more where one never did.
        for (at, delay) in delays.into_iter().chain([0; 22]).enumerate() {
            let of_signal = &mut marked[at % signals.len()];
            if at >= delays.len() && *of_signal {
                continue;
            }
            let workspace = workspace();
            let (mut console, run) = training(&workspace);
            std::thread::sleep(Duration::from_millis(delay));
            let (name, code) = signals[at % signals.len()];
            let sent = Instant::now();
            console.signal(name);
            let (ended, _) = console.wait_end();
            let took = sent.elapsed();
            assert_eq!(ended, code, "SIG{name} after {delay} ms");
            println!("SIG{name} after {delay} ms: {} ms, {}", took.as_millis(), status(&run));
            *of_signal |= assert_stopped(&workspace, &run, took, SHORT_PATIENCE);
            if name != "HUP" {
                console.check_given_back();
            }
        }
        assert_eq!(marked, [true; 3], "one of {signals:?} never ended a run in time");
    }

    #[test]
    fn a_lost_connection_cancels_the_run() {
        until_marked(|| {
            let workspace = workspace();
            let (mut console, run) = training(&workspace);
            let lost = Instant::now();
            console.hang_up(b"1");
            let (code, _) = console.wait_end();
            let took = lost.elapsed();
            assert_eq!(code, 129);
            assert_stopped(&workspace, &run, took, SHORT_PATIENCE)
        });
    }

    #[test]
    fn keys_are_answered_while_a_run_goes_on() {
        let workspace = workspace();
        let (mut console, _) = training(&workspace);
        console.keys("1");
        console.wait_for("1 / 3,000");
        for row in 2..=40 {
            console.keys("j");
            console.wait_for(&format!("{row} / 3,000"));
        }
        console.signal("TERM");
        assert_eq!(console.wait_end().0, 143);
    }
}

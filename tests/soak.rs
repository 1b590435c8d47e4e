//! Two consoles on one workspace, one of them killed again and again: every verdict that a screen acknowledged is in the store,
//! once. No screen ever shows that something was lost; that the database is held by others may be shown, and passes.
//!
//! A screen acknowledges a verdict by counting it (`12 today`), which it does when the worker says that it is on disk. Each
//! console has an analyst of its own, so that it counts its own verdicts alone. The short run here is a test like others;
//! `scripts/soak` runs the long one:
//!
//!     NSEC_SOAK_MINUTES   how long, 10 by default
//!     NSEC_SOAK_RATE      verdicts a minute on each console, 60 by default
//!     NSEC_SOAK_PROGRAM   the program, the one under test by default
//!     NSEC_SOAK_COUNTED   what stands after the count on the screen, ` today` by default

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "functions that tests share fail as tests do: by a panic"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/console.rs"]
mod console;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};

    use nsec_tui::data::RowId;
    use nsec_tui::store::{LocalStore, Standing, StoreOptions, VerdictStore};
    use nsec_tui::triage::{Change, Verdict};

    use crate::common::{PROGRAM, Workspace, bundled};
    use crate::console::{Console, LARGE, Start};

    /// What no screen may show.
    const TROUBLE: [&str; 2] = ["NOT kept", "READ ONLY"];
    /// What may be shown while the other console holds the database longer than it should, as on a slow disk: it passes.
    const PASSES: [&str; 3] = ["journal", "database", "locked"];
    /// What a key is told that came too early: on the way to the next case.
    const REFUSED: &str = "nothing was decided";
    /// A run is not over before so many verdicts were acknowledged, and one console was killed.
    const ENOUGH: usize = 5;
    /// Catches hangs; a busy machine gets longer for that.
    const LIMIT: Duration = Duration::from_mins(5);

    /// How a run goes.
    struct Plan {
        length: Duration,
        /// From one verdict to the next on a console.
        pace: Duration,
        /// From one kill to the next.
        kill_every: Duration,
        program: String,
        counted: String,
    }

    /// A verdict that was asked for.
    #[derive(Debug)]
    struct Pressed {
        analyst: &'static str,
        row: RowId,
        verdict: Verdict,
        acknowledged: bool,
    }

    fn prepared() -> Workspace {
        let workspace = Workspace::with_champion();
        let input = workspace.write("batch.csv", bundled(11_055));
        workspace.score(&input, &[]);
        workspace
    }

    fn open(plan: &Plan, workspace: &Path, analyst: &str) -> Console {
        let start = Start::command(
            // Only its place is used.
            &Workspace::new(),
            &[&plan.program, "--workspace", &workspace.display().to_string()],
        );
        let mut console = start.env("USER", analyst).size(LARGE).run(workspace);
        console.wait_until("the first screen", |screen| screen.contents().contains("Review"));
        console.keys("4");
        console.wait_until("a case", |screen| case_of(&screen.contents()).is_some());
        console.wait_quiet(Duration::from_millis(150));
        // It is taken up where it was, which may be a case that was judged just before the end: on to one that was not.
        let before = case_of(&console.screen());
        console.keys("n");
        console.wait_until("another case", |screen| {
            let now = case_of(&screen.contents());
            now.is_some() && now != before
        });
        console
    }

    fn case_of(screen: &str) -> Option<RowId> {
        let named = screen
            .split("case ")
            .skip(1)
            .filter_map(|rest| rest.get(..16)?.parse().ok());
        named.last()
    }

    /// How many verdicts the screen has counted.
    fn counted(screen: &str, word: &str) -> u64 {
        let digits = screen
            .split(word)
            .next()
            .filter(|before| before.len() < screen.len())
            .map(|before| {
                let number: String = before
                    .chars()
                    .rev()
                    .take_while(|c| c.is_ascii_digit() || *c == ',')
                    .collect();
                number.chars().rev().filter(char::is_ascii_digit).collect::<String>()
            });
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// The same for both analysts, so that they never contradict each other.
    fn verdict_for(row: RowId) -> (Verdict, &'static str) {
        match row.0 % 3 {
            0 => (Verdict::TruePositive, "t"),
            1 => (Verdict::FalsePositive, "f"),
            _ => (Verdict::BenignPositive, "b"),
        }
    }

    fn assert_calm(screen: &str) {
        let trouble = TROUBLE.iter().find(|word| screen.contains(**word));
        assert!(trouble.is_none(), "the analyst sees {trouble:?}:\n{screen}");
    }

    /// Judges the case under the cursor; `kill` ends the console so long after the key. None: the key came too early.
    fn judge(console: &mut Console, plan: &Plan, analyst: &'static str, kill: Option<Duration>) -> Option<Pressed> {
        console.wait_until("a case", |screen| case_of(&screen.contents()).is_some());
        let screen = console.screen();
        assert_calm(&screen);
        let row = case_of(&screen)?;
        let before = counted(&screen, &plan.counted);
        let (verdict, key) = verdict_for(row);
        console.keys(key);
        let mut pressed = Pressed {
            analyst,
            row,
            verdict,
            acknowledged: false,
        };
        if let Some(after) = kill {
            thread::sleep(after);
            console.signal("KILL");
            // What it had sent by then was on the screen.
            console.wait_any_end();
            pressed.acknowledged = counted(&console.screen(), &plan.counted) > before;
            return Some(pressed);
        }
        console.wait_until("the verdict is counted", |screen| {
            let screen = screen.contents();
            // At midnight the count begins anew.
            counted(&screen, &plan.counted) != before || screen.contains(REFUSED)
        });
        if counted(&console.screen(), &plan.counted) == before {
            assert_calm(&console.screen());
            console.wait_gone(REFUSED);
            return None;
        }
        pressed.acknowledged = true;
        console.wait_until("another case", |screen| {
            case_of(&screen.contents()).is_some_and(|now| now != row)
        });
        console.wait_quiet(Duration::from_millis(40));
        Some(pressed)
    }

    /// One console through the whole run. The one that `is_victim` is killed again and again.
    fn analyst(
        plan: &Plan,
        workspace: &Path,
        name: &'static str,
        is_victim: bool,
        stop: &AtomicBool,
        kills: &AtomicUsize,
    ) -> Vec<Pressed> {
        let mut console = open(plan, workspace, name);
        let begun = Instant::now();
        let is_over = |acknowledged: usize| {
            let done = begun.elapsed() >= plan.length;
            let enough = acknowledged >= ENOUGH && (!is_victim || kills.load(Ordering::Relaxed) > 0);
            done && (enough || begun.elapsed() >= plan.length + LIMIT)
        };
        let mut all = Vec::new();
        let mut next_kill = Instant::now() + plan.kill_every;
        let mut acknowledged = 0;
        while !is_over(acknowledged) && !stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            let kill = (is_victim && began >= next_kill).then(|| {
                // Before the worker has it, while it is written, and after.
                Duration::from_micros(700 * (kills.fetch_add(1, Ordering::Relaxed) as u64 * 7 % 30))
            });
            let Some(pressed) = judge(&mut console, plan, name, kill) else {
                continue;
            };
            acknowledged += usize::from(pressed.acknowledged);
            all.push(pressed);
            if kill.is_some() {
                console = open(plan, workspace, name);
                next_kill = Instant::now() + plan.kill_every;
            }
            thread::sleep(plan.pace.saturating_sub(began.elapsed()));
        }
        assert_calm(&console.screen());
        for word in PASSES {
            console.wait_gone(word);
        }
        console.quit();
        all
    }

    fn run(plan: &Plan) {
        let workspace = prepared();
        let (stop, kills) = (AtomicBool::new(false), AtomicUsize::new(0));
        let root = workspace.root();
        let (mut all, others) = thread::scope(|scope| {
            let one = scope.spawn(|| analyst(plan, root, "ana", false, &stop, &kills));
            let two = scope.spawn(|| analyst(plan, root, "mira", true, &stop, &kills));
            (one.join().unwrap(), two.join().unwrap())
        });
        all.extend(others);
        let acknowledged = all.iter().filter(|pressed| pressed.acknowledged).count();
        let kills = kills.into_inner();
        check(root, &all);
        eprintln!(
            "{} verdicts, {acknowledged} acknowledged, {kills} kills: none lost, none doubled",
            all.len()
        );
        assert!(kills > 0 && acknowledged >= ENOUGH);
    }

    /// Holds what the screens acknowledged against the store.
    fn check(root: &Path, all: &[Pressed]) {
        let place = nsec_tui::workspace::Workspace::at(root);
        let mut store = LocalStore::open(&place, StoreOptions::default()).unwrap();
        assert_eq!(store.standing(), Standing::Ready);
        assert_eq!(store.notices(), Vec::<String>::new());
        let mut stored: HashMap<(String, RowId), Vec<Verdict>> = HashMap::new();
        for event in store.events_since(0).unwrap().0 {
            if let Change::Judge {
                verdict: Some(verdict), ..
            } = event.change
            {
                stored.entry((event.analyst, event.case.row)).or_default().push(verdict);
            }
        }
        for pressed in all.iter().filter(|pressed| pressed.acknowledged) {
            let kept = stored.get(&(pressed.analyst.to_owned(), pressed.row));
            assert_eq!(kept, Some(&vec![pressed.verdict]), "{pressed:?}");
        }
        let asked = |analyst: &str, row: RowId| all.iter().any(|p| p.analyst == analyst && p.row == row);
        for ((analyst, row), verdicts) in &stored {
            assert!(asked(analyst, *row), "nobody asked for {row} by {analyst}");
            assert_eq!(verdicts.len(), 1, "{row} by {analyst} is doubled");
        }
    }

    fn number(name: &str, default: f64) -> f64 {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    }

    fn plan(length: Duration, pace: Duration, kill_every: Duration) -> Plan {
        Plan {
            length,
            pace,
            kill_every,
            program: std::env::var("NSEC_SOAK_PROGRAM").unwrap_or_else(|_| PROGRAM.to_owned()),
            counted: std::env::var("NSEC_SOAK_COUNTED").unwrap_or_else(|_| " today".to_owned()),
        }
    }

    #[test]
    fn a_few_seconds_with_a_few_kills_lose_nothing() {
        run(&plan(
            Duration::from_secs(15),
            Duration::from_millis(300),
            Duration::from_secs(3),
        ));
    }

    #[test]
    #[ignore = "takes ten minutes: scripts/soak"]
    fn ten_minutes_at_sixty_verdicts_a_minute_lose_nothing() {
        let length = Duration::from_secs_f64(60.0 * number("NSEC_SOAK_MINUTES", 10.0));
        let pace = Duration::from_secs_f64(60.0 / number("NSEC_SOAK_RATE", 60.0).max(1.0));
        run(&plan(length, pace, Duration::from_secs(20)));
    }

    #[test]
    fn the_screen_is_read_right() {
        assert_eq!(counted("1 / 60 judged; 1,204 today, 180/h", " today"), 1204);
        assert_eq!(counted("0 / 60 judged", " today"), 0);
        assert_eq!(counted("today", " today"), 0);
        assert_eq!(
            case_of("x\n─ case 6a99b4b1f77dd0fc ───\n"),
            Some(RowId(0x6a99_b4b1_f77d_d0fc))
        );
        assert_eq!(case_of("every case of top risk"), None);
    }
}

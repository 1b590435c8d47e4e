//! The store of verdicts under other processes: killed at any moment, locked, out of room, on a read-only file system.
//!
//! Children are this test binary run again; the variable `NSEC_STORE_CHILD` says what one does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking; children tell their parent on standard output"
)]

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nsec_tui::data::RowId;
use nsec_tui::store::{Kept, LocalStore, Standing, StoreOptions, VerdictStore};
use nsec_tui::triage::{CaseId, Change, Event, EventId, Verdict};
use nsec_tui::workspace::Workspace;

const ROLE: &str = "NSEC_STORE_CHILD";
const PLACE: &str = "NSEC_STORE_PLACE";

fn options() -> StoreOptions {
    StoreOptions {
        wait: Duration::from_millis(100),
        ..StoreOptions::default()
    }
}

fn judged(row: u64) -> Event {
    let case = CaseId {
        schema: "phishing".to_owned(),
        row: RowId(row),
    };
    let change = Change::Judge {
        verdict: Some(Verdict::TruePositive),
        reason: None,
    };
    let mut event = Event::now(case, "mira", change);
    event.cells = Some(vec![("url".to_owned(), format!("http://{row}.example"))]);
    event
}

/// Runs this binary again in a role.
fn child(role: &str, place: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    as_child(&mut command, role, place);
    command
}

fn as_child(command: &mut Command, role: &str, place: &Path) {
    command
        .args(["--exact", "the_child_of_other_tests", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(PLACE, place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
}

/// No test of its own: what the children do.
#[test]
fn the_child_of_other_tests() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let workspace = Workspace::at(std::env::var_os(PLACE).unwrap());
    // The test harness has begun a line.
    say("");
    match role.as_str() {
        "append" => append_for_ever(&workspace),
        "fill" => fill(&workspace, 4_000),
        "hold" => hold(&workspace),
        "full" => full_and_free_again(&workspace),
        "read" => read_only(&workspace),
        other => panic!("{other}"),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody listens any more once the parent has what it wants.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn append_for_ever(workspace: &Workspace) {
    let mut store = LocalStore::open(workspace, options()).unwrap();
    let start = u64::from(std::process::id()) << 32;
    for n in 0..1_000_000 {
        // Every tenth is a bulk of thirty.
        let events: Vec<Event> = match n % 10 {
            9 => (0..30).map(|k| judged(start + n * 64 + k)).collect(),
            _ => vec![judged(start + n * 64)],
        };
        match store.append(&events, "test") {
            Ok(_) => events.iter().for_each(|event| say(&format!("kept {}", event.id))),
            Err(error) => say(&format!("error {error}")),
        }
    }
}

/// Ids that a child acknowledged, in whole lines; anything that went wrong fails.
fn acknowledged(mut child: Child) -> Vec<EventId> {
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    assert!(!text.contains("error "), "{text}");
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let ids = whole.lines().filter_map(|line| line.strip_prefix("kept "));
    ids.map(|id| id.parse().unwrap()).collect()
}

fn stored(workspace: &Workspace) -> Vec<EventId> {
    let mut store = LocalStore::open(workspace, options()).unwrap();
    assert_eq!(store.standing(), Standing::Ready);
    let (events, _) = store.events_since(0).unwrap();
    events.iter().map(|event| event.id).collect()
}

fn assert_kept(workspace: &Workspace, acknowledged: &[EventId]) {
    let stored = stored(workspace);
    let unique: HashSet<EventId> = stored.iter().copied().collect();
    assert_eq!(unique.len(), stored.len(), "none doubled");
    let lost: Vec<_> = acknowledged.iter().filter(|id| !unique.contains(id)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} lost: {lost:?}",
        lost.len(),
        acknowledged.len()
    );
}

#[test]
fn two_processes_one_killed_again_and_again_lose_and_double_nothing() {
    const ROUNDS: u64 = 20;
    let place = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(place.path());
    let mut steady = child("append", place.path()).spawn().unwrap();
    let output = steady.stdout.take().unwrap();
    let reader = thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.collect::<Vec<String>>()
    });
    let mut kept = Vec::new();
    for round in 0..ROUNDS {
        let mut victim = child("append", place.path()).spawn().unwrap();
        // From before it has opened the store to well within its work.
        thread::sleep(Duration::from_millis(5 + (round * 37) % 160));
        victim.kill().unwrap();
        kept.extend(acknowledged(victim));
    }
    // On a slow machine none of those got so far: longer and longer, until one has kept something.
    for round in 1..60 {
        if !kept.is_empty() {
            break;
        }
        let mut victim = child("append", place.path()).spawn().unwrap();
        thread::sleep(Duration::from_millis(160 * round));
        victim.kill().unwrap();
        kept.extend(acknowledged(victim));
    }
    steady.kill().unwrap();
    steady.wait().unwrap();
    let lines = reader.join().unwrap();
    assert!(lines.iter().all(|line| !line.starts_with("error")), "{lines:?}");
    // The last line may be cut.
    let whole = &lines[..lines.len().saturating_sub(1)];
    let of_steady = whole.iter().filter_map(|line| line.strip_prefix("kept "));
    let of_steady: Vec<EventId> = of_steady.map(|id| id.parse().unwrap()).collect();
    assert!(!of_steady.is_empty() && !kept.is_empty());
    kept.extend(of_steady);
    assert_kept(&workspace, &kept);
    // The journal alone gives the same.
    let all = stored(&workspace);
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(place.path().join(format!("verdicts.db{suffix}")));
    }
    assert_eq!(stored(&workspace), all);
}

fn hold(workspace: &Workspace) {
    let connection = rusqlite::Connection::open(workspace.verdicts_file()).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    say("held");
    let _until_the_parent_closes_it = std::io::stdin().read_line(&mut String::new());
    connection.execute_batch("ROLLBACK").unwrap();
}

#[test]
fn a_lock_of_another_process_delays_nothing_and_loses_nothing() {
    let place = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(place.path());
    let mut store = LocalStore::open(&workspace, options()).unwrap();
    let first = judged(1);
    assert_eq!(store.append(std::slice::from_ref(&first), "").unwrap(), Kept::Stored);
    let mut holder = child("hold", place.path()).spawn().unwrap();
    let mut output = BufReader::new(holder.stdout.take().unwrap());
    let mut line = String::new();
    while line.trim() != "held" {
        line.clear();
        assert_ne!(output.read_line(&mut line).unwrap(), 0, "the child holds the lock");
    }
    let late: Vec<Event> = (2..30).map(judged).collect();
    for event in &late {
        let kept = store.append(std::slice::from_ref(event), "").unwrap();
        assert!(
            matches!(&kept, Kept::Journalled(why) if why.contains("locked")),
            "{kept:?}"
        );
    }
    assert!(matches!(store.standing(), Standing::Journal(_)));
    let (events, _) = store.events_since(0).unwrap();
    assert_eq!(events.len(), 29, "what was kept is known");
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert!(store.has_changed().unwrap());
    assert_eq!(store.standing(), Standing::Ready);
    assert_eq!(stored(&workspace).len(), 29);
}

/// Appends until nothing more is kept, and says what was.
fn fill(workspace: &Workspace, most: u64) {
    let mut store = LocalStore::open(workspace, options()).unwrap();
    for row in 0..most {
        let event = judged(row);
        match store.append(std::slice::from_ref(&event), "test") {
            Ok(Kept::Stored) => say(&format!("kept {}", event.id)),
            Ok(Kept::Journalled(why)) => say(&format!("kept {}\njournal {why}", event.id)),
            Err(error) => {
                say(&format!("refused {error}"));
                return;
            }
        }
    }
}

/// A limit on the size of files, which a program meets as it meets a full disk.
#[test]
fn where_files_may_grow_no_more_what_was_acknowledged_is_kept() {
    let place = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(place.path());
    let mut command = Command::new("bash");
    command.args(["-c", "trap '' XFSZ; ulimit -f 96; exec \"$0\" \"$@\""]);
    command.arg(std::env::current_exe().unwrap());
    as_child(&mut command, "fill", place.path());
    let mut limited = command.spawn().unwrap();
    let mut text = String::new();
    limited.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    limited.wait().unwrap();
    assert!(text.contains("\njournal "), "the database is full first: {text}");
    let refused = text
        .lines()
        .find(|line| line.starts_with("refused"))
        .expect("and then the journal");
    assert!(
        refused.contains("nothing was kept") && refused.contains("ulimit"),
        "{refused}"
    );
    let kept: Vec<EventId> = text
        .lines()
        .filter_map(|l| l.strip_prefix("kept "))
        .map(|id| id.parse().unwrap())
        .collect();
    assert!(kept.len() > 50, "{}", kept.len());
    assert_kept(&workspace, &kept);
    assert_eq!(
        stored(&workspace).len(),
        kept.len(),
        "what was refused does not turn up"
    );
}

/// Runs a child on a small file system of its own; `None`, loudly, where that cannot be made.
fn on_tmpfs(role: &str, size: &str) -> Option<String> {
    let place = tempfile::tempdir().unwrap();
    let script = format!("mount -t tmpfs -o size={size} tmpfs \"$1\" || exit 77; shift; exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "bash", "-c", &script, "bash"]);
    command.arg(place.path()).arg(std::env::current_exe().unwrap());
    as_child(&mut command, role, place.path());
    let output = command.stderr(Stdio::piped()).spawn().and_then(Child::wait_with_output);
    let said = match &output {
        Err(error) => error.to_string(),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    let output = output
        .ok()
        .filter(|o| o.status.code() != Some(77) && !said.contains("unshare:"));
    let Some(output) = output else {
        eprintln!("SKIPPED: no file system of one's own can be mounted here: {said}");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{said}");
    Some(text)
}

fn full_and_free_again(workspace: &Workspace) {
    let ballast = workspace.root().join("ballast");
    fs::write(&ballast, vec![1; 64 << 10]).unwrap();
    let mut store = LocalStore::open(workspace, options()).unwrap();
    let mut kept = Vec::new();
    let mut journalled = 0;
    let error = loop {
        let event = judged(kept.len() as u64);
        match store.append(std::slice::from_ref(&event), "test") {
            Ok(how) => {
                journalled += u32::from(how != Kept::Stored);
                kept.push(event.id);
            }
            Err(error) => break error.to_string(),
        }
        assert!(kept.len() < 100_000);
    };
    assert!(
        error.contains("nothing was kept") && error.contains("the disk is full"),
        "{error}"
    );
    let ids = |store: &mut LocalStore| -> Vec<EventId> {
        store.events_since(0).unwrap().0.iter().map(|event| event.id).collect()
    };
    assert_eq!(ids(&mut store), kept);
    // Started anew on the full disk.
    let mut again = LocalStore::open(workspace, options()).unwrap();
    assert_eq!(ids(&mut again), kept);
    assert!(again.append(&[judged(1_000_000)], "test").is_err());
    drop(again);
    fs::remove_file(ballast).unwrap();
    let last = judged(1_000_001);
    store.append(std::slice::from_ref(&last), "test").unwrap();
    kept.push(last.id);
    store.has_changed().unwrap();
    assert_eq!(store.standing(), Standing::Ready);
    assert_eq!(ids(&mut store), kept);
    drop(store);
    assert_eq!(stored(workspace), kept);
    say(&format!("right {} {journalled}", kept.len()));
}

#[test]
fn a_full_disk_keeps_what_was_acknowledged_and_work_goes_on_when_there_is_room() {
    let Some(text) = on_tmpfs("full", "640k") else { return };
    assert!(text.contains("right "), "{text}");
}

fn read_only(workspace: &Workspace) {
    let mut store = LocalStore::open(workspace, options()).unwrap();
    let events: Vec<Event> = (0..40).map(judged).collect();
    store.append(&events, "test").unwrap();
    // A console that is open while the file system becomes read-only, and one that starts on it.
    let remount = Command::new("mount")
        .args(["-o", "remount,ro"])
        .arg(workspace.root())
        .status();
    let busy = !remount.is_ok_and(|status| status.success());
    drop(store);
    if busy {
        // Open files keep it writable; without them it works.
        let remount = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(workspace.root())
            .status();
        assert!(remount.unwrap().success());
    }
    let mut store = LocalStore::open(workspace, options()).unwrap();
    assert!(
        matches!(store.standing(), Standing::ReadOnly(_)),
        "{:?}",
        store.standing()
    );
    assert_eq!(store.events_since(0).unwrap().0.len(), 40);
    assert_eq!(store.cells("phishing").unwrap().len(), 40);
    let error = store.append(&[judged(99)], "test").unwrap_err().to_string();
    assert!(
        error.contains("nothing was kept") && error.contains("read-only"),
        "{error}"
    );
    assert!(!store.has_changed().unwrap());
    say("right");
}

#[test]
fn a_read_only_workspace_can_be_read_and_says_that_nothing_is_kept() {
    let Some(text) = on_tmpfs("read", "8m") else { return };
    assert!(text.contains("right"), "{text}");
}

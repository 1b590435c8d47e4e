//! Owns the tests of the watched directory: real files, and a scorer that notes what it is given.

use std::cell::RefCell;
use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::rounds::{Places, Scores, Trouble, Watcher};
use crate::cancel::CancelToken;
use crate::pipeline::prediction::{ModelSummary, PredictSummary, RiskCounts, rejects_beside};
use crate::worker::WatchedFile;

type Meanwhile = Box<dyn FnOnce(&Path)>;

/// What the scorer is to do, and what it was asked.
#[derive(Default)]
struct Desk {
    /// Names of inputs, in order.
    scored: Vec<String>,
    /// Why nothing can be scored.
    not_ready: Option<String>,
    /// What happens to the next file, before its output is there.
    trouble: Option<Trouble>,
    /// What happens to the next file while it is scored.
    meanwhile: Option<Meanwhile>,
    /// The process dies when the output is there.
    dies: bool,
    told: Vec<WatchedFile>,
}

struct Scorer(Rc<RefCell<Desk>>);

impl Scores for Scorer {
    fn ready(&mut self) -> Result<(), String> {
        self.0.borrow().not_ready.clone().map_or(Ok(()), Err)
    }

    fn score(&mut self, input: &Path, output: &Path) -> Result<PredictSummary, Trouble> {
        let mut desk = self.0.borrow_mut();
        desk.scored
            .push(input.file_name().unwrap().to_string_lossy().into_owned());
        if let Some(trouble) = desk.trouble.take() {
            return Err(trouble);
        }
        fs::create_dir_all(output.parent().unwrap()).unwrap();
        fs::copy(input, output).unwrap();
        fs::write(rejects_beside(output), "line\n").unwrap();
        if let Some(meanwhile) = desk.meanwhile.take() {
            meanwhile(input);
        }
        if desk.dies {
            return Err(Trouble::Cancelled);
        }
        Ok(summary(output))
    }
}

fn summary(output: &Path) -> PredictSummary {
    PredictSummary {
        rows: 3,
        flagged: 1,
        rejected: 1,
        output: output.display().to_string(),
        rejects: rejects_beside(output).display().to_string(),
        model: ModelSummary {
            run_id: "20261127T080000Z-0001".to_owned(),
            name: "random_forest".to_owned(),
        },
        threshold: Some(0.25),
        risk: RiskCounts::default(),
        seconds: 0.5,
        rows_per_second: 6.0,
        tied_out: 0,
        kept_old: None,
        notes: vec!["a note".to_owned()],
        drift: Vec::new(),
    }
}

struct House {
    directory: tempfile::TempDir,
    desk: Rc<RefCell<Desk>>,
}

impl House {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("drop")).unwrap();
        Self {
            directory,
            desk: Rc::default(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join("drop").join(name)
    }

    /// A file that is complete.
    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    fn watcher(&self) -> Watcher<'static> {
        self.watcher_of("drop")
    }

    fn watcher_of(&self, directory: &str) -> Watcher<'static> {
        let root = self.directory.path();
        let places = Places {
            directory: root.join(directory),
            outputs: root.join("out/watched"),
            not_in: root.join("out"),
            ledger: root.join("watch.ndjson"),
            lock: root.join("watch.lock"),
        };
        let desk = Rc::clone(&self.desk);
        let tell = move |file| desk.borrow_mut().told.push(file);
        Watcher::new(places, Box::new(Scorer(Rc::clone(&self.desk))), Box::new(tell))
    }

    fn outputs(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.directory.path().join("out/watched")) else {
            return Vec::new();
        };
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.contains(".rejects.")).collect();
        names.sort();
        names
    }

    fn scored(&self) -> Vec<String> {
        std::mem::take(&mut self.desk.borrow_mut().scored)
    }

    fn told(&self) -> Vec<WatchedFile> {
        std::mem::take(&mut self.desk.borrow_mut().told)
    }

    /// What was said of what, `ok` for a scored file.
    fn words(&self) -> Vec<(String, String)> {
        let words = |file: WatchedFile| (file.name, file.outcome.err().unwrap_or_else(|| "ok".to_owned()));
        self.told().into_iter().map(words).collect()
    }
}

fn look(watcher: &mut Watcher<'_>, times: usize) {
    for _ in 0..times {
        watcher.round(&CancelToken::new()).unwrap();
    }
}

fn touch(path: &Path, seconds: u64) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    let file = File::options().append(true).open(path).unwrap();
    file.set_times(FileTimes::new().set_modified(at)).unwrap();
}

#[test]
fn a_file_is_scored_once_when_it_has_stood_still_for_two_looks() {
    let house = House::new();
    let mut watcher = house.watcher();
    let path = house.put("a.csv", "x\n1\n");
    look(&mut watcher, 2);
    assert!(house.scored().is_empty());
    // It grows, and keeps its time: copying tools set the time of the original.
    touch(&path, 1);
    look(&mut watcher, 2);
    fs::write(&path, "x\n1\n2\n").unwrap();
    touch(&path, 1);
    look(&mut watcher, 2);
    assert!(house.scored().is_empty());
    look(&mut watcher, 1);
    assert_eq!(house.scored(), ["a.csv"]);
    look(&mut watcher, 5);
    assert!(house.scored().is_empty());
    let told = house.told();
    assert_eq!(told.len(), 1);
    assert!(!told[0].earlier && told[0].outcome.as_ref().unwrap().rejected == 1);
    assert_eq!(house.outputs().len(), 1);
    assert!(house.outputs()[0].starts_with("a.csv."), "{:?}", house.outputs());
}

#[test]
fn names_in_progress_empty_files_links_directories_and_pipes_are_left_alone() {
    let house = House::new();
    for name in [".hidden.csv", "a.csv.part", "a.tmp", "a.csv.crdownload", "a.csv~"] {
        house.put(name, "x\n1\n");
    }
    house.put("empty.csv", "");
    let outside = house.directory.path().join("secret.csv");
    fs::write(&outside, "x\n1\n").unwrap();
    symlink(&outside, house.path("link.csv")).unwrap();
    symlink(house.path("nowhere"), house.path("dangling.csv")).unwrap();
    fs::create_dir(house.path("directory.csv")).unwrap();
    let made = Command::new("mkfifo").arg(house.path("pipe.csv")).status().unwrap();
    assert!(made.success());
    let mut watcher = house.watcher();
    look(&mut watcher, 5);
    assert!(house.scored().is_empty() && house.told().is_empty());
    // Finished: renamed into place, or filled.
    fs::rename(house.path("a.csv.part"), house.path("a.csv")).unwrap();
    house.put("empty.csv", "x\n2\n");
    look(&mut watcher, 3);
    assert_eq!(house.scored().len(), 2);
}

#[test]
fn a_restart_scores_nothing_again_and_knows_the_latest() {
    let house = House::new();
    for at in 0..60 {
        touch(&house.put(&format!("{at:02}.csv"), &format!("x\n{at}\n")), at);
    }
    let mut watcher = house.watcher();
    look(&mut watcher, 3);
    let scored = house.scored();
    assert_eq!(
        (scored.len(), scored[0].as_str(), scored[59].as_str()),
        (60, "00.csv", "59.csv")
    );
    drop(watcher);
    house.told();
    let mut watcher = house.watcher();
    look(&mut watcher, 4);
    assert!(house.scored().is_empty());
    let told = house.told();
    assert_eq!(
        (told.len(), told[0].name.as_str(), told[49].name.as_str()),
        (50, "10.csv", "59.csv")
    );
    assert!(
        told.iter()
            .all(|file| file.earlier && file.outcome.as_ref().is_ok_and(|s| s.flagged == 1))
    );
}

#[test]
fn what_a_killed_program_was_scoring_is_scored_again_and_not_doubled() {
    let house = House::new();
    house.put("a.csv", "x\n1\n");
    // Killed before the output is there, then after it, then not.
    house.desk.borrow_mut().trouble = Some(Trouble::Cancelled);
    let mut watcher = house.watcher();
    look(&mut watcher, 2);
    assert!(watcher.round(&CancelToken::new()).is_err());
    drop(watcher);
    house.desk.borrow_mut().dies = true;
    let mut watcher = house.watcher();
    look(&mut watcher, 2);
    assert!(watcher.round(&CancelToken::new()).is_err());
    drop(watcher);
    house.desk.borrow_mut().dies = false;
    assert_eq!(house.outputs().len(), 1);
    // A line that the kill tore counts for nothing and spoils no other.
    let ledger = house.directory.path().join("watch.ndjson");
    let mut text = fs::read_to_string(&ledger).unwrap();
    text.push_str("{\"at\":\"2026-11-27T08:00:00.000Z\",\"name\":\"a.c");
    fs::write(&ledger, text).unwrap();
    look(&mut house.watcher(), 4);
    assert_eq!(house.scored(), ["a.csv"; 3]);
    assert_eq!(house.outputs().len(), 1);
    look(&mut house.watcher(), 4);
    assert!(house.scored().is_empty());
}

#[test]
fn another_content_is_another_file_and_a_touched_one_is_not() {
    let house = House::new();
    let path = house.put("a.csv", "x\n1\n");
    touch(&path, 1);
    let mut watcher = house.watcher();
    look(&mut watcher, 3);
    touch(&path, 2);
    look(&mut watcher, 4);
    assert_eq!(house.scored(), ["a.csv"]);
    // Same size, same time: only the content tells. It is not looked at again; replaced with a new time it is.
    fs::write(&path, "x\n2\n").unwrap();
    touch(&path, 3);
    look(&mut watcher, 3);
    assert_eq!(house.scored(), ["a.csv"]);
    assert_eq!(house.outputs().len(), 2);
    // Back to the first content: that one was scored.
    fs::write(&path, "x\n1\n").unwrap();
    touch(&path, 4);
    look(&mut watcher, 4);
    assert!(house.scored().is_empty());
    // The same content under another name is another file.
    house.put("b.csv", "x\n1\n");
    look(&mut watcher, 3);
    assert_eq!(house.scored(), ["b.csv"]);
    assert_eq!(house.outputs().len(), 3);
}

#[test]
fn a_file_at_fault_is_told_once_and_tried_again_when_it_changes() {
    let house = House::new();
    let path = house.put("a.csv", "nonsense");
    house.desk.borrow_mut().trouble = Some(Trouble::File("no such column".to_owned()));
    let mut watcher = house.watcher();
    look(&mut watcher, 8);
    drop(watcher);
    let mut watcher = house.watcher();
    look(&mut watcher, 4);
    assert_eq!(house.scored(), ["a.csv"]);
    let told = house.told();
    let reasons: Vec<_> = told.iter().map(|file| (file.earlier, file.outcome.clone())).collect();
    let reason = Err("no such column".to_owned());
    assert_eq!(reasons, [(false, reason.clone()), (true, reason)]);
    touch(&path, 9);
    look(&mut watcher, 3);
    assert_eq!(house.scored(), ["a.csv"]);
    assert_eq!(house.words(), [("a.csv".to_owned(), "ok".to_owned())]);
}

#[test]
fn what_is_no_files_fault_is_told_once_and_the_files_wait() {
    let house = House::new();
    house.put("a.csv", "x\n1\n");
    house.put("b.csv", "x\n1\n");
    house.desk.borrow_mut().not_ready = Some("there is no champion".to_owned());
    let mut watcher = house.watcher();
    look(&mut watcher, 9);
    let words = house.words();
    assert_eq!((words.len(), words[0].1.as_str()), (1, "there is no champion"));
    house.desk.borrow_mut().not_ready = None;
    house.desk.borrow_mut().trouble = Some(Trouble::Elsewhere("the disk is full".to_owned()));
    look(&mut watcher, 1);
    let words = house.words();
    assert_eq!((words.len(), words[0].1.as_str()), (1, "the disk is full"));
    assert_eq!(house.scored(), ["a.csv"]);
    look(&mut watcher, 20);
    assert_eq!(house.scored(), ["a.csv", "b.csv"]);
    assert_eq!(house.words().len(), 2);
}

#[test]
fn a_file_that_changes_while_it_is_scored_leaves_no_mixed_output() {
    let house = House::new();
    house.put("a.csv", "x\n1\n");
    let meanwhile = |input: &Path| {
        fs::write(input, "x\n1\n2\n").unwrap();
        touch(input, 77);
    };
    house.desk.borrow_mut().meanwhile = Some(Box::new(meanwhile));
    let mut watcher = house.watcher();
    look(&mut watcher, 3);
    assert_eq!(house.scored(), ["a.csv"]);
    assert!(house.outputs().is_empty() && house.told().is_empty());
    look(&mut watcher, 3);
    assert_eq!(house.scored(), ["a.csv"]);
    let outputs = house.outputs();
    let output = house.directory.path().join("out/watched").join(&outputs[0]);
    assert_eq!(
        (outputs.len(), fs::read_to_string(output).unwrap().as_str()),
        (1, "x\n1\n2\n")
    );
}

#[test]
fn one_program_watches_and_the_other_hears_of_it_and_takes_over() {
    let house = House::new();
    let (mut first, mut second) = (house.watcher(), house.watcher());
    look(&mut first, 1);
    look(&mut second, 1);
    house.put("a.csv", "x\n1\n");
    look(&mut second, 5);
    assert!(house.scored().is_empty());
    look(&mut first, 3);
    assert_eq!(house.scored(), ["a.csv"]);
    house.told();
    look(&mut second, 1);
    let told = house.told();
    assert!(told.len() == 1 && !told[0].earlier && told[0].name == "a.csv");
    drop(first);
    house.put("b.csv", "x\n1\n");
    look(&mut second, 4);
    assert_eq!(house.scored(), ["b.csv"]);
}

#[test]
fn a_directory_that_cannot_be_watched_is_told_once_until_it_can() {
    let house = House::new();
    let mut watcher = house.watcher_of("later");
    look(&mut watcher, 3);
    let words = house.words();
    assert!(
        words.len() == 1 && words[0].1.contains("no such directory"),
        "{words:?}"
    );
    let later = house.directory.path().join("later");
    fs::create_dir(&later).unwrap();
    fs::write(later.join("a.csv"), "x\n1\n").unwrap();
    look(&mut watcher, 3);
    assert_eq!(house.scored(), ["a.csv"]);
    house.told();
    drop(watcher);
    // Where the program writes itself.
    for own in ["out/watched", "out", "."] {
        fs::create_dir_all(house.directory.path().join(own)).unwrap();
        let mut watcher = house.watcher_of(own);
        look(&mut watcher, 4);
        assert!(house.scored().is_empty());
        let told = house.told();
        let fresh: Vec<_> = told.iter().filter(|file| !file.earlier).collect();
        assert!(
            fresh.len() == 1
                && fresh[0]
                    .outcome
                    .as_ref()
                    .is_err_and(|e| e.contains("this program writes"))
        );
    }
}

#[test]
fn a_file_nobody_may_read_waits_for_its_rights() {
    let house = House::new();
    let path = house.put("a.csv", "x\n1\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(&path).is_ok() {
        eprintln!("skipped: this user may read every file");
        return;
    }
    let mut watcher = house.watcher();
    look(&mut watcher, 6);
    let words = house.words();
    assert!(words.len() == 1 && words[0].1.contains("no permission"), "{words:?}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    look(&mut watcher, 1);
    assert_eq!(house.scored(), ["a.csv"]);
}

#[test]
fn nothing_is_scored_that_cannot_be_noted() {
    let house = House::new();
    house.put("a.csv", "x\n1\n");
    // A directory in the ledger's place cannot be written to.
    let mut watcher = house.watcher();
    look(&mut watcher, 1);
    fs::create_dir(house.directory.path().join("watch.ndjson")).unwrap();
    look(&mut watcher, 4);
    assert!(house.scored().is_empty());
    let words = house.words();
    assert!(words.len() == 1 && words[0].1.contains("cannot be noted"), "{words:?}");
    fs::remove_dir(house.directory.path().join("watch.ndjson")).unwrap();
    look(&mut watcher, 20);
    assert_eq!(house.scored(), ["a.csv"]);
}

#[test]
fn a_long_ledger_is_written_anew_and_says_the_same() {
    let house = House::new();
    house.put("a.csv", "x\n1\n");
    look(&mut house.watcher(), 3);
    let ledger = house.directory.path().join("watch.ndjson");
    let text = fs::read_to_string(&ledger).unwrap();
    let first = text.lines().next().unwrap();
    let long = format!("no line\n{}{text}", format!("{first}\n").repeat(2_000));
    fs::write(&ledger, long).unwrap();
    house.scored();
    look(&mut house.watcher(), 4);
    assert!(house.scored().is_empty());
    assert_eq!(fs::read_to_string(&ledger).unwrap().lines().count(), 1);
    look(&mut house.watcher(), 4);
    assert!(house.scored().is_empty());
}

#[test]
fn very_many_files_are_looked_at_and_given_up_at_once() {
    let house = House::new();
    for at in 0..3_000 {
        house.put(&format!("{at}.csv"), "x\n");
    }
    let mut watcher = house.watcher();
    let cancel = CancelToken::new();
    look(&mut watcher, 2);
    cancel.cancel();
    assert!(watcher.round(&cancel).is_err());
    assert!(house.scored().is_empty());
    look(&mut watcher, 1);
    assert_eq!(house.scored().len(), 3_000);
}

//! Tests of what is done about a database that is locked, damaged, foreign, too new, or cannot be written.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::*;

/// Several pages, so that there is something to damage in the middle.
fn filled(place: &Place) -> Vec<Event> {
    let mut store = place.open();
    let events: Vec<Event> = (0..400).map(|row| judged(row, Verdict::TruePositive)).collect();
    store.append(&events, "").unwrap();
    events
}

fn aside(place: &Place) -> Vec<String> {
    let names = place.names().into_iter();
    names
        .filter(|n| n.starts_with("verdicts.db.damaged-") && !n.ends_with("-wal") && !n.ends_with("-shm"))
        .collect()
}

fn assert_healed(place: &Place, events: &[Event], case: &str) {
    let mut store = place.open();
    assert_eq!(all_of(&mut store), bare(events), "{case}");
    let notices = store.notices();
    assert!(
        notices.iter().any(|n| n.contains("damaged") && n.contains("set aside")),
        "{case}: {notices:?}"
    );
    assert_eq!(aside(place).len(), 1, "{case}");
    assert_eq!(store.standing(), Standing::Ready, "{case}");
    assert_eq!(
        store.append(&[judged(5_000, Verdict::Duplicate)], "").unwrap(),
        Kept::Stored
    );
    drop(store);
    let mut again = place.open();
    assert_eq!(all_of(&mut again).len(), events.len() + 1);
    assert_eq!(again.notices(), Vec::<String>::new());
}

type Damage<'a> = (&'a str, &'a dyn Fn(&File));

#[test]
fn a_damaged_file_is_set_aside_and_made_again() {
    let page = 4096;
    let random: Vec<u8> = (0..page * 3).map(|n| (n * 7919 % 251) as u8).collect();
    let damages: [Damage<'_>; 5] = [
        ("a header of zeros", &|f| f.write_all_at(&[0; 100], 0).unwrap()),
        ("a first page of zeros", &|f| f.write_all_at(&[0; 4096], 0).unwrap()),
        ("random bytes in the middle", &|f| {
            f.write_all_at(&random, page as u64 * 8).unwrap();
        }),
        ("random bytes from the start", &|f| f.write_all_at(&random, 0).unwrap()),
        ("cut short", &|f| f.set_len(page as u64 * 5 + 17).unwrap()),
    ];
    for (name, damage) in damages {
        let place = Place::new();
        let events = filled(&place);
        damage(
            &File::options()
                .write(true)
                .open(place.workspace.verdicts_file())
                .unwrap(),
        );
        assert_healed(&place, &events, name);
    }
}

#[test]
fn an_empty_or_missing_file_is_filled_from_the_journal() {
    let place = Place::new();
    let events = filled(&place);
    File::options()
        .write(true)
        .open(place.workspace.verdicts_file())
        .unwrap()
        .set_len(0)
        .unwrap();
    assert_eq!(all_of(&mut place.open()), bare(&events));
    fs::remove_file(place.workspace.verdicts_file()).unwrap();
    assert_eq!(all_of(&mut place.open()), bare(&events));
}

#[test]
fn a_torn_log_of_sqlite_loses_nothing() {
    let place = Place::new();
    let mut store = place.open();
    let mut events = Vec::new();
    for row in 0..50 {
        events.push(judged(row, Verdict::TruePositive));
        store.append(&events[row as usize..], "").unwrap();
    }
    let file = place.workspace.verdicts_file();
    let log = files::with_suffix(&file, "-wal");
    // As the power left it: the log is cut in a frame, and nobody has put it into the file.
    let copies = [fs::read(&file).unwrap(), fs::read(&log).unwrap()];
    drop(store);
    let _ = fs::remove_file(files::with_suffix(&file, "-shm"));
    fs::write(&file, &copies[0]).unwrap();
    fs::write(&log, &copies[1][..copies[1].len() / 2 + 100]).unwrap();
    let mut store = place.open();
    assert_eq!(all_of(&mut store), bare(&events));
    // And once more with its middle overwritten.
    drop(store);
    let mut torn = copies[1].clone();
    let middle = torn.len() / 3;
    torn[middle..middle + 5_000].fill(0xa5);
    fs::write(&file, &copies[0]).unwrap();
    fs::write(&log, &torn).unwrap();
    assert_eq!(all_of(&mut place.open()), bare(&events));
}

#[test]
fn damage_that_comes_while_it_is_open_is_healed_for_both() {
    let place = Place::new();
    let events = filled(&place);
    let (mut one, mut two) = (place.open(), place.open());
    for store in [&one, &two] {
        store.connection().execute_batch("PRAGMA shrink_memory").unwrap();
    }
    // Not through a connection of this process: closing a file would drop its locks.
    let page = vec![0x5a_u8; 4096 * 40];
    File::options()
        .write(true)
        .open(place.workspace.verdicts_file())
        .unwrap()
        .write_all_at(&page, 4096 * 6)
        .unwrap();
    assert_eq!(all_of(&mut one), bare(&events));
    assert_eq!(aside(&place).len(), 1);
    one.append(&[judged(1_000, Verdict::Duplicate)], "").unwrap();
    assert!(two.has_changed().unwrap(), "the other finds the new file");
    assert_eq!(all_of(&mut two).len(), events.len() + 1);
    two.append(&[judged(1_001, Verdict::Duplicate)], "").unwrap();
    assert!(one.has_changed().unwrap());
    assert_eq!(all_of(&mut one).len(), events.len() + 2);
    assert_eq!(aside(&place).len(), 1, "set aside once");
}

#[test]
fn after_the_store_was_made_again_everything_is_given_again() {
    let place = Place::new();
    let events = filled(&place);
    let mut store = place.open();
    let (_, last) = store.events_since(0).unwrap();
    fs::remove_file(place.workspace.verdicts_file()).unwrap();
    assert!(store.has_changed().unwrap());
    let (again, now) = store.events_since(last).unwrap();
    assert_eq!((again, now), (bare(&events), last));
    assert_eq!(store.events_since(now).unwrap().0, []);
}

#[test]
fn while_another_process_writes_verdicts_go_to_the_journal_and_come_after() {
    let place = Place::new();
    let mut store = place.open();
    let first = judged(1, Verdict::TruePositive);
    store.append(std::slice::from_ref(&first), "").unwrap();
    let other = Connection::open(place.workspace.verdicts_file()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let second = judged(2, Verdict::FalsePositive);
    let kept = store.append(std::slice::from_ref(&second), "").unwrap();
    let Kept::Journalled(why) = kept else {
        panic!("{kept:?}")
    };
    assert!(why.contains("locked"), "{why}");
    assert!(matches!(store.standing(), Standing::Journal(_)));
    let both = bare(&[first.clone(), second.clone()]);
    assert_eq!(all_of(&mut store), both, "what it has kept it knows");
    assert_eq!(
        store.append(std::slice::from_ref(&second), "").unwrap(),
        Kept::Journalled(why)
    );
    assert_eq!(store.cells("phishing").unwrap().len(), 2);
    // Another console starts meanwhile, and knows of it, too.
    let mut late = place.open();
    assert_eq!(all_of(&mut late), both);
    let third = judged(3, Verdict::Duplicate);
    store.append(std::slice::from_ref(&third), "").unwrap();
    assert!(late.has_changed().unwrap() && !late.has_changed().unwrap());
    let both = bare(&[first, second, third]);
    assert_eq!(all_of(&mut late), both);
    assert!(matches!(late.standing(), Standing::Journal(_)));
    other.execute_batch("COMMIT").unwrap();
    assert!(store.has_changed().unwrap());
    assert_eq!(store.standing(), Standing::Ready);
    assert_eq!(all_of(&mut store), both);
    assert!(late.has_changed().unwrap());
    assert_eq!(all_of(&mut late), both);
    assert_eq!(place.journal().lines().count(), 3);
}

#[test]
fn where_another_process_has_the_file_to_itself_the_journal_stands_in() {
    let place = Place::new();
    let events = filled(&place);
    let other = Connection::open(place.workspace.verdicts_file()).unwrap();
    other
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE")
        .unwrap();
    let mut store = place.open();
    assert!(
        matches!(store.standing(), Standing::Journal(_)),
        "{:?}",
        store.standing()
    );
    assert_eq!(all_of(&mut store), bare(&events));
    let late = judged(1_000, Verdict::Duplicate);
    assert!(matches!(store.append(&[late], "").unwrap(), Kept::Journalled(_)));
    assert_eq!(all_of(&mut store).len(), events.len() + 1);
    drop(other);
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(store.has_changed().unwrap());
    assert_eq!(store.standing(), Standing::Ready);
    assert_eq!(all_of(&mut store).len(), events.len() + 1);
    assert_eq!(all_of(&mut place.open()).len(), events.len() + 1);
}

#[test]
fn a_newer_format_and_another_programs_database_are_refused_and_left_alone() {
    let place = Place::new();
    filled(&place);
    let file = place.workspace.verdicts_file();
    let other = Connection::open(&file).unwrap();
    other.pragma_update(None, "user_version", 3).unwrap();
    drop(other);
    let error = LocalStore::open(&place.workspace, quick()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 3, known: 2, .. }), "{error}");
    assert!(error.to_string().contains("newer nsec-tui"));
    assert!(aside(&place).is_empty());

    let place = Place::new();
    let file = place.workspace.verdicts_file();
    let other = Connection::open(&file).unwrap();
    other
        .execute_batch("CREATE TABLE people (name); INSERT INTO people VALUES ('ada')")
        .unwrap();
    drop(other);
    let before = fs::read(&file).unwrap();
    let error = LocalStore::open(&place.workspace, quick()).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn where_the_file_cannot_be_made_the_journal_keeps_verdicts() {
    let place = Place::new();
    fs::create_dir(place.workspace.verdicts_file()).unwrap();
    let mut store = place.open();
    assert!(matches!(store.standing(), Standing::Journal(_)));
    let first = judged(1, Verdict::TruePositive);
    assert!(matches!(
        store.append(std::slice::from_ref(&first), "").unwrap(),
        Kept::Journalled(_)
    ));
    assert_eq!(all_of(&mut store), bare(std::slice::from_ref(&first)));
    let mut other = place.open();
    assert_eq!(
        all_of(&mut other),
        bare(std::slice::from_ref(&first)),
        "what others wrote down is known"
    );
    let second = judged(2, Verdict::Duplicate);
    store.append(std::slice::from_ref(&second), "").unwrap();
    assert!(other.has_changed().unwrap());
    assert_eq!(all_of(&mut other), bare(&[first.clone(), second.clone()]));
    fs::remove_dir(place.workspace.verdicts_file()).unwrap();
    assert_eq!(all_of(&mut place.open()), bare(&[first, second]));
}

#[test]
fn where_nothing_can_be_written_it_is_said_and_reading_goes_on() {
    let place = Place::new();
    let events = filled(&place);
    fs::rename(place.workspace.audit_file(), place.workspace.root().join("kept.ndjson")).unwrap();
    // Neither root nor anybody else appends to a directory.
    fs::create_dir(place.workspace.audit_file()).unwrap();
    let mut store = place.open();
    assert_eq!(all_of(&mut store), bare(&events));
    let error = store.append(&[judged(1_000, Verdict::Duplicate)], "").unwrap_err();
    assert!(error.to_string().starts_with("nothing was kept: "), "{error}");
    assert!(matches!(store.standing(), Standing::ReadOnly(_)));
    assert_eq!(all_of(&mut store), bare(&events), "what was not kept does not turn up");
    fs::remove_dir(place.workspace.audit_file()).unwrap();
    fs::rename(place.workspace.root().join("kept.ndjson"), place.workspace.audit_file()).unwrap();
    assert_eq!(
        store.append(&[judged(1_000, Verdict::Duplicate)], "").unwrap(),
        Kept::Stored
    );
    assert_eq!(store.standing(), Standing::Ready);
}

#[test]
fn nothing_at_all_to_read_or_write_is_an_empty_store_that_keeps_nothing() {
    let place = Place::new();
    fs::create_dir(place.workspace.verdicts_file()).unwrap();
    fs::write(place.workspace.logs_dir(), "a file").unwrap();
    let mut store = place.open();
    assert!(matches!(store.standing(), Standing::ReadOnly(_)));
    assert_eq!(all_of(&mut store), []);
    assert!(store.append(&[judged(1, Verdict::Duplicate)], "").is_err());
    assert!(!store.has_changed().unwrap());
}

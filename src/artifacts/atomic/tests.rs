//! Owns the tests of writing files whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use chrono::TimeZone;

use super::sweep::sweep_older_than;
use super::*;

fn noon() -> Timestamp {
    chrono::Utc.with_ymd_and_hms(2026, 11, 23, 12, 0, 5).unwrap().into()
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_appears_whole_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b/c.json");
    write_bytes(&path, b"content").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"content");
    assert_eq!(names(path.parent().unwrap()), ["c.json"]);
    write_bytes(&path, b"").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn nothing_is_seen_before_commit_and_nothing_stays_without_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("output.csv");
    fs::write(&path, "old").unwrap();
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(&vec![b'x'; 200_000]).unwrap();
    file.flush().unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    drop(file);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(dir.path()), ["output.csv"]);
}

/// A writer whose disk fills up half-way.
#[test]
fn a_full_disk_leaves_the_old_file_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.bin");
    write_bytes(&path, b"old").unwrap();
    let error = write_with(&path, |out| {
        out.write_all(b"half")?;
        Err(io::Error::from_raw_os_error(28)) // ENOSPC
    })
    .unwrap_err();
    assert!(error.is_disk_full());
    let text = error.to_string();
    assert!(
        text.contains("model.bin") && text.contains("disk is full") && text.contains("free some space"),
        "{text}"
    );
    assert!(!text.contains('\n'));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(dir.path()), ["model.bin"]);
}

#[test]
fn a_device_is_written_to_and_never_replaced() {
    let full = Path::new("/dev/full");
    if full.exists() {
        let error = write_bytes(full, b"x").unwrap_err();
        assert!(error.is_disk_full(), "{error}");
        assert!(!fs::metadata(full).unwrap().is_file());
    }
    let mut null = AtomicFile::create(Path::new("/dev/null")).unwrap();
    null.write_all(b"x").unwrap();
    assert_eq!(null.commit_keeping_old(noon()).unwrap(), None);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn a_directory_in_the_way_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let error = write_bytes(dir.path(), b"x").unwrap_err();
    assert!(error.to_string().contains("it is a directory"), "{error}");
    let under_a_file = dir.path().join("file");
    fs::write(&under_a_file, "").unwrap();
    assert!(write_bytes(&under_a_file.join("x"), b"x").is_err());
    assert!(AtomicFile::create(&dir.path().join("missing/x")).is_err());
}

#[test]
fn permissions_of_the_old_file_are_kept_and_new_ones_are_not_executable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secret");
    write_bytes(&path, b"1").unwrap();
    let fresh = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(fresh & !0o644, 0, "{fresh:o}");
    assert_eq!(fresh & 0o600, 0o600, "{fresh:o}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    write_bytes(&path, b"2").unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_symbolic_link_stays_and_its_target_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("real");
    fs::create_dir(&real).unwrap();
    symlink("real", dir.path().join("linked")).unwrap();
    write_bytes(&dir.path().join("linked/x"), b"1").unwrap();
    assert_eq!(fs::read(real.join("x")).unwrap(), b"1");

    let link = dir.path().join("link");
    symlink("real/y", &link).unwrap();
    write_bytes(&link, b"2").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(real.join("y")).unwrap(), b"2");

    let circle = dir.path().join("circle");
    symlink("circle", &circle).unwrap();
    assert!(write_bytes(&circle, b"3").is_err());
}

#[test]
fn the_old_output_is_kept_under_a_new_name_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("output.csv");
    let write = |content: &str| {
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(content.as_bytes()).unwrap();
        file.commit_keeping_old(noon()).unwrap()
    };
    assert_eq!(write("1"), None);
    assert_eq!(write("2"), Some(dir.path().join("output.20261123T120005Z.csv")));
    assert_eq!(write("3"), Some(dir.path().join("output.20261123T120005Z-2.csv")));
    assert_eq!(fs::read_to_string(&path).unwrap(), "3");
    assert_eq!(
        fs::read_to_string(dir.path().join("output.20261123T120005Z.csv")).unwrap(),
        "1"
    );
    assert_eq!(
        fs::read_to_string(dir.path().join("output.20261123T120005Z-2.csv")).unwrap(),
        "2"
    );
    assert_eq!(names(dir.path()).len(), 3);
}

#[test]
fn writers_at_once_lose_no_output() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("output.csv");
    std::thread::scope(|scope| {
        for i in 0..8 {
            let path = &path;
            scope.spawn(move || {
                for j in 0..5 {
                    let mut file = AtomicFile::create(path).unwrap();
                    write!(file, "{i}-{j}").unwrap();
                    file.commit_keeping_old(noon()).unwrap();
                }
            });
        }
    });
    let mut contents: Vec<String> = names(dir.path())
        .iter()
        .map(|n| fs::read_to_string(dir.path().join(n)).unwrap())
        .collect();
    contents.sort();
    contents.dedup();
    assert_eq!(contents.len(), 40);
}

#[test]
fn only_dead_writers_files_are_swept() {
    let dir = tempfile::tempdir().unwrap();
    let dead = dir.path().join(format!("{TEMP_PREFIX}1-abc"));
    fs::write(&dead, "torn").unwrap();
    fs::write(dir.path().join("mine.csv"), "keep").unwrap();
    let living = AtomicFile::create(&dir.path().join("living.csv")).unwrap();
    assert_eq!(
        sweep_stale(dir.path()),
        Vec::<PathBuf>::new(),
        "young files are left alone"
    );
    assert_eq!(sweep_older_than(dir.path(), Duration::ZERO), [dead]);
    living.commit().unwrap();
    assert_eq!(names(dir.path()), ["living.csv", "mine.csv"]);
    assert!(sweep_stale(&dir.path().join("missing")).is_empty());
}

#[test]
fn an_unwritable_directory_is_an_error_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    match write_bytes(&closed.join("x"), b"x") {
        Err(error) => assert!(error.to_string().contains("permission denied"), "{error}"),
        // The superuser may write anywhere; then the file must be there.
        Ok(()) => assert_eq!(fs::read(closed.join("x")).unwrap(), b"x"),
    }
}

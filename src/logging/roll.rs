//! Owns log files by day: `name.<yyyy-mm-dd>`, a link `name` to the latest, and how many are kept.
//!
//! tracing-appender's own roller is not used: it makes the link by removing and creating it (two processes that start
//! together lose one's log), points it relative to the wrong directory, deletes an ordinary file in the link's place,
//! and reports trouble on standard error, where it would tear the console.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate, Utc};

use super::OpenResult;
use crate::artifacts::atomic::TEMP_PREFIX;

/// Appends to the file of the day.
#[derive(Debug)]
pub(super) struct DailyFile {
    directory: PathBuf,
    name: &'static str,
    keep_days: u32,
    day: NaiveDate,
    file: File,
}

impl DailyFile {
    /// Opens today's file; makes the directory if need be. With a warning if the link could not be made.
    pub(super) fn open(directory: &Path, name: &'static str, keep_days: u32) -> OpenResult<Self> {
        Self::open_on(directory, name, keep_days, Utc::now().date_naive())
    }

    pub(super) fn open_on(directory: &Path, name: &'static str, keep_days: u32, day: NaiveDate) -> OpenResult<Self> {
        fs::create_dir_all(directory)?;
        let file = open_day(directory, name, day)?;
        remove_older(directory, name, keep_days, day);
        let warning = link_latest(directory, name, day)
            .err()
            .map(|e| format!("{}: no link to the latest log ({e})", directory.join(name).display()));
        let opened = Self {
            directory: directory.to_path_buf(),
            name,
            keep_days,
            day,
            file,
        };
        Ok((opened, warning))
    }

    /// Goes on in the file of `day`; if that cannot be opened, in the present one.
    pub(super) fn roll_to(&mut self, day: NaiveDate) {
        if day == self.day {
            return;
        }
        if let Ok((next, _)) = Self::open_on(&self.directory, self.name, self.keep_days, day) {
            *self = next;
        }
    }
}

impl Write for DailyFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.roll_to(Utc::now().date_naive());
        self.file.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn day_name(name: &str, day: NaiveDate) -> String {
    format!("{name}.{}", day.format("%Y-%m-%d"))
}

fn open_day(directory: &Path, name: &str, day: NaiveDate) -> io::Result<File> {
    let path = directory.join(day_name(name, day));
    // A FIFO in its place would block for ever.
    match fs::metadata(&path) {
        Ok(m) if !m.is_file() => return Err(io::Error::other("it is not a file; remove it")),
        _ => {}
    }
    File::options().append(true).create(true).open(path)
}

/// Points the link `name` at the day's file, in one step. An ordinary file of that name is left alone.
fn link_latest(directory: &Path, name: &str, day: NaiveDate) -> io::Result<()> {
    let link = directory.join(name);
    match fs::symlink_metadata(&link) {
        Ok(m) if !m.is_symlink() => return Err(io::Error::other("something else has its name; remove it")),
        Ok(_) if fs::read_link(&link)? == Path::new(&day_name(name, day)) => return Ok(()),
        _ => {}
    }
    let temporary = directory.join(format!("{TEMP_PREFIX}{}-{name}", std::process::id()));
    match fs::remove_file(&temporary) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    symlink(day_name(name, day), &temporary)?;
    fs::rename(&temporary, &link)
}

/// Removes the files of days before the last `keep_days`. What resists stays.
fn remove_older(directory: &Path, name: &str, keep_days: u32, today: NaiveDate) {
    let Some(oldest) = today.checked_sub_days(Days::new(u64::from(keep_days.saturating_sub(1)))) else {
        return;
    };
    let Ok(entries) = fs::read_dir(directory) else { return };
    if keep_days == 0 {
        return;
    }
    for entry in entries.filter_map(Result::ok) {
        let file_name = entry.file_name();
        let day = file_name
            .to_str()
            .and_then(|n| n.strip_prefix(name)?.strip_prefix('.'))
            .and_then(|date| NaiveDate::parse_from_str(date, "%Y-%m-%d").ok());
        if day.is_some_and(|day| day < oldest) && entry.file_type().is_ok_and(|t| t.is_file()) {
            let _next_day_tries_again = fs::remove_file(entry.path());
        }
    }
}

//! Owns the end of the log: the last lines of its files, read from their ends, and every further line as it comes.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::desk::Desk;
use super::failure::Ended;
use super::news::{LogLine, Reply};
use super::reporter::Reporter;
use crate::event::Level;
use crate::logging::{PIPELINE_LOG, PROGRAM_LOG, RecentLine};

/// Lines that can be asked for.
const MOST_LINES: usize = 20_000;
/// Bytes of a file that are looked at, from its end.
const MOST_BYTES: u64 = 16 << 20;
/// Bytes read at once.
const BLOCK: u64 = 64 << 10;

/// The last lines of both files, in the order of their times, and from then on every line that this program logs, until the
/// job's ticket is given up or another one follows the log.
pub(super) fn follow(desk: &Desk, lines: usize, reporter: &Reporter) -> Result<Reply, Ended> {
    let most = lines.min(MOST_LINES);
    let logs = desk.surroundings.workspace.logs_dir();
    let mut found = Vec::new();
    for name in [PIPELINE_LOG, PROGRAM_LOG] {
        found.extend(timed(last_lines(&logs.join(name), most)?));
    }
    let voice = reporter.clone();
    let kept = desk.recent.listen(move |line| {
        if !voice.cancel().is_cancelled() {
            voice.line(of_recent(line));
        }
    });
    // Lines wait in memory before they are in the file: these are added. Time stamps make lines distinct.
    let known: std::collections::HashSet<String> = found.iter().map(|(_, text)| text.clone()).collect();
    let missing = kept
        .into_iter()
        .map(|line| line.text)
        .filter(|text| !known.contains(text));
    found.extend(timed(missing.collect()));
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let from = found.len().saturating_sub(most);
    Ok(Reply::Log(found.drain(from..).map(|(_, text)| parsed(text)).collect()))
}

fn of_recent(line: &RecentLine) -> LogLine {
    let level = match line.level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warning,
        _ => Level::Info,
    };
    let text = line.text.clone();
    LogLine { level, text }
}

/// Each line with its time; one without belongs to the line before it.
fn timed(lines: Vec<String>) -> Vec<(String, String)> {
    let mut time = String::new();
    let with_time = |line: String| {
        if let Some(own) = time_of(&line) {
            own.clone_into(&mut time);
        }
        (time.clone(), line)
    };
    lines.into_iter().map(with_time).collect()
}

/// The time at a line's beginning, in plain text and in JSON: they sort as they stand.
fn time_of(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("{\"time\":\"").unwrap_or(line);
    let time = rest.get(..27)?;
    let sound = time.ends_with('Z') && time.as_bytes().get(10) == Some(&b'T');
    sound.then_some(time)
}

/// A line with its level; what has none is for the record.
fn parsed(text: String) -> LogLine {
    let word = if text.starts_with('{') {
        let document: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        document.and_then(|d| d.get("level")?.as_str().map(str::to_uppercase))
    } else {
        text.split_ascii_whitespace().nth(1).map(str::to_owned)
    };
    let level = match word.as_deref() {
        Some("ERROR") => Level::Error,
        Some("WARN") => Level::Warning,
        _ => Level::Info,
    };
    LogLine { level, text }
}

/// The last lines of a file, at most `most`; none where there is no file. What is not UTF-8 is replaced.
fn last_lines(path: &Path, most: usize) -> io::Result<Vec<String>> {
    // A pipe in its place would never answer.
    if most == 0 || !fs::metadata(path).is_ok_and(|m| m.is_file()) {
        return Ok(Vec::new());
    }
    let mut file = File::open(path)?;
    let end = file.seek(SeekFrom::End(0))?;
    let floor = end.saturating_sub(MOST_BYTES);
    let (mut start, mut blocks, mut newlines) = (end, Vec::new(), 0);
    while start > floor && newlines <= most {
        let from = start.saturating_sub(BLOCK).max(floor);
        file.seek(SeekFrom::Start(from))?;
        let mut block = Vec::new();
        (&mut file).take(start - from).read_to_end(&mut block)?;
        newlines += memchr::memchr_iter(b'\n', &block).count();
        blocks.push(block);
        start = from;
    }
    let bytes: Vec<u8> = blocks.into_iter().rev().flatten().collect();
    let text = String::from_utf8_lossy(&bytes);
    let mut lines: Vec<&str> = text.lines().collect();
    if start > 0 && lines.len() > 1 {
        // Its beginning lies before what was read.
        lines.remove(0);
    }
    let from = lines.len().saturating_sub(most);
    Ok(lines.drain(from..).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests;

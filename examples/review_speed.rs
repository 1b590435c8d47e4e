//! Owns a measurement: seconds and memory of reviewing a large scored file. Linux only, from `/proc/self`.
//!
//! `cargo run --release --example review_speed -- ROWS` makes a scored file of 30 columns in a temporary workspace, and reviews it.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use nsec_tui::browse::{Direction, Work};
use nsec_tui::cancel::CancelToken;
use nsec_tui::export::Format;
use nsec_tui::review::{Decision, OpenedStore, Review, Scope, Selection, Sought};
use nsec_tui::settings::Settings;
use nsec_tui::surroundings::Surroundings;
use nsec_tui::triage::{Change, Queue, Verdict, audit_place};
use nsec_tui::workspace::Workspace;

const COLUMNS: u64 = 30;

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
        kib.unwrap_or(0) / 1024
    };
    format!("{} MB now, {} MB at most", field("VmRSS:"), field("VmHWM:"))
}

/// Writes a scored file; the numbers are made up, and the same every time.
fn write_file(path: &Path, rows: u64) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    let names: Vec<String> = (0..COLUMNS).map(|column| format!("f{column}")).collect();
    writeln!(
        out,
        "{},row_id,classification,probability,confidence,risk_level,recommended_action,reasons,model_run,verdict,\
         verdict_reason,note,reviewed_by,reviewed_at",
        names.join(",")
    )?;
    let mut line = String::new();
    for row in 0..rows {
        let random = audit_place(nsec_tui::data::RowId(row));
        line.clear();
        for column in 0..COLUMNS {
            write!(line, "{},", (random >> column) % 3)?;
        }
        let p = (random % 1_000_003) as f64 / 1_000_003.0;
        let (class, confidence) = if p >= 0.5 {
            ("malicious", p)
        } else {
            ("benign", 1.0 - p)
        };
        let (risk, action) = match (p * 100.0) as u64 {
            0..=21 => ("low", "allow"),
            22..=47 => ("medium", "allow"),
            48..=73 => ("high", "investigate"),
            _ => ("critical", "block"),
        };
        writeln!(
            out,
            "{line}{random:016x},{class},{p},{confidence},{risk},{action},,20260101T000000Z-abcd,,,,,"
        )?;
    }
    out.flush()?;
    Ok(())
}

fn timed<T>(what: &str, act: impl FnOnce() -> Result<T, Box<dyn Error>>) -> Result<T, Box<dyn Error>> {
    let started = Instant::now();
    let done = act()?;
    let seconds = started.elapsed().as_secs_f64();
    writeln!(std::io::stdout(), "{what:<44} {seconds:>8.3} s   {}", memory())?;
    Ok(done)
}

fn main() -> Result<(), Box<dyn Error>> {
    let rows: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let directory = tempfile::tempdir()?;
    std::fs::create_dir_all(directory.path().join("data_schema"))?;
    let mut schema =
        String::from("name: speed\nlabel: {column: label, malicious: [\"1\"], benign: [\"0\"]}\ncolumns:\n");
    for column in 0..COLUMNS {
        writeln!(schema, "  - {{name: f{column}, type: int}}")?;
    }
    std::fs::write(directory.path().join("data_schema/schema.yaml"), schema)?;
    let path = directory.path().join("scored.csv");
    timed("writing the file", || write_file(&path, rows))?;
    let surroundings = Arc::new(Surroundings {
        workspace: Workspace::at(directory.path()),
        settings: Settings::default(),
    });
    let cancel = CancelToken::new();
    let work = Work {
        cancel: &cancel,
        progress: &|_, _, _| {},
    };
    let open = || Review::open(&surroundings, Some(&path), OpenedStore::local(&surroundings), work);
    let review = timed("open", || Ok(open()?))?;
    let arrange = |queue: Queue, filters: &[&str]| {
        let filters: Vec<String> = filters.iter().map(|filter| (*filter).to_owned()).collect();
        Ok(review.arrange(&queue, &filters, None, work)?.cases)
    };
    let top = timed("top risk", || arrange(Queue::TopRisk, &[]))?;
    timed("page of 50 in the middle", || {
        Ok(review.page(top / 2, 50, &[0, 1, 2], 40)?)
    })?;
    timed("most uncertain", || arrange(Queue::MostUncertain, &[]))?;
    timed("random audit", || arrange(Queue::RandomAudit, &[]))?;
    timed("all, where f0 = 1 and verdict is null", || {
        arrange(Queue::All, &["f0 = 1 and verdict is null"])
    })?;
    let near = review.page(0, 1, &[], 1)?.rows.first().map(|row| row.row);
    if let Some(row) = near {
        timed("alike in all but 3 columns", || Ok(review.similar(row, 3, work)?))?;
    }
    timed("top risk", || arrange(Queue::TopRisk, &[]))?;
    let sought = Sought {
        text: "critical,block,,2026".to_owned(),
        regex: false,
        case: None,
    };
    timed("find a text that no cell has", || {
        Ok(review.find(&sought, 0, Direction::Forward, work)?)
    })?;
    let change = Change::Judge {
        verdict: Some(Verdict::FalsePositive),
        reason: None,
    };
    let page = review.page(0, 10_000, &[], 1)?;
    let judged = |rows: Vec<nsec_tui::data::RowId>| Decision {
        selection: Selection::Cases(rows),
        change: change.clone(),
        view: None,
    };
    timed("one verdict", || Ok(review.decide(&judged(vec![page.rows[0].row]))?))?;
    let all: Vec<_> = page.rows.iter().map(|row| row.row).collect();
    let outcome = timed("a verdict on 10,000 cases", || Ok(review.decide(&judged(all))?))?;
    timed("undone", || Ok(review.undo()?))?;
    timed("redone", || Ok(review.redo()?))?;
    let out = directory.path().join("out.csv");
    timed("export of all rows as CSV", || {
        Ok(review.export(Format::Csv, Scope::All, &out, false, work)?)
    })?;
    timed("open with 10,000 judged cases", || Ok(open()?))?;
    writeln!(std::io::stdout(), "{rows} rows, {top} flagged, {}", outcome.what)?;
    Ok(())
}

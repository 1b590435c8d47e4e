//! Owns a measurement: seconds, CPU seconds and memory of looking at a big table. Linux only, from `/proc/self`.
//!
//! `cargo run --release --example browse_speed -- FILE [SORT COLUMN] [TEXT]`

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use nsec_tui::browse::{
    Direction, Matches, Pattern, Search, SortKey, View, Work, arrange, find, open_file, statistics,
};
use nsec_tui::cancel::CancelToken;
use nsec_tui::data::ReadSettings;

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_whitespace()
            .nth(1)
            .and_then(|kib| kib.parse::<u64>().ok())
            .unwrap_or(0)
            / 1024
    };
    format!("{} MB now, {} MB at most", field("VmRSS:"), field("VmHWM:"))
}

/// CPU seconds of all threads so far.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit(')').next().unwrap_or_default();
    let ticks = behind
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Says what took how long since it was made.
struct Watch(Instant, f64);

impl Watch {
    fn start() -> Self {
        Self(Instant::now(), cpu())
    }

    fn say(&self, what: &str) -> std::io::Result<()> {
        let (wall, cpu) = (self.0.elapsed().as_secs_f64() * 1e3, (cpu() - self.1) * 1e3);
        writeln!(
            std::io::stdout(),
            "{what:<34} {wall:>8.1} ms, {cpu:>8.0} ms CPU   {}",
            memory()
        )
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = PathBuf::from(arguments.next().ok_or("name a file")?);
    let column: usize = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let text = arguments.next().unwrap_or_else(|| "509999950".to_owned());
    let cancel = Arc::new(CancelToken::new());
    let control = Work {
        cancel: &cancel,
        progress: &|_, _, _| {},
    };

    let watch = Watch::start();
    let (table, indexing) = open_file(&path, &ReadSettings::default())?;
    let shown = table.read(0..48, 40)?.len();
    watch.say(&format!("open and {shown} rows"))?;
    let watch = Watch::start();
    let told = table.last_rows(48, 40)?.is_some();
    watch.say(&format!("last rows, no index ({told})"))?;
    let watch = Watch::start();
    indexing.run(&cancel, &|_| {});
    watch.say(&format!("index of {} rows", table.row_count().known))?;
    let rows = table.row_count().known;
    let watch = Watch::start();
    for at in 0..100 {
        let first = rows / 100 * at;
        table.read(first..first + 48, 40)?;
    }
    watch.say("100 pages here and there")?;

    let watch = Watch::start();
    let pattern = Pattern::new(&text, false, None)?;
    let search = Search {
        from: (0, 0),
        direction: Direction::Forward,
        matches: None,
    };
    let found = find(&table, &View::all(), &pattern, search, control)?;
    watch.say(&format!("find: {:?}", found.map(|found| found.at)))?;
    for (text, regex) in [("zzyzx", false), ("Zzyzx", false), ("z+y", true), ("^509999950$", true)] {
        let pattern = Pattern::new(text, regex, None)?;
        let watch = Watch::start();
        let count = Matches::all(&table, &View::all(), &pattern, control)?.count();
        watch.say(&format!("count {text}: {count}"))?;
    }
    let name = table
        .columns()
        .get(column)
        .map_or("", |column| column.name.as_str())
        .to_owned();
    for filter in [
        format!("\"{name}\" > 105000000"),
        "Result = 1 and SFH in (0, 1) or SFH is null".to_owned(),
    ] {
        let watch = Watch::start();
        let view = arrange(&table, std::slice::from_ref(&filter), &[], control)?;
        watch.say(&format!("filter: {}", view.len(&table)))?;
    }
    for label in [None, Some(table.columns().len() - 1)] {
        for column in [2, 0] {
            let watch = Watch::start();
            let found = statistics(&table, &View::all(), column, label, control)?;
            watch.say(&format!("statistics {column}: {} distinct", found.distinct))?;
        }
    }
    let watch = Watch::start();
    let view = arrange(
        &table,
        &[],
        &[SortKey {
            column,
            descending: false,
        }],
        control,
    )?;
    watch.say("sort")?;
    let watch = Watch::start();
    for at in 0..100 {
        let places = (rows / 100 * at..rows).take(48).filter_map(|at| view.row(at));
        table.read(places, 40)?;
    }
    watch.say("100 pages of it")?;
    drop(view);
    let watch = Watch::start();
    let keys = [
        SortKey {
            column: 3,
            descending: true,
        },
        SortKey {
            column,
            descending: false,
        },
    ];
    arrange(&table, &[], &keys, control)?;
    watch.say("sort by two columns")?;
    Ok(())
}

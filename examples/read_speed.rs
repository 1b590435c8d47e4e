//! Owns a measurement: CPU seconds to read a CSV file of whole numbers, to type its cells and to hash its rows.
//! All threads count; Linux only, from `/proc/self/task/*/schedstat`.
//!
//! `cargo run --release --example read_speed -- FILE [THREADS]`

use std::io::Write;

use nsec_tui::data::{Layout, ReadSettings, Source, open, parse_batch, row_ids};
use nsec_tui::schema::{Column, Schema};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("name a CSV file")?;
    let threads = arguments.next().map_or(Ok(1), |text| text.parse())?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let mut reader = open(&Source::parse(&file)?, &ReadSettings::default())?;
    let columns = reader
        .header()
        .names
        .iter()
        .map(|name| column(name))
        .collect::<Result<_, _>>()?;
    let schema = Schema {
        name: "speed".to_owned(),
        description: None,
        label: None,
        columns,
        rules: Vec::new(),
        drift: nsec_tui::schema::DriftThresholds::default(),
    };
    let layout = Layout::resolve(&schema, reader.header());
    let nulls = reader.null_tokens().clone();
    let (mut rows, mut malformed, mut bad_cells) = (0, 0, 0);
    let (mut reading, mut typing, mut hashing) = (0.0, 0.0, 0.0);
    loop {
        let start = cpu_seconds()?;
        let Some(raw) = reader.next_batch(1 << 16)? else { break };
        reading += cpu_seconds()? - start;
        let start = cpu_seconds()?;
        let typed = parse_batch(&schema, &layout, &raw, &nulls);
        typing += cpu_seconds()? - start;
        let start = cpu_seconds()?;
        row_ids(&schema, &typed.frame);
        hashing += cpu_seconds()? - start;
        rows += raw.rows();
        malformed += raw.malformed.len();
        bad_cells += typed.issues.len();
    }
    writeln!(
        std::io::stdout(),
        "{rows} rows, {malformed} malformed, {bad_cells} bad cells; CPU seconds: read {reading:.3}, type {typing:.3}, hash {hashing:.3}"
    )?;
    Ok(())
}

fn column(name: &str) -> Result<Column, serde_yaml::Error> {
    serde_yaml::from_str(&format!("{{name: {name:?}, type: int, nullable: true}}"))
}

/// CPU time of all threads so far.
fn cpu_seconds() -> std::io::Result<f64> {
    let mut nanos = 0.0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += text
            .split(' ')
            .next()
            .and_then(|first| first.parse().ok())
            .unwrap_or(0.0);
    }
    Ok(nanos / 1e9)
}

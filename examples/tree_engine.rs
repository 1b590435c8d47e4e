//! Owns one measurement of the tree engine, for `benches/peers/trees.py`: a job file in, one line of JSON out. Linux only.
//!
//! `cargo run --release --example tree_engine -- JOB.json`

use std::error::Error;
use std::fs;
use std::io::Write;
use std::time::Instant;

use ndarray::Array2;
use nsec_tui::cancel::CancelToken;
use nsec_tui::models::trees::{
    Boosting, ColumnKind, Ensemble, Explainer, Forest, Growth, Link, Predictor, Sample, Table,
};
use serde_json::{Value, json};

/// Rows and trees of the fit that warms up.
const WARM_UP: (usize, u64) = (500, 3);

/// What is repeated is repeated for as long as this.
const LEAST_SECONDS: f64 = 0.3;

type Answer<T> = Result<T, Box<dyn Error>>;

fn main() -> Answer<()> {
    let path = std::env::args().nth(1).ok_or("name a job file")?;
    let job: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let threads = whole(&job["threads"])?.max(1);
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    let cols = whole(&job["train"]["cols"])?;
    let kinds = kinds(&job, cols)?;
    let x = matrix(&job["train"], cols)?;
    let labels = labels(&job["train"])?;

    let step = (x.nrows() / WARM_UP.0).max(1);
    let few: Vec<usize> = (0..x.nrows()).step_by(step).collect();
    let few_labels: Vec<bool> = few.iter().map(|row| labels[*row]).collect();
    let few = x.select(ndarray::Axis(0), &few);
    let mut warm_up = job.clone();
    warm_up["params"]["trees"] = json!(WARM_UP.1);
    let warm = fit(&warm_up, &few, &kinds, &few_labels, threads)?;
    Predictor::new(&warm)?.scores(few.view())?;
    drop((warm, few));

    let mut found = json!({ "rss_before_kb": memory("VmRSS")? });
    let clock = Clock::start(threads)?;
    let ensemble = fit(&job, &x, &kinds, &labels, threads)?;
    let predictor = Predictor::new(&ensemble)?;
    (found["fit_cpu"], found["fit_wall"]) = pair(clock.stop()?);
    found["peak_rss_kb"] = json!(memory("VmHWM")?);

    let test = matrix(&job["test"], cols)?;
    let bytes: Vec<u8> = probabilities(&predictor, &ensemble, &test)?
        .iter()
        .flat_map(|p| p.to_le_bytes())
        .collect();
    fs::write(job["probabilities"].as_str().ok_or("no path for probabilities")?, bytes)?;
    if job["speed"].is_object() {
        let rows = matrix(&job["speed"], cols)?;
        (found["predict_cpu"], found["predict_wall"]) = pair(repeated(threads, || {
            probabilities(&predictor, &ensemble, &rows).map(drop)
        })?);
        found["predict_rows"] = json!(rows.nrows());
        if threads == 1 {
            let few: Vec<Vec<f32>> = test.rows().into_iter().take(1000).map(|r| r.to_vec()).collect();
            let one_by_one = || {
                for row in &few {
                    std::hint::black_box(predictor.score(row)?);
                }
                Ok(())
            };
            found["single_row_us"] = json!(repeated(threads, one_by_one)?.1 / few.len() as f64 * 1e6);
        }
    }
    if let Some(rows) = job["shap_rows"].as_u64() {
        let explainer = Explainer::new(&ensemble);
        let rows: Vec<Vec<f32>> = test
            .rows()
            .into_iter()
            .take(rows as usize)
            .map(|r| r.to_vec())
            .collect();
        let explain = || {
            for row in &rows {
                std::hint::black_box(explainer.contributions(row));
            }
            Ok(())
        };
        found["shap_us_per_row"] = json!(repeated(threads, explain)?.0 / rows.len() as f64 * 1e6);
    }
    writeln!(std::io::stdout(), "{found}")?;
    Ok(())
}

fn fit(job: &Value, x: &Array2<f32>, kinds: &[ColumnKind], labels: &[bool], threads: usize) -> Answer<Ensemble> {
    let table = Table {
        values: x.view(),
        kinds,
    };
    let sample = Sample {
        table,
        labels,
        weights: None,
    };
    let (params, cancel) = (&job["params"], CancelToken::new());
    let number = |name: &str| whole(&params[name]);
    let real = |name: &str| params[name].as_f64().ok_or_else(|| format!("no parameter {name}"));
    if job["model"] == "boosting" {
        let boosting = Boosting {
            trees: number("trees")?,
            learning_rate: real("learning_rate")?,
            growth: if params["growth"] == "depth" {
                Growth::DepthWise
            } else {
                Growth::LeafWise
            },
            max_leaves: number("max_leaves")?,
            max_depth: number("max_depth")?,
            min_rows_leaf: number("min_rows_leaf")?,
            min_child_hessian: real("min_child_hessian")?,
            l2: real("lambda")?,
            // One bin fewer than XGBoost's 256: a byte also holds the bin of missing values.
            max_bins: number("max_bins")?.min(255),
            seed: number("seed")? as u64,
            ..Boosting::default()
        };
        return Ok(boosting.fit(&sample, None, None, threads, &cancel)?);
    }
    let forest = Forest {
        trees: number("trees")?,
        min_rows_leaf: number("min_rows_leaf")?,
        random_cuts: job["model"] == "extra_trees",
        bootstrap: params["bootstrap"].as_bool().unwrap_or(true),
        seed: number("seed")? as u64,
        ..Forest::default()
    };
    Ok(forest.fit(&sample, None, threads, &cancel)?)
}

fn probabilities(predictor: &Predictor, ensemble: &Ensemble, rows: &Array2<f32>) -> Answer<Vec<f64>> {
    let mut scores = predictor.scores(rows.view())?;
    if ensemble.link == Link::LogOdds {
        for score in &mut scores {
            *score = 1.0 / (1.0 + (-*score).exp());
        }
    }
    Ok(scores)
}

fn whole(value: &Value) -> Answer<usize> {
    Ok(usize::try_from(
        value.as_u64().ok_or_else(|| format!("{value} is no whole number"))?,
    )?)
}

fn kinds(job: &Value, cols: usize) -> Answer<Vec<ColumnKind>> {
    let mut kinds = vec![ColumnKind::Numeric; cols];
    for pair in job["categorical"].as_array().into_iter().flatten() {
        let cardinality = u32::try_from(whole(&pair[1])?)?;
        *kinds.get_mut(whole(&pair[0])?).ok_or("no such column")? = ColumnKind::Categorical { cardinality };
    }
    Ok(kinds)
}

fn matrix(part: &Value, cols: usize) -> Answer<Array2<f32>> {
    let bytes = fs::read(part["x"].as_str().ok_or("no path for rows")?)?;
    let values: Vec<f32> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|four| f32::from_le_bytes(*four))
        .collect();
    Ok(Array2::from_shape_vec((values.len() / cols.max(1), cols), values)?)
}

fn labels(part: &Value) -> Answer<Vec<bool>> {
    let bytes = fs::read(part["y"].as_str().ok_or("no path for labels")?)?;
    Ok(bytes.iter().map(|byte| *byte == 1).collect())
}

/// A figure of `/proc/self/status`, in kB.
fn memory(field: &str) -> Answer<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|l| l.starts_with(field)).ok_or("no such figure")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse()?)
}

/// CPU and wall seconds of one call: the mean over as many as fill the time.
fn repeated(threads: usize, mut call: impl FnMut() -> Answer<()>) -> Answer<(f64, f64)> {
    let clock = Clock::start(threads)?;
    for times in 1.. {
        call()?;
        if clock.wall.elapsed().as_secs_f64() >= LEAST_SECONDS {
            let (cpu, wall) = clock.stop()?;
            return Ok((cpu / f64::from(times), wall / f64::from(times)));
        }
    }
    Err("time does not pass".into())
}

fn pair((cpu, wall): (f64, f64)) -> (Value, Value) {
    (json!(cpu), json!(wall))
}

/// Counts CPU seconds of the process, all threads.
struct Clock {
    wall: Instant,
    cpu: f64,
    threads: usize,
}

impl Clock {
    fn start(threads: usize) -> Answer<Self> {
        let cpu = cpu_seconds(threads)?;
        Ok(Self {
            wall: Instant::now(),
            cpu,
            threads,
        })
    }

    fn stop(&self) -> Answer<(f64, f64)> {
        Ok((cpu_seconds(self.threads)? - self.cpu, self.wall.elapsed().as_secs_f64()))
    }
}

/// With one thread to the nanosecond, from the threads that live. With more, in hundredths of a second, for threads that
/// have ended count too and only `/proc/self/stat` knows theirs.
fn cpu_seconds(threads: usize) -> Answer<f64> {
    if threads > 1 {
        let stat = fs::read_to_string("/proc/self/stat")?;
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        return Ok(ticks / 100.0);
    }
    let mut nanoseconds = 0.0;
    for task in fs::read_dir("/proc/self/task")? {
        let schedstat = fs::read_to_string(task?.path().join("schedstat"))?;
        nanoseconds += schedstat.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds / 1e9)
}

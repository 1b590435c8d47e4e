//! Owns the tests of carrying out browse jobs as the console asks them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::browse::{Direction, Exported, RowCount, SortKey};
use crate::cancel::CancelToken;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::worker::{BrowseJob, Failure, Reply};
use crate::workspace::Workspace;

use super::{BrowseContext, Browser};

struct Bench {
    browser: Browser,
    directory: tempfile::TempDir,
    counts: Arc<Mutex<Vec<RowCount>>>,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let surroundings = Surroundings {
            workspace: Workspace::at(directory.path()),
            settings: Settings::default(),
        };
        Self {
            browser: Browser::new(Arc::new(surroundings)),
            directory,
            counts: Arc::default(),
        }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn run_until(&self, job: &BrowseJob, cancel: &CancelToken) -> Result<Reply, Failure> {
        let counts = Arc::clone(&self.counts);
        let rows = Arc::new(move |count| counts.lock().unwrap().push(count));
        self.browser.run(
            job,
            &BrowseContext {
                cancel,
                progress: &|_, _, _| {},
                rows,
            },
        )
    }

    fn run(&self, job: &BrowseJob) -> Result<Reply, Failure> {
        self.run_until(job, &CancelToken::new())
    }

    fn message(&self, job: &BrowseJob) -> String {
        self.run(job).unwrap_err().message
    }

    fn open(&self, path: PathBuf) -> Reply {
        self.run(&BrowseJob::Open { path: Some(path) }).unwrap()
    }

    fn first_cells(&self, first: u64, count: usize) -> Vec<String> {
        match self.run(&BrowseJob::Page { first, count, cell: 20 }).unwrap() {
            Reply::Page(page) => page.rows.into_iter().map(|row| row.cells[0].clone()).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn arrange(&self, filters: &[&str], sort: &[SortKey]) -> Result<Reply, Failure> {
        let filters = filters.iter().map(|&filter| filter.to_owned()).collect();
        self.run(&BrowseJob::Arrange {
            filters,
            sort: sort.to_vec(),
        })
    }
}

fn numbers(count: usize) -> String {
    let mut text = String::from("n,digit,text\n");
    for at in 0..count {
        text.push_str(&format!("{at},{},word{}\n", at % 10, at % 3));
    }
    text
}

fn page(first: u64) -> BrowseJob {
    BrowseJob::Page {
        first,
        count: 5,
        cell: 20,
    }
}

#[test]
fn without_a_table_nothing_can_be_asked() {
    let bench = Bench::new();
    assert_eq!(bench.message(&page(0)), "no table is open; open one first");
    let missing = bench.directory.path().join("missing.csv");
    assert!(
        bench
            .message(&BrowseJob::Open { path: Some(missing) })
            .contains("missing.csv")
    );
    let Reply::Opened(opened) = bench.run(&BrowseJob::Open { path: None }).unwrap() else {
        panic!()
    };
    assert_eq!((opened.path, opened.name.as_str()), (None, "the bundled data"));
    assert!(!opened.first.is_empty() && opened.columns.len() > 1);
}

#[test]
fn pages_rows_and_the_end_follow_the_view() {
    let bench = Bench::new();
    let Reply::Opened(opened) = bench.open(bench.file("a.csv", &numbers(1000))) else {
        panic!()
    };
    assert_eq!(
        (opened.name.as_str(), opened.format.as_str(), opened.rows.known > 0),
        ("a.csv", "CSV", true)
    );
    assert_eq!(opened.first[0].cells, ["0", "0", "word0"]);
    assert_eq!(bench.first_cells(998, 9), ["998", "999"]);
    let key = SortKey {
        column: 0,
        descending: true,
    };
    let Reply::Arranged(arranged) = bench.arrange(&["digit = 3", "word1"], &[key]).unwrap() else {
        panic!()
    };
    assert_eq!((arranged.rows, arranged.first[0].cells[0].as_str()), (33, "973"));
    assert_eq!(bench.first_cells(31, 9), ["43", "13"]);
    let Reply::Page(tail) = bench.run(&BrowseJob::Tail { count: 2, cell: 20 }).unwrap() else {
        panic!()
    };
    assert_eq!((tail.first, tail.rows[1].ordinal), (Some(31), Some(13)));
    let Reply::Row(row) = bench.run(&BrowseJob::Row { at: 0 }).unwrap() else {
        panic!()
    };
    assert_eq!(row.ordinal, Some(973));
    assert_eq!(
        bench.message(&BrowseJob::Row { at: 33 }),
        "there is no row 34; the view has 33"
    );
    let Reply::Arranged(lines) = bench
        .run(&BrowseJob::Lines {
            lines: vec![2, 10, 1001, 5000],
        })
        .unwrap()
    else {
        panic!()
    };
    assert_eq!(
        (lines.rows, bench.first_cells(0, 9)),
        (3, ["0", "8", "999"].map(str::to_owned).to_vec())
    );
    assert!(
        bench
            .arrange(&["digit = "], &[])
            .unwrap_err()
            .message
            .starts_with("at character 9")
    );
    assert_eq!(
        bench.first_cells(0, 9).len(),
        3,
        "a view that cannot be made changes nothing"
    );
}

#[test]
fn matches_are_found_and_counted_in_the_view() {
    let bench = Bench::new();
    bench.open(bench.file("a.csv", &numbers(1000)));
    bench
        .arrange(
            &["digit = 3"],
            &[SortKey {
                column: 0,
                descending: true,
            }],
        )
        .unwrap();
    let text = "word2".to_owned();
    let count = BrowseJob::Count {
        text: text.clone(),
        regex: false,
        case: None,
    };
    let find = |from| BrowseJob::Find {
        text: text.clone(),
        regex: false,
        case: None,
        from,
        direction: Direction::Forward,
    };
    let Reply::Found(Some(before)) = bench.run(&find((0, 0))).unwrap() else {
        panic!()
    };
    assert_eq!(bench.run(&count).unwrap(), Reply::Counted(33));
    assert_eq!(bench.run(&find((0, 0))).unwrap(), Reply::Found(Some(before)));
    // 993, 983 = 2 modulo 3, 973 …
    assert_eq!((before.at, before.column, before.wrapped), (1, 2, false));
    bench.arrange(&[], &[]).unwrap();
    assert_eq!(bench.run(&count).unwrap(), Reply::Counted(333));
    let Reply::Found(Some(found)) = bench.run(&find((998, 2))).unwrap() else {
        panic!()
    };
    assert_eq!((found.at, found.wrapped), (2, true));
    let bad = BrowseJob::Count {
        text: "(".to_owned(),
        regex: true,
        case: None,
    };
    assert!(bench.message(&bad).contains("unclosed group"));
}

#[test]
fn statistics_and_exports_are_of_the_view() {
    let bench = Bench::new();
    bench.open(bench.file("a.csv", &numbers(1000)));
    bench.arrange(&["n < 10"], &[]).unwrap();
    let Reply::Statistics(found) = bench
        .run(&BrowseJob::Statistics {
            column: 0,
            label: Some(2),
        })
        .unwrap()
    else {
        panic!()
    };
    assert_eq!((found.rows, found.mean, found.labels.len()), (10, Some(4.5), 3));
    let path = bench.directory.path().join("out.csv");
    let export = |replace| BrowseJob::Export {
        columns: vec![2, 0],
        path: path.clone(),
        replace,
    };
    assert_eq!(
        bench.run(&export(false)).unwrap(),
        Reply::Exported {
            path: path.clone(),
            exported: Exported { rows: 10, ragged: 0 }
        }
    );
    assert!(
        std::fs::read_to_string(&path)
            .unwrap()
            .starts_with("text,n\nword0,0\nword1,1\n")
    );
    assert!(bench.message(&export(false)).contains("is there already"));
}

#[test]
fn the_index_is_told_and_jobs_beside_it_are_answered() {
    let bench = Bench::new();
    let path = bench.file("a.csv", &numbers(200_000));
    std::thread::scope(|scope| {
        let Reply::Opened(_) = bench.open(path) else { panic!() };
        let sort = scope.spawn(|| {
            bench.arrange(
                &["digit < 5"],
                &[SortKey {
                    column: 2,
                    descending: true,
                }],
            )
        });
        for _ in 0..50 {
            let Reply::Page(tail) = bench.run(&BrowseJob::Tail { count: 1, cell: 20 }).unwrap() else {
                panic!()
            };
            assert!(
                ["199999", "0", "199994", "199998", "199992"].contains(&tail.rows[0].cells[0].as_str()),
                "{tail:?}"
            );
            assert_eq!(bench.first_cells(0, 3).len(), 3);
        }
        let Reply::Arranged(arranged) = sort.join().unwrap().unwrap() else {
            panic!()
        };
        assert_eq!(arranged.rows, 100_000);
    });
    // The last count is told after the index is whole, which is what jobs wait for.
    let whole = RowCount {
        known: 200_000,
        complete: true,
        estimated: None,
    };
    let last = || bench.counts.lock().unwrap().last().copied();
    let begun = Instant::now();
    while last() != Some(whole) {
        assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", last());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_cancelled_job_changes_nothing() {
    let bench = Bench::new();
    bench.open(bench.file("a.csv", &numbers(1000)));
    let cancel = CancelToken::new();
    cancel.cancel();
    let job = BrowseJob::Arrange {
        filters: vec!["n = 1".to_owned()],
        sort: Vec::new(),
    };
    assert_eq!(bench.run_until(&job, &cancel).unwrap_err().message, "cancelled");
    assert_eq!(bench.first_cells(0, 3), ["0", "1", "2"]);
}

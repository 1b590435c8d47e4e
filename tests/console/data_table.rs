//! A table that answers browse jobs as the worker would: small, and always the same.

use std::cell::RefCell;
use std::rc::Rc;

use nsec_tui::browse::{
    ColumnInfo, ColumnKind, ColumnStatistics, Exported, HistogramBin, Match, RowCount, SortKey, TableRow, TopValue,
};
use nsec_tui::worker::{Arranged, BrowseJob, Job, Kind, OpenedTable, Page, Reply, Report, SchemaColumn, Survey};

use super::world::{World, done, failed, survey};

/// Rows that come with an answer.
const FIRST: usize = 60;

/// A table and its present view.
pub(super) struct Table {
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// What is wrong with a row.
    pub(super) trouble: Option<(usize, String)>,
    /// Rows counted when it is opened; all if there are fewer.
    pub(super) counted_at_first: usize,
    view: Vec<usize>,
}

impl Table {
    pub(super) fn new(names: &[&str], rows: Vec<Vec<String>>) -> Self {
        Self {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            view: (0..rows.len()).collect(),
            counted_at_first: usize::MAX,
            trouble: None,
            rows,
        }
    }

    /// As the bundled data has it, with other numbers.
    pub(super) fn phishing(rows: usize) -> Self {
        let names = [
            "having_IP_Address",
            "URL_Length",
            "port",
            "service",
            "Shortining_Service",
            "SSLfinal_State",
            "Domain_registeration_length",
            "Request_URL",
            "URL_of_Anchor",
            "age_of_domain",
            "note",
            "Result",
        ];
        let services = ["http", "https", "dns", "smtp"];
        let cell = |row: usize, column: usize| match column {
            1 => (20 + row * 37 % 211).to_string(),
            2 => [80, 443, 8080, 22][row % 4].to_string(),
            3 => services[row * 7 % 4].to_owned(),
            9 => (row * row % 365).to_string(),
            10 if row.is_multiple_of(9) => String::new(),
            10 => format!("visited {} times", row % 13),
            _ => ["-1", "0", "1"][(row * (column + 3) / 2) % 3].to_owned(),
        };
        let rows = (0..rows).map(|row| (0..names.len()).map(|column| cell(row, column)).collect());
        Self::new(&names, rows.collect())
    }

    fn row(&self, at: usize, placed: bool) -> TableRow {
        TableRow {
            ordinal: placed.then_some(at as u64),
            cells: self.rows[at].clone(),
            trouble: self
                .trouble
                .as_ref()
                .filter(|(row, _)| *row == at)
                .map(|(_, what)| what.clone()),
        }
    }

    fn some(&self, first: usize, count: usize) -> Vec<TableRow> {
        let places = self.view.iter().skip(first).take(count);
        places.map(|at| self.row(*at, true)).collect()
    }

    fn count(&self) -> RowCount {
        let complete = self.rows.len() <= self.counted_at_first;
        RowCount {
            known: self.rows.len().min(self.counted_at_first) as u64,
            complete,
            estimated: (!complete).then_some(self.rows.len() as u64 * 11 / 10),
        }
    }

    fn kind(&self, column: usize) -> ColumnKind {
        let mut cells = self
            .rows
            .iter()
            .map(|row| row[column].as_str())
            .filter(|cell| !cell.is_empty());
        let number = cells.clone().next().is_some() && cells.all(|cell| cell.parse::<i64>().is_ok());
        if number { ColumnKind::Integer } else { ColumnKind::Text }
    }

    fn opened(&self, path: Option<&std::path::Path>) -> Reply {
        let infos = self.names.iter().enumerate().map(|(at, name)| ColumnInfo {
            name: name.clone(),
            kind: self.kind(at),
        });
        let name = path
            .and_then(|path| path.file_name())
            .map(|name| name.to_string_lossy().into_owned());
        Reply::Opened(OpenedTable {
            path: path.map(Into::into),
            name: name.unwrap_or_else(|| "phisingData.csv".to_owned()),
            format: "CSV".to_owned(),
            bytes: Some(self.rows.len() as u64 * 91),
            columns: infos.collect(),
            rows: self.count(),
            first: self.some(0, FIRST.min(self.counted_at_first)),
        })
    }

    /// Only `column = value`, `column != value` and texts.
    fn fits(&self, row: &[String], filter: &str) -> bool {
        let words: Vec<&str> = filter.splitn(3, ' ').collect();
        let column = self.names.iter().position(|name| Some(&name.as_str()) == words.first());
        match (column, words.as_slice()) {
            (Some(column), [_, "=", value]) => row[column] == value.trim_matches('\''),
            (Some(column), [_, "!=", value]) => row[column] != value.trim_matches('\''),
            (Some(column), [_, "is", "null"]) => row[column].is_empty(),
            _ => row.iter().any(|cell| cell.contains(filter)),
        }
    }

    fn arrange(&mut self, filters: &[String], sort: &[SortKey]) -> Vec<Report> {
        if let Some(wrong) = filters.iter().find(|filter| filter.contains("= =")) {
            let at = wrong.find("= =").unwrap_or(0) + 3;
            return failed(&format!("at character {at}: a value is missing before this ="), &[]);
        }
        let fits = |at: &usize| filters.iter().all(|filter| self.fits(&self.rows[*at], filter));
        let mut view: Vec<usize> = (0..self.rows.len()).filter(fits).collect();
        view.sort_by(|a, b| {
            let by_key = |key: &SortKey| {
                let (a, b) = (&self.rows[*a][key.column], &self.rows[*b][key.column]);
                let order = match (a.parse::<i64>(), b.parse::<i64>()) {
                    (Ok(a), Ok(b)) => a.cmp(&b),
                    _ => a.cmp(b),
                };
                if key.descending { order.reverse() } else { order }
            };
            sort.iter()
                .map(by_key)
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        self.view = view;
        self.arranged()
    }

    fn arranged(&self) -> Vec<Report> {
        done(Reply::Arranged(Arranged {
            rows: self.view.len() as u64,
            first: self.some(0, FIRST),
        }))
    }

    /// The next match in the view behind a cell, or before it.
    fn find(&self, text: &str, from: (u64, usize), forward: bool) -> Option<Match> {
        let columns = self.names.len();
        let all = self.view.len() * columns;
        let begin = from.0 as usize * columns + from.1;
        (1..=all).find_map(|step| {
            let place = if forward { begin + step } else { begin + all - step };
            let at = place % all;
            let cell = &self.rows[self.view[at / columns]][at % columns];
            cell.contains(text).then_some(Match {
                at: (at / columns) as u64,
                column: at % columns,
                wrapped: if forward { place >= all } else { place < all },
            })
        })
    }

    fn statistics(&self, column: usize, label: Option<usize>) -> ColumnStatistics {
        let cells: Vec<&Vec<String>> = self.view.iter().map(|at| &self.rows[*at]).collect();
        let mut labels: Vec<String> = label
            .iter()
            .flat_map(|label| cells.iter().map(|row| row[*label].clone()))
            .collect();
        labels.sort();
        labels.dedup();
        let mut values: Vec<String> = cells.iter().map(|row| row[column].clone()).collect();
        values.sort();
        let counts = |fits: &dyn Fn(&str) -> bool| {
            let of = |wanted: &String| {
                cells
                    .iter()
                    .filter(|row| fits(&row[column]) && label.is_some_and(|l| row[l] == *wanted))
                    .count() as u64
            };
            labels.iter().map(of).collect::<Vec<u64>>()
        };
        let mut distinct = values.clone();
        distinct.dedup();
        let mut top: Vec<TopValue> = distinct
            .iter()
            .map(|value| TopValue {
                value: value.clone(),
                count: values.iter().filter(|other| *other == value).count() as u64,
                mix: counts(&|cell| cell == value),
            })
            .collect();
        top.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        top.truncate(20);
        let kind = self.kind(column);
        let mut numbers: Vec<f64> = values.iter().filter_map(|value| value.parse().ok()).collect();
        numbers.sort_by(f64::total_cmp);
        let number = kind == ColumnKind::Integer && !numbers.is_empty();
        let quantile = |share: f64| (share, numbers[((numbers.len() - 1) as f64 * share) as usize]);
        let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
        let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
        let sd = (squares / numbers.len().max(1) as f64).sqrt();
        let bin = |at: usize| {
            let step = (numbers[numbers.len() - 1] - numbers[0]) / 10.0;
            let low = numbers[0] + step * at as f64;
            let inside = |number: &&f64| **number >= low && (**number < low + step || at == 9);
            HistogramBin {
                low,
                high: low + step,
                count: numbers.iter().filter(inside).count() as u64,
                mix: Vec::new(),
            }
        };
        ColumnStatistics {
            column,
            kind,
            rows: self.view.len() as u64,
            nulls: values.iter().filter(|value| value.is_empty()).count() as u64,
            unreadable: 0,
            distinct: distinct.len() as u64,
            distinct_exact: true,
            min: if number {
                numbers.first().map(f64::to_string)
            } else {
                distinct.first().cloned()
            },
            max: if number {
                numbers.last().map(f64::to_string)
            } else {
                distinct.last().cloned()
            },
            mean: number.then_some(mean),
            sd: number.then_some(sd),
            quantiles: if number {
                [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99].map(quantile).to_vec()
            } else {
                Vec::new()
            },
            histogram: if number { (0..10).map(bin).collect() } else { Vec::new() },
            top,
            labels,
        }
    }

    fn answer(&mut self, job: &Job) -> Vec<Report> {
        let Job::Browse(job) = job else { return Vec::new() };
        match job {
            BrowseJob::Open { path } => {
                self.view = (0..self.rows.len()).collect();
                done(self.opened(path.as_deref()))
            }
            BrowseJob::Page { first, count, .. } => done(Reply::Page(Page {
                first: Some(*first),
                rows: self.some(*first as usize, *count),
            })),
            BrowseJob::Tail { count, .. } => {
                let rows = (self.rows.len().saturating_sub(*count)..self.rows.len()).map(|at| self.row(at, false));
                done(Reply::Page(Page {
                    first: None,
                    rows: rows.collect(),
                }))
            }
            BrowseJob::Lines { lines } => {
                self.view = lines.iter().map(|line| *line as usize - 2).collect();
                self.arranged()
            }
            BrowseJob::Arrange { filters, sort } => self.arrange(filters, sort),
            BrowseJob::Find {
                text, from, direction, ..
            } => {
                let forward = *direction == nsec_tui::browse::Direction::Forward;
                done(Reply::Found(self.find(text, *from, forward)))
            }
            BrowseJob::Count { text, .. } => {
                let rows = self
                    .view
                    .iter()
                    .filter(|at| self.rows[**at].iter().any(|cell| cell.contains(text)));
                done(Reply::Counted(rows.count() as u64))
            }
            BrowseJob::Statistics { column, label } => done(Reply::Statistics(self.statistics(*column, *label))),
            BrowseJob::Row { at } => done(Reply::Row(self.row(self.view[*at as usize], true))),
            BrowseJob::Export { path, replace, .. } if path.ends_with("there.csv") && !replace => failed(
                "there.csv: is there already; choose another name, or agree to replace it",
                &[],
            ),
            BrowseJob::Export { path, .. } => done(Reply::Exported {
                path: path.clone(),
                exported: Exported {
                    rows: self.view.len() as u64,
                    ragged: 0,
                },
            }),
        }
    }
}

/// The survey, with a schema that knows some of the columns.
pub(super) fn survey_with_columns() -> Survey {
    let column = |name: &str, kind: &str, role: &str, limits: &str, description: &str| SchemaColumn {
        name: name.to_owned(),
        kind: kind.to_owned(),
        role: role.to_owned(),
        required: true,
        nullable: false,
        limits: limits.to_owned(),
        aliases: Vec::new(),
        description: description.to_owned(),
    };
    let mut survey = survey();
    survey.schema.columns = vec![
        column(
            "having_IP_Address",
            "category",
            "feature",
            "one of -1 1",
            "whether the host is a number",
        ),
        column(
            "URL_Length",
            "int",
            "feature",
            "0 to 2000",
            "characters of the whole URL",
        ),
        column("Result", "category", "label", "malicious -1, benign 1", ""),
    ];
    survey
}

/// A world in which every path holds this table.
pub(super) fn world_with(table: Table) -> World {
    let table = Rc::new(RefCell::new(table));
    let kinds = [
        Kind::Open,
        Kind::Page,
        Kind::Arrange,
        Kind::Find,
        Kind::Count,
        Kind::Statistics,
        Kind::Row,
        Kind::Export,
    ];
    let world = World::new().on(Kind::Survey, |_| done(Reply::Survey(survey_with_columns())));
    kinds.into_iter().fold(world, |world, kind| {
        let table = Rc::clone(&table);
        world.on(kind, move |job| table.borrow_mut().answer(job))
    })
}

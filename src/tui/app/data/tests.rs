//! What the Data panel does with keys and news, in whatever order they come.

mod columns;
mod panel;
mod random;
mod window;

use std::path::PathBuf;

use super::*;
use crate::browse::{ColumnInfo, ColumnKind, RowCount, TableRow};
use crate::tui::app::effect::Effect;
use crate::worker::{Arranged, Failure, Kind, OpenedTable, Page, Reply, Report, Ticket};

/// A row that says which it is.
fn row(ordinal: Option<u64>, columns: usize) -> TableRow {
    let name = ordinal.map_or("last".to_owned(), |at| at.to_string());
    TableRow {
        ordinal,
        cells: (0..columns).map(|column| format!("{name}.{column}")).collect(),
        trouble: None,
    }
}

fn rows(first: u64, count: usize, columns: usize) -> Vec<TableRow> {
    (0..count as u64).map(|at| row(Some(first + at), columns)).collect()
}

fn counted(known: u64) -> RowCount {
    RowCount {
        known,
        complete: true,
        estimated: None,
    }
}

fn counting(known: u64) -> RowCount {
    RowCount {
        known,
        complete: false,
        estimated: Some(known * 10),
    }
}

fn infos(names: &[&str]) -> Vec<ColumnInfo> {
    let info = |name: &&str| ColumnInfo {
        name: (*name).to_owned(),
        kind: ColumnKind::Text,
    };
    names.iter().map(info).collect()
}

/// A panel by itself, with what it has asked for.
struct Bench {
    panel: DataPanel,
    shared: Shared,
}

impl Bench {
    /// With nothing open, on a screen of 80x24.
    fn new() -> Self {
        let mut bench = Self {
            panel: DataPanel::default(),
            shared: Shared::default(),
        };
        bench.shared.size = (80, 24);
        bench
    }

    /// With a table of three columns open.
    fn open(count: RowCount) -> Self {
        let mut bench = Self::new();
        bench
            .panel
            .command(&mut bench.shared, &Command::Open(Some("/d/t.csv".into())));
        bench.reply(Kind::Open, opened(count));
        bench
    }

    fn act(&mut self, actions: &[Action]) -> &mut Self {
        for action in actions {
            self.panel.act(&mut self.shared, *action);
        }
        self
    }

    /// The latest job of a kind.
    fn job(&self, kind: Kind) -> Option<(Ticket, BrowseJob)> {
        let submitted = self.shared.effects.iter().rev().filter_map(|effect| match effect {
            Effect::Submit(ticket, Job::Browse(job)) if ticket.kind == kind => Some((*ticket, job.clone())),
            _ => None,
        });
        { submitted }.next()
    }

    fn jobs(&self, kind: Kind) -> usize {
        let of_kind = |effect: &&Effect| matches!(effect, Effect::Submit(ticket, _) if ticket.kind == kind);
        self.shared.effects.iter().filter(of_kind).count()
    }

    /// Says something about the latest job of a kind.
    fn tell(&mut self, kind: Kind, report: Report) -> &mut Self {
        let (ticket, _) = self.job(kind).expect("a job of that kind");
        if matches!(report, Report::Done(_) | Report::Failed(_) | Report::Cancelled) {
            self.shared.ended(ticket);
        }
        self.panel.news(&mut self.shared, &News { ticket, report });
        self
    }

    fn reply(&mut self, kind: Kind, reply: Reply) -> &mut Self {
        self.tell(kind, Report::Done(Box::new(reply)))
    }

    fn fail(&mut self, kind: Kind, message: &str) -> &mut Self {
        self.tell(
            kind,
            Report::Failed(Failure {
                message: message.to_owned(),
                details: Vec::new(),
            }),
        )
    }

    /// Answers the rows that are asked for until none are.
    fn pages(&mut self) -> &mut Self {
        for _ in 0..20 {
            match self.job(Kind::Page) {
                Some((ticket, BrowseJob::Page { first, count, .. })) if self.panel.window.waits_for(ticket) => {
                    let rows = rows(first, count, 3);
                    let first = Some(first);
                    self.reply(Kind::Page, Reply::Page(Page { first, rows }));
                }
                _ => break,
            }
        }
        self
    }

    fn answer(&mut self, purpose: Purpose, given: Given) -> &mut Self {
        self.panel.answered(&mut self.shared, Answer { purpose, given });
        self
    }

    fn line(&mut self, purpose: Purpose, text: &str) -> &mut Self {
        let given = Given::Line {
            text: text.to_owned(),
            regex: false,
            exact_case: false,
        };
        self.answer(purpose, given)
    }

    fn place(&self) -> Option<u64> {
        self.panel.window.place()
    }
}

use crate::tui::app::layer::{Given, Purpose};

fn opened(count: RowCount) -> Reply {
    Reply::Opened(OpenedTable {
        path: Some(PathBuf::from("/d/t.csv")),
        name: "t.csv".to_owned(),
        format: "CSV".to_owned(),
        bytes: Some(1_000),
        columns: infos(&["a", "b", "c"]),
        rows: count,
        first: rows(0, 50.min(count.known as usize), 3),
    })
}

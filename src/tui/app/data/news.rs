//! Owns what the Data panel does with the worker's news.

use super::jobs::{Asked, Origin, Progress};
use super::session::DataSession;
use super::{Columns, DataPanel, OpenTable, Source, Window};
use crate::browse::{Match, RowCount};
use crate::text::counted;
use crate::tui::app::shared::{Command, OpenSource, Shared};
use crate::worker::{Arranged, Failure, Kind, News, OpenedTable, Reply, Report, Ticket};

impl DataPanel {
    pub(super) fn take_news(&mut self, shared: &mut Shared, news: &News) {
        let ticket = news.ticket;
        if let Report::Done(reply) = &news.report
            && let Reply::Survey(survey) = &**reply
        {
            self.columns.describe(&survey.schema);
        } else if ticket.kind == Kind::Page {
            self.take_rows(shared, ticket, &news.report);
        } else {
            self.take_report(shared, ticket, &news.report);
        }
    }

    fn take_rows(&mut self, shared: &mut Shared, ticket: Ticket, report: &Report) {
        if !self.window.waits_for(ticket) {
            return;
        }
        match report {
            Report::Done(reply) => match &**reply {
                Reply::Page(page) => {
                    self.columns.make_room(&page.rows);
                    self.window.filled(page.clone());
                }
                _ => self.window.refused(),
            },
            Report::Failed(failure) => {
                self.window.refused();
                shared.complain(failure.message.clone());
            }
            Report::Cancelled => self.window.refused(),
            _ => {}
        }
    }

    fn take_report(&mut self, shared: &mut Shared, ticket: Ticket, report: &Report) {
        match report {
            Report::Rows(count) => self.counted(ticket, *count),
            Report::Progress { done, total, note } => {
                let progress = Progress {
                    kind: ticket.kind,
                    done: *done,
                    total: *total,
                    note: note.clone(),
                };
                self.jobs.progressed(ticket, progress);
            }
            Report::Done(reply) => {
                if let Some(asked) = self.jobs.end(ticket) {
                    self.take_reply(shared, ticket, asked, reply);
                }
            }
            Report::Failed(failure) => {
                if let Some(asked) = self.jobs.end(ticket) {
                    self.failed(shared, asked, failure);
                }
            }
            Report::Cancelled => {
                if let Some(asked) = self.jobs.end(ticket) {
                    self.cancelled(shared, asked);
                }
            }
            _ => {}
        }
    }

    fn counted(&mut self, ticket: Ticket, count: RowCount) {
        let Source::Open(table) = &mut self.source else { return };
        if table.ticket != ticket {
            return;
        }
        table.rows = count;
        // A view of some rows, or in another order, has its own count.
        if self.arrangement.is_plain() {
            self.window.counted(count);
        }
    }

    fn take_reply(&mut self, shared: &mut Shared, ticket: Ticket, asked: Asked, reply: &Reply) {
        match (asked, reply) {
            (Asked::Open, Reply::Opened(opened)) => self.opened(shared, ticket, opened),
            (Asked::Arrange(wanted, origin), Reply::Arranged(arranged)) => {
                self.arrangement = wanted;
                self.arranged(shared, arranged, origin);
            }
            (
                Asked::Find {
                    from,
                    direction,
                    from_top,
                },
                Reply::Found(found),
            ) => match (found, &mut self.find) {
                (Some(found), Some(find)) => {
                    find.found(*found, from, direction, from_top);
                    self.go_to_match(shared, *found);
                }
                (None, Some(find)) => {
                    let words = format!("no match for {}", find.text);
                    self.find = None;
                    shared.complain(words);
                }
                (_, None) => {}
            },
            (Asked::Count, Reply::Counted(rows)) => {
                if let Some(find) = &mut self.find {
                    find.rows = Some(*rows);
                }
            }
            (Asked::Statistics(_), Reply::Statistics(statistics)) => self.pane.computed(statistics.clone()),
            (Asked::Row(wish), Reply::Row(row)) => self.use_row(shared, row, wish),
            (Asked::Export(_), Reply::Exported { path, exported }) => {
                let written = format!("{} written to {}", counted(exported.rows, "row"), path.display());
                if exported.ragged == 0 {
                    shared.say(written);
                } else {
                    let ragged = counted(exported.ragged, "row");
                    shared.complain(format!(
                        "{ragged} with missing or surplus cells filled or cut; {written}"
                    ));
                }
            }
            _ => {}
        }
    }

    fn opened(&mut self, shared: &mut Shared, ticket: Ticket, opened: &OpenedTable) {
        self.kept = None;
        self.source = Source::Open(OpenTable::new(ticket, opened));
        self.columns = Columns::new(&opened.columns, &opened.first, shared.size.0);
        if let Some(survey) = &shared.survey {
            self.columns.describe(&survey.schema);
        }
        let height = self.rows_in(shared.panel_height());
        self.window = Window::new(opened.rows, opened.first.clone(), opened.columns.len(), height);
        self.remember_file();
        shared.source = OpenSource {
            path: opened.path.clone(),
            name: opened.name.clone(),
        };
        shared.request(Command::SourceChanged);
        if let Some(session) = self.resuming.clone() {
            self.resume_table(shared, &session);
        }
    }

    fn arranged(&mut self, shared: &mut Shared, arranged: &Arranged, origin: Origin) {
        let count = match &self.source {
            // The rows of the source may still be being counted.
            Source::Open(table) if self.arrangement.is_plain() => RowCount {
                known: table.rows.known.max(arranged.rows),
                ..table.rows
            },
            _ => RowCount {
                known: arranged.rows,
                complete: true,
                estimated: None,
            },
        };
        let height = self.rows_in(shared.panel_height());
        self.columns.make_room(&arranged.first);
        self.window = Window::new(count, arranged.first.clone(), self.columns.all().len(), height);
        if let Some(find) = &mut self.find {
            (find.at, find.rows, find.nth) = (None, None, None);
        }
        self.pane.forget();
        if let Some(column) = self.pane.column {
            self.show_statistics(shared, column);
        }
        if origin == Origin::Session
            && let Some(session) = self.resuming.take()
        {
            self.window.go_back_to(session.row, session.top);
        }
    }

    fn go_to_match(&mut self, shared: &mut Shared, found: Match) {
        self.window.go_to(found.at);
        self.columns.go_to(found.column);
        if found.wrapped {
            shared.say("past the end; this is from the other end");
        }
        let counted = self.find.as_ref().is_some_and(|find| find.rows.is_some());
        if !counted
            && self.jobs.running(Kind::Count).is_none()
            && let Some(job) = self.find.as_ref().map(super::Find::count_job)
        {
            self.jobs.ask(shared, job, Asked::Count);
        }
        self.follow_with_statistics(shared);
    }

    fn failed(&mut self, shared: &mut Shared, asked: Asked, failure: &Failure) {
        let message = failure.message.clone();
        match asked {
            Asked::Open => self.open_failed(shared, failure),
            Asked::Arrange(wanted, Origin::Typed) => {
                let text = wanted.filters.last().cloned().unwrap_or_default();
                self.ask_for_filter(shared, &text, Some(message));
            }
            Asked::Arrange(_, Origin::Session) => {
                self.resuming = None;
                shared.complain(format!("filter and order of last time are left out: {message}"));
            }
            Asked::Find { .. } if self.find.as_ref().is_some_and(|find| find.regex && find.at.is_none()) => {
                self.find_refused(shared, message);
            }
            Asked::Arrange(_, Origin::Key) | Asked::Find { .. } | Asked::Row(_) => shared.complain(message),
            // A match without a count is a match all the same.
            Asked::Count => {}
            Asked::Statistics(_) => self.pane.problem = Some(message),
            Asked::Export(path) if message.contains("is there already") => Self::ask_to_replace(shared, path),
            Asked::Export(path) => Self::open_export(shared, &path, Some(message)),
        }
    }

    fn open_failed(&mut self, shared: &mut Shared, failure: &Failure) {
        let path = self.source.path().map(std::path::Path::to_owned);
        if path.is_some() && self.resuming.is_some() {
            shared.complain(format!("{}; here is the workspace's own data", failure.message));
            self.resuming = None;
            return self.open(shared, None);
        }
        self.resuming = None;
        if self.come_back() {
            return shared.complain(failure.message.clone());
        }
        self.source = Source::Failed {
            path,
            failure: failure.clone(),
        };
        shared.source = OpenSource::default();
        shared.request(Command::SourceChanged);
    }

    fn cancelled(&mut self, shared: &mut Shared, asked: Asked) {
        match asked {
            Asked::Open => {
                let failure = Failure {
                    message: "opening was stopped".to_owned(),
                    details: Vec::new(),
                };
                // Whoever stops it wants nothing else opened in its place.
                self.resuming = None;
                self.open_failed(shared, &failure);
            }
            Asked::Arrange(_, origin) => {
                if origin == Origin::Session {
                    self.resuming = None;
                }
                shared.say("stopped; the rows are as they were");
            }
            Asked::Find { .. } => shared.say("stopped looking"),
            Asked::Export(path) => shared.say(format!("stopped; nothing was written to {path}")),
            Asked::Statistics(_) => _ = self.pane.close(),
            Asked::Count | Asked::Row(_) => {}
        }
    }

    /// Takes up what the session before had of this table.
    fn resume_table(&mut self, shared: &mut Shared, session: &DataSession) {
        let (arrangement, missing) = session.restore(&mut self.columns);
        if !missing.is_empty() {
            shared.complain(format!(
                "the table has changed: {} not there any more",
                missing.join(", ")
            ));
        }
        if arrangement.is_plain() {
            self.resuming = None;
            self.window.go_back_to(session.row, session.top);
        } else {
            self.arrange(shared, arrangement, Origin::Session);
        }
    }
}

//! Owns drawing the leaderboard: as many of its columns as there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::training::board::{Board, BoardRow, RowState};
use crate::tui::view::table::{Column, Table, TableCell, TableRow, scrolled};
use crate::tui::view::theme::Role;
use crate::tui::view::{Frame, numbers};
use crate::worker::{Spread, metric};

/// What a column shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Model,
    Score,
    Spread,
    Trials,
    Seconds,
    F1,
    RocAuc,
    PrAuc,
    Brier,
    Fit,
    Predict,
    State,
}

/// Columns with their widths while a run goes, the most wanted first.
const LIVE: [(Shows, u16); 6] = [
    (Shows::Model, 20),
    (Shows::Score, 8),
    (Shows::State, 8),
    (Shows::Trials, 7),
    (Shows::Spread, 7),
    (Shows::Seconds, 8),
];

/// Columns with their widths of a finished run, the most wanted first.
const FINISHED: [(Shows, u16); 9] = [
    (Shows::Model, 20),
    (Shows::Score, 8),
    (Shows::State, 8),
    (Shows::F1, 6),
    (Shows::RocAuc, 7),
    (Shows::Fit, 7),
    (Shows::Predict, 7),
    (Shows::Brier, 6),
    (Shows::Trials, 7),
];

/// The order in which columns stand.
const ORDER: [Shows; 12] = [
    Shows::Model,
    Shows::Score,
    Shows::Spread,
    Shows::F1,
    Shows::RocAuc,
    Shows::PrAuc,
    Shows::Brier,
    Shows::Trials,
    Shows::Seconds,
    Shows::Fit,
    Shows::Predict,
    Shows::State,
];

/// Draws the leaderboard.
pub fn draw(frame: &Frame<'_>, board: &Board, area: Rect, buffer: &mut Buffer) {
    if area.height < 2 || area.width < 12 {
        return;
    }
    let chosen = chosen(board, area.width);
    let columns: Vec<Column<'_>> = chosen
        .iter()
        .map(|(shows, width)| column(*shows, *width, board))
        .collect();
    let rows = board.rows();
    let selected = frame.app.training.selected();
    let cursor = rows.iter().position(|row| Some(row.model.as_str()) == selected);
    let height = usize::from(area.height) - 1;
    let first = scrolled(0, cursor.unwrap_or(0), height);
    let in_sight = rows.iter().skip(first).take(height);
    let lines: Vec<TableRow<'_>> = in_sight
        .map(|row| {
            let cells = chosen.iter().map(|(shows, _)| cell(*shows, row));
            TableRow {
                mark: if row.state == RowState::Champion {
                    frame.look.glyphs().champion
                } else {
                    ""
                },
                ..TableRow::of(cells)
            }
        })
        .collect();
    let table = Table {
        columns: &columns,
        rows: &lines,
        cursor: cursor.map(|at| at - first),
        ..Table::default()
    };
    table.draw(frame.look, area, buffer);
}

/// The columns there is room for, in the order in which they stand; the last one takes what is left.
fn chosen(board: &Board, width: u16) -> Vec<(Shows, u16)> {
    let wanted: &[(Shows, u16)] = if board.finished { &FINISHED } else { &LIVE };
    let mut room = width.saturating_sub(1);
    let mut taken: Vec<(Shows, u16)> = Vec::new();
    for (shows, width) in wanted {
        // Names may be cut a little for the sake of what stands behind them.
        let least = if *shows == Shows::Model { 12 } else { *width };
        if room < least {
            break;
        }
        let width = (*width).min(room);
        room = room.saturating_sub(width + 2);
        taken.push((*shows, width));
    }
    let mut columns: Vec<(Shows, u16)> = ORDER
        .iter()
        .filter_map(|shows| taken.iter().find(|(other, _)| other == shows))
        .copied()
        .collect();
    if let Some((Shows::State, width)) = columns.last_mut() {
        *width += room;
    }
    columns
}

fn column(shows: Shows, width: u16, board: &Board) -> Column<'static> {
    let title = match shows {
        Shows::Model => return Column::left("model", width),
        Shows::State => return Column::left("state", width),
        Shows::Score => {
            let known = board.metric.as_deref();
            known.map_or("score", |name| metric(name).map_or("score", |metric| metric.title))
        }
        Shows::Spread => "+-",
        Shows::Trials => "trials",
        Shows::Seconds => "fit",
        Shows::F1 => "F1",
        Shows::RocAuc => "ROC-AUC",
        Shows::PrAuc => "PR-AUC",
        Shows::Brier => "Brier",
        Shows::Fit => "one fit",
        Shows::Predict => "us/row",
    };
    Column::right(title, width)
}

fn cell(shows: Shows, row: &BoardRow) -> TableCell<'_> {
    let mean = |spread: Option<Spread>| numbers::decimal(spread.map(|spread| spread.mean), 4);
    let cv = row.cv.as_ref();
    let text = match shows {
        Shows::Model => return TableCell::of(row.model.as_str(), model_role(row)),
        Shows::State => {
            let (word, why) = row.state.words();
            let text = if why.is_empty() {
                word.to_owned()
            } else {
                format!("{word}: {why}")
            };
            return TableCell::of(text, state_role(row));
        }
        Shows::Score => return TableCell::of(numbers::decimal(row.score, 4), model_role(row)),
        Shows::Spread => numbers::decimal(row.spread, 4),
        Shows::Trials => match row.of {
            Some(of) if of != row.trials => format!("{}/{of}", row.trials),
            Some(_) => row.trials.to_string(),
            None => String::new(),
        },
        Shows::Seconds | Shows::Fit => row.seconds.map(numbers::seconds).unwrap_or_default(),
        Shows::F1 => mean(cv.and_then(|cv| cv.f1)),
        Shows::RocAuc => mean(cv.and_then(|cv| cv.roc_auc)),
        Shows::PrAuc => mean(cv.and_then(|cv| cv.pr_auc)),
        Shows::Brier => mean(cv.and_then(|cv| cv.brier)),
        Shows::Predict => row.predict_us.map(|us| format!("{us:.1}")).unwrap_or_default(),
    };
    TableCell::of(text, Role::Plain)
}

fn model_role(row: &BoardRow) -> Role {
    match row.state {
        RowState::Champion => Role::Accent,
        RowState::Queued | RowState::Untried | RowState::Skipped(_) => Role::Faint,
        _ => Role::Plain,
    }
}

fn state_role(row: &BoardRow) -> Role {
    match row.state {
        RowState::Champion | RowState::Trying => Role::Accent,
        RowState::Failed(_) => Role::Bad,
        RowState::Queued | RowState::Untried | RowState::Skipped(_) => Role::Faint,
        RowState::Trained | RowState::Stopped => Role::Plain,
    }
}

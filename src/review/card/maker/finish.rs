//! Owns putting a card together: the evidence in order, what is usual and drifted beside it, neighbours, reliability.

use super::{CardMaker, ModelParts};
use crate::explain::{Measure, UsualColumn, Value};
use crate::review::card::judged::{JudgedRows, NearCase};
use crate::review::card::{CardInput, CardParts};
use crate::review::contract::{CardColumn, CardNeighbour, NeighbourSource, Reliability};

/// Judged rows on a card, and differing columns that are told of each neighbour.
const JUDGED: usize = 5;
const DIFFERENCES: usize = 4;

impl CardMaker {
    /// Puts judged cases, what is usual and drift beside what the model says.
    pub fn finish(&self, row: &CardInput, parts: &ModelParts, judged: &JudgedRows) -> CardParts {
        let places = self.text.places(&row.cells);
        let text_of = |column: &str| {
            let at = self
                .text
                .place_of(column)
                .and_then(|at| places.get(at).copied().flatten());
            at.and_then(|at| row.cells.get(at))
                .map_or("", |(_, text)| text.as_str())
        };
        let order = self.by_evidence(parts);
        let columns = order.iter().filter_map(|&at| self.column(at, parts, text_of)).collect();
        let near = judged.nearest(&parts.values, row.row, JUDGED).into_iter();
        let mut neighbours: Vec<CardNeighbour> = near
            .map(|near| {
                let NearCase { case, distance, values } = near;
                let source = NeighbourSource::Judged {
                    row: case.row,
                    verdict: case.verdict,
                    analyst: case.analyst.clone(),
                };
                self.neighbour(source, distance, &parts.values, values, &order, text_of)
            })
            .collect();
        neighbours.extend(parts.training.iter().map(|near| {
            let source = NeighbourSource::Training {
                row: near.row,
                malicious: near.malicious,
            };
            self.neighbour(source, near.distance, &parts.values, &near.values, &order, text_of)
        }));
        let used: Vec<usize> = self
            .columns
            .iter()
            .filter_map(|c| self.text.place_of(&c.name))
            .collect();
        let used: Vec<usize> = used
            .iter()
            .filter_map(|&at| places.get(at).copied().flatten())
            .collect();
        let others = row.cells.iter().enumerate().filter(|(at, _)| !used.contains(at));
        CardParts {
            columns,
            other: others.map(|(_, cell)| cell.clone()).collect(),
            smallest_change: parts.smallest_change.clone(),
            neighbours,
            reliability: self.reliability(row, judged),
            missing: self.missing.iter().chain(&parts.missing).cloned().collect(),
        }
    }

    /// Places of the columns, the largest share of the evidence first.
    fn by_evidence(&self, parts: &ModelParts) -> Vec<usize> {
        let place = |name: &str| self.columns.iter().position(|column| column.name == name);
        let shares = parts.shares.iter().flatten();
        let mut order: Vec<usize> = shares.filter_map(|share| place(&share.column)).collect();
        let rest: Vec<usize> = (0..self.columns.len()).filter(|at| !order.contains(at)).collect();
        order.extend(rest);
        order
    }

    fn column<'a>(&self, at: usize, parts: &ModelParts, text_of: impl Fn(&str) -> &'a str) -> Option<CardColumn> {
        let name = &self.columns.get(at)?.name;
        let value = parts.values.get(at).and_then(Option::as_ref);
        let usual = self.training.as_ref().and_then(|training| training.usual.get(at));
        // A column that is not among the shares has none of the evidence, unless nothing is known of any.
        let share = parts.shares.as_ref().map(|shares| {
            let found = shares.iter().find(|share| share.column == *name);
            found.map_or(0.0, |share| share.share)
        });
        Some(CardColumn {
            column: name.clone(),
            value: text_of(name).to_owned(),
            share,
            usual: usual.map_or_else(String::new, |usual: &UsualColumn| usual.text(value)),
            unseen: usual.is_some_and(|usual| usual.is_unseen(value)),
            drifted: self.drifted.get().is_some_and(|drifted| drifted.contains(name)),
        })
    }

    fn neighbour<'a>(
        &self,
        source: NeighbourSource,
        distance: f64,
        row: &[Option<Value>],
        other: &[Option<Value>],
        order: &[usize],
        text_of: impl Fn(&str) -> &'a str,
    ) -> CardNeighbour {
        let cell = |cells: &[Option<Value>], at: usize| cells.get(at).cloned().flatten();
        let differing = order.iter().copied().filter(|&at| {
            let measure = self.measures.get(at).copied().unwrap_or(Measure::Equality);
            measure.gap(cell(row, at).as_ref(), cell(other, at).as_ref()) > 0.0
        });
        let differing: Vec<usize> = differing.collect();
        let told = differing.iter().take(DIFFERENCES).filter_map(|&at| {
            let name = &self.columns.get(at)?.name;
            let text = cell(other, at).map(|value| value.to_string()).unwrap_or_default();
            Some((name.clone(), text_of(name).to_owned(), text))
        });
        CardNeighbour {
            source,
            distance,
            differs: told.collect(),
            differences: differing.len(),
        }
    }

    fn reliability(&self, row: &CardInput, judged: &JudgedRows) -> Option<Reliability> {
        let around = self.past.as_ref()?.around(row.probability)?;
        let count = judged.count(&self.run, around.from, around.to, row.row);
        Some(Reliability {
            judged: count.judged,
            true_positives: count.true_positives,
            ..around
        })
    }
}

//! Owns fitting: which steps a column gets, and what they learn from the training rows.

use std::collections::HashSet;

use polars::prelude::DataFrame;

use crate::schema::{Column, ColumnType, Role};

use super::cells::{Cells, Flag, KeyView, NumberView, Table};
use super::check::MOST_FEATURES;
use super::encode::{CategoryFit, CategoryStep};
use super::error::TransformError;
use super::impute::{Neighbours, fill};
use super::numeric::Shape;
use super::scale::Scale;
use super::select::select;
use super::settings::{NumberImputation, TransformSettings};
use super::step::{Fitted, FittedColumn, NumberStep, Step};
use super::wants::{CategoryEncoding, MissingValues, Wants};

/// Fits everything on training rows.
pub(super) fn fit(
    frame: &DataFrame,
    columns: &[Column],
    labels: &[bool],
    wants: Wants,
    settings: &TransformSettings,
) -> Result<Fitted, TransformError> {
    settings.check()?;
    let rows = frame.height();
    if rows == 0 {
        return Err(TransformError::NoRows);
    }
    if labels.len() != rows {
        return Err(TransformError::LabelCount {
            rows,
            labels: labels.len(),
        });
    }
    let table = Table::new(frame);
    let fitter = Fitter::new(labels, wants, settings);
    let mut fitted = Fitted {
        format: Fitted::FORMAT,
        missing: wants.missing,
        columns: fitter.columns(&table, columns)?,
        neighbours: None,
        dropped: Vec::new(),
    };
    let width = fitted.width();
    if width > MOST_FEATURES {
        return Err(TransformError::TooWide {
            features: width,
            limit: MOST_FEATURES,
        });
    }
    if fitter.uses_neighbours() {
        fitter.fit_neighbours(&table, &mut fitted)?;
    }
    fitted.dropped = select(&fitted, frame, labels, settings)?;
    Ok(fitted)
}

struct Fitter<'a> {
    settings: &'a TransformSettings,
    category: CategoryFit<'a>,
    discrete: bool,
}

impl<'a> Fitter<'a> {
    fn new(labels: &'a [bool], wants: Wants, settings: &'a TransformSettings) -> Self {
        // Codes read as numbers would be nonsense to a family that did not ask for them.
        let encoding = match settings.encoding {
            None | Some(CategoryEncoding::Native) => wants.categories,
            Some(encoding) => encoding,
        };
        Self {
            settings,
            category: CategoryFit {
                labels,
                settings,
                encoding,
                missing: wants.missing,
                scaling: settings.scaling.unwrap_or(wants.scaling),
            },
            // Ranks by frequency would lose the order that whole numbers have.
            discrete: wants.discrete_as_categories && encoding != CategoryEncoding::Ordinal,
        }
    }

    fn imputes(&self) -> bool {
        self.category.missing == MissingValues::Impute
    }

    fn uses_neighbours(&self) -> bool {
        self.imputes() && self.settings.impute_numbers == NumberImputation::Knn
    }

    /// Every column's steps. A column that the schema does not require may be absent; it then gives nothing.
    fn columns(&self, table: &Table<'_>, columns: &[Column]) -> Result<Vec<FittedColumn>, TransformError> {
        let mut names = HashSet::new();
        let mut fitted = Vec::with_capacity(columns.len());
        for column in columns {
            if !names.insert(column.name.as_str()) {
                return Err(TransformError::RepeatedColumn {
                    column: column.name.clone(),
                });
            }
            let unused = |note: &str| FittedColumn {
                name: column.name.clone(),
                kind: column.kind,
                steps: Vec::new(),
                note: Some(note.to_owned()),
            };
            if let Some(note) = self.refuses(column) {
                fitted.push(unused(note));
            } else if !column.required && !table.has(&column.name) {
                fitted.push(unused("not in the training data"));
            } else {
                let cells = table.cells(&column.name, column.kind)?;
                fitted.push(FittedColumn {
                    name: column.name.clone(),
                    kind: column.kind,
                    steps: self.steps(column.kind, &cells),
                    note: None,
                });
            }
        }
        Ok(fitted)
    }

    /// Why nothing is made of a column, if nothing is.
    fn refuses(&self, column: &Column) -> Option<&'static str> {
        match (column.role, column.kind) {
            (Role::Id, _) => Some("names rows, never learned from"),
            (Role::Ignore, _) => Some("ignored"),
            (_, ColumnType::Text) => Some("free text, never learned from"),
            (_, ColumnType::Ip) if !self.settings.ip_features => Some("ip_features is off"),
            (_, ColumnType::Timestamp) if !self.settings.timestamp_parts => Some("timestamp_parts is off"),
            _ => None,
        }
    }

    fn steps(&self, kind: ColumnType, cells: &Cells<'_>) -> Vec<Step> {
        let mut steps = match kind {
            ColumnType::Port if self.settings.port_features => vec![
                self.number(cells, NumberView::Value),
                self.category(cells, KeyView::PortBand),
                self.category(cells, KeyView::PortService),
            ],
            ColumnType::Int | ColumnType::Port
                if self.discrete && cells.distinct_ints_within(self.settings.discrete_limit) =>
            {
                vec![self.category(cells, KeyView::Value)]
            }
            ColumnType::Int | ColumnType::Port | ColumnType::Float => vec![self.number(cells, NumberView::Value)],
            ColumnType::Category => vec![self.category(cells, KeyView::Value)],
            ColumnType::Bool => vec![self.category(cells, KeyView::Truth)],
            ColumnType::Ip => vec![
                Step::Flags(vec![
                    Flag::Private,
                    Flag::Public,
                    Flag::Loopback,
                    Flag::Multicast,
                    Flag::Ipv6,
                ]),
                self.category(cells, KeyView::WideNetwork),
                self.category(cells, KeyView::NarrowNetwork),
            ],
            ColumnType::Timestamp => vec![
                self.number(cells, NumberView::HourSine),
                self.number(cells, NumberView::HourCosine),
                self.category(cells, KeyView::Weekday),
                Step::Flags(vec![Flag::Weekend, Flag::Night]),
            ],
            ColumnType::Text => Vec::new(),
        };
        if self.imputes() && cells.any_missing() {
            steps.push(Step::Flags(vec![Flag::Missing]));
        }
        steps
    }

    fn category(&self, cells: &Cells<'_>, view: KeyView) -> Step {
        Step::Category(CategoryStep::fit(cells, view, &self.category))
    }

    /// A numeric feature. The parts of a clock are between -1 and 1 as they are: a missing one is the clock's centre,
    /// and they are neither transformed nor scaled.
    fn number(&self, cells: &Cells<'_>, view: NumberView) -> Step {
        if view != NumberView::Value {
            return Step::Number(NumberStep {
                view,
                fill: self.imputes().then_some(0.0),
                shape: Shape::Identity,
                scale: Scale::None,
            });
        }
        let mut values = cells.numbers(view);
        let mut step = NumberStep {
            view,
            fill: self.imputes().then(|| fill(self.settings, &values)),
            shape: Shape::choose(self.settings.numeric_transform, self.category.scaling, &values),
            scale: Scale::None,
        };
        self.fit_scale(&mut step, &mut values);
        Step::Number(step)
    }

    /// Fits the scaling on filled and transformed training values, which it makes of the raw ones in place.
    fn fit_scale(&self, step: &mut NumberStep, values: &mut [f64]) {
        step.scale = Scale::None;
        for value in values.iter_mut() {
            *value = step.apply(*value);
        }
        step.scale = Scale::fit(self.category.scaling, values);
    }

    /// Fits the neighbours on all numeric columns, then the scalings again, on what the neighbours filled in.
    fn fit_neighbours(&self, table: &Table<'_>, fitted: &mut Fitted) -> Result<(), TransformError> {
        let mut training: Vec<(u32, Vec<f64>)> = Vec::new();
        for (index, column) in fitted.columns.iter().enumerate() {
            if column
                .steps
                .iter()
                .any(|s| matches!(s, Step::Number(n) if n.view == NumberView::Value))
            {
                training.push((
                    index as u32,
                    table.cells(&column.name, column.kind)?.numbers(NumberView::Value),
                ));
            }
        }
        let Some(neighbours) = Neighbours::fit(self.settings, &training) else {
            return Ok(());
        };
        training.retain(|(index, _)| neighbours.columns.contains(index));
        let (indices, mut columns): (Vec<u32>, Vec<Vec<f64>>) = training.into_iter().unzip();
        neighbours.fill_columns(&mut columns);
        for (index, mut values) in indices.into_iter().zip(columns) {
            for step in fitted
                .columns
                .get_mut(index as usize)
                .into_iter()
                .flat_map(|c| &mut c.steps)
            {
                if let Step::Number(number) = step {
                    self.fit_scale(number, &mut values);
                }
            }
        }
        fitted.neighbours = Some(neighbours);
        Ok(())
    }
}

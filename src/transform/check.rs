//! Owns the check of a fitted preprocessor that was read back: damaged content is an error, never a panic or a wrong
//! matrix.

use std::collections::HashSet;

use crate::schema::ColumnType;

use super::cells::{Flag, KeyView, NumberView};
use super::encode::{CategoryStep, Encoding};
use super::error::TransformError;
use super::keys::Keys;
use super::step::{Fitted, FittedColumn, Step};
use super::wants::MissingValues;

/// Features before selection at most: a matrix of 4,096 rows is then 1 GB.
pub(super) const MOST_FEATURES: usize = 65_536;

/// Refuses what does not hold together.
///
/// # Errors
/// [`TransformError::Damaged`] with the first thing found wrong, [`TransformError::TooWide`].
pub(super) fn check(fitted: &Fitted) -> Result<(), TransformError> {
    if fitted.format != Fitted::FORMAT {
        return Err(TransformError::damaged(format!(
            "format {} where this program reads {}",
            fitted.format,
            Fitted::FORMAT
        )));
    }
    let mut names = HashSet::new();
    for column in &fitted.columns {
        if !names.insert(column.name.as_str()) {
            return Err(TransformError::damaged(format!(
                "column `{}` stands in it twice",
                column.name
            )));
        }
        if let Some(fault) = column
            .steps
            .iter()
            .find_map(|step| step_fault(step, column, fitted.missing))
        {
            return Err(TransformError::damaged(format!("column `{}`: {fault}", column.name)));
        }
    }
    let width = fitted.width();
    if width > MOST_FEATURES {
        return Err(TransformError::TooWide {
            features: width,
            limit: MOST_FEATURES,
        });
    }
    let ascending = fitted.dropped.is_sorted_by(|a, b| a.feature < b.feature);
    let in_range = fitted.dropped.iter().all(|d| (d.feature as usize) < width);
    if !ascending || !in_range || fitted.dropped.len() >= width {
        return Err(TransformError::damaged("the dropped features do not fit the columns"));
    }
    match &fitted.neighbours {
        Some(neighbours) => neighbours_fault(fitted, neighbours.fault(fitted.columns.len())),
        None => Ok(()),
    }
}

fn neighbours_fault(fitted: &Fitted, fault: Option<&'static str>) -> Result<(), TransformError> {
    if let Some(fault) = fault {
        return Err(TransformError::damaged(fault));
    }
    let numeric = |c: &FittedColumn| {
        c.steps
            .iter()
            .any(|s| matches!(s, Step::Number(n) if n.view == NumberView::Value))
    };
    let compared = fitted.neighbours.iter().flat_map(|n| &n.columns);
    if compared
        .into_iter()
        .all(|&c| fitted.columns.get(c as usize).is_some_and(numeric))
    {
        Ok(())
    } else {
        Err(TransformError::damaged("neighbours over a column that is not numeric"))
    }
}

fn step_fault(step: &Step, column: &FittedColumn, missing: MissingValues) -> Option<&'static str> {
    let imputes = missing == MissingValues::Impute;
    match step {
        Step::Number(number) => {
            let fits = match number.view {
                NumberView::Value => matches!(column.kind, ColumnType::Int | ColumnType::Float | ColumnType::Port),
                NumberView::HourSine | NumberView::HourCosine => column.kind == ColumnType::Timestamp,
            };
            if !fits {
                Some("a number read from a column that has none")
            } else if number.fill.is_some() != imputes || number.fill.is_some_and(|f| !f.is_finite()) {
                Some("the fill for missing numbers is unusable")
            } else if !number.scale.is_sound() {
                Some("the scaling is unusable")
            } else {
                None
            }
        }
        Step::Category(category) => category_fault(category, column.kind, imputes),
        Step::Flags(flags) => flags_fault(flags, column.kind),
    }
}

fn category_fault(step: &CategoryStep, kind: ColumnType, imputes: bool) -> Option<&'static str> {
    let ints = matches!(step.keys, Keys::Ints(_));
    let fits = match step.view {
        KeyView::Value => match kind {
            ColumnType::Int | ColumnType::Port => ints,
            ColumnType::Category => !ints,
            _ => false,
        },
        KeyView::Truth => kind == ColumnType::Bool && ints,
        KeyView::WideNetwork | KeyView::NarrowNetwork => kind == ColumnType::Ip && ints,
        KeyView::PortBand | KeyView::PortService => kind == ColumnType::Port && ints,
        KeyView::Weekday => kind == ColumnType::Timestamp && ints,
    };
    if !fits {
        return Some("categories of another type than the column");
    }
    if step.keys.len() > MOST_FEATURES || !step.keys.ascend() {
        return Some("categories that repeat or are out of order");
    }
    if step.missing_code.is_some() != imputes || step.missing_code.is_some_and(|c| c > step.other()) {
        return Some("the category for missing cells is not there");
    }
    if let Encoding::Numbers { values, scale, .. } = &step.encoding
        && (values.len() != step.codes() || values.iter().any(|v| !v.is_finite()) || !scale.is_sound())
    {
        return Some("the numbers of the categories are unusable");
    }
    None
}

fn flags_fault(flags: &[Flag], kind: ColumnType) -> Option<&'static str> {
    let fits = flags.iter().all(|flag| match flag {
        Flag::Missing => true,
        Flag::Private | Flag::Public | Flag::Loopback | Flag::Multicast | Flag::Ipv6 => kind == ColumnType::Ip,
        Flag::Weekend | Flag::Night => kind == ColumnType::Timestamp,
    });
    (!fits || flags.is_empty() || flags.len() > 8).then_some("flags that the column does not have")
}

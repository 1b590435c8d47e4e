//! Owns features as SQL: what is read of a column, and what the preprocessor makes of it.

use std::ops::Range;

use crate::schema::ColumnType;
use crate::text::visible_text;
use crate::transform::{Codes, Flag, KeyView, Keys, Made, NumberView, Recipe, Scale, Shape};

use super::dialect::Dialect;
use super::error::SqlError;
use super::expression::Expr;

/// Numbers are kept within the range of single precision.
const LARGEST: f64 = f32::MAX as f64;

/// One part of a recipe: neighbouring features of one column.
pub(super) struct Part<'a> {
    dialect: Dialect,
    column: Expr,
    kind: ColumnType,
    made: &'a Made<'a>,
    /// The features it makes.
    pub(super) features: Range<usize>,
}

/// What a part's features are to a model that adds up what each of them says.
pub(super) enum Values {
    /// One of so many rows of constants: for each case the condition and the features' values. The last has no condition.
    Cases(Vec<(Expr, Vec<f32>)>, Vec<f32>),
    /// A number worked out from the cell.
    Number(Expr),
}

/// The parts of a recipe, if SQL says all of them.
///
/// # Errors
/// The first column that cannot be written, and why.
pub(super) fn parts<'a>(recipe: &'a Recipe<'a>, dialect: Dialect) -> Result<Vec<Part<'a>>, SqlError> {
    let mut next = 0;
    let mut parts = Vec::new();
    for column in &recipe.columns {
        let name = quotable(column.name, "a column's name")?;
        let refused = |reason| SqlError::Column {
            column: visible_text(column.name).into_owned(),
            reason,
        };
        for part in &column.parts {
            check(&part.made, column.kind).map_err(refused)?;
            if let Made::OneHot { codes, .. } | Made::Lookup { codes, .. } = &part.made
                && let Keys::Texts(texts) = codes.keys
            {
                for text in texts {
                    quotable(text, "a category")?;
                }
            }
            let first = next;
            next += part.width;
            parts.push(Part {
                dialect,
                column: Expr::name(&dialect.identifier(name)),
                kind: column.kind,
                made: &part.made,
                features: first..next,
            });
        }
    }
    Ok(parts)
}

/// `text`, unless it holds what cannot be quoted.
pub(super) fn quotable<'t>(text: &'t str, what: &str) -> Result<&'t str, SqlError> {
    if text.contains('\0') {
        return Err(SqlError::Nul {
            what: format!("{what} ({})", visible_text(text)),
        });
    }
    Ok(text)
}

fn check(made: &Made<'_>, kind: ColumnType) -> Result<(), &'static str> {
    const TIME: &str = "a time of day or week is read of it, and engines differ in time zones and types of times";
    const NETWORK: &str = "networks and kinds of addresses are read of it, and engines differ in types of addresses; transform.ip_features: false leaves them out";
    match made {
        Made::Number { view, .. } if *view != NumberView::Value => Err(TIME),
        Made::OneHot { codes, .. } | Made::Lookup { codes, .. } => match codes.view {
            KeyView::Weekday => Err(TIME),
            KeyView::WideNetwork | KeyView::NarrowNetwork => Err(NETWORK),
            KeyView::PortService => Err("services behind ports are read of it"),
            KeyView::Value | KeyView::Truth | KeyView::PortBand => Ok(()),
        },
        Made::Flags(flags) if flags.iter().any(|flag| *flag != Flag::Missing) => Err(match kind {
            ColumnType::Timestamp => TIME,
            _ => NETWORK,
        }),
        Made::Flags(_) if kind == ColumnType::Ip => Err(NETWORK),
        Made::Number { .. } | Made::Flags(_) => Ok(()),
    }
}

impl Part<'_> {
    /// Whether the cell holds a value.
    fn present(&self) -> Expr {
        match self.kind {
            // False for what is no number, infinite or NULL, in every engine.
            ColumnType::Float => {
                Expr::call("abs", std::slice::from_ref(&self.column)).operator("<=", &Expr::number(f64::MAX))
            }
            ColumnType::Text | ColumnType::Category => self.column.operator("<>", &Expr::text(self.dialect.text(""))),
            _ => {
                let null = self.column.is_null();
                Expr::call("NOT ", &[null])
            }
        }
    }

    /// Whether the cell holds none.
    fn missing(&self) -> Expr {
        match self.kind {
            ColumnType::Float => {
                let present = Expr::case(&[(self.present(), Expr::int(1))], &Expr::int(0));
                present.operator("=", &Expr::int(0))
            }
            ColumnType::Text | ColumnType::Category => {
                let empty = self.column.operator("=", &Expr::text(self.dialect.text("")));
                self.column.is_null().operator("OR", &empty)
            }
            _ => self.column.is_null(),
        }
    }

    /// What its features hold.
    pub(super) fn values(&self) -> Values {
        match self.made {
            Made::Number { fill, shape, scale, .. } => {
                let otherwise = fill.map_or_else(Expr::null, |fill| {
                    Expr::number(f64::from(narrow(scale.apply(shape.apply(fill)))))
                });
                let value = self.number(*shape, scale);
                Values::Number(Expr::case(&[(self.present(), value)], &otherwise))
            }
            Made::OneHot { codes, kept } => self.cases(codes, |code| {
                kept.iter()
                    .map(|&kept| f32::from(u8::from(Some(kept) == code)))
                    .collect()
            }),
            Made::Lookup { codes, values } => self.cases(codes, |code| {
                vec![
                    code.and_then(|code| values.get(code as usize).copied())
                        .unwrap_or(f32::NAN),
                ]
            }),
            Made::Flags(flags) => Values::Cases(vec![(self.missing(), vec![1.0; flags.len()])], vec![0.0; flags.len()]),
        }
    }

    /// A number that is there: shaped, scaled, narrowed.
    fn number(&self, shape: Shape, scale: &Scale) -> Expr {
        let clamped = |value: &Expr| {
            let low = Expr::call("least", &[value.clone(), Expr::number(LARGEST)]);
            Expr::call("greatest", &[low, Expr::number(-LARGEST)])
        };
        let mut value = self.column.cast(self.dialect.to_double());
        if self.kind == ColumnType::Float {
            value = clamped(&value);
        }
        let size = Expr::call("abs", &[value.clone()]);
        let signed = |size: &Expr| Expr::call("sign", &[value.clone()]).operator("*", size);
        let value = match shape {
            Shape::Identity => value,
            Shape::SquareRoot => signed(&Expr::call("sqrt", &[size])),
            Shape::Log1p if self.dialect.has_log1p() => signed(&Expr::call("log1p", &[size])),
            Shape::Log1p => signed(&log1p(&size)),
        };
        let scaled = match *scale {
            Scale::None => value,
            Scale::Linear { center, divisor } => value
                .operator("-", &Expr::number(center))
                .operator("/", &Expr::number(divisor)),
            Scale::Range { low, high } => {
                let share = value
                    .operator("-", &Expr::number(low))
                    .operator("/", &Expr::number(high - low));
                let low = Expr::call("least", &[share, Expr::number(1.0)]);
                Expr::call("greatest", &[low, Expr::number(0.0)])
            }
            Scale::Zero => return Expr::number(0.0),
        };
        clamped(&scaled).narrowed(self.dialect)
    }

    /// The features' values by code: first those of a missing cell, then those of each key, last those of any other.
    fn cases(&self, codes: &Codes<'_>, of: impl Fn(Option<u32>) -> Vec<f32>) -> Values {
        let other = of(Some(codes.other));
        let mut cases = vec![(self.missing(), of(codes.missing))];
        // Keys with the same values share a case.
        let mut groups: Vec<(Vec<f32>, Vec<u32>)> = Vec::new();
        for code in 0..codes.keys.len() as u32 {
            let values = of(Some(code));
            if same(&values, &other) {
                continue;
            }
            match groups.iter_mut().find(|(known, _)| same(known, &values)) {
                Some((_, codes)) => codes.push(code),
                None => groups.push((values, vec![code])),
            }
        }
        for (values, group) in groups {
            cases.push((self.is_one_of(codes, &group), values));
        }
        Values::Cases(cases, other)
    }

    /// Whether the cell's key is one of those with these codes.
    fn is_one_of(&self, codes: &Codes<'_>, group: &[u32]) -> Expr {
        let whole = |at: &u32| match codes.keys {
            Keys::Ints(keys) => keys.get(*at as usize).copied(),
            Keys::Texts(_) => None,
        };
        match (codes.view, codes.keys) {
            (KeyView::PortBand, _) => {
                let band = |key: i64| match key {
                    0 => self.between(0, 1023),
                    1 => self.between(1024, 49_151),
                    _ => self.between(49_152, 65_535),
                };
                let bands = group.iter().filter_map(whole).map(band);
                bands.reduce(|a, b| a.operator("OR", &b)).unwrap_or_default()
            }
            (_, Keys::Texts(keys)) => {
                let texts = group.iter().filter_map(|&at| keys.get(at as usize));
                let texts: Vec<Expr> = texts.map(|text| Expr::text(self.dialect.text(text))).collect();
                self.column.is_one_of(&texts)
            }
            (view, Keys::Ints(_)) => {
                let ints: Vec<Expr> = group.iter().filter_map(whole).map(Expr::int).collect();
                let cell = if view == KeyView::Truth {
                    self.column.cast(self.dialect.to_whole())
                } else {
                    self.column.clone()
                };
                cell.is_one_of(&ints)
            }
        }
    }

    fn between(&self, low: i64, high: i64) -> Expr {
        let from = self.column.operator(">=", &Expr::int(low));
        from.operator("AND", &self.column.operator("<=", &Expr::int(high)))
    }

    /// One feature by itself, NULL where it is missing.
    pub(super) fn feature(&self, feature: usize) -> Expr {
        let at = feature - self.features.start;
        let constant = |values: &[f32]| match values.get(at) {
            Some(value) if !value.is_nan() => Expr::number(f64::from(*value)),
            _ => Expr::null(),
        };
        match self.values() {
            Values::Number(value) => value,
            Values::Cases(cases, other) => {
                let otherwise = constant(&other);
                let cases: Vec<(Expr, Expr)> = cases
                    .into_iter()
                    .map(|(when, values)| (when, constant(&values)))
                    .collect();
                Expr::case(&cases, &otherwise)
            }
        }
    }

    /// Whether a feature of it can be missing, and so NULL.
    pub(super) fn can_be_missing(&self) -> bool {
        match self.made {
            Made::Number { fill, .. } => fill.is_none(),
            Made::Lookup { codes, .. } => codes.missing.is_none(),
            Made::OneHot { .. } | Made::Flags(_) => false,
        }
    }

    /// The values that a feature can take, where they are few and known.
    pub(super) fn constants(&self, feature: usize) -> Option<Vec<f32>> {
        let at = feature - self.features.start;
        match self.values() {
            Values::Number(_) => None,
            Values::Cases(cases, other) => {
                let all = cases.iter().map(|(_, values)| values).chain([&other]);
                Some(all.filter_map(|values| values.get(at).copied()).collect())
            }
        }
    }
}

/// `ln(1 + x)` of `x >= 0` without losing small ones: `ln(u) x / (u - 1)` with `u = 1 + x` as rounded.
fn log1p(x: &Expr) -> Expr {
    let more = x.operator("+", &Expr::number(1.0));
    let exact = Expr::call("ln", std::slice::from_ref(&more))
        .operator("*", x)
        .operator("/", &more.operator("-", &Expr::number(1.0)));
    Expr::case(&[(more.operator("=", &Expr::number(1.0)), x.clone())], &exact)
}

fn narrow(x: f64) -> f32 {
    x.clamp(-LARGEST, LARGEST) as f32
}

fn same(a: &[f32], b: &[f32]) -> bool {
    a.iter().map(|v| v.to_bits()).eq(b.iter().map(|v| v.to_bits()))
}

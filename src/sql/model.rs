//! Owns models as SQL: from features to the raw probability.

use std::collections::BTreeSet;

use crate::models::trees::{Ensemble, Link, Node, Test, Tree};
use crate::models::{Anatomy, Distribution, EvidenceTable, PlainNode};
use crate::text::grouped;

use super::error::SqlError;
use super::expression::Expr;
use super::features::{Part, Values};
use super::limits::check;

/// A model's raw probability, and the features that must be columns of the rows it is worked out on.
pub(super) struct Raw {
    /// The raw probability.
    pub(super) probability: Expr,
    /// Features by number, each a column named by [`feature_name`].
    pub(super) features: BTreeSet<usize>,
}

/// The name of a feature's column. Names of the schema that look like it are kept apart by the caller.
pub(super) fn feature_name(feature: usize) -> String {
    format!("nsec_f{feature}")
}

/// Writes a model.
///
/// # Errors
/// It is too large.
pub(super) fn raw(anatomy: &Anatomy<'_>, parts: &[Part<'_>]) -> Result<Raw, SqlError> {
    match anatomy {
        Anatomy::Linear { intercept, weights } => {
            let weight = |feature: usize| weights.get(feature).copied().unwrap_or(0.0);
            additive(
                parts,
                *intercept,
                |feature, value| weight(feature) * f64::from(value),
                |feature, value| Expr::number(weight(feature)).operator("*", value),
            )
        }
        Anatomy::Tables { prior, tables } => additive(
            parts,
            *prior,
            |feature, value| tables.get(feature).map_or(0.0, |table| evidence(table, value)),
            |feature, value| {
                tables
                    .get(feature)
                    .map_or_else(|| Expr::number(0.0), |t| binned(t, value))
            },
        ),
        Anatomy::Normals { prior, pairs } => additive(
            parts,
            *prior,
            |feature, value| {
                pairs
                    .get(feature)
                    .map_or(0.0, |pair| density_ratio(pair, f64::from(value)))
            },
            |feature, value| {
                pairs
                    .get(feature)
                    .map_or_else(|| Expr::number(0.0), |pair| densities(pair, value))
            },
        ),
        Anatomy::Tree(nodes) => plain_tree(nodes),
        Anatomy::Ensemble(ensemble) => ensemble_of(ensemble, parts),
    }
}

/// `1 / (1 + exp(-z))`. Beyond 700 it is 0 or 1 to the last bit but one, and nothing overflows.
pub(super) fn logistic(z: &Expr) -> Expr {
    let within = Expr::call("greatest", &[z.clone(), Expr::number(-700.0)]);
    let within = Expr::call("least", &[within, Expr::number(700.0)]);
    let odds = Expr::call("exp", &[Expr::number(0.0).operator("-", &within)]);
    Expr::number(1.0).operator("/", &Expr::number(1.0).operator("+", &odds))
}

/// A model that adds up what each feature says, by itself, of the log-odds.
fn additive(
    parts: &[Part<'_>],
    offset: f64,
    constant: impl Fn(usize, f32) -> f64,
    of: impl Fn(usize, &Expr) -> Expr,
) -> Result<Raw, SqlError> {
    let mut terms = Vec::new();
    let mut features = BTreeSet::new();
    for part in parts {
        let first = part.features.start;
        let told = |values: &[f32]| {
            let told = values
                .iter()
                .enumerate()
                .map(|(at, &value)| constant(first + at, value));
            Expr::number(told.sum::<f64>())
        };
        terms.push(match part.values() {
            Values::Cases(cases, other) => {
                let cases: Vec<(Expr, Expr)> = cases.into_iter().map(|(when, values)| (when, told(&values))).collect();
                Expr::case(&cases, &told(&other))
            }
            // Through a column of its own, for some ask for it more than once.
            Values::Number(_) => {
                features.insert(first);
                of(first, &Expr::name(&feature_name(first)))
            }
        });
    }
    let sum = Expr::number(offset).operator("+", &Expr::sum(&terms));
    check(&sum, false, || format!("{} columns", grouped(parts.len() as u64)))?;
    Ok(Raw {
        probability: logistic(&sum),
        features,
    })
}

fn evidence(table: &EvidenceTable<'_>, value: f32) -> f64 {
    let last = table.evidence.len().saturating_sub(1);
    let code = match table.edges {
        Some(edges) => edges.partition_point(|edge| *edge <= value),
        None if value >= 0.0 && value.fract() == 0.0 => (value as usize).min(last),
        None => last,
    };
    table.evidence.get(code).copied().unwrap_or(0.0)
}

/// A table's evidence for a number.
fn binned(table: &EvidenceTable<'_>, value: &Expr) -> Expr {
    let Some((last, before)) = table.evidence.split_last() else {
        return Expr::number(0.0);
    };
    let bound = |code: usize| match table.edges {
        Some(edges) => edges
            .get(code)
            .map(|edge| value.operator("<", &Expr::number(f64::from(*edge)))),
        None => Some(value.operator("=", &Expr::number(code as f64))),
    };
    let cases = before.iter().enumerate();
    let cases: Vec<(Expr, Expr)> = cases
        .filter_map(|(code, told)| Some((bound(code)?, Expr::number(*told))))
        .collect();
    Expr::case(&cases, &Expr::number(*last))
}

fn density_ratio([benign, malicious]: &[Distribution; 2], value: f64) -> f64 {
    let density = |d: &Distribution| -0.5 * (d.variance.ln() + (value - d.mean).powi(2) / d.variance);
    density(malicious) - density(benign)
}

fn densities([benign, malicious]: &[Distribution; 2], value: &Expr) -> Expr {
    let density = |d: &Distribution| {
        let off = value.operator("-", &Expr::number(d.mean));
        let squared = off.operator("*", &off).operator("/", &Expr::number(d.variance));
        Expr::number(-0.5).operator("*", &Expr::number(d.variance.ln()).operator("+", &squared))
    };
    density(malicious).operator("-", &density(benign))
}

/// Puts nodes together from the last to the first: children stand behind their parents, so none waits for another, and a
/// tree of any depth takes no stack.
fn nodes<N>(nodes: &[N], mut write: impl FnMut(&N, &[Expr]) -> Result<Expr, SqlError>) -> Result<Expr, SqlError> {
    let mut written = vec![Expr::default(); nodes.len()];
    for (at, node) in nodes.iter().enumerate().rev() {
        let expr = write(node, &written)?;
        check(&expr, true, || {
            format!("a tree of {} nodes", grouped(nodes.len() as u64))
        })?;
        if let Some(place) = written.get_mut(at) {
            *place = expr;
        }
    }
    Ok(written.into_iter().next().unwrap_or_default())
}

fn child(written: &[Expr], at: u32) -> Expr {
    written.get(at as usize).cloned().unwrap_or_default()
}

fn plain_tree(tree: &[PlainNode]) -> Result<Raw, SqlError> {
    let mut features = BTreeSet::new();
    let probability = nodes(tree, |node, written| {
        Ok(match *node {
            PlainNode::Leaf(probability) => Expr::number(probability),
            PlainNode::Split {
                feature,
                threshold,
                low,
                high,
            } => {
                features.insert(feature as usize);
                let value = Expr::name(&feature_name(feature as usize));
                let test = value.operator("<=", &Expr::number(f64::from(threshold)));
                Expr::case(&[(test, child(written, low))], &child(written, high))
            }
        })
    })?;
    Ok(Raw { probability, features })
}

fn ensemble_of(ensemble: &Ensemble, parts: &[Part<'_>]) -> Result<Raw, SqlError> {
    let splits = |tree: &Tree| tree.nodes.iter().filter(|node| node.split.is_some()).count();
    let said = || {
        let splits: usize = ensemble.trees.iter().map(splits).sum();
        let (trees, splits) = (grouped(ensemble.trees.len() as u64), grouped(splits as u64));
        format!("{trees} trees with {splits} splits")
    };
    let mut features = BTreeSet::new();
    let mut terms = Vec::with_capacity(ensemble.trees.len());
    // Whether all trees so far are too many already; what they come to is counted without putting them together.
    let mut so_far = Expr::default();
    for tree in &ensemble.trees {
        let term = nodes(&tree.nodes, |node, written| {
            Ok(tree_node(tree, node, written, parts, &mut features))
        })
        .map_err(|error| match error {
            SqlError::TooLarge {
                size,
                unit,
                most,
                limit,
                ..
            } => SqlError::TooLarge {
                size,
                unit,
                most,
                limit,
                parts: said(),
            },
            other => other,
        })?;
        so_far.text.push_str(&term.text);
        so_far.elements += term.elements + 2;
        check(&so_far, true, said)?;
        terms.push(term);
    }
    let sum = Expr::sum(&terms);
    let probability = match ensemble.link {
        Link::LogOdds => logistic(&Expr::number(ensemble.base).operator("+", &sum)),
        Link::Mean => {
            let count = Expr::number(ensemble.trees.len().max(1) as f64);
            let mean = Expr::number(ensemble.base).operator("+", &sum.operator("/", &count));
            let low = Expr::call("greatest", &[mean, Expr::number(0.0)]);
            Expr::call("least", &[low, Expr::number(1.0)])
        }
    };
    Ok(Raw { probability, features })
}

fn tree_node(tree: &Tree, node: &Node, written: &[Expr], parts: &[Part<'_>], features: &mut BTreeSet<usize>) -> Expr {
    let Some(split) = &node.split else {
        return Expr::number(f64::from(node.value));
    };
    let feature = split.feature as usize;
    features.insert(feature);
    let value = Expr::name(&feature_name(feature));
    let part = parts.iter().find(|part| part.features.contains(&feature));
    let test = match split.test {
        Test::AtMost(threshold) => value.operator("<=", &Expr::number(f64::from(threshold))),
        Test::OneOf { .. } => {
            // Every code that there is goes one way or the other.
            let mut codes = part.and_then(|part| part.constants(feature)).unwrap_or_default();
            codes.retain(|code| !code.is_nan() && tree.goes_left(split, *code));
            codes.sort_by(f32::total_cmp);
            codes.dedup();
            let codes: Vec<Expr> = codes.iter().map(|code| Expr::number(f64::from(*code))).collect();
            value.is_one_of(&codes)
        }
    };
    let missing = split.missing_left && part.is_none_or(Part::can_be_missing);
    let test = if missing {
        value.is_null().operator("OR", &test)
    } else {
        test
    };
    let (left, right) = (child(written, split.left), child(written, split.left + 1));
    Expr::case(&[(test, left)], &right)
}

//! Owns the whole query: its layers, its names, and what stands above it.

use crate::metrics::{Calibrator, SQUEEZE};
use crate::pipeline::trained_model::TrainedModel;
use crate::text::visible_text;

use super::dialect::Dialect;
use super::error::SqlError;
use super::expression::Expr;
use super::features::{Part, parts, quotable};
use super::limits::check;
use super::model::{Raw, feature_name, logistic, raw};

/// A query, and how large an engine's parser finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The text, a comment above it, with a line end and without a semicolon.
    pub text: String,
    /// Bytes of it, against [`super::MOST_BYTES`].
    pub bytes: usize,
    /// Elements of its syntax tree, against [`super::MOST_ELEMENTS`]. An estimate from above.
    pub elements: usize,
    /// Levels of its syntax tree, against [`super::MOST_DEPTH`]. An estimate from above.
    pub depth: usize,
}

/// Writes the model of run `run_id` as a query over `table` (parts of its name separated by dots). The rows come back as they
/// are, with `probability` and `label` (1 malicious, 0 benign, by the run's threshold) behind them; what is worked out on
/// the way has names that begin with `nsec_`.
///
/// # Errors
/// The model, a column or the calibration has no exact form in SQL, or the query would be larger than an engine takes.
pub fn query(model: &TrainedModel, run_id: &str, dialect: Dialect, table: &str) -> Result<Query, SqlError> {
    let family = model.classifier.family();
    if matches!(model.calibrator, Calibrator::Isotonic { .. }) {
        return Err(SqlError::Isotonic);
    }
    let anatomy = model.classifier.anatomy().ok_or(SqlError::Family {
        family: family.to_owned(),
        reason: "it scores by comparing a row with stored training rows, which no expression says",
    })?;
    let recipe = model.preprocessor.recipe().ok_or(SqlError::Neighbours)?;
    let parts = parts(&recipe, dialect)?;
    let Raw { probability, features } = raw(&anatomy, &parts)?;
    let table: Vec<String> = quotable(table, "the table's name")?
        .split('.')
        .map(|part| dialect.identifier(part))
        .collect();
    let mut layers = Layers {
        from: Expr::name(&table.join(".")),
    };
    let feature_columns: Vec<(String, Expr)> = features
        .into_iter()
        .filter_map(|feature| {
            let part = parts.iter().find(|part: &&Part<'_>| part.features.contains(&feature))?;
            Some((feature_name(feature), part.feature(feature)))
        })
        .collect();
    layers.add(&feature_columns);
    layers.add(&[("nsec_raw".to_owned(), probability)]);
    if let Calibrator::Sigmoid { a, b } = model.calibrator {
        layers.add(&[("nsec_log_odds".to_owned(), squeezed_log_odds(&Expr::name("nsec_raw")))]);
        let z = Expr::number(a).operator("*", &Expr::name("nsec_log_odds"));
        layers.add(&[(
            "nsec_probability".to_owned(),
            logistic(&z.operator("+", &Expr::number(b))),
        )]);
    } else {
        layers.add(&[("nsec_probability".to_owned(), Expr::name("nsec_raw"))]);
    }
    let names: Vec<&str> = model.schema.columns.iter().map(|c| c.name.as_str()).collect();
    let free = |name: &str| {
        let mut free = name.to_owned();
        while names.iter().any(|known| known.eq_ignore_ascii_case(&free)) {
            free.insert_str(0, "nsec_out_");
        }
        free
    };
    let flagged = if model.threshold.is_finite() {
        Expr::name("nsec_probability").operator(">=", &Expr::number(model.threshold))
    } else {
        // Nothing reaches it, or everything does.
        Expr::int(i64::from(model.threshold < 0.0)).operator("=", &Expr::int(1))
    };
    let label = Expr::case(&[(flagged, Expr::int(1))], &Expr::int(0));
    layers.add(&[
        (free("probability"), Expr::name("nsec_probability")),
        (free("label"), label),
    ]);
    let comment = comment(model, run_id, dialect);
    let whole = Expr {
        text: format!("{comment}{}\n", layers.from.text),
        ..layers.from
    };
    check(&whole, false, || {
        format!("{} features", parts.last().map_or(0, |p| p.features.end))
    })?;
    Ok(Query {
        bytes: whole.text.len(),
        elements: whole.elements,
        depth: whole.depth,
        text: whole.text,
    })
}

/// As [`Calibrator::apply`] takes them.
fn squeezed_log_odds(probability: &Expr) -> Expr {
    let drawn_in = |p: &Expr| Expr::number(SQUEEZE).operator("+", &Expr::number(1.0 - 2.0 * SQUEEZE).operator("*", p));
    let against = Expr::number(1.0).operator("-", probability);
    let odds = drawn_in(probability).operator("/", &drawn_in(&against));
    Expr::call("ln", &[odds])
}

/// Selections, each over the one before.
struct Layers {
    from: Expr,
}

impl Layers {
    /// Adds columns to all that are there. No columns add no layer.
    fn add(&mut self, columns: &[(String, Expr)]) {
        if columns.is_empty() {
            return;
        }
        let inner = std::mem::take(&mut self.from);
        let mut text = "SELECT *".to_owned();
        let (mut elements, mut depth) = (inner.elements, inner.depth);
        for (name, expr) in columns {
            text.extend([", ", expr.text.as_str(), " AS ", name.as_str()]);
            elements += expr.elements;
            depth = depth.max(expr.depth);
        }
        if inner.text.starts_with("SELECT") {
            text.extend([" FROM\n(", inner.text.as_str(), ") AS nsec_rows"]);
        } else {
            text.extend([" FROM ", inner.text.as_str()]);
        }
        self.from = Expr {
            text,
            // The query, its list of columns, the star, the tables and what they are wrapped in.
            elements: elements + 10,
            depth: depth + 8,
        };
    }
}

fn comment(model: &TrainedModel, run_id: &str, dialect: Dialect) -> String {
    let lines = [
        format!(
            "{} of run {run_id}, schema {}, for {}.",
            model.classifier.family(),
            model.schema.name,
            dialect.title()
        ),
        "probability is that of malicious; label is 1 from the run's threshold on, else 0.".to_owned(),
        "A missing value is NULL (for text the empty text, too); texts that stand for one, as NA, must be NULL."
            .to_owned(),
        "Columns have the schema's names and types. Rows are not checked: validate them before.".to_owned(),
    ];
    let mut text = String::new();
    for line in &lines {
        text.extend(["-- ", &*visible_text(line), "\n"]);
    }
    text
}

//! Owns rules on one row without a data frame: comparisons of columns and literals, and what `AND`, `OR`, `NOT`, `IS NULL` and
//! `IS NOT NULL` make of them. Other expressions are Polars' own to evaluate.

use std::cmp::Ordering;

use polars::prelude::{
    AnyValue, BooleanFunction, DataFrame, DataType, DataTypeExpr, Expr, FunctionExpr, IntoLazy, Operator,
};

use crate::data::TypedRow;
use crate::schema::{ColumnType, Schema, TypedCell};

/// A rule in a form that one row can be asked.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    Literal(bool),
    Column(usize),
    Compare(Comparison, Operand, Operand),
    IsNull(usize),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

/// What two values are compared for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// By place in the schema.
    Column(usize),
    Int(i64),
    Float(f64),
    Text(String),
}

/// What can be compared with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Number,
    Text,
    Address,
    Time,
}

impl Condition {
    /// A rule of a schema; `None` if it is none of the simple ones.
    pub(super) fn new(schema: &Schema, expression: &Expr) -> Option<Self> {
        let of = |expression: &Expr| Self::new(schema, expression).map(Box::new);
        Some(match expression {
            Expr::Alias(inner, _) => *of(inner)?,
            // `NOT` makes a truth value of what it is given, which a condition is.
            Expr::Cast { expr, dtype, .. } if *dtype == DataTypeExpr::Literal(DataType::Boolean) => *of(expr)?,
            Expr::Column(name) => {
                let (at, kind) = column(schema, name)?;
                (kind == ColumnType::Bool).then_some(Self::Column(at))?
            }
            Expr::Literal(_) => match constant(expression)? {
                AnyValue::Boolean(value) => Self::Literal(value),
                _ => return None,
            },
            Expr::BinaryExpr { left, op, right } => match op {
                Operator::And | Operator::LogicalAnd => Self::And(of(left)?, of(right)?),
                Operator::Or | Operator::LogicalOr => Self::Or(of(left)?, of(right)?),
                other => comparison(schema, Comparison::new(*other)?, left, right)?,
            },
            Expr::Function {
                input,
                function: FunctionExpr::Boolean(function),
            } => match (function, input.as_slice()) {
                (BooleanFunction::Not, [inner]) => Self::Not(of(inner)?),
                (BooleanFunction::IsNull, [Expr::Column(name)]) => Self::IsNull(column(schema, name)?.0),
                (BooleanFunction::IsNotNull, [Expr::Column(name)]) => {
                    Self::Not(Box::new(Self::IsNull(column(schema, name)?.0)))
                }
                _ => return None,
            },
            _ => return None,
        })
    }

    /// Whether it holds; `None` where a missing value leaves that open.
    pub(super) fn holds(&self, row: &TypedRow<'_>) -> Option<bool> {
        match self {
            Self::Literal(value) => Some(*value),
            Self::Column(at) => match row.cell(*at) {
                TypedCell::Bool(value) => Some(value),
                _ => None,
            },
            Self::IsNull(at) => Some(row.cell(*at) == TypedCell::Missing),
            Self::Not(inner) => inner.holds(row).map(|holds| !holds),
            Self::And(left, right) => match (left.holds(row), right.holds(row)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Self::Or(left, right) => match (left.holds(row), right.holds(row)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::Compare(comparison, left, right) => {
                let ordering = order(left.value(row), right.value(row))?;
                Some(comparison.holds(ordering))
            }
        }
    }
}

/// A column's place and type. Of two columns of one name none is meant for certain.
fn column(schema: &Schema, name: &str) -> Option<(usize, ColumnType)> {
    let mut found = schema
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.name == name);
    let (at, column) = found.next()?;
    found.next().is_none().then_some((at, column.kind))
}

/// The value of a literal, as Polars has it: what it is before its type is settled is not for others to see.
fn constant(literal: &Expr) -> Option<AnyValue<'static>> {
    let frame = DataFrame::empty().lazy().select([literal.clone()]).collect().ok()?;
    Some(frame.columns().first()?.get(0).ok()?.into_static())
}

fn comparison(schema: &Schema, comparison: Comparison, left: &Expr, right: &Expr) -> Option<Condition> {
    let (left, left_sort) = Operand::new(schema, left)?;
    let (right, right_sort) = Operand::new(schema, right)?;
    let ordered = !matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    // Addresses are compared by their text: for that no order is needed, and equal text is an equal address.
    let fits = left_sort == right_sort && !(ordered && left_sort == Sort::Address);
    fits.then_some(Condition::Compare(comparison, left, right))
}

impl Operand {
    fn new(schema: &Schema, expression: &Expr) -> Option<(Self, Sort)> {
        Some(match expression {
            Expr::Column(name) => {
                let (at, kind) = column(schema, name)?;
                let sort = match kind {
                    ColumnType::Int | ColumnType::Port | ColumnType::Float => Sort::Number,
                    ColumnType::Category | ColumnType::Text => Sort::Text,
                    ColumnType::Ip => Sort::Address,
                    ColumnType::Timestamp => Sort::Time,
                    ColumnType::Bool => return None,
                };
                (Self::Column(at), sort)
            }
            Expr::Literal(_) => match constant(expression)? {
                AnyValue::Int32(value) => (Self::Int(i64::from(value)), Sort::Number),
                AnyValue::Int64(value) => (Self::Int(value), Sort::Number),
                AnyValue::Float64(value) => (Self::Float(value), Sort::Number),
                AnyValue::StringOwned(text) => (Self::Text(text.to_string()), Sort::Text),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn value<'a>(&'a self, row: &TypedRow<'a>) -> TypedCell<'a> {
        match self {
            Self::Column(at) => row.cell(*at),
            Self::Int(value) => TypedCell::Int(*value),
            Self::Float(value) => TypedCell::Float(*value),
            Self::Text(text) => TypedCell::Text(text),
        }
    }
}

/// How two values of one sort stand to each other; `None` if one is missing. A whole number beside a float is one.
fn order(left: TypedCell<'_>, right: TypedCell<'_>) -> Option<Ordering> {
    match (left, right) {
        (TypedCell::Int(left), TypedCell::Int(right)) | (TypedCell::Time(left), TypedCell::Time(right)) => {
            Some(left.cmp(&right))
        }
        (TypedCell::Int(left), TypedCell::Float(right)) => (left as f64).partial_cmp(&right),
        (TypedCell::Float(left), TypedCell::Int(right)) => left.partial_cmp(&(right as f64)),
        (TypedCell::Float(left), TypedCell::Float(right)) => left.partial_cmp(&right),
        (TypedCell::Text(left), TypedCell::Text(right)) => Some(left.cmp(right)),
        (TypedCell::Ip(left), TypedCell::Ip(right)) => Some(left.cmp(&right)),
        _ => None,
    }
}

impl Comparison {
    fn new(operator: Operator) -> Option<Self> {
        Some(match operator {
            Operator::Eq => Self::Equal,
            Operator::NotEq => Self::NotEqual,
            Operator::Lt => Self::Less,
            Operator::LtEq => Self::LessOrEqual,
            Operator::Gt => Self::Greater,
            Operator::GtEq => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

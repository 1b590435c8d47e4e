//! Owns what differs between engines: quotes, casts, functions.

use std::str::FromStr;

/// An engine's SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// ClickHouse.
    ClickHouse,
    /// DuckDB.
    DuckDb,
    /// Spark SQL, with its usual settings or in ANSI mode.
    Spark,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ClickHouse, Self::DuckDb, Self::Spark];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClickHouse => "clickhouse",
            Self::DuckDb => "duckdb",
            Self::Spark => "spark",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::ClickHouse => "ClickHouse",
            Self::DuckDb => "DuckDB",
            Self::Spark => "Spark SQL",
        }
    }

    /// A name of a column or table. The caller has made sure that it holds no NUL byte.
    pub(super) fn identifier(self, name: &str) -> String {
        match self {
            // A backslash escapes here as in a text.
            Self::ClickHouse => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
            Self::DuckDb => format!("\"{}\"", name.replace('"', "\"\"")),
            Self::Spark => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// A text. The caller has made sure that it holds no NUL byte.
    pub(super) fn text(self, text: &str) -> String {
        match self {
            Self::ClickHouse | Self::Spark => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
            Self::DuckDb => format!("'{}'", text.replace('\'', "''")),
        }
    }

    /// What makes a double of an expression, and passes NULL on.
    pub(super) fn to_double(self) -> (&'static str, &'static str) {
        match self {
            Self::ClickHouse => ("toFloat64(", ")"),
            Self::DuckDb | Self::Spark => ("CAST(", " AS DOUBLE)"),
        }
    }

    /// What makes a single-precision number of an expression, and passes NULL on.
    pub(super) fn to_single(self) -> (&'static str, &'static str) {
        match self {
            Self::ClickHouse => ("toFloat32(", ")"),
            Self::DuckDb | Self::Spark => ("CAST(", " AS FLOAT)"),
        }
    }

    /// What makes a whole number of a truth value, and passes NULL on.
    pub(super) fn to_whole(self) -> (&'static str, &'static str) {
        match self {
            Self::ClickHouse => ("toInt64(", ")"),
            Self::DuckDb | Self::Spark => ("CAST(", " AS BIGINT)"),
        }
    }

    /// Whether it has `log1p`.
    pub(super) fn has_log1p(self) -> bool {
        self != Self::DuckDb
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|dialect| dialect.name() == text);
        known.ok_or_else(|| "it is clickhouse, duckdb or spark".to_owned())
    }
}

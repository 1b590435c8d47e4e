//! Owns the schema's types: columns, label, rules and drift thresholds, as every stage reads them.

use serde::{Deserialize, Serialize};

use super::flexible::{NOT_BENIGN, canonical_word, one_or_many, optional_one_or_many, values_or_not_benign};

/// A data set's contract: its columns, its label, rules across columns, and when drift is worth a word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// Short name; part of every `row_id`, so renaming a schema makes every row a new case.
    pub name: String,
    /// What the data set is, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Which column says malicious or benign; absent for data that is only scored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
    /// The columns in their canonical order. The label column may be among them.
    pub columns: Vec<Column>,
    /// Rules across columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// When a batch counts as drifted from the training reference.
    #[serde(default)]
    pub drift: DriftThresholds,
}

/// Where the label stands and what its values mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// The label's column.
    pub column: String,
    /// The values that mean malicious: in YAML a list, one value, or the word `not_benign`.
    pub malicious: Malicious,
    /// The values that mean benign (canonical text: `-1`, `normal`, `true`).
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub benign: Vec<String>,
}

/// Which label values mean malicious.
///
/// Serialises as the schema file has it: a list of values, or the word `not_benign`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Malicious {
    /// Exactly these values.
    Values(Vec<String>),
    /// Every value that is not listed as benign.
    NotBenign,
}

impl Serialize for Malicious {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Values(values) => values.serialize(serializer),
            Self::NotBenign => serializer.serialize_str(NOT_BENIGN),
        }
    }
}

impl<'de> Deserialize<'de> for Malicious {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        values_or_not_benign(deserializer)
    }
}

/// A label cell once read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelValue {
    /// The positive class.
    Malicious,
    /// The negative class.
    Benign,
    /// Empty, or outside the label's domain.
    Unknown,
}

impl Label {
    /// Reads one label cell; surrounding white space does not count.
    pub fn read(&self, cell: &str) -> LabelValue {
        let cell = cell.trim();
        if cell.is_empty() {
            return LabelValue::Unknown;
        }
        if self.benign.iter().any(|b| same_value(b, cell)) {
            return LabelValue::Benign;
        }
        match &self.malicious {
            Malicious::NotBenign => LabelValue::Malicious,
            Malicious::Values(values) if values.iter().any(|m| same_value(m, cell)) => LabelValue::Malicious,
            Malicious::Values(_) => LabelValue::Unknown,
        }
    }
}

/// Text equality, numeric equality where both read as numbers (`1`, `1.0`, `+1`), or `true` and `false` in any case.
pub(super) fn same_value(expected: &str, cell: &str) -> bool {
    expected == cell
        || matches!((expected.parse::<f64>(), cell.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
        || matches!((canonical_word(expected), canonical_word(cell)), (Some(a), Some(b)) if a == b)
}

/// One column's contract.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Canonical name.
    pub name: String,
    /// How its cells are read.
    #[serde(rename = "type")]
    pub kind: ColumnType,
    /// Whether a file without it is refused.
    #[serde(default = "yes")]
    pub required: bool,
    /// Whether empty cells are fine.
    #[serde(default)]
    pub nullable: bool,
    /// The only values allowed, as canonical text.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "optional_one_or_many"
    )]
    pub allowed: Option<Vec<String>>,
    /// Smallest value allowed, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// Largest value allowed, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// A regular expression that the whole cell must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Whether a value may stand only once in a file.
    #[serde(default)]
    pub unique: bool,
    /// Other names that files use for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "one_or_many")]
    pub aliases: Vec<String>,
    /// What it means, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What the pipeline does with it.
    #[serde(default)]
    pub role: Role,
    /// How grave a cell outside `allowed`, `min`, `max` or `pattern` is: `block` rejects the row,
    /// `warn` and `info` let it pass and count it.
    #[serde(default)]
    pub severity: Severity,
}

fn yes() -> bool {
    true
}

impl Column {
    /// A required feature column without any bound on its values.
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self {
            name: name.into(),
            kind,
            required: true,
            nullable: false,
            allowed: None,
            min: None,
            max: None,
            pattern: None,
            unique: false,
            aliases: Vec::new(),
            description: None,
            role: Role::Feature,
            severity: Severity::Block,
        }
    }
}

/// How a column's cells are read, and the Polars type they become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnType {
    /// Whole numbers: `Int64`.
    Int,
    /// Numbers: `Float64`, finite.
    Float,
    /// Text from a limited set: `String`.
    Category,
    /// `true/false`, `t/f`, `yes/no`, `1/0` in any case: `Boolean`.
    Bool,
    /// Free text, never a feature by itself: `String`.
    Text,
    /// An IPv4 or IPv6 address: `String` in canonical form.
    Ip,
    /// 0 to 65535: `Int64`.
    Port,
    /// RFC 3339, `YYYY-MM-DD[ HH:MM:SS[.f]]` or Unix seconds: `Datetime(microseconds)`, UTC.
    Timestamp,
}

/// What the pipeline does with a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Models learn from it.
    #[default]
    Feature,
    /// Names a row; never learned from.
    Id,
    /// When the row happened; orders a time split, never learned from as it stands.
    Timestamp,
    /// Carried along, never read.
    Ignore,
}

/// How grave a failed check is. Ordered: `Info < Warn < Block`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look; the row passes.
    Warn,
    /// The row is rejected, or the file refused.
    #[default]
    Block,
}

/// A rule across columns: a Polars SQL expression that is true for a sound row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Short name, unique in the schema.
    pub id: String,
    /// How grave a row that breaks it is.
    #[serde(default)]
    pub severity: Severity,
    /// For example `duration >= 0 AND (proto <> 'icmp' OR dst_port IS NULL)`. A null result counts as sound.
    pub expression: String,
    /// What it guards against, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// From which effect size on a column counts as drifted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DriftThresholds {
    /// Jensen-Shannon distance (base 2, 0 to 1) of discrete columns.
    pub jensen_shannon: f64,
    /// Population stability index of discrete columns.
    pub psi: f64,
    /// Wasserstein distance of numeric columns in units of the reference's standard deviation.
    pub wasserstein: f64,
    /// Kolmogorov-Smirnov statistic of numeric columns.
    pub ks: f64,
    /// Fewer rows than this give no verdict, only numbers.
    pub min_rows: u64,
}

impl Default for DriftThresholds {
    fn default() -> Self {
        Self {
            jensen_shannon: 0.1,
            psi: 0.2,
            wasserstein: 0.1,
            ks: 0.1,
            min_rows: 200,
        }
    }
}

impl ColumnType {
    /// The word a schema file uses for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Float => "float",
            Self::Category => "category",
            Self::Bool => "bool",
            Self::Text => "text",
            Self::Ip => "ip",
            Self::Port => "port",
            Self::Timestamp => "timestamp",
        }
    }

    /// Whether its cells are numbers that `min` and `max` can bound.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Port)
    }
}

impl Role {
    /// The word a schema file uses for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Id => "id",
            Self::Timestamp => "timestamp",
            Self::Ignore => "ignore",
        }
    }
}

impl Severity {
    /// The word a schema file uses for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Block => "block",
        }
    }
}

impl Schema {
    /// The column of this canonical name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }

    /// Whether `name` is the label's column.
    pub fn is_label(&self, name: &str) -> bool {
        self.label.as_ref().is_some_and(|l| l.column == name)
    }

    /// The columns models may learn from, in order: role `feature`, not the label, not free text.
    pub fn features(&self) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(|c| c.role == Role::Feature && c.kind != ColumnType::Text && !self.is_label(&c.name))
    }
}

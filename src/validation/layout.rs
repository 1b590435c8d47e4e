//! Owns what validation needs to know about a source's columns: where the schema's columns stand in it.

/// How a source's header fits the schema, as plain values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceLayout {
    /// For each of `Schema::columns`, the index of the source column that holds it.
    pub sources: Vec<Option<usize>>,
    /// The source column that holds the label, also where the label is not among `Schema::columns`.
    pub label: Option<usize>,
    /// Required schema columns that the source lacks, each with the source column whose name is nearest.
    pub missing: Vec<(String, Option<String>)>,
    /// Schema columns that the source lacks and may lack.
    pub absent: Vec<String>,
    /// Source columns that the schema does not know.
    pub extra: Vec<String>,
    /// Canonical name and the alias under which the source has it.
    pub renamed: Vec<(String, String)>,
}

impl SourceLayout {
    /// The source column that holds a schema column.
    pub fn source(&self, column: usize) -> Option<usize> {
        self.sources.get(column).copied().flatten()
    }
}

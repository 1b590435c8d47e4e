//! Owns matching a file's columns to the schema's: by name, by alias, by likeness of name.

use std::collections::BTreeMap;

use super::batch::Header;
use crate::schema::{Column, Schema};

/// Which of a file's columns is which of the schema's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// For each schema column the index of the file's column, if the file has it.
    pub sources: Vec<Option<usize>>,
    /// Index of the file's column that holds the label. The label's column is never in `missing` or `absent`.
    pub label: Option<usize>,
    /// Required columns that the file lacks, in schema order.
    pub missing: Vec<MissingColumn>,
    /// Names of columns that are not required and that the file lacks, in schema order.
    pub absent: Vec<String>,
    /// Names of the file's columns that the schema does not know, in file order.
    pub extra: Vec<String>,
    /// Canonical name and the other name under which the file has the column, in schema order.
    pub renamed: Vec<(String, String)>,
    /// Whether the file has the schema's columns in another order.
    pub reordered: bool,
}

/// A required column that the file lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingColumn {
    /// Its canonical name.
    pub name: String,
    /// The extra column whose name is most like it, if one is like it at all.
    pub suggestion: Option<String>,
}

/// Pairs of names that are compared for suggestions at most; a hostile header may hold very many.
const MOST_PAIRS: usize = 50_000;
/// Letters of a name that count in such a comparison.
const MOST_LETTERS: usize = 100;

impl Layout {
    /// Matches by canonical name, then by alias, then by either after trimming and in any case. A column of the file is
    /// used once.
    pub fn resolve(schema: &Schema, header: &Header) -> Self {
        let mut finder = Finder::new(&header.names);
        let mut sources: Vec<Option<usize>> = vec![None; schema.columns.len()];
        let outside = schema
            .label
            .as_ref()
            .filter(|label| schema.column(&label.column).is_none());
        let mut outside_label = None;
        for pass in [Pass::Canonical, Pass::Alias, Pass::Folded] {
            for (source, column) in sources.iter_mut().zip(&schema.columns) {
                if source.is_none() {
                    *source = finder.find(pass, column);
                }
            }
            if let (None, Some(label)) = (outside_label, outside) {
                outside_label = match pass {
                    Pass::Canonical => finder.take(&label.column, false),
                    Pass::Alias => None,
                    Pass::Folded => finder.take(&folded(&label.column), true),
                };
            }
        }
        let within = schema.columns.iter().position(|column| schema.is_label(&column.name));
        let label = within.map_or(outside_label, |at| sources[at]);
        Self::describe(schema, header, &finder, sources, label)
    }

    /// For each name of a header the schema column that it would be, stood it there alone. Several names may claim one column.
    pub fn claims(schema: &Schema, header: &Header) -> Vec<Option<usize>> {
        let (mut canonical, mut alias, mut other) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (at, column) in schema.columns.iter().enumerate() {
            canonical.entry(column.name.as_str()).or_insert(at);
            for name in &column.aliases {
                alias.entry(name.as_str()).or_insert(at);
            }
            for name in std::iter::once(&column.name).chain(&column.aliases) {
                other.entry(folded(name)).or_insert(at);
            }
        }
        let claim = |name: &String| {
            let exact = canonical.get(name.as_str()).or_else(|| alias.get(name.as_str()));
            exact.or_else(|| other.get(&folded(name))).copied()
        };
        header.names.iter().map(claim).collect()
    }

    fn describe(
        schema: &Schema,
        header: &Header,
        finder: &Finder<'_>,
        sources: Vec<Option<usize>>,
        label: Option<usize>,
    ) -> Self {
        let extra: Vec<String> = (header.names.iter().zip(&finder.used))
            .filter(|(_, used)| !**used)
            .map(|(name, _)| name.clone())
            .collect();
        let mut layout = Self {
            label,
            ..Self::default()
        };
        let mut budget = MOST_PAIRS;
        for (column, source) in schema.columns.iter().zip(&sources) {
            match source {
                Some(at) if header.names[*at] != column.name => {
                    layout.renamed.push((column.name.clone(), header.names[*at].clone()));
                }
                Some(_) => {}
                None if schema.is_label(&column.name) => {}
                None if column.required => {
                    budget = budget.saturating_sub(extra.len());
                    let suggestion = if budget > 0 {
                        nearest(&column.name, &extra)
                    } else {
                        None
                    };
                    layout.missing.push(MissingColumn {
                        name: column.name.clone(),
                        suggestion,
                    });
                }
                None => layout.absent.push(column.name.clone()),
            }
        }
        let found: Vec<usize> = sources.iter().flatten().copied().collect();
        layout.reordered = !found.is_sorted();
        layout.extra = extra;
        layout.sources = sources;
        layout
    }
}

/// One way of matching names; the stricter ways go first for all columns.
#[derive(Clone, Copy)]
enum Pass {
    Canonical,
    Alias,
    /// Name or alias, trimmed and in any case.
    Folded,
}

/// The file's columns by name, each to be taken once.
struct Finder<'a> {
    exact: BTreeMap<&'a str, Vec<usize>>,
    folded: BTreeMap<String, Vec<usize>>,
    used: Vec<bool>,
}

impl<'a> Finder<'a> {
    fn new(names: &'a [String]) -> Self {
        let mut exact: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut by_folded: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            exact.entry(name).or_default().push(at);
            by_folded.entry(folded(name)).or_default().push(at);
        }
        Self {
            exact,
            folded: by_folded,
            used: vec![false; names.len()],
        }
    }

    fn find(&mut self, pass: Pass, column: &Column) -> Option<usize> {
        match pass {
            Pass::Canonical => self.take(&column.name, false),
            Pass::Alias => column.aliases.iter().find_map(|alias| self.take(alias, false)),
            Pass::Folded => {
                let mut names = std::iter::once(&column.name).chain(&column.aliases);
                names.find_map(|name| self.take(&folded(name), true))
            }
        }
    }

    fn take(&mut self, name: &str, fold: bool) -> Option<usize> {
        let places = if fold {
            self.folded.get(name)
        } else {
            self.exact.get(name)
        };
        let at = places?.iter().copied().find(|&at| !self.used[at])?;
        self.used[at] = true;
        Some(at)
    }
}

fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The extra name most like `name`, if at least half of it is.
fn nearest(name: &str, extra: &[String]) -> Option<String> {
    let cut = |text: &str| -> String { folded(text).chars().take(MOST_LETTERS).collect() };
    let wanted = cut(name);
    extra
        .iter()
        .map(|other| (strsim::normalized_damerau_levenshtein(&wanted, &cut(other)), other))
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))
        .map(|(_, other)| other.clone())
}

#[cfg(test)]
mod tests;

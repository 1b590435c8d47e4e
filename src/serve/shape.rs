//! Owns what is worked out once for rows that come under the same names: what scores them, and what is written of each.

use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

use super::names::Names;
use super::predict::answer::Keys;
use super::predict::refusal_of;
use super::refusal::Refusal;
use super::served::Served;
use super::table::{Table, Value};
use crate::data::{Header, Layout};
use crate::pipeline::prediction::{PredictionError, RowScorer};

/// Names of a shape that is kept.
const NARROW: usize = 300;

/// What is known of rows under these names.
pub(super) struct Shape {
    names: Arc<Names>,
    pub(super) scorer: RowScorer,
    pub(super) keys: Arc<Keys>,
    /// Name, and place among the names, of each field that a record must have.
    needed: Vec<(String, usize)>,
    /// Places where absent is not the same as empty: of a column that may be absent and not empty, and of a column that
    /// several names claim.
    pub(super) sensitive: Vec<usize>,
}

/// The shape of the rows that came last: most likely that of the next ones.
#[derive(Default)]
pub(super) struct LastShape(RwLock<Option<Arc<Shape>>>);

impl LastShape {
    fn get(&self) -> Option<Arc<Shape>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, shape: &Arc<Shape>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(shape));
    }

    /// Whether a table has the names of the last one.
    pub(super) fn is_of(&self, table: &Table) -> bool {
        let last = self.0.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().is_some_and(|shape| table.fields.are(&shape.names))
    }

    /// An empty table that expects the names of the last one.
    pub(super) fn table(&self) -> Table {
        let last = self.0.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .map_or_else(Table::default, |shape| Table::expecting(Arc::clone(&shape.names)))
    }
}

impl Shape {
    /// That of a table. A field that is needed and that no row has is an error unless `lenient`.
    pub(super) fn of(served: &Served, table: &mut Table, lenient: bool) -> Result<Arc<Self>, Refusal> {
        table.mark_nested(&served.rows.model().schema);
        let last = served.shape.get().filter(|shape| table.fields.are(&shape.names));
        match last {
            Some(shape) => Ok(shape),
            None => Self::new(served, table, lenient),
        }
    }

    /// Marks those of these rows that lack a field that is needed.
    pub(super) fn mark_lacking(&self, table: &mut Table, rows: Range<usize>) {
        for row in rows {
            let lacking = (self.needed.iter()).find(|(_, place)| *table.value(row, *place) == Value::Absent);
            if let Some((name, _)) = lacking {
                table.mark_lacking(row, name);
            }
        }
    }

    /// Name, and place in the scorer's header, of each field that a record must have.
    pub(super) fn needed_places(served: &Served, scorer: &RowScorer) -> Vec<(String, usize)> {
        let columns = &served.rows.model().schema.columns;
        let sources = &scorer.layout().sources;
        let needed = served.needed.iter().filter_map(|at| {
            let place = sources.get(*at).copied().flatten()?;
            Some((columns.get(*at)?.name.clone(), place))
        });
        needed.collect()
    }

    fn new(served: &Served, table: &mut Table, lenient: bool) -> Result<Arc<Self>, Refusal> {
        let scorer = match served.rows.for_header("the body", &table.header()) {
            Err(PredictionError::MissingColumns(missing)) if lenient => {
                for name in &missing.columns {
                    table.add_absent(name);
                }
                served.rows.for_header("the body", &table.header())
            }
            other => other,
        };
        let scorer = scorer.map_err(|error| refusal_of(&error))?;
        let shape = Arc::new(Self {
            needed: Self::needed_places(served, &scorer),
            sensitive: sensitive(served, scorer.header()),
            names: table.fields.shared(),
            keys: Arc::new(Keys::new(served, &scorer)),
            scorer,
        });
        if table.fields.len() <= NARROW {
            served.shape.set(&shape);
        }
        Ok(shape)
    }
}

/// Places where a row that lacks the field must not be taken for one that has it empty.
fn sensitive(served: &Served, header: &Header) -> Vec<usize> {
    let schema = &served.rows.model().schema;
    let claims = Layout::claims(schema, header);
    let mut claimed = vec![0_u32; schema.columns.len()];
    for column in claims.iter().flatten() {
        claimed[*column] += 1;
    }
    let matters = |column: usize| {
        let of_schema = &schema.columns[column];
        let optional = !of_schema.nullable && !served.needed.contains(&column);
        !schema.is_label(&of_schema.name) && (optional || claimed[column] > 1)
    };
    let places = claims.iter().enumerate();
    places
        .filter(|(_, claim)| claim.is_some_and(matters))
        .map(|(place, _)| place)
        .collect()
}

//! Owns what is worked out once for rows that come under the same names: what scores them, and what is written of each.

use std::sync::{Arc, PoisonError, RwLock};

use super::names::Names;
use super::predict::answer::Keys;
use super::predict::refusal_of;
use super::refusal::Refusal;
use super::served::Served;
use super::table::{Bad, Table, Value};
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

    /// An empty table that expects the names of the last one.
    pub(super) fn table(&self) -> Table {
        let last = self.0.read().unwrap_or_else(PoisonError::into_inner);
        last.as_ref()
            .map_or_else(Table::default, |shape| Table::expecting(Arc::clone(&shape.names)))
    }
}

impl Shape {
    /// That of a table. Rows that lack a field that is needed are marked; where `lenient`, also if all of them lack it, which is
    /// an error otherwise.
    pub(super) fn of(served: &Served, table: &mut Table, lenient: bool) -> Result<Arc<Self>, Refusal> {
        let last = served.shape.get().filter(|shape| table.fields.are(&shape.names));
        let shape = match last {
            Some(shape) => shape,
            None => Self::new(served, table, lenient)?,
        };
        for row in 0..table.rows.len() {
            let lacking = (shape.needed.iter()).find(|(_, place)| *table.value(row, *place) == Value::Absent);
            if let Some((name, _)) = lacking
                && !table.bad.contains_key(&row)
            {
                let field = Some(name.clone());
                let reason = "is missing; the model learned from it, or the schema requires it".to_owned();
                table.bad.insert(row, Bad { field, reason });
            }
        }
        Ok(shape)
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
        let columns = &served.rows.model().schema.columns;
        let sources = &scorer.layout().sources;
        let needed = served.needed.iter().filter_map(|at| {
            let place = sources.get(*at).copied().flatten()?;
            Some((columns.get(*at)?.name.clone(), place))
        });
        let shape = Arc::new(Self {
            needed: needed.collect(),
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

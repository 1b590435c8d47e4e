//! Owns the cases of a scored file as compact arrays: rows that are alike are one case. About 33 bytes a row.

use rayon::prelude::*;

use super::columns::OurColumns;
use super::error::ReviewError;
use crate::browse::{RowCells, Table, Work, each_row};
use crate::data::RowId;
use crate::text::visible_text;
use crate::triage::{Action, RiskLevel};

/// No case, no place.
pub(crate) const NONE: u32 = u32::MAX;

/// The cases, in the order of their first rows.
#[derive(Debug, Default)]
pub(crate) struct CaseTable {
    ids: Vec<u64>,
    first: Vec<u32>,
    copies: Vec<u32>,
    probability: Vec<f64>,
    marks: Vec<Marks>,
    /// Cases in the order of their ids.
    by_id: Vec<u32>,
    /// The case of every row; [`NONE`] where the row cannot be read as a scored one.
    of_row: Vec<u32>,
}

/// What the file says of its rows as a whole.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// The run that scored the first row.
    pub run: String,
    /// Rows that another run scored.
    pub other_runs: u64,
    /// Rows that cannot be read as scored ones, and what is wrong with the first of them.
    pub malformed: u64,
    /// What is wrong with the first of them.
    pub why: Option<String>,
}

/// Whether a row was flagged, its band and what is recommended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Marks(u8);

impl Marks {
    fn of(flagged: bool, risk: RiskLevel, action: Action) -> Self {
        Self(u8::from(flagged) | (risk as u8) << 1 | (action as u8) << 3)
    }

    fn flagged(self) -> bool {
        self.0 & 1 == 1
    }

    fn risk(self) -> RiskLevel {
        RiskLevel::ALL[usize::from(self.0 >> 1 & 3)]
    }

    fn action(self) -> Action {
        ACTIONS[usize::from(self.0 >> 3 & 3)]
    }
}

const ACTIONS: [Action; 4] = [Action::Allow, Action::Review, Action::Investigate, Action::Block];

/// A row as it was read.
struct Scanned {
    row: u64,
    read: Result<Scored, String>,
}

struct Scored {
    id: u64,
    probability: f64,
    marks: Marks,
    /// The run, where it is not the first row's.
    other_run: bool,
}

/// Reads our cells of one row.
struct Reader<'r> {
    /// Slots of the columns among those that are scanned.
    row_id: usize,
    classification: usize,
    probability: usize,
    risk_level: usize,
    action: Option<usize>,
    model_run: usize,
    run: &'r [u8],
    recommend: &'r (dyn Fn(bool, RiskLevel) -> Action + Sync),
}

impl Reader<'_> {
    fn read(&self, cells: &RowCells<'_>) -> Result<Scored, String> {
        let text = |slot: usize| String::from_utf8_lossy(cells.get(slot)).into_owned();
        let id = std::str::from_utf8(cells.get(self.row_id).trim_ascii()).ok();
        let id = id.and_then(|id| id.parse::<RowId>().ok());
        let id = id.ok_or_else(|| wrong("row_id", &text(self.row_id), "16 hexadecimal digits"))?;
        let flagged = match cells.get(self.classification).trim_ascii() {
            b"malicious" => true,
            b"benign" => false,
            _ => {
                let found = text(self.classification);
                return Err(wrong("classification", &found, "`malicious` or `benign`"));
            }
        };
        let probability = std::str::from_utf8(cells.get(self.probability).trim_ascii()).ok();
        let probability = probability.and_then(|p| p.parse::<f64>().ok());
        let probability = probability.filter(|p| (0.0..=1.0).contains(p));
        let probability =
            probability.ok_or_else(|| wrong("probability", &text(self.probability), "a number from 0 to 1"))?;
        let named = cells.get(self.risk_level).trim_ascii();
        let risk = RiskLevel::ALL.into_iter().find(|r| r.name().as_bytes() == named);
        let risk = risk.ok_or_else(|| wrong("risk_level", &text(self.risk_level), "low, medium, high or critical"))?;
        let named = self.action.map(|slot| cells.get(slot).trim_ascii());
        let action = named.and_then(|named| ACTIONS.into_iter().find(|a| a.name().as_bytes() == named));
        Ok(Scored {
            id: id.0,
            probability,
            marks: Marks::of(flagged, risk, action.unwrap_or_else(|| (self.recommend)(flagged, risk))),
            other_run: cells.get(self.model_run) != self.run,
        })
    }
}

fn wrong(column: &str, found: &str, expected: &str) -> String {
    let found: String = found.chars().take(40).collect();
    format!("{column} is `{}`, not {expected}", visible_text(&found))
}

/// Columns of one row as they are collected.
#[derive(Default)]
struct Rows {
    row: Vec<u32>,
    id: Vec<u64>,
    probability: Vec<f64>,
    marks: Vec<Marks>,
}

impl CaseTable {
    /// Reads them in one pass. `recommend` says what is recommended where the file does not.
    ///
    /// # Errors
    /// Not all rows can be read, there are too many, or it was given up.
    pub fn read(
        table: &Table,
        ours: &OurColumns,
        recommend: &(dyn Fn(bool, RiskLevel) -> Action + Sync),
        control: Work<'_>,
    ) -> Result<(Self, Told), ReviewError> {
        let count = table.wait(control.cancel, control.progress)?;
        if count >= u64::from(NONE) {
            return Err(ReviewError::TooMany {
                name: table.name().to_owned(),
                rows: count,
            });
        }
        let first = table.read([0], 200)?;
        let run = first.first().and_then(|row| row.cells.get(ours.model_run));
        let run = run.map(|run| run.trim().to_owned()).unwrap_or_default();
        let mut columns = vec![
            ours.row_id,
            ours.classification,
            ours.probability,
            ours.risk_level,
            ours.model_run,
        ];
        columns.extend(ours.action);
        columns.sort_unstable();
        let slot = |column: usize| columns.binary_search(&column).unwrap_or(0);
        let reader = Reader {
            row_id: slot(ours.row_id),
            classification: slot(ours.classification),
            probability: slot(ours.probability),
            risk_level: slot(ours.risk_level),
            action: ours.action.map(slot),
            model_run: slot(ours.model_run),
            run: run.as_bytes(),
            recommend,
        };
        let mut rows = Rows::default();
        let mut told = Told::default();
        each_row(
            table,
            &columns,
            control,
            "reading cases",
            |row, cells| {
                let read = reader.read(cells);
                Some(Scanned { row, read })
            },
            |scanned| {
                for Scanned { row, read } in scanned {
                    match read {
                        Ok(scored) => {
                            rows.row.push(row as u32);
                            rows.id.push(scored.id);
                            rows.probability.push(scored.probability);
                            rows.marks.push(scored.marks);
                            told.other_runs += u64::from(scored.other_run);
                        }
                        Err(why) => {
                            told.malformed += 1;
                            told.why.get_or_insert(format!("row {}: {why}", row + 1));
                        }
                    }
                }
            },
        )?;
        told.run = run;
        Ok((Self::of(&rows, count as usize), told))
    }

    /// Makes one case of rows that bear the same id; the first row speaks for it.
    fn of(rows: &Rows, count: usize) -> Self {
        let mut order: Vec<u32> = (0..rows.id.len() as u32).collect();
        order.par_sort_unstable_by_key(|&at| (rows.id[at as usize], at));
        let same = |a: &u32, b: &u32| rows.id[*a as usize] == rows.id[*b as usize];
        let mut firsts: Vec<u32> = order.chunk_by(same).map(|group| group[0]).collect();
        firsts.par_sort_unstable();
        let mut of_row = vec![NONE; count];
        let mut table = Self::default();
        table.ids.reserve_exact(firsts.len());
        table.first.reserve_exact(firsts.len());
        table.probability.reserve_exact(firsts.len());
        table.marks.reserve_exact(firsts.len());
        for (case, &at) in firsts.iter().enumerate() {
            let at = at as usize;
            of_row[rows.row[at] as usize] = case as u32;
            table.ids.push(rows.id[at]);
            table.first.push(rows.row[at]);
            table.probability.push(rows.probability[at]);
            table.marks.push(rows.marks[at]);
        }
        table.copies = vec![0; firsts.len()];
        table.by_id.reserve_exact(firsts.len());
        for group in order.chunk_by(same) {
            let case = of_row[rows.row[group[0] as usize] as usize];
            table.by_id.push(case);
            table.copies[case as usize] = group.len() as u32;
            for &at in group {
                of_row[rows.row[at as usize] as usize] = case;
            }
        }
        table.of_row = of_row;
        table
    }

    /// How many cases.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// How many rows, those included that belong to no case.
    pub fn rows(&self) -> u64 {
        self.of_row.len() as u64
    }

    pub fn id(&self, case: u32) -> RowId {
        RowId(self.ids[case as usize])
    }

    /// Its first row.
    pub fn ordinal(&self, case: u32) -> u64 {
        u64::from(self.first[case as usize])
    }

    /// How many rows it is.
    pub fn copies(&self, case: u32) -> u32 {
        self.copies[case as usize]
    }

    pub fn probability(&self, case: u32) -> f64 {
        self.probability[case as usize]
    }

    pub fn flagged(&self, case: u32) -> bool {
        self.marks[case as usize].flagged()
    }

    pub fn risk(&self, case: u32) -> RiskLevel {
        self.marks[case as usize].risk()
    }

    pub fn action(&self, case: u32) -> Action {
        self.marks[case as usize].action()
    }

    /// The case of an id.
    pub fn find(&self, row: RowId) -> Option<u32> {
        let at = self.by_id.binary_search_by_key(&row.0, |&case| self.ids[case as usize]);
        at.ok().map(|at| self.by_id[at])
    }

    /// The case of a row of the file.
    pub fn of_row(&self, row: u64) -> Option<u32> {
        let case = self.of_row.get(usize::try_from(row).ok()?).copied()?;
        (case != NONE).then_some(case)
    }

    /// The probability from which on rows are flagged. The run's, where the file does not say otherwise; else the lowest of
    /// a flagged case. `None` if no number tells flagged from unflagged.
    pub fn threshold(&self, of_run: Option<f64>) -> Option<f64> {
        let (mut least, mut most) = (None::<f64>, None::<f64>);
        for (&p, marks) in self.probability.iter().zip(&self.marks) {
            if marks.flagged() {
                least = Some(least.map_or(p, |least| least.min(p)));
            } else {
                most = Some(most.map_or(p, |most| most.max(p)));
            }
        }
        let fits = |t: &f64| least.is_none_or(|least| *t <= least) && most.is_none_or(|most| most < *t);
        of_run.filter(fits).or_else(|| least.filter(fits))
    }

    /// Cases, and flagged ones among them; and by risk.
    pub fn tally(&self) -> (u64, [u64; 4]) {
        let (mut flagged, mut risk) = (0, [0; 4]);
        for marks in &self.marks {
            flagged += u64::from(marks.flagged());
            risk[marks.risk() as usize] += 1;
        }
        (flagged, risk)
    }

    /// A name for the file's content: ids and scores in their order.
    pub fn content_name(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut piece = Vec::with_capacity(16 << 10);
        for (rows, (id, p)) in self.copies.iter().zip(self.ids.iter().zip(&self.probability)) {
            piece.extend_from_slice(&id.to_le_bytes());
            piece.extend_from_slice(&p.to_le_bytes());
            piece.extend_from_slice(&rows.to_le_bytes());
            if piece.len() >= 16 << 10 {
                hasher.update(&piece);
                piece.clear();
            }
        }
        hasher.update(&piece);
        let hash = hasher.finalize();
        hash.to_hex()[..32].to_owned()
    }

    /// Puts cases in the order of their risk, the highest first: by band, for it weighs assets, then by probability.
    pub fn sort_by_risk(&self, cases: &mut [u32]) {
        cases.par_sort_unstable_by(|&a, &b| {
            let of = |case: u32| (self.risk(case), self.probability(case));
            let ((risk_a, p_a), (risk_b, p_b)) = (of(a), of(b));
            risk_b
                .cmp(&risk_a)
                .then_with(|| p_b.total_cmp(&p_a))
                .then_with(|| a.cmp(&b))
        });
    }

    /// Puts cases in ascending order of a number.
    pub fn sort_by_number(cases: &mut [u32], number: impl Fn(u32) -> f64 + Sync) {
        cases.par_sort_unstable_by(|&a, &b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(&b)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(given: &[(u32, u64, f64, bool)]) -> Rows {
        let mut rows = Rows::default();
        for &(row, id, p, flagged) in given {
            rows.row.push(row);
            rows.id.push(id);
            rows.probability.push(p);
            rows.marks.push(Marks::of(flagged, RiskLevel::High, Action::Block));
        }
        rows
    }

    #[test]
    fn rows_that_are_alike_are_one_case() {
        let table = CaseTable::of(
            &rows(&[
                (0, 9, 0.9, true),
                (2, 5, 0.2, false),
                (3, 9, 0.9, true),
                (4, 7, 0.6, true),
            ]),
            6,
        );
        assert_eq!((table.len(), table.rows()), (3, 6));
        let cases: Vec<_> = (0..3)
            .map(|c| (table.id(c).0, table.ordinal(c), table.copies(c)))
            .collect();
        assert_eq!(cases, [(9, 0, 2), (5, 2, 1), (7, 4, 1)]);
        let of_row: Vec<_> = (0..7).map(|row| table.of_row(row)).collect();
        assert_eq!(of_row, [Some(0), None, Some(1), Some(0), Some(2), None, None]);
        assert_eq!(table.find(RowId(7)), Some(2));
        assert_eq!(table.find(RowId(8)), None);
        assert_eq!((table.risk(1), table.action(1)), (RiskLevel::High, Action::Block));
    }

    #[test]
    fn the_runs_threshold_holds_unless_the_file_contradicts_it() {
        let table = CaseTable::of(&rows(&[(0, 1, 0.9, true), (1, 2, 0.7, true), (2, 3, 0.4, false)]), 3);
        assert_eq!(table.threshold(Some(0.5)), Some(0.5));
        assert_eq!(table.threshold(Some(0.7)), Some(0.7));
        assert_eq!(table.threshold(Some(0.4)), Some(0.7));
        assert_eq!(table.threshold(Some(0.8)), Some(0.7));
        assert_eq!(table.threshold(None), Some(0.7));
        let mixed = CaseTable::of(&rows(&[(0, 1, 0.2, true), (1, 2, 0.7, false)]), 2);
        assert_eq!(mixed.threshold(Some(0.5)), None);
        let none = CaseTable::of(&rows(&[(0, 1, 0.2, false)]), 1);
        assert_eq!((none.threshold(Some(0.5)), none.threshold(None)), (Some(0.5), None));
    }

    proptest! {
        #[test]
        fn every_row_belongs_to_the_case_of_its_id(ids in proptest::collection::vec(0_u64..12, 0..60)) {
            let given: Vec<_> = ids.iter().enumerate().map(|(row, &id)| (row as u32, id << 40, 0.5, true)).collect();
            let table = CaseTable::of(&rows(&given), ids.len());
            let mut distinct: Vec<u64> = Vec::new();
            for &id in &ids { if !distinct.contains(&(id << 40)) { distinct.push(id << 40); } }
            prop_assert_eq!((0..table.len() as u32).map(|c| table.id(c).0).collect::<Vec<_>>(), distinct);
            for (row, id) in ids.iter().enumerate() {
                let case = table.of_row(row as u64).unwrap();
                prop_assert_eq!(table.id(case).0, id << 40);
                prop_assert_eq!(table.find(RowId(id << 40)), Some(case));
                prop_assert_eq!(table.copies(case) as usize, ids.iter().filter(|o| *o == id).count());
            }
        }
    }
}

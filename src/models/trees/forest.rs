//! Owns random forests and extremely randomised trees: independent trees, averaged.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use super::alike::first_alike;
use super::binned::BinnedMatrix;
use super::binning::MOST_BINS;
use super::cut::{finished_split, left_bins};
use super::ensemble::{Ensemble, Link, MOST_DEPTH};
use super::error::TreeError;
use super::forest_search::ForestSearch;
use super::monitor::{Best, Monitor, Progress};
use super::partition::RowPartition;
use super::rules::{Bounds, NodeRules, SplitRules};
use super::sampling::{bootstrap, tree_rng};
use super::statistics::{Packed, Scale};
use super::table::{Sample, Table};
use super::tree::{Node, Tree};
use crate::cancel::CancelToken;

/// How a forest grows its trees. The defaults are scikit-learn's random forest; its extra trees draw cuts and no rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    /// Trees.
    pub trees: usize,
    /// Columns looked at in a node; 0 means the square root of their number.
    pub columns_by_node: usize,
    /// Whether cuts are drawn at random (extremely randomised trees).
    pub random_cuts: bool,
    /// Whether each tree sees a bootstrap sample; else all rows.
    pub bootstrap: bool,
    /// Most splits on a path; 0 means as many as a tree may have, 256.
    pub max_depth: usize,
    /// Least weight of the rows in a leaf; a row drawn twice counts twice.
    pub min_rows_leaf: usize,
    /// Most bins of a column, 2 to 255.
    pub max_bins: usize,
    /// Seed of every draw.
    pub seed: u64,
}

impl Default for Forest {
    fn default() -> Self {
        Self {
            trees: 100,
            columns_by_node: 0,
            random_cuts: false,
            bootstrap: true,
            max_depth: 0,
            min_rows_leaf: 1,
            max_bins: MOST_BINS,
            seed: 0,
        }
    }
}

/// Rows of a node from which its split is worth asking whether to stop.
const ASK_ROWS: usize = 1 << 12;

impl Forest {
    /// Fits a forest. The result depends on data, parameters and seed, never on `threads`.
    ///
    /// The training metric reported is out of bag: each row is scored by the trees that did not draw it. Without
    /// bootstrap every tree saw every row, and the metric is on the training rows as they are.
    ///
    /// # Errors
    /// A parameter out of range, data that cannot be learned from, cancellation.
    pub fn fit(
        &self,
        sample: &Sample<'_>,
        monitor: Option<Monitor<'_>>,
        threads: usize,
        cancel: &CancelToken,
    ) -> Result<Ensemble, TreeError> {
        self.check()?;
        sample.check()?;
        if let Some(validation) = monitor.as_ref().and_then(|m| m.validation) {
            validation.check_watched(sample.table.width())?;
        }
        let matrix = BinnedMatrix::new(sample.table, self.max_bins, false, threads, cancel)?;
        let plan = Plan::new(self, sample, &matrix, cancel);
        let mut trees = Vec::with_capacity(self.trees.min(1 << 12));
        let mut watch = monitor.map(|m| Votes::new(m, sample));
        let mut stopped = false;
        in_order(
            threads,
            self.trees,
            || plan.nursery(),
            |nursery, number| nursery.grow(&plan, number),
            |grown| {
                let (tree, drawn) = grown?;
                trees.push(tree);
                if let (Some(watch), Some(tree)) = (&mut watch, trees.last()) {
                    stopped = watch.see(tree, drawn.as_deref(), trees.len(), self.trees);
                }
                Ok(!stopped)
            },
        )?;
        if let Some(best) = watch.as_ref().filter(|_| stopped).map(|w| w.best.trees) {
            trees.truncate(best.max(1));
        }
        Ok(Ensemble {
            link: Link::Mean,
            base: 0.0,
            width: sample.table.width(),
            trees,
        })
    }

    fn check(&self) -> Result<(), TreeError> {
        let checks = [
            ("trees", self.trees >= 1, "1 or more"),
            ("min_rows_leaf", self.min_rows_leaf >= 1, "1 or more"),
            ("max_bins", (2..=MOST_BINS).contains(&self.max_bins), "2 to 255"),
        ];
        match checks.iter().find(|(_, holds, _)| !holds) {
            None => Ok(()),
            Some((name, _, expected)) => Err(TreeError::Parameter {
                name,
                reason: format!("expected {expected}"),
            }),
        }
    }
}

/// What all trees of a forest share.
struct Plan<'a, 's> {
    forest: &'a Forest,
    sample: &'a Sample<'s>,
    matrix: &'a BinnedMatrix,
    rules: SplitRules,
    /// Whether weights are whole numbers that can be summed as they are.
    whole: bool,
    /// Of each row the first that is like it, which stands for all, if that spares enough rows.
    alike: Option<Vec<u32>>,
    cancel: &'a CancelToken,
}

/// A grown tree, and how often it drew each row (`None`: all rows once).
type Grown = Result<(Tree, Option<Vec<u32>>), TreeError>;

impl<'a, 's> Plan<'a, 's> {
    fn new(forest: &'a Forest, sample: &'a Sample<'s>, matrix: &'a BinnedMatrix, cancel: &'a CancelToken) -> Self {
        let whole = sample.weights.is_none_or(|w| {
            w.iter().all(|w| w.fract() == 0.0) && Scale::whole_fits(2.0 * w.iter().map(|w| f64::from(*w)).sum::<f64>())
        });
        Self {
            rules: SplitRules {
                min_child_hessian: forest.min_rows_leaf as f64,
                min_rows: 0,
                category_smoothing: 0.0,
                category_l2: 0.0,
                most_categories: MOST_BINS,
                one_against_rest: 2,
                ..SplitRules::default()
            },
            alike: whole.then(|| first_alike(matrix, sample.labels.len())).flatten(),
            forest,
            sample,
            matrix,
            whole,
            cancel,
        }
    }

    fn nursery(&self) -> Nursery<'_> {
        let width = self.matrix.width();
        let wanted = match self.forest.columns_by_node {
            0 => (width as f64).sqrt() as usize,
            columns => columns,
        };
        Nursery {
            search: ForestSearch::new(self.matrix, wanted, self.forest.random_cuts),
            partition: RowPartition::default(),
            packed: vec![Packed(0); self.sample.labels.len()],
            ordered: Vec::new(),
        }
    }

    fn most_depth(&self) -> usize {
        if self.forest.max_depth == 0 {
            MOST_DEPTH
        } else {
            self.forest.max_depth.min(MOST_DEPTH)
        }
    }
}

/// Where one thread grows its trees.
struct Nursery<'a> {
    search: ForestSearch<'a>,
    partition: RowPartition,
    packed: Vec<Packed>,
    ordered: Vec<Packed>,
}

/// A node still to be split.
struct Open {
    node: usize,
    rows: Range<usize>,
    depth: usize,
    total: Packed,
}

impl Nursery<'_> {
    fn grow(&mut self, plan: &Plan<'_, '_>, number: usize) -> Grown {
        plan.cancel.check()?;
        let rows = plan.sample.labels.len();
        let mut rng = tree_rng(plan.forest.seed, number);
        let drawn = plan.forest.bootstrap.then(|| bootstrap(&mut rng, rows));
        let times = |row: usize| drawn.as_ref().map_or(1, |d| d[row]);
        let scale = self.weigh(plan, times);
        let packed = &self.packed;
        self.partition.reset((0..rows as u32).filter(|row| match plan.alike {
            Some(_) => !packed[*row as usize].is_empty(),
            None => times(*row as usize) > 0,
        }));
        self.search.restart();
        let mut total = Packed(0);
        for row in self.partition.rows(0..self.partition.len()) {
            total.add(self.packed[*row as usize]);
        }
        let mut tree = Tree {
            nodes: vec![Node::default()],
            sets: Vec::new(),
        };
        let mut open = vec![Open {
            node: 0,
            rows: 0..self.partition.len(),
            depth: 0,
            total,
        }];
        while let Some(next) = open.pop() {
            if next.rows.len() >= ASK_ROWS {
                plan.cancel.check()?;
            }
            if let Some((left, right)) = self.split(plan, &next, scale, &mut tree, &mut rng) {
                open.extend([right, left]);
            } else {
                let leaf = &mut tree.nodes[next.node];
                leaf.value = (next.total.gradient() / next.total.hessian().max(1.0)) as f32;
                leaf.cover = (next.total.hessian() / scale.hessian) as f32;
            }
        }
        tree.sum_up();
        Ok((tree, drawn))
    }

    /// The statistics of each row: positive weight, and weight.
    fn weigh(&mut self, plan: &Plan<'_, '_>, times: impl Fn(usize) -> u32) -> Scale {
        let labels = plan.sample.labels;
        if plan.whole {
            let whole = |row: usize, label: bool| {
                let weight = times(row) * plan.sample.weight(row) as u32;
                Packed::new(if label { weight as i32 } else { 0 }, weight)
            };
            if let Some(alike) = &plan.alike {
                self.packed.fill(Packed(0));
                for (row, (label, first)) in labels.iter().zip(alike).enumerate() {
                    self.packed[*first as usize].add(whole(row, *label));
                }
            } else {
                for (row, (packed, label)) in self.packed.iter_mut().zip(labels).enumerate() {
                    *packed = whole(row, *label);
                }
            }
            return Scale::WHOLE;
        }
        let sum = (0..labels.len())
            .map(|row| f64::from(times(row)) * f64::from(plan.sample.weight(row)))
            .sum();
        let finest = Scale::fitting(sum, sum).gradient;
        let scale = Scale {
            gradient: finest,
            hessian: finest,
        };
        for (row, (packed, label)) in self.packed.iter_mut().zip(labels).enumerate() {
            let weight = times(row) as f32 * plan.sample.weight(row);
            *packed = scale.pack(if *label { weight } else { 0.0 }, weight, row as u32);
        }
        scale
    }

    fn split(
        &mut self,
        plan: &Plan<'_, '_>,
        open: &Open,
        scale: Scale,
        tree: &mut Tree,
        rng: &mut rand_chacha::ChaCha8Rng,
    ) -> Option<(Open, Open)> {
        let positive = open.total.gradient();
        let pure = positive <= 0.0 || positive >= open.total.hessian();
        if pure || open.depth >= plan.most_depth() || open.rows.len() < 2 {
            return None;
        }
        let rows = self.partition.rows(open.rows.clone());
        self.ordered.clear();
        self.ordered.extend(rows.iter().map(|row| self.packed[*row as usize]));
        let node = NodeRules::new(&plan.rules, scale, open.total, rows.len(), Bounds::NONE);
        let (best, present) = self.search.best(rows, &self.ordered, &node, rng)?;
        let codes = &plan.matrix.codes[plan.matrix.places[best.column].lane];
        // Most nodes have few rows: looking a bin up for each costs less than working it out for every code.
        let left = left_bins(plan.matrix, &best);
        let middle = match plan.matrix.digits(best.column) {
            Some(bins) => {
                let goes_left = |code| left[usize::from(bins[usize::from(code)])];
                self.partition.split(open.rows.clone(), codes, goes_left)
            }
            None => self
                .partition
                .split(open.rows.clone(), codes, |code| left[usize::from(code)]),
        };
        let child = |at: usize, rows: Range<usize>, total: Packed| Open {
            node: tree.nodes.len() + at,
            rows,
            depth: open.depth + 1,
            total,
        };
        let left = child(0, open.rows.start..middle, best.left);
        let right = child(1, middle..open.rows.end, open.total.less(best.left));
        let most_left = best.left.hessian() * 2.0 >= open.total.hessian();
        tree.nodes[open.node].split = Some(finished_split(
            &plan.matrix.columns[best.column],
            &best,
            left.node as u32,
            most_left,
            |bin| present.contains(bin),
            &mut tree.sets,
        ));
        tree.nodes.extend([Node::default(); 2]);
        Some((left, right))
    }
}

/// Runs `task(0..tasks)` on up to `threads` threads, each with a state of its own, and hands the results to `take` in
/// task order; `take` answers whether to go on.
fn in_order<S, T: Send>(
    threads: usize,
    tasks: usize,
    state: impl Fn() -> S + Sync,
    task: impl Fn(&mut S, usize) -> T + Sync,
    mut take: impl FnMut(T) -> Result<bool, TreeError>,
) -> Result<(), TreeError> {
    if threads.min(tasks) <= 1 {
        let mut state = state();
        for number in 0..tasks {
            if !take(task(&mut state, number))? {
                break;
            }
        }
        return Ok(());
    }
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (sender, receiver) = channel();
        for _ in 0..threads.min(tasks) {
            let (sender, next, state, task) = (sender.clone(), &next, &state, &task);
            scope.spawn(move || {
                let mut state = state();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    // The receiver is gone once enough was taken.
                    if number >= tasks || sender.send((number, task(&mut state, number))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early: Vec<Option<T>> = (0..tasks).map(|_| None).collect();
        let mut due = 0;
        let result = receiver.iter().try_for_each(|(number, result)| {
            early[number] = Some(result);
            while let Some(result) = early.get_mut(due).and_then(Option::take) {
                due += 1;
                match take(result) {
                    Ok(true) => {}
                    Ok(false) => return Err(None),
                    Err(e) => return Err(Some(e)),
                }
            }
            Ok(())
        });
        next.store(tasks, Ordering::Relaxed);
        drop(receiver);
        match result {
            Ok(()) | Err(None) => Ok(()),
            Err(Some(e)) => Err(e),
        }
    })
}

/// The votes of the trees so far, for training rows (out of bag) and validation rows.
struct Votes<'s, 'm> {
    monitor: Monitor<'m>,
    table: Table<'s>,
    labels: &'s [bool],
    train: Vec<(f64, u32)>,
    validation: Vec<(f64, u32)>,
    best: Best,
}

impl<'s, 'm> Votes<'s, 'm> {
    fn new(monitor: Monitor<'m>, sample: &Sample<'s>) -> Self {
        Self {
            table: sample.table,
            labels: sample.labels,
            train: vec![(0.0, 0); sample.labels.len()],
            validation: vec![(0.0, 0); monitor.validation.map_or(0, |v| v.labels.len())],
            best: Best::new(monitor.larger_is_better),
            monitor,
        }
    }

    /// Takes a tree in; answers whether it is time to stop.
    fn see(&mut self, tree: &Tree, drawn: Option<&[u32]>, trees: usize, of: usize) -> bool {
        let left_out = |row: usize| drawn.is_none_or(|d| d[row] == 0);
        count(tree, self.table, &mut self.train, left_out);
        let train = measure(&self.monitor, &self.train, self.labels);
        let validation = self.monitor.validation.map(|v| {
            count(tree, v.table, &mut self.validation, |_| true);
            measure(&self.monitor, &self.validation, v.labels)
        });
        (self.monitor.report)(Progress {
            trees,
            of,
            train,
            validation,
        });
        match (validation, self.monitor.patience) {
            (Some(value), Some(patience)) => self.best.stops(trees, value, patience),
            _ => false,
        }
    }
}

fn count(tree: &Tree, table: Table<'_>, votes: &mut [(f64, u32)], takes: impl Fn(usize) -> bool) {
    for (row, (vote, values)) in votes.iter_mut().zip(table.values.rows()).enumerate() {
        if takes(row) {
            let leaf = values
                .as_slice()
                .map_or_else(|| tree.leaf(&values.to_vec()), |v| tree.leaf(v));
            vote.0 += f64::from(tree.nodes[leaf].value);
            vote.1 += 1;
        }
    }
}

/// The metric over the rows that any tree voted on.
fn measure(monitor: &Monitor<'_>, votes: &[(f64, u32)], labels: &[bool]) -> f64 {
    let voted = votes.iter().zip(labels).filter(|((_, n), _)| *n > 0);
    let (scores, labels): (Vec<f64>, Vec<bool>) = voted.map(|((sum, n), l)| (sum / f64::from(*n), *l)).unzip();
    (monitor.metric)(&scores, &labels)
}

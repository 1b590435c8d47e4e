//! Owns one fit's iterations in bounded memory: buckets that keep the extremes, with the last and the best iteration exact.

use crate::worker::metric;

/// Buckets of a series that is looked at: more than any screen has columns.
pub const FULL: usize = 1024;
/// Buckets of a series that was overtaken by newer ones.
pub const SMALL: usize = 256;

/// One iteration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// 1-based.
    pub iteration: u64,
    /// On the training rows.
    pub train: f64,
    /// On the validation rows.
    pub validation: Option<f64>,
}

impl Point {
    /// The value by which iterations are compared.
    pub fn judged(&self) -> f64 {
        self.validation.unwrap_or(self.train)
    }
}

/// What the values of a bucket come to; only finite ones count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The earliest.
    pub first: f64,
    /// The latest.
    pub last: f64,
    /// The smallest.
    pub low: f64,
    /// The largest.
    pub high: f64,
    /// Their mean.
    pub mean: f64,
    count: u64,
}

impl Extent {
    fn of(value: f64) -> Self {
        Self {
            first: value,
            last: value,
            low: value,
            high: value,
            mean: value,
            count: 1,
        }
    }

    /// Takes what came later.
    fn merge(&mut self, later: &Self) {
        let count = self.count + later.count;
        self.mean += (later.mean - self.mean) * (later.count as f64 / count as f64);
        self.count = count;
        self.last = later.last;
        self.low = self.low.min(later.low);
        self.high = self.high.max(later.high);
    }
}

/// Takes later values into what there is.
fn join(into: &mut Option<Extent>, later: Option<Extent>) {
    match (into, later) {
        (Some(extent), Some(later)) => extent.merge(&later),
        (into @ None, later) => *into = later,
        (Some(_), None) => {}
    }
}

/// Neighbouring iterations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// The first iteration in it.
    pub from: u64,
    /// The last iteration in it.
    pub to: u64,
    /// On the training rows.
    pub train: Option<Extent>,
    /// On the validation rows.
    pub validation: Option<Extent>,
}

impl Bucket {
    fn of(point: &Point) -> Self {
        let extent = |value: f64| value.is_finite().then(|| Extent::of(value));
        Self {
            from: point.iteration,
            to: point.iteration,
            train: extent(point.train),
            validation: point.validation.and_then(extent),
        }
    }

    fn merge(&mut self, later: &Self) {
        self.from = self.from.min(later.from);
        self.to = self.to.max(later.to);
        join(&mut self.train, later.train);
        join(&mut self.validation, later.validation);
    }
}

/// The iterations of one fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The metric's name.
    pub metric: String,
    /// Iterations at most, where known.
    pub of: Option<u64>,
    higher_is_better: bool,
    buckets: Vec<Bucket>,
    /// Iterations a bucket spans.
    width: u64,
    most: usize,
    last: Option<Point>,
    best: Option<Point>,
    count: u64,
}

impl Series {
    /// Of a metric, without iterations yet.
    pub fn new(metric_name: &str, of: Option<u64>) -> Self {
        Self {
            metric: metric_name.to_owned(),
            of,
            higher_is_better: metric(metric_name).is_some_and(|m| m.higher_is_better),
            buckets: Vec::new(),
            width: 1,
            most: FULL,
            last: None,
            best: None,
            count: 0,
        }
    }

    /// The buckets, in order.
    pub fn buckets(&self) -> &[Bucket] {
        &self.buckets
    }

    /// The latest iteration, exact.
    pub fn last(&self) -> Option<Point> {
        self.last
    }

    /// The best iteration, exact; the earliest of equals. By validation where there is any.
    pub fn best(&self) -> Option<Point> {
        self.best
    }

    /// How many iterations it has seen.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// First and last iteration.
    pub fn range(&self) -> Option<(u64, u64)> {
        Some((self.buckets.first()?.from, self.buckets.last()?.to))
    }

    /// The bucket nearest to an iteration.
    pub fn at(&self, iteration: u64) -> Option<&Bucket> {
        let after = self.buckets.partition_point(|bucket| bucket.to < iteration);
        let distance = |at: usize| {
            let bucket = self.buckets.get(at)?;
            Some(
                bucket
                    .from
                    .saturating_sub(iteration)
                    .max(iteration.saturating_sub(bucket.to)),
            )
        };
        let before = after.checked_sub(1);
        match (before.and_then(distance), distance(after)) {
            (Some(left), Some(right)) if left <= right => before.and_then(|at| self.buckets.get(at)),
            (Some(_), None) => self.buckets.last(),
            _ => self.buckets.get(after),
        }
    }

    /// Takes an iteration.
    pub fn push(&mut self, point: Point) {
        let point = Point {
            iteration: point.iteration.max(1),
            ..point
        };
        self.count += 1;
        if self.last.is_none_or(|last| last.iteration <= point.iteration) {
            self.last = Some(point);
        }
        if self.is_better(&point) {
            self.best = Some(point);
        }
        self.put(Bucket::of(&point));
    }

    /// Says which iteration was kept, where that is known better than by the values.
    pub fn keep_best(&mut self, point: Point) {
        self.best = Some(point);
    }

    fn is_better(&self, point: &Point) -> bool {
        let Some(best) = self.best else {
            return point.judged().is_finite();
        };
        match (best.validation, point.validation) {
            // What was best before there was any validation says nothing.
            (None, Some(value)) => value.is_finite(),
            (Some(_), None) => false,
            _ if !point.judged().is_finite() => false,
            _ if self.higher_is_better => point.judged() > best.judged(),
            _ => point.judged() < best.judged(),
        }
    }

    fn slot(&self, bucket: &Bucket) -> u64 {
        (bucket.from - 1) / self.width
    }

    fn put(&mut self, bucket: Bucket) {
        if self.merge_into(&bucket) {
            return;
        }
        if self.buckets.len() >= self.most {
            self.halve(self.most);
            if self.merge_into(&bucket) {
                return;
            }
        }
        let slot = self.slot(&bucket);
        let at = self.buckets.partition_point(|other| self.slot(other) < slot);
        self.buckets.insert(at, bucket);
    }

    /// Takes it into the bucket that spans it; whether there is one.
    fn merge_into(&mut self, bucket: &Bucket) -> bool {
        let slot = self.slot(bucket);
        let at = match self.buckets.last() {
            Some(last) if self.slot(last) == slot => self.buckets.len() - 1,
            Some(last) if self.slot(last) < slot => return false,
            _ => match self.buckets.binary_search_by_key(&slot, |other| self.slot(other)) {
                Ok(at) => at,
                Err(_) => return false,
            },
        };
        self.buckets[at].merge(bucket);
        true
    }

    /// Widens buckets until fewer than `most` are left.
    fn halve(&mut self, most: usize) {
        while self.buckets.len() >= most.max(2) {
            self.width = self.width.saturating_mul(2);
            let mut merged: Vec<Bucket> = Vec::with_capacity(self.most);
            for bucket in &self.buckets {
                match merged.last_mut() {
                    Some(last) if self.slot(last) == self.slot(bucket) => last.merge(bucket),
                    _ => merged.push(*bucket),
                }
            }
            self.buckets = merged;
        }
    }

    /// Gives memory back: fewer buckets from now on.
    pub fn shrink(&mut self) {
        if self.most > SMALL {
            self.most = SMALL;
            self.halve(SMALL + 1);
            self.buckets.shrink_to(SMALL);
        }
    }
}

/// Values smoothed by an exponentially weighted mean that does not lean towards its start; gaps stay gaps.
pub fn smoothed(values: impl Iterator<Item = Option<f64>>, weight: f64) -> Vec<Option<f64>> {
    let (mut sum, mut scale) = (0.0, 0.0);
    values
        .map(|value| {
            let value = value.filter(|v| v.is_finite())?;
            sum = sum * weight + value * (1.0 - weight);
            scale = scale * weight + (1.0 - weight);
            Some(sum / scale)
        })
        .collect()
}

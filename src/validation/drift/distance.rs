//! Owns the measures of distance between two distributions, on plain slices.

/// Share that an empty bin is given in the population stability index, whose logarithm would otherwise be infinite.
pub const PSI_FLOOR: f64 = 1e-4;

fn shares(counts: &[f64]) -> Option<Vec<f64>> {
    let total: f64 = counts.iter().sum();
    (total > 0.0 && total.is_finite()).then(|| counts.iter().map(|c| c / total).collect())
}

/// Jensen-Shannon distance of two histograms over the same bins: the square root of the divergence with base-2
/// logarithms, 0 to 1 (`scipy.spatial.distance.jensenshannon(p, q, base=2)`). Counts need not be normalised. `None`
/// where either is empty or the lengths differ.
pub fn jensen_shannon(p: &[f64], q: &[f64]) -> Option<f64> {
    if p.len() != q.len() {
        return None;
    }
    let (p, q) = (shares(p)?, shares(q)?);
    let term = |a: f64, m: f64| if a > 0.0 { a * (a / m).log2() } else { 0.0 };
    let divergence: f64 = p
        .iter()
        .zip(&q)
        .map(|(&a, &b)| term(a, f64::midpoint(a, b)) + term(b, f64::midpoint(a, b)))
        .sum();
    Some((divergence / 2.0).clamp(0.0, 1.0).sqrt())
}

/// Population stability index of two histograms over the same bins: sum of (b - a) ln(b / a) over the shares, each
/// at least [`PSI_FLOOR`]. Symmetric, 0 or more. `None` where either is empty or the lengths differ.
pub fn psi(reference: &[f64], batch: &[f64]) -> Option<f64> {
    if reference.len() != batch.len() {
        return None;
    }
    let (a, b) = (shares(reference)?, shares(batch)?);
    let floored = a.iter().zip(&b).map(|(a, b)| (a.max(PSI_FLOOR), b.max(PSI_FLOOR)));
    Some(floored.map(|(a, b)| (b - a) * (b / a).ln()).sum())
}

/// Walks two sorted samples together: `step(width, f, g)` for each gap between neighbouring distinct values, with both
/// empirical distribution functions on it.
fn walk(a: &[f64], b: &[f64], mut step: impl FnMut(f64, f64, f64)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let at = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) => *x,
            (None, Some(y)) => *y,
            (None, None) => return,
        };
        let (from_i, from_j) = (i, j);
        while a.get(i).is_some_and(|x| *x <= at) {
            i += 1;
        }
        while b.get(j).is_some_and(|y| *y <= at) {
            j += 1;
        }
        if (i, j) == (from_i, from_j) {
            return; // a NaN, which the callers keep out
        }
        let next = match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) => *x,
            (None, Some(y)) => *y,
            (None, None) => at,
        };
        step(next - at, i as f64 / a.len() as f64, j as f64 / b.len() as f64);
    }
}

/// Two-sample Kolmogorov-Smirnov statistic of two sorted samples of finite numbers: the largest gap between their
/// distribution functions, 0 to 1 (`scipy.stats.ks_2samp`). `None` where either is empty.
pub fn kolmogorov_smirnov(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let mut largest = 0.0_f64;
    walk(a, b, |_, f, g| largest = largest.max((f - g).abs()));
    Some(largest)
}

/// First Wasserstein distance of two sorted samples of finite numbers, in their own unit: the area between their
/// distribution functions (`scipy.stats.wasserstein_distance`). `None` where either is empty.
pub fn wasserstein(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.is_empty() || b.is_empty() {
        return None;
    }
    let mut area = 0.0_f64;
    walk(a, b, |width, f, g| {
        // Between equal functions the width does not count, even where it overflows.
        if f != g {
            area += width * (f - g).abs();
        }
    });
    Some(area)
}

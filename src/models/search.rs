//! Owns the hyper-parameter settings that a search tries, and in which order.
//!
//! Successive halving is left out: on thousands of rows the whole grid costs seconds while the ranking on a tenth of them
//! is mostly noise, and the one family whose iterations could be the budget, boosting, stops early by itself.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::params::{ParamKind, ParamSpec, ParamValue, Params};

/// How hyper-parameters are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchStrategy {
    /// Each family's defaults, no search.
    #[default]
    None,
    /// Every point of each family's grid.
    Grid,
    /// Seeded random draws from each family's ranges, the defaults first.
    Random,
}

impl fmt::Display for SearchStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Grid => "grid",
            Self::Random => "random",
        })
    }
}

impl FromStr for SearchStrategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "none" => Ok(Self::None),
            "grid" => Ok(Self::Grid),
            "random" => Ok(Self::Random),
            _ => Err(format!("no search strategy `{text}`: use none, grid or random")),
        }
    }
}

impl SearchStrategy {
    /// The settings this strategy tries for a family with these parameters; at least one.
    pub fn trials(self, specs: &[ParamSpec], trials: usize, seed: u64) -> Vec<Params> {
        match self {
            Self::None => vec![Params::defaults(specs)],
            Self::Grid => grid(specs),
            Self::Random => random(specs, trials, seed),
        }
    }
}

/// Every combination of the parameters' grid values, the last parameter changing fastest.
pub fn grid(specs: &[ParamSpec]) -> Vec<Params> {
    let mut points = vec![Params::default()];
    for spec in specs {
        let values = if spec.grid.is_empty() {
            std::slice::from_ref(&spec.default)
        } else {
            &spec.grid[..]
        };
        points = points
            .iter()
            .flat_map(|point| {
                values.iter().map(|value| {
                    let mut next = point.clone();
                    next.0.insert(spec.name.to_owned(), value.clone());
                    next
                })
            })
            .collect();
    }
    points
}

/// The defaults, then settings drawn from the parameters' ranges, no two alike: `trials` in all, or as many as a
/// small space yields. The same seed draws the same settings, and a longer search starts with the shorter one's.
pub fn random(specs: &[ParamSpec], trials: usize, seed: u64) -> Vec<Params> {
    // A space of few settings is given up once draws stop yielding new ones.
    const DRAWS_A_TRIAL: usize = 50;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let defaults = Params::defaults(specs);
    let mut seen = BTreeSet::from([defaults.to_string()]);
    let mut settings = vec![defaults];
    for _ in 1..trials {
        let fresh = (0..DRAWS_A_TRIAL)
            .map(|_| {
                Params(
                    specs
                        .iter()
                        .map(|s| (s.name.to_owned(), draw(&s.kind, &s.default, &mut rng)))
                        .collect(),
                )
            })
            .find(|p| seen.insert(p.to_string()));
        match fresh {
            Some(params) => settings.push(params),
            None => break,
        }
    }
    settings
}

fn draw(kind: &ParamKind, default: &ParamValue, rng: &mut ChaCha8Rng) -> ParamValue {
    let at = rng.random::<f64>();
    match kind {
        ParamKind::Int { low, high, log } => {
            // Each whole number gets the stretch from half below it to half above.
            let v = between(*low as f64 - 0.5, *high as f64 + 0.5, *log && *low > 0, at).round();
            ParamValue::Int((v as i64).clamp(*low, *high))
        }
        ParamKind::Float { low, high, log } => {
            ParamValue::Float(four_digits(between(*low, *high, *log && *low > 0.0, at)).clamp(*low, *high))
        }
        ParamKind::Choice(words) => {
            let index = ((at * words.len() as f64) as usize).min(words.len().saturating_sub(1));
            words
                .get(index)
                .map_or_else(|| default.clone(), |w| ParamValue::Text((*w).to_owned()))
        }
    }
}

/// The point a share `at` of the way from `low` to `high`.
fn between(low: f64, high: f64, log: bool, at: f64) -> f64 {
    if log {
        (low.ln() + at * (high.ln() - low.ln())).exp()
    } else {
        low + at * (high - low)
    }
}

/// Four significant digits: settings that people read and type.
fn four_digits(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs() -> Vec<ParamSpec> {
        vec![
            ParamSpec::log_float("c", "", (1e-3, 1e3), 1.0, &[0.1, 1.0]),
            ParamSpec::int("k", "", (1, 100), 5, &[5, 9, 15]),
            ParamSpec::choice("w", "", &["a", "b"], &["a", "b"]),
        ]
    }

    #[test]
    fn grid_is_every_combination_in_order() {
        let points: Vec<String> = grid(&specs()).iter().map(ToString::to_string).collect();
        assert_eq!(points.len(), 12);
        assert_eq!(points[0], "c=0.1 k=5 w=a");
        assert_eq!(points[1], "c=0.1 k=5 w=b");
        assert_eq!(points[2], "c=0.1 k=9 w=a");
        assert_eq!(points[11], "c=1 k=15 w=b");
        assert_eq!(grid(&[]), vec![Params::default()]);
    }

    #[test]
    fn random_draws_are_seeded_distinct_and_in_range() {
        let all = random(&specs(), 200, 7);
        assert_eq!(all.len(), 200);
        assert_eq!(all[0], Params::defaults(&specs()));
        assert_eq!(all, random(&specs(), 200, 7));
        assert_eq!(all[..20], random(&specs(), 20, 7)[..]);
        assert_ne!(all, random(&specs(), 200, 8));
        let distinct: BTreeSet<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), 200);
        for params in &all {
            assert_eq!(&params.resolve("test", &specs()).unwrap(), params);
        }
        let below_one = all.iter().filter(|p| p.float("c").unwrap() < 1.0).count();
        assert!(
            (60..140).contains(&below_one),
            "a log scale splits evenly at 1: {below_one}"
        );
    }

    #[test]
    fn a_small_space_yields_what_it_has() {
        let two = [ParamSpec::choice("w", "", &["a", "b"], &["a"])];
        assert_eq!(random(&two, 50, 1).len(), 2);
        assert_eq!(random(&[], 50, 1).len(), 1);
        assert_eq!(random(&two, 0, 1).len(), 1);
    }

    #[test]
    fn strategies_read_as_they_print() {
        for s in [SearchStrategy::None, SearchStrategy::Grid, SearchStrategy::Random] {
            assert_eq!(s.to_string().parse(), Ok(s));
            assert_eq!(serde_json::to_string(&s).unwrap(), format!("\"{s}\""));
        }
        assert!("halving".parse::<SearchStrategy>().unwrap_err().contains("halving"));
        assert_eq!(SearchStrategy::None.trials(&specs(), 9, 1).len(), 1);
        assert_eq!(SearchStrategy::Random.trials(&specs(), 9, 1).len(), 9);
    }
}

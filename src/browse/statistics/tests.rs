//! Tests of statistics against values by hand, and of many distinct values against plain reckoning.

use super::super::testing::{csv_of, file, opened, quietly};
use super::super::{ColumnKind, ColumnStatistics, HistogramBin, Table, TopValue, View, statistics};
use super::{Limits, within};

fn of(table: &Table, column: usize, label: Option<usize>) -> ColumnStatistics {
    quietly(|control| statistics(table, &View::all(), column, label, control)).unwrap()
}

fn table(text: &str) -> (tempfile::NamedTempFile, Table) {
    let file = file(text.as_bytes(), ".csv");
    let table = opened(&file);
    (file, table)
}

#[test]
fn few_values_by_hand() {
    let (_file, table) = table("v,l\n1,b\n2,a\n2,b\nNA,a\n,b\n4,b\n1,b\n2,a\n-3,b\n2,a\n2,a\n2,a\n");
    let found = of(&table, 0, Some(1));
    assert_eq!(found.kind, ColumnKind::Integer);
    assert_eq!((found.rows, found.nulls, found.unreadable), (12, 2, 0));
    assert_eq!((found.distinct, found.distinct_exact), (4, true));
    assert_eq!((found.min.as_deref(), found.max.as_deref()), (Some("-3"), Some("4")));
    assert!((found.mean.unwrap() - 1.5).abs() < 1e-12);
    // Squares off the mean: .25 + .25*6 + .25 + 6.25 + 20.25 = 28.5; / 9.
    assert!((found.sd.unwrap() - (28.5_f64 / 9.0).sqrt()).abs() < 1e-12);
    let median = found.quantiles.iter().find(|(share, _)| *share == 0.5).unwrap();
    assert_eq!(median.1, 2.0);
    assert_eq!(found.quantiles[0].0, 0.01);
    assert!((found.quantiles[0].1 - (-3.0 + 0.09 * 4.0)).abs() < 1e-9);
    assert_eq!(found.labels, ["a", "b"]);
    let bins: Vec<(f64, u64)> = found.histogram.iter().map(|bin| (bin.low, bin.count)).collect();
    assert_eq!(
        bins,
        [
            (-3.0, 1),
            (-2.0, 0),
            (-1.0, 0),
            (0.0, 0),
            (1.0, 2),
            (2.0, 6),
            (3.0, 0),
            (4.0, 1)
        ]
    );
    assert_eq!(found.histogram[5].mix, [5, 1]);
    assert_eq!(
        found.top[0],
        TopValue {
            value: "2".to_owned(),
            count: 6,
            mix: vec![5, 1]
        }
    );
    assert_eq!(
        found.top[1],
        TopValue {
            value: "1".to_owned(),
            count: 2,
            mix: vec![0, 2]
        }
    );
    assert_eq!(found.top[2].value, "-3");
}

#[test]
fn texts_and_stray_texts() {
    let (_file, table) = table("t,n\nb,1.5\na,2\n\"c,d\",x\na,3\n,4\nb,5\na,6\n10,7\nz,8\ny,9\nx,10\n");
    let found = of(&table, 0, None);
    assert_eq!(found.kind, ColumnKind::Text);
    assert_eq!((found.min.as_deref(), found.max.as_deref()), (Some("10"), Some("z")));
    assert_eq!(
        (found.mean, found.sd, found.histogram.len(), found.unreadable),
        (None, None, 0, 0)
    );
    assert_eq!(found.top[0].value, "a");
    assert!(found.labels.is_empty() && found.top[0].mix.is_empty());
    let found = of(&table, 1, None);
    assert_eq!((found.kind, found.unreadable), (ColumnKind::Number, 1));
    assert_eq!(found.histogram.len(), 20);
    assert_eq!(found.histogram.iter().map(|bin| bin.count).sum::<u64>(), 10);
    let HistogramBin { low, .. } = found.histogram[0];
    assert_eq!(
        (low, found.histogram[19].high, found.histogram[19].count),
        (1.5, 10.0, 1)
    );
}

#[test]
fn nothing_at_all() {
    let (_file, table) = table("a,b\n");
    let found = of(&table, 1, Some(0));
    assert_eq!((found.rows, found.distinct, found.min, found.mean), (0, 0, None, None));
    let (_file, table) = self::table("a,b\n,1\nNA,2\n");
    let found = of(&table, 0, None);
    assert_eq!((found.rows, found.nulls, found.kind), (2, 2, ColumnKind::Text));
}

#[test]
fn many_distinct_values_are_as_by_plain_reckoning() {
    let value = |at: u64| {
        if at.is_multiple_of(5) {
            777.25
        } else {
            ((at * 7919) % 20_021) as f64 / 8.0
        }
    };
    let cells: Vec<Vec<String>> = (0..20_021)
        .map(|at| vec![value(at).to_string(), ["x", "y", "z"][(at % 3) as usize].to_owned()])
        .collect();
    let file = file(&csv_of(&cells, 2), ".csv");
    let table = opened(&file);
    let limits = Limits {
        values: 2000,
        numbers: 3000,
    };
    let found = quietly(|control| within(limits, &table, &View::all(), (0, Some(1)), control)).unwrap();
    assert!(!found.distinct_exact && found.distinct > 2000, "{}", found.distinct);
    let mut values: Vec<f64> = (0..20_021).map(value).collect();
    values.sort_by(f64::total_cmp);
    for (share, quantile) in &found.quantiles {
        let at = share * (values.len() - 1) as f64;
        let (low, high) = (values[at.floor() as usize], values[at.ceil() as usize]);
        let expected = low + (high - low) * at.fract();
        assert!(
            (quantile - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{share}: {quantile} {expected}"
        );
    }
    assert_eq!(found.quantiles.len(), 7);
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    assert!((found.mean.unwrap() - mean).abs() < 1e-6 * mean);
    assert_eq!(found.histogram.iter().map(|bin| bin.count).sum::<u64>(), 20_021);
    let greatest = values[values.len() - 1];
    for bin in &found.histogram {
        let inside = values
            .iter()
            .filter(|&&v| v >= bin.low && (v < bin.high || bin.high == greatest))
            .count() as u64;
        assert!(bin.count.abs_diff(inside) <= 1, "{bin:?} {inside}");
        assert_eq!(bin.mix.iter().sum::<u64>(), bin.count);
    }
    let frequent = values.iter().filter(|value| **value == 777.25).count() as u64;
    assert_eq!((found.top[0].value.as_str(), found.top[0].count), ("777.25", frequent));
    assert_eq!(found.top[0].mix.iter().sum::<u64>(), found.top[0].count);
}

//! Filters, orders and searches give what plain evaluation gives.

use proptest::prelude::*;

use super::super::testing::{csv_of, file, is_null, opened, ordinals, quietly, sorted};
use super::super::value::number;
use super::super::{Direction, Match, Matches, Pattern, Search, SortKey, Table, View, arrange, find};

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "-?[0-9]{1,3}",
        2 => "-?[0-9]{1,2}\\.[0-9]{1,2}",
        1 => Just(String::new()),
        1 => Just("NA".to_owned()),
        2 => "[abAB]{1,3}",
        1 => "[a,\"\nb]{1,4}",
        1 => Just("9007199254740993".to_owned()),
        1 => Just("-1e300".to_owned()),
    ]
}

fn whole() -> impl Strategy<Value = String> {
    prop_oneof![6 => "-?[0-9]{1,3}", 1 => Just(String::new())]
}

fn cells(cell: impl Strategy<Value = String> + 'static, most: usize) -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = cell.boxed();
    proptest::collection::vec(proptest::collection::vec(cell, 3), 1..most)
}

fn keys() -> impl Strategy<Value = Vec<SortKey>> {
    let key = (0_usize..3, any::<bool>()).prop_map(|(column, descending)| SortKey { column, descending });
    proptest::collection::vec(key, 1..4)
}

fn table_of(cells: &[Vec<String>]) -> (tempfile::NamedTempFile, Table) {
    let file = file(&csv_of(cells, 3), ".csv");
    let table = opened(&file);
    (file, table)
}

/// Whether a row is to be kept.
type Test<'t> = Box<dyn Fn(&Vec<String>) -> bool + 't>;

/// The same rows as often as fills several runs of rows.
fn repeated(cells: &[Vec<String>]) -> Vec<Vec<String>> {
    let times = 40_000 / cells.len() + 1;
    std::iter::repeat_n(cells, times).flatten().cloned().collect()
}

/// The next match by going from cell to cell.
fn next_by_hand(rows: &[&Vec<String>], has: impl Fn(&str) -> bool, from: (u64, usize), forward: bool) -> Option<Match> {
    let columns = 3;
    let total = rows.len() * columns;
    let start = from.0 as usize * columns + from.1;
    for step in 1..=total {
        let at = if forward {
            (start + step) % total
        } else {
            (start + total - step) % total
        };
        if has(&rows[at / columns][at % columns]) {
            let wrapped = if forward { at <= start } else { at >= start };
            return Some(Match {
                at: (at / columns) as u64,
                column: at % columns,
                wrapped,
            });
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn an_order_is_that_of_a_stable_sort(cells in cells(cell(), 200), keys in keys()) {
        let (_file, table) = table_of(&cells);
        let view = quietly(|control| arrange(&table, &[], &keys, control)).unwrap();
        prop_assert_eq!(ordinals(&view, &table), sorted(&cells, &keys));
    }

    #[test]
    fn so_is_one_of_whole_numbers(cells in cells(whole(), 200), keys in keys()) {
        let (_file, table) = table_of(&cells);
        let view = quietly(|control| arrange(&table, &[], &keys, control)).unwrap();
        prop_assert_eq!(ordinals(&view, &table), sorted(&cells, &keys));
    }

    #[test]
    fn an_order_of_filtered_rows_is_a_part_of_the_whole(cells in cells(whole(), 200), keys in keys(), bound in -50_i64..50) {
        let (_file, table) = table_of(&cells);
        let filter = format!("b >= {bound}");
        let view = quietly(|control| arrange(&table, &[filter], &keys, control)).unwrap();
        let holds = |row: &u64| cells[*row as usize][1].parse::<i64>().is_ok_and(|value| value >= bound);
        let expected: Vec<u64> = sorted(&cells, &keys).into_iter().filter(holds).collect();
        prop_assert_eq!(ordinals(&view, &table), expected);
    }

    #[test]
    fn a_search_goes_from_cell_to_cell(
        cells in cells(cell(), 60),
        text in "[a1AB,\"]{1,2}",
        exact in proptest::option::of(any::<bool>()),
        steps in 1_usize..8,
        forward in any::<bool>(),
        order in proptest::option::of(keys()),
        counted in any::<bool>(),
    ) {
        let (_file, table) = table_of(&cells);
        let view = quietly(|control| arrange(&table, &[], order.as_deref().unwrap_or_default(), control)).unwrap();
        let rows: Vec<&Vec<String>> = ordinals(&view, &table).into_iter().map(|row| &cells[row as usize]).collect();
        let case_counts = exact.unwrap_or_else(|| text.chars().any(char::is_uppercase));
        let has = |cell: &str| if case_counts { cell.contains(&text) } else { cell.to_lowercase().contains(&text.to_lowercase()) };
        let pattern = Pattern::new(&text, false, exact).unwrap();
        let matches = quietly(|control| Matches::all(&table, &view, &pattern, control)).unwrap();
        let by_hand = rows.iter().filter(|row| row.iter().any(|cell| has(cell))).count();
        prop_assert_eq!(matches.count(), by_hand as u64);
        let direction = if forward { Direction::Forward } else { Direction::Backward };
        let mut from = (0, 0);
        for _ in 0..steps {
            let search = Search { from, direction, matches: counted.then_some(&matches) };
            let found = quietly(|control| find(&table, &view, &pattern, search, control)).unwrap();
            prop_assert_eq!(found, next_by_hand(&rows, has, from, forward));
            let Some(found) = found else { break };
            from = (found.at, found.column);
        }
    }

    #[test]
    fn comparisons_are_those_of_numbers_or_texts(cells in cells(cell(), 80), bound in -20_i64..200, word in "[abAB]{1,2}") {
        let (_file, table) = table_of(&cells);
        let numeric = |cell: &String| number(cell.as_bytes()).map(super::super::value::Number::as_f64);
        let limit = bound as f64;
        let cases: Vec<(String, Test<'_>)> = vec![
            (format!("a < {bound}"), Box::new(|row| numeric(&row[0]).is_some_and(|v| v < limit))),
            (format!("not a < {bound}"), Box::new(|row| !numeric(&row[0]).is_some_and(|v| v < limit))),
            (format!("a >= {bound} and b != {bound}"), Box::new(|row| {
                numeric(&row[0]).is_some_and(|v| v >= limit) && numeric(&row[1]) != Some(limit)
            })),
            (format!("c between {bound} and 300 or b = '{word}'"), Box::new(|row| {
                numeric(&row[2]).is_some_and(|v| v >= limit && v <= 300.0) || row[1] == word
            })),
            (format!("b in ({bound}, '{word}', 'NA')"), Box::new(|row| {
                numeric(&row[1]) == Some(limit) || row[1] == word || row[1] == "NA"
            })),
            ("a is null".to_owned(), Box::new(|row| is_null(&row[0]))),
            (format!("a > '{word}'"), Box::new(|row| !is_null(&row[0]) && row[0].as_bytes() > word.as_bytes())),
            (format!("c like '%{word}%'"), Box::new(|row| row[2].contains(&word))),
            (format!("c ilike '{word}_'"), Box::new(|row| {
                row[2].chars().count() == word.len() + 1 && row[2].to_lowercase().starts_with(&word.to_lowercase())
            })),
            (format!("b ~ '^{word}'"), Box::new(|row| row[1].starts_with(&word))),
            ("a = b".to_owned(), Box::new(|row| match (numeric(&row[0]), numeric(&row[1])) {
                (Some(a), Some(b)) => a == b,
                _ => row[0] == row[1],
            })),
        ];
        for (filter, holds) in cases {
            let view = quietly(|control| arrange(&table, std::slice::from_ref(&filter), &[], control)).unwrap();
            let expected: Vec<u64> = (0..cells.len() as u64).filter(|&row| holds(&cells[row as usize])).collect();
            prop_assert_eq!(ordinals(&view, &table), expected, "{}", filter);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn big_tables_are_no_different(few in cells(cell(), 50), keys in keys(), text in "[a1AB]{1,2}") {
        let cells = repeated(&few);
        let (_file, table) = table_of(&cells);
        let view = quietly(|control| arrange(&table, &[], &keys, control)).unwrap();
        prop_assert!(ordinals(&view, &table) == sorted(&cells, &keys));
        let pattern = Pattern::new(&text, false, Some(true)).unwrap();
        let from = (cells.len() as u64 / 2, 1);
        let all: Vec<&Vec<String>> = cells.iter().collect();
        for (direction, forward) in [(Direction::Forward, true), (Direction::Backward, false)] {
            let search = Search { from, direction, matches: None };
            let found = quietly(|control| find(&table, &View::all(), &pattern, search, control)).unwrap();
            prop_assert_eq!(found, next_by_hand(&all, |cell| cell.contains(&text), from, forward));
        }
    }
}

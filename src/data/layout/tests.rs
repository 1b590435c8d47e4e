//! Owns the tests of matching columns.

use super::super::testing::{column, schema};
use super::*;
use crate::schema::ColumnType::Int;
use proptest::prelude::*;

fn header(names: &[&str]) -> Header {
    Header {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
    }
}

fn three() -> Schema {
    let mut columns = vec![column("a", Int), column("b", Int), column("c", Int), column("y", Int)];
    columns[1].aliases = vec!["bee".to_owned()];
    columns[2].required = false;
    schema(columns, Some("y"))
}

#[test]
fn as_it_stands() {
    let layout = Layout::resolve(&three(), &header(&["a", "b", "c", "y"]));
    let wanted = Layout {
        sources: vec![Some(0), Some(1), Some(2), Some(3)],
        label: Some(3),
        ..Layout::default()
    };
    assert_eq!(layout, wanted);
}

#[test]
fn another_order_aliases_and_case() {
    let layout = Layout::resolve(&three(), &header(&["Y", "bee", " A ", "z"]));
    assert_eq!(layout.sources, [Some(2), Some(1), None, Some(0)]);
    assert_eq!(layout.label, Some(0));
    assert_eq!(layout.absent, ["c"]);
    assert_eq!(layout.extra, ["z"]);
    assert!(layout.missing.is_empty() && layout.reordered);
    let renamed: Vec<(&str, &str)> = layout.renamed.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(renamed, [("a", " A "), ("b", "bee"), ("y", "Y")]);
}

#[test]
fn the_canonical_name_wins_over_the_alias() {
    let layout = Layout::resolve(&three(), &header(&["bee", "b", "a", "A"]));
    assert_eq!(layout.sources[..2], [Some(2), Some(1)]);
    assert_eq!(layout.extra, ["bee", "A"]);
    assert!(layout.renamed.is_empty());
    assert_eq!(layout.label, None);
}

#[test]
fn missing_columns_name_the_nearest() {
    let columns = vec![column("URL_Length", Int), column("port_no", Int), column("zzz", Int)];
    let layout = Layout::resolve(&schema(columns, None), &header(&["URLURL_Length", "port", "other"]));
    let missing: Vec<(&str, Option<&str>)> = layout
        .missing
        .iter()
        .map(|missing| (missing.name.as_str(), missing.suggestion.as_deref()))
        .collect();
    assert_eq!(
        missing,
        [
            ("URL_Length", Some("URLURL_Length")),
            ("port_no", Some("port")),
            ("zzz", None)
        ]
    );
}

#[test]
fn a_label_outside_the_columns_is_found_and_not_extra() {
    let schema = schema(vec![column("a", Int)], Some("Result"));
    let layout = Layout::resolve(&schema, &header(&["result", "a"]));
    assert_eq!(
        (layout.label, layout.sources, layout.reordered),
        (Some(0), vec![Some(1)], false)
    );
    assert!(layout.extra.is_empty());
}

#[test]
fn very_wide_headers_do_not_cost_the_square() {
    let columns = (0..5000).map(|at| column(&format!("wanted_{at}"), Int)).collect();
    let names: Vec<String> = (0..5000).map(|at| format!("found_{at}{}", "x".repeat(1000))).collect();
    let layout = Layout::resolve(&schema(columns, None), &Header { names });
    assert_eq!((layout.missing.len(), layout.extra.len()), (5000, 5000));
}

proptest! {
    #[test]
    fn no_source_is_used_twice_and_none_is_lost(names in prop::collection::vec("[abyABY ]{0,3}|bee", 0..8)) {
        let schema = three();
        let layout = Layout::resolve(&schema, &Header { names: names.clone() });
        let mut used: Vec<usize> = layout.sources.iter().flatten().copied().collect();
        used.sort_unstable();
        let before = used.len();
        used.dedup();
        prop_assert_eq!(used.len(), before);
        prop_assert_eq!(used.len() + layout.extra.len(), names.len());
    }
}

//! Owns the tests of roles: row numbers, keys and times against quantities.

use std::fmt::Write;

use super::*;

#[test]
fn row_numbers_are_ids() {
    for (name, rows, value) in [
        ("n", 30, Box::new(|r: u64| r.to_string()) as Box<dyn Fn(u64) -> String>),
        ("n", 30, Box::new(|r| (r * 7 + 3).to_string())),
        ("n", 30, Box::new(|r| (1000 - r).to_string())),
        ("n", 30, Box::new(|r| format!("{r}.0"))),
        ("n", 4, Box::new(|r| (r + 1).to_string())),
        ("", 30, Box::new(|r| r.to_string())),
        ("", 30, Box::new(|r| scrambled(r).to_string())),
        ("Unnamed: 0", 5, Box::new(|r| (r * 3 % 5).to_string())),
        ("index", 6, Box::new(|r| ((r * 5 + 2) % 6).to_string())),
        // Two files joined: the numbers start anew.
        ("n", 60, Box::new(|r| (r % 30).to_string())),
        // Shuffled row numbers.
        ("n", 31, Box::new(|r| (r * 12 % 31).to_string())),
    ] {
        let column = one_column(name, rows, &value);
        assert_eq!(column.role, Role::Id, "{name} {rows} {}", value(1));
        assert!(column.allowed.is_none() && column.min.is_none());
    }
    assert!(one_column("n", 30, |r| r.to_string()).unique);
    assert!(!one_column("n", 60, |r| (r % 30).to_string()).unique);
}

#[test]
fn a_row_number_that_sorts_the_labels_is_kept_out() {
    let mut text = "id,bytes,label\n".to_owned();
    for row in 0..40 {
        writeln!(text, "{row},{},{}", row * 31 % 17, u8::from(row >= 20)).unwrap();
    }
    let made = generated(text.as_bytes());
    assert_eq!(made.label.as_ref().unwrap().label.column, "label");
    assert_eq!(
        made.schema.features().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["bytes"]
    );
    assert!(
        made.notes.iter().any(|n| n.contains("`id` id: a row number")),
        "{:?}",
        made.notes
    );
    assert!(made.yaml.contains("# id: a row number"));
}

#[test]
fn keys_are_ids_and_quantities_are_not() {
    let role = |name: &str, rows, value: &dyn Fn(u64) -> String| one_column(name, rows, value).role;
    assert_eq!(role("flow_id", 10, &|r| scrambled(r).to_string()), Role::Id);
    assert_eq!(role("n", 300, &|r| scrambled(r).to_string()), Role::Id);
    assert_eq!(
        role("uuid", 10, &|r| format!(
            "{:08x}-0000-4000-8000-0123456789ab",
            scrambled(r)
        )),
        Role::Id
    );
    assert_eq!(
        role("digest", 10, &|r| format!("{:016x}abcdef", scrambled(r))),
        Role::Id
    );
    assert_eq!(role("uid", 30, &|r| format!("C{:010}x", scrambled(r))), Role::Id);
    // Few rows, or measured, or continuous: unique by chance.
    assert_eq!(role("n", 10, &|r| scrambled(r).to_string()), Role::Feature);
    assert_eq!(role("src_bytes", 300, &|r| scrambled(r).to_string()), Role::Feature);
    assert_eq!(role("load", 300, &|r| format!("{}.{r}", scrambled(r))), Role::Feature);
    let sorted = one_column("score", 300, |r| format!("{r}.5"));
    assert_eq!((sorted.role, sorted.unique), (Role::Feature, false));
    assert_eq!(
        role("proto", 3, &|r| ["tcp", "udp", "icmp"][r as usize].to_owned()),
        Role::Feature
    );
}

#[test]
fn only_ids_are_unique() {
    let column = one_column("load", 300, |r| format!("0.{:010}", scrambled(r)));
    assert_eq!(
        (column.kind, column.role, column.unique),
        (ColumnType::Float, Role::Feature, false)
    );
}

#[test]
fn times_are_kept_out() {
    let made =
        generated(b"ts,end_time,dur\n2024-01-02,1700000003,1\n2024-01-01,1700000001,1\n2024-01-03,1700000001,2\n");
    let roles: Vec<_> = made.schema.columns.iter().map(|c| (c.kind, c.role)).collect();
    assert_eq!(
        roles,
        [
            (ColumnType::Timestamp, Role::Timestamp),
            (ColumnType::Timestamp, Role::Ignore),
            (ColumnType::Int, Role::Feature)
        ]
    );
    let column = one_column("time", 30, |r| (r / 2).to_string());
    assert_eq!((column.kind, column.role), (ColumnType::Int, Role::Timestamp));
    let column = one_column("timestamp", 30, |r| (1_700_000_000_000 + scrambled(r)).to_string());
    assert_eq!((column.kind, column.role), (ColumnType::Int, Role::Timestamp));
    assert_eq!(one_column("time", 30, |_| "0".to_owned()).role, Role::Feature);
}

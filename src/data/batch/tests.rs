//! Owns the tests of batches.

use super::*;
use proptest::prelude::*;

#[test]
fn push_keeps_rows_and_sets_other_widths_apart() {
    let mut batch = RawBatch::new(2);
    batch.push(2, [&b"a"[..], b""]);
    batch.push(3, [&b"b"[..]]);
    batch.push(4, [&b"c"[..], b"dd"]);
    assert_eq!((batch.rows(), batch.total_rows(), batch.lines()), (2, 3, &[2, 4][..]));
    assert_eq!(batch.cell(1, 1), b"dd");
    assert_eq!(batch.row(0).collect::<Vec<_>>(), [&b"a"[..], b""]);
    assert_eq!(batch.column(0, 0..2).collect::<Vec<_>>(), [b"a", b"c"]);
    assert_eq!(batch.malformed[0].reason, "1 field, expected 2");

    let mut all = RawBatch::new(2);
    all.extend(batch.clone()).unwrap();
    all.extend(batch.clone()).unwrap();
    assert_eq!((all.rows(), all.malformed.len()), (4, 2));
    assert_eq!(all.cell(3, 0), b"c");
    assert!(RawBatch::new(3).extend(batch).is_err());
}

#[test]
fn only_rows_between_commas_are_given_in_one_piece() {
    let mut batch = RawBatch::new(2);
    assert!(batch.comma_separated(0..0).is_none());
    batch.copy_delimited(b"a,b", b',', 2);
    batch.end_row(2);
    batch.push(3, [&b"c,"[..], b"d"]);
    batch.copy_delimited(b",", b',', 2);
    batch.end_row(4);
    assert_eq!(batch.comma_separated(0..1), Some(&b"a,b\n"[..]));
    assert_eq!(batch.comma_separated(1..3), Some(&b"c,\nd\n,\n"[..]));
    assert!(batch.comma_separated(2..4).is_none());

    let mut other = RawBatch::new(2);
    other.copy_delimited(b"e,;f", b';', 2);
    other.end_row(5);
    assert!(other.comma_separated(0..1).is_none());
    batch.extend(other).unwrap();
    assert!(batch.comma_separated(0..1).is_none(), "rows of two kinds");

    let mut narrow = RawBatch::new(1);
    narrow.copy_delimited(b"a", b',', 1);
    narrow.end_row(2);
    assert!(narrow.comma_separated(0..1).is_none());
}

proptest! {
    #[test]
    fn copied_rows_split_as_std_splits(
        rows in prop::collection::vec(prop::collection::vec(prop::sample::select(b",,x\x2b\x2d\xac".to_vec()), 0..60), 1..6)
    ) {
        for row in &rows {
            let wanted: Vec<&[u8]> = row.split(|&byte| byte == b',').collect();
            let mut batch = RawBatch::new(wanted.len());
            prop_assert_eq!(batch.copy_delimited(row, b',', wanted.len()), wanted.len());
            batch.end_row(1);
            prop_assert_eq!(batch.row(0).collect::<Vec<_>>(), wanted.clone());
            let mut narrow = RawBatch::new(1);
            prop_assert_eq!(narrow.copy_delimited(row, b',', 1), wanted.len());
        }
    }
}

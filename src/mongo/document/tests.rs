//! Owns the tests of rows as documents: what is a number, that every cell comes back, that equal rows have one `_id`.

use mongodb::bson::{Bson, Document, doc};
use proptest::prelude::*;

use super::*;

fn fields(columns: &[(&str, FieldKind)]) -> Fields {
    let columns: Vec<_> = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    Fields::new(&columns)
}

fn document(fields: &Fields, cells: &[&str]) -> Document {
    let cells: Vec<&[u8]> = cells.iter().map(|cell| cell.as_bytes()).collect();
    Document::try_from(encode(fields, "set", 7, &cells)).unwrap()
}

fn read(fields: &Fields, document: &Document) -> Result<(Vec<Vec<u8>>, Marks), Misfit> {
    let raw = RawDocumentBuf::try_from(document).unwrap();
    let mut row = Row::default();
    let marks = decode(fields, &raw, &mut row)?;
    Ok((row.cells().map(<[u8]>::to_vec).collect(), marks))
}

#[test]
fn numbers_stand_as_numbers_and_other_writings_of_them_are_kept_beside() {
    let fields = fields(&[
        ("a", FieldKind::Whole),
        ("b", FieldKind::Number),
        ("c", FieldKind::Text),
        ("d", FieldKind::Whole),
    ]);
    let stored = document(&fields, &["-1", "2.5", "007", ""]);
    assert_eq!(stored.get("a"), Some(&Bson::Int64(-1)));
    assert_eq!(stored.get("b"), Some(&Bson::Double(2.5)));
    assert_eq!(stored.get("c"), Some(&Bson::String("007".to_owned())));
    assert_eq!(stored.get("d"), Some(&Bson::Null));
    assert_eq!(stored.get(TEXT_FIELD), None);
    assert_eq!(stored.get_i64(ROW_FIELD).unwrap(), 7);
    assert_eq!(stored.get_str(SET_FIELD).unwrap(), "set");
    let stored = document(&fields, &["+1", "2.50", "x", "NA"]);
    assert_eq!(stored.get("a"), Some(&Bson::Int64(1)));
    assert_eq!(stored.get("b"), Some(&Bson::Double(2.5)));
    assert_eq!(stored.get("d"), Some(&Bson::String("NA".to_owned())));
    assert_eq!(
        stored.get_document(TEXT_FIELD).unwrap(),
        &doc! { "a": "+1", "b": "2.50" }
    );
    let stored = document(&fields, &["9223372036854775808", "inf", "", "1.0"]);
    assert_eq!(stored.get("a"), Some(&Bson::Double(2_f64.powi(63))));
    assert_eq!(stored.get("b"), Some(&Bson::String("inf".to_owned())));
    assert_eq!(stored.get("d"), Some(&Bson::Double(1.0)));
    assert_eq!(
        stored.get_document(TEXT_FIELD).unwrap(),
        &doc! { "a": "9223372036854775808", "d": "1.0" }
    );
}

#[test]
fn field_names_are_fit_for_a_server_and_each_is_its_own() {
    let fields = fields(&[
        ("id.orig_h", FieldKind::Text),
        ("$set", FieldKind::Text),
        ("_id", FieldKind::Text),
        ("", FieldKind::Text),
        ("_", FieldKind::Text),
        ("nsec_row", FieldKind::Text),
        ("a\0b", FieldKind::Text),
        ("id\u{ff0e}orig_h", FieldKind::Text),
    ]);
    let names = [
        "id\u{ff0e}orig_h",
        "\u{ff04}set",
        "_id_",
        "_",
        "__",
        "nsec_row_",
        "a\u{2400}b",
        "id\u{ff0e}orig_h_",
    ];
    assert_eq!(fields.names(), names);
    let cells = ["1", "2", "3", "4", "5", "6", "7", "8"];
    let (back, _) = read(&fields, &document(&fields, &cells)).unwrap();
    assert_eq!(back, cells.map(|cell| cell.as_bytes().to_vec()));
}

#[test]
fn documents_of_others_become_rows_where_they_can() {
    let fields = Fields::known(
        vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
        vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
    );
    let (cells, marks) = read(&fields, &doc! { "_id": 5, "c": true, "a": 1, "z": "?" }).unwrap();
    assert_eq!(cells, [b"1".to_vec(), b"".to_vec(), b"true".to_vec()]);
    assert_eq!((marks.set, marks.row), (None, None));
    assert_eq!(id_text(marks.id.as_ref()), "5");
    let misfit = read(&fields, &doc! { "_id": "x1", "b": [1, 2] }).unwrap_err();
    assert_eq!(
        (misfit.id.as_str(), misfit.reason.as_str()),
        ("x1", "b is a list, which no cell can hold")
    );
    let misfit = read(&fields, &doc! { "b": { "c": 1 } }).unwrap_err();
    assert_eq!(misfit.id, "without _id");
}

#[test]
fn damaged_bytes_are_no_row_and_no_panic() {
    let fields = fields(&[("a", FieldKind::Whole), ("b", FieldKind::Text)]);
    let sound = encode(&fields, "set", 1, &[b"12", b"text"]).into_bytes();
    let mut row = Row::default();
    for at in 0..sound.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bytes = sound.clone();
            bytes[at] = value;
            if let Ok(document) = RawDocumentBuf::from_bytes(bytes) {
                let _any_answer_will_do = decode(&fields, &document, &mut row);
            }
        }
    }
}

#[test]
fn an_id_is_of_the_set_the_row_and_where_cells_begin() {
    let hash = |set: &str, row, cells: &[&[u8]]| row_hash(set, row, cells.iter().copied());
    let one = hash("a", 1, &[b"x", b"y"]);
    assert_eq!(one, hash("a", 1, &[b"x", b"y"]));
    for other in [
        hash("b", 1, &[b"x", b"y"]),
        hash("a", 2, &[b"x", b"y"]),
        hash("a", 1, &[b"xy", b""]),
        hash("a", 1, &[b"x", b"y", b""]),
    ] {
        assert_ne!(one, other);
    }
}

proptest! {
    /// Every cell comes back byte for byte, whatever it is and whatever its column is stored as.
    #[test]
    fn cells_come_back(cells in prop::collection::vec(
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            "[ +-]?[0-9]{0,20}\\.?[0-9]{0,4}(e[0-9])?".prop_map(String::into_bytes),
            any::<f64>().prop_map(|v| v.to_string().into_bytes()),
            any::<i64>().prop_map(|v| v.to_string().into_bytes()),
        ],
        3,
    )) {
        let fields = fields(&[("a", FieldKind::Whole), ("b", FieldKind::Number), ("c", FieldKind::Text)]);
        let slices: Vec<&[u8]> = cells.iter().map(Vec::as_slice).collect();
        let stored = encode(&fields, "set", 3, &slices);
        let mut row = Row::default();
        let marks = decode(&fields, &stored, &mut row).unwrap();
        prop_assert_eq!(row.cells().collect::<Vec<_>>(), slices);
        prop_assert_eq!(marks.row, Some(3));
    }
}

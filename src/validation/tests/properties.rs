//! Owns the properties of validation: no row is lost, and neither batch size nor content can make it fail.

use crate::text::visible_text;
use proptest::prelude::*;

use super::*;

fn strict() -> Schema {
    let mut a = column("a", ColumnType::Int);
    (a.nullable, a.max) = (false, Some(50.0));
    let mut b = column("b", ColumnType::Category);
    (b.pattern, b.unique) = (Some("[a-f]*".into()), true);
    schema(vec![
        a,
        b,
        column("c", ColumnType::Float),
        column("t", ColumnType::Timestamp),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn accepted_and_rejected_make_all_rows(
        rows in prop::collection::vec(
            ("-?[0-9]{0,3}|x", "[a-h]{0,2}", "[0-9.e+-]{0,5}|inf|1e999", "2024-0[0-9]-1[0-9]|[0-9]{0,12}|,", "bad|good||x"),
            0..40,
        ),
        batch in 1_usize..50,
    ) {
        let lines: Vec<String> = rows.iter().map(|(a, b, c, t, y)| format!("{a},{b},{c},{t},{y}\n")).collect();
        let csv = format!("a,b,c,t,y\n{}", lines.concat());
        let run = |batch, purpose| Run { purpose, batch, ..Run::default() }.on(&strict(), &csv);
        for purpose in [Purpose::Train, Purpose::Validate, Purpose::Score] {
            let outcome = run(batch, purpose);
            let accepted = outcome.accepted.iter().filter(|a| **a).count() as u64;
            prop_assert_eq!(outcome.report.rows, rows.len() as u64);
            prop_assert_eq!(accepted + outcome.report.rejected_rows, outcome.report.rows);
            let whole = run(1000, purpose);
            prop_assert_eq!(&outcome.rejects, &whole.rejects, "the batch size does not matter");
            prop_assert_eq!(&outcome.report, &whole.report);
        }
    }

    #[test]
    fn any_bytes_can_be_checked(bytes in prop::collection::vec(any::<u8>(), 0..300), batch in 1_usize..5) {
        let mut csv = b"a,b,c,t,y\n".to_vec();
        csv.extend(&bytes);
        // What the reader refuses is not ours.
        let Ok(mut reader) = open_bytes("t", csv, &ReadSettings::default()) else { return Ok(()) };
        let schema = Arc::new(strict());
        let layout = Layout::resolve(&schema, reader.header());
        let settings = ValidationSettings::default();
        let mut validator =
            Validator::new(Arc::clone(&schema), layout.clone(), Purpose::Train, &settings, Against::default()).unwrap();
        let mut rows = 0;
        while let Ok(Some(raw)) = reader.next_batch(batch) {
            let typed = parse_batch(&schema, &layout, &raw, reader.null_tokens());
            let verdict = validator.check_batch(&raw, &typed).unwrap();
            prop_assert!(verdict.rejects.iter().all(|r| !r.reason.chars().any(char::is_control)));
            rows += (raw.rows() + raw.malformed.len()) as u64;
        }
        let report = validator.finish();
        prop_assert_eq!(report.rows, rows);
        let table = report.table(80);
        prop_assert!(table.chars().all(|c| c == '\n' || !c.is_control()));
        prop_assert_eq!(serde_json::from_str::<Report>(&report.to_json().unwrap()).unwrap(), report);
    }

    #[test]
    fn visible_text_is_safe_and_loses_nothing(text in any::<String>(), other in any::<String>()) {
        let shown = visible_text(&text).into_owned();
        prop_assert!(!shown.chars().any(char::is_control));
        prop_assert_eq!(shown == visible_text(&other), text == other, "two texts never look the same");
    }
}

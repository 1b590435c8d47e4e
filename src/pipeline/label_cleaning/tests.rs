//! Owns the tests of cleaning: the label cells that verdicts correct, and not one byte more.

use super::*;
use crate::pipeline::judged::JudgedCases;
use crate::pipeline::testing::{House, case, dataset, ids, judged, rows, schema};
use crate::triage::Verdict;

fn cleaned(house: &House, data: &[u8], judged: &JudgedCases) -> (Cleaned, Vec<u8>) {
    fs::write(&house.data, data).unwrap();
    let output = house.workspace.root().join("out/cleaned.csv");
    let request = CleanRequest {
        data: &house.data,
        schema: &schema(),
        reading: &ReadSettings::default(),
        judged,
        output: &output,
    };
    let cleaned = clean_labels(&request, &CancelToken::new()).unwrap();
    (cleaned, fs::read(&output).unwrap())
}

#[test]
fn only_label_cells_change_whatever_surrounds_them() {
    // A byte order mark, both line ends, a blank line, a row too short, quotes, a line break in a cell, no last line end.
    const BEFORE: &str = "\u{feff}id,a,b,y,note\r\n\
        r0,1,1,\"bad\",\"he said \"\"no\"\",\ntwice\"\r\n\
        \r\n\
        r1, 1 ,1,bad ,x\n\
        short,1\n\
        \"r,2\",2,1,good,\"\"\n\
        r3,3,,good,=1+1\n\
        r3,3,,good,other\n\
        r4,4,4,bad,last";
    let data = dataset("id,a,b,y\nr0,1,1,bad\nr1,1,1,bad\n\"r,2\",2,1,good\nr3,3,,good\nr4,4,4,bad\n");
    let id = ids(&data);
    let told = judged([
        case(id[0], Verdict::FalsePositive, &[]),
        case(id[1], Verdict::TruePositive, &[]),
        case(id[2], Verdict::TruePositive, &[]),
        case(id[3], Verdict::TruePositive, &[]),
        case(id[4], Verdict::BenignPositive, &[]),
    ]);
    let house = House::new("");
    let (found, text) = cleaned(&house, BEFORE.as_bytes(), &told);
    let after = BEFORE
        .replace("1,\"bad\",", "1,good,")
        .replace("\"r,2\",2,1,good,", "\"r,2\",2,1,bad,")
        .replace("3,,good,", "3,,bad,");
    assert_eq!(String::from_utf8(text).unwrap(), after);
    assert_eq!((found.rows, found.corrected, found.confirmed, found.left), (6, 4, 1, 1));
    let (nothing, text) = cleaned(&house, BEFORE.as_bytes(), &JudgedCases::default());
    assert_eq!((text, nothing.left), (BEFORE.as_bytes().to_vec(), 6));
}

#[test]
fn a_file_by_the_audit_stands_for_its_runs_data() {
    let house = House::new(&rows(120, &[5]));
    let run = house.train(None, |_| {});
    let audit = house.workspace.root().join("audit.csv");
    fs::write(&audit, format!("a,label_doubt,model_run\n1,0.9,{}\n", run.run_id)).unwrap();
    let found = audited_data(&audit, &house.workspace, &ReadSettings::default())
        .unwrap()
        .unwrap();
    assert_eq!(fs::read(&found.data).unwrap(), fs::read(&house.data).unwrap());
    assert_eq!(found.schema.name, "small");
    assert!(
        audited_data(&house.data, &house.workspace, &ReadSettings::default())
            .unwrap()
            .is_none()
    );
    fs::write(&audit, "a,label_doubt,model_run\n1,0.9,20260101T000000Z-aaaa\n").unwrap();
    let gone = audited_data(&audit, &house.workspace, &ReadSettings::default());
    assert!(matches!(gone, Err(CleaningError::Registry(_))));
}

#[test]
fn what_cannot_be_cleaned_says_why_and_writes_nothing() {
    let house = House::new(&rows(20, &[]));
    let output = house.workspace.root().join("cleaned.csv");
    let refused = |data: &Path, output: &Path| {
        let request = CleanRequest {
            data,
            schema: &schema(),
            reading: &ReadSettings::default(),
            judged: &JudgedCases::default(),
            output,
        };
        clean_labels(&request, &CancelToken::new()).unwrap_err()
    };
    assert!(matches!(refused(&house.data, &house.data), CleaningError::Same { .. }));
    let packed = house.workspace.root().join("rows.csv.gz");
    fs::write(&packed, b"\x1f\x8b\x08\x00").unwrap();
    assert!(matches!(refused(&packed, &output), CleaningError::NotCsv { .. }));
    let bare = house.workspace.root().join("bare.csv");
    fs::write(&bare, "id,a,b\nr0,1,1\n").unwrap();
    assert!(matches!(refused(&bare, &output), CleaningError::NoLabel { .. }));
    assert!(matches!(
        refused(Path::new("/nowhere.csv"), &output),
        CleaningError::Data(_)
    ));
    assert!(!output.exists());
}

//! Owns the tests of the label audit: it finds planted errors, and its file is a scored file.

use std::fs;

use super::*;
use crate::pipeline::testing::{House, read, rows};
use crate::pipeline::training::TrainOutcome;

fn request<'a>(house: &'a House, run: &'a TrainOutcome, parts: &'a Parts) -> LabelAuditRequest<'a> {
    LabelAuditRequest {
        workspace: &house.workspace,
        run: &run.run_id,
        output: None,
        transform: &parts.0,
        training: &parts.1,
        risk: &parts.2,
        threads: 2,
    }
}

type Parts = (TransformSettings, TrainingSettings, RiskSettings);

fn table(path: &Path) -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    (header, reader.records().map(Result::unwrap).collect())
}

#[test]
fn planted_errors_lead_the_file_and_it_reads_as_a_scored_one() {
    let wrong: Vec<usize> = (0..12).map(|i| i * 23 + 4).collect();
    let house = House::new(&rows(300, &wrong));
    let run = house.train(None, |_| {});
    let parts = Parts::default();
    let fits = std::sync::atomic::AtomicU64::new(0);
    let told = |done: u64, of: u64| {
        assert!(done <= of && of == 10);
        fits.fetch_max(done, std::sync::atomic::Ordering::Relaxed);
    };
    let cancel = CancelToken::new();
    let summary = audit_labels(&request(&house, &run, &parts), &told, &cancel).unwrap();
    assert_eq!(fits.into_inner(), 10);
    assert_eq!(summary.rows, run.split.train_rows as u64);
    assert_eq!(summary.output, house.workspace.output_dir().join(DEFAULT_OUTPUT));

    let (header, records) = table(&summary.output);
    let names: Vec<&str> = header.iter().collect();
    assert_eq!(names[..4], ["id", "a", "b", "y"]);
    assert_eq!(names[4..7], [GIVEN_LABEL, LABEL_DOUBT, CONFLICTING_TWINS]);
    assert_eq!(names[7..], super::super::prediction::ADDED);
    assert_eq!(records.len() as u64, summary.rows);
    let number = |record: &csv::StringRecord, at: usize| record[at].parse::<f64>().unwrap();
    assert!(
        records.is_sorted_by(|a, b| number(a, 5) >= number(b, 5)),
        "the most doubtful first"
    );
    for record in &records {
        let (probability, threshold) = (number(record, 9), run.champion.threshold);
        assert_eq!(
            &record[8],
            if probability >= threshold {
                "malicious"
            } else {
                "benign"
            }
        );
        assert_eq!(&record[4], if &record[3] == "bad" { "malicious" } else { "benign" });
        assert_eq!((record[7].len(), &record[14]), (16, run.run_id.as_str()));
    }

    let train = String::from_utf8(read(&run, "data_ingestion/ingested/train.csv")).unwrap();
    let planted: Vec<String> = wrong.iter().map(|row| format!("r{row},")).collect();
    let here: Vec<&String> = planted
        .iter()
        .filter(|id| train.lines().any(|line| line.starts_with(*id)))
        .collect();
    let first: Vec<String> = records[..here.len() + 2]
        .iter()
        .map(|r| format!("{},", &r[0]))
        .collect();
    let found = here.iter().filter(|id| first.contains(id)).count();
    assert!(
        here.len() >= 6 && found * 10 >= here.len() * 9,
        "{found} of {here:?} in {first:?}"
    );

    let again = audit_labels(&request(&house, &run, &parts), &|_, _| {}, &cancel).unwrap();
    let kept = fs::read_dir(house.workspace.output_dir()).unwrap().count();
    assert_eq!(kept, 2, "the older file is kept");
    assert_eq!(table(&again.output).1, records);
}

#[test]
fn what_cannot_be_audited_says_why() {
    let house = House::new(&rows(120, &[]));
    let run = house.train(None, |_| {});
    let parts = Parts::default();
    let cancel = CancelToken::new();
    let nobody = LabelAuditRequest {
        run: "nobody",
        ..request(&house, &run, &parts)
    };
    assert!(matches!(
        audit_labels(&nobody, &|_, _| {}, &cancel),
        Err(LabelAuditError::Registry(_))
    ));
    cancel.cancel();
    let stopped = audit_labels(&request(&house, &run, &parts), &|_, _| {}, &cancel);
    assert!(matches!(stopped, Err(LabelAuditError::Cancelled(_))));
    assert!(!house.workspace.output_dir().join(DEFAULT_OUTPUT).exists());
    fs::remove_file(PathBuf::from(&run.run_dir).join("data_ingestion/ingested/train.csv")).unwrap();
    let gone = audit_labels(&request(&house, &run, &parts), &|_, _| {}, &CancelToken::new()).unwrap_err();
    assert!(gone.to_string().contains("training rows of run"), "{gone}");
}

//! The label audit, judged cases that change side, and training with verdicts, in a real workspace.

use super::*;
use crate::data::RowId;
use crate::store::{LocalStore, StoreOptions, VerdictStore};
use crate::triage::{CaseId, Event as CaseEvent};

fn trained(house: &House, plan: TrainPlan) -> Box<TrainOutcome> {
    match house.ask(train(plan)) {
        Reply::Trained(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn pipeline(job: PipelineJob) -> Job {
    Job::Pipeline(job)
}

#[test]
fn labels_are_audited_and_judged_cases_held_against_another_run() {
    let house = House::new();
    let flips = |run: &str| pipeline(PipelineJob::Flips { run: run.to_owned() });
    let without = house.fail(flips("champion"));
    assert!(without.message.contains("no champion"), "{}", without.message);

    let first = trained(&house, quick());
    let ticket = house.submit(pipeline(PipelineJob::AuditLabels {
        run: first.run_id.clone(),
    }));
    let Reply::LabelsAudited(summary) = house.heard.reply(ticket) else {
        panic!("another answer");
    };
    assert_eq!(
        (summary.rows, &summary.run),
        (first.split.train_rows as u64, &first.run_id)
    );
    assert!(summary.output.starts_with(house.workspace.output_dir()) && summary.output.is_file());
    let told = |report: &Report| matches!(report, Report::Progress { .. });
    assert!(house.heard.of(ticket).iter().any(told), "it says how far it is");

    let second = trained(
        &house,
        TrainPlan {
            seed: 8,
            verdicts: true,
            ..quick()
        },
    );
    assert_eq!(
        second.verdicts.as_ref().map(|used| used.judged),
        Some(0),
        "asked for, and there are none"
    );
    let schema = crate::schema::Loaded::parse(embedded::SCHEMA, "test").unwrap().schema;
    let case = CaseId {
        schema: schema.name.clone(),
        row: RowId(1),
    };
    let columns = schema.columns.iter().filter(|column| !schema.is_label(&column.name));
    let event = CaseEvent {
        cells: Some(columns.map(|column| (column.name.clone(), "1".to_owned())).collect()),
        ..CaseEvent::now(
            case,
            "ann",
            Change::Judge {
                verdict: Some(Verdict::TruePositive),
                reason: None,
            },
        )
    };
    let mut store = LocalStore::open(&house.workspace, StoreOptions::default()).unwrap();
    store.append(&[event], "test").unwrap();
    let Reply::Flips(found) = house.ask(flips(&second.run_id)) else {
        panic!("another answer");
    };
    assert_eq!((&found.champion, &found.run), (&first.run_id, &second.run_id));
    assert_eq!((found.judged, found.unscored.clone()), (1, None));
    assert!(house.fail(flips("nobody")).message.contains("nobody"));
}

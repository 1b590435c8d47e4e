//! Validation, training, thresholds, and runs from the list to their deletion, in a real workspace.

use std::time::Instant;

use super::*;
use crate::validation::Status;

fn validate(house: &House) -> Box<ValidationOutcome> {
    let job = PipelineJob::Validate {
        path: None,
        baseline: None,
        rejects: Some(house.directory.path().join("rejects.csv")),
    };
    match house.ask(Job::Pipeline(job)) {
        Reply::Validated(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn trained(house: &House, plan: TrainPlan) -> Box<TrainOutcome> {
    match house.ask(train(plan)) {
        Reply::Trained(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn list(house: &House) -> RunsList {
    match house.ask(Job::Runs(RunsJob::List)) {
        Reply::Runs(runs) => runs,
        other => panic!("{other:?}"),
    }
}

fn registry(house: &House, job: RunsJob) -> String {
    match house.ask(Job::Runs(job)) {
        Reply::Registry(text) => text,
        other => panic!("{other:?}"),
    }
}

/// The run that a job's events name.
fn run_of(house: &House, ticket: Ticket) -> String {
    house.heard.wait(ticket, |report| {
        let Report::Events(events) = report else { return None };
        events.iter().find_map(|event| match event {
            Event::RunStarted { run_id } => Some(run_id.clone()),
            _ => None,
        })
    })
}

fn manifest(house: &House, run: &str) -> Manifest {
    let job = RunsJob::Show { run: run.to_owned() };
    match house.ask(Job::Runs(job)) {
        Reply::Run(facts) => facts.manifest.unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn validation_tells_where_rows_fail() {
    let mut lines: Vec<String> = piece(ROWS).lines().map(str::to_owned).collect();
    // Lines 6 and 11 of the file: a value that the schema does not allow, and a row cut short.
    let cells = lines[5].split_once(',').unwrap().1.to_owned();
    lines[5] = format!("7,{cells}");
    lines[10] = "1,1".to_owned();
    let house = House::with(&(lines.join("\n") + "\n"));
    let outcome = validate(&house);
    assert_eq!((outcome.report.rows, outcome.report.rejected_rows), (ROWS as u64, 2));
    assert_eq!(outcome.report.checks.len(), outcome.failing_lines.len());
    let lines = |id: &str| {
        let mut all = outcome.report.checks.iter().zip(&outcome.failing_lines);
        all.find(|(check, _)| check.id == id && check.failing_rows > 0)
            .map(|(_, lines)| lines.clone())
    };
    assert_eq!(lines("malformed_row"), Some(vec![11]));
    let found = outcome
        .report
        .checks
        .iter()
        .position(|c| c.column.as_deref() == Some("having_IP_Address") && c.failing_rows == 1);
    assert_eq!(outcome.failing_lines[found.unwrap()], [6]);
    assert_eq!(outcome.baseline, None);
    let rejects = fs::read_to_string(outcome.rejects.unwrap()).unwrap();
    assert_eq!(rejects.lines().count(), 3, "{rejects}");
}

#[test]
fn from_training_to_deletion() {
    let house = House::new();
    let ticket = house.submit(train(quick()));
    let Reply::Trained(first) = house.heard.reply(ticket) else {
        panic!("not trained")
    };
    let events: Vec<Event> = house
        .heard
        .of(ticket)
        .into_iter()
        .flat_map(|report| match report {
            Report::Events(events) => events,
            _ => Vec::new(),
        })
        .collect();
    assert!(matches!(events.first(), Some(Event::RunStarted { run_id }) if *run_id == first.run_id));
    let ended = Event::RunFinished {
        run_id: first.run_id.clone(),
        status: RunStatus::Finished,
    };
    assert_eq!(events.last(), Some(&ended));
    let stages: Vec<Stage> = events
        .iter()
        .filter_map(|event| match event {
            Event::StageFinished { stage, .. } => Some(*stage),
            _ => None,
        })
        .collect();
    assert_eq!(
        stages,
        [
            Stage::Ingestion,
            Stage::Validation,
            Stage::Transformation,
            Stage::Training,
            Stage::Evaluation,
            Stage::Publication
        ]
    );
    assert!(first.promoted);

    // Drift is measured against the champion.
    let outcome = validate(&house);
    assert_eq!(
        (outcome.baseline.as_ref(), outcome.report.status == Status::Blocked),
        (Some(&first.run_id), false)
    );
    assert!(!outcome.report.drift.is_empty());

    let second = trained(&house, TrainPlan { seed: 8, ..quick() });
    let moved = house.ask(Job::Pipeline(PipelineJob::MoveThreshold {
        run: first.run_id.clone(),
        threshold: 0.25,
    }));
    let Reply::ThresholdMoved(moved) = moved else {
        panic!("{moved:?}")
    };
    assert!(moved.promoted, "as the run it came from");
    let runs = list(&house);
    assert_eq!(runs.champion.as_ref(), Some(&moved.run_id));
    assert_eq!(runs.previous, std::slice::from_ref(&first.run_id));
    let ids: Vec<&str> = runs.runs.iter().map(|run| run.run_id.as_str()).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    assert_eq!((ids.len(), ids), (3, sorted));
    let line = runs.runs.iter().find(|run| run.run_id == moved.run_id).unwrap();
    assert_eq!(
        (line.status.as_str(), line.aliases.as_slice()),
        ("finished", &["champion".to_owned()][..])
    );
    assert_eq!(
        (line.parent.as_ref(), line.model.as_deref()),
        (Some(&first.run_id), Some("naive_bayes_categorical"))
    );
    assert_eq!(line.rows, Some(ROWS as u64));
    assert!(line.test_f1.is_some() && line.started_at.is_some());

    let facts = house.ask(Job::Runs(RunsJob::Scores {
        run: moved.run_id.clone(),
    }));
    let Reply::Run(facts) = facts else { panic!("{facts:?}") };
    assert_eq!(facts.scores.unwrap().metrics.threshold.out_of_fold.threshold, 0.25);
    assert_eq!(facts.manifest.unwrap().threshold, Some(0.25));
    let compared = house.ask(Job::Runs(RunsJob::Compare {
        a: first.run_id.clone(),
        b: second.run_id.clone(),
    }));
    let Reply::Compared(compared) = compared else {
        panic!("{compared:?}")
    };
    assert_eq!((&compared.a, &compared.b), (&first.run_id, &second.run_id));
    assert!(!compared.comparison.metrics.is_empty());

    change_and_delete(&house, &first.run_id, &second.run_id, &moved.run_id);
}

fn change_and_delete(house: &House, first: &str, second: &str, moved: &str) {
    let named = |run: &str| run.to_owned();
    assert_eq!(
        registry(house, RunsJob::Promote { run: named(second) }),
        format!("{second} is champion")
    );
    assert_eq!(registry(house, RunsJob::Rollback), format!("{moved} is champion"));
    let failure = house.fail(Job::Runs(RunsJob::Delete { run: named(moved) }));
    assert!(
        failure.message.contains("is kept: it is the champion"),
        "{}",
        failure.message
    );
    let text = registry(house, RunsJob::Delete { run: named(first) });
    assert!(text.starts_with(&format!("{first} deleted")), "{text}");
    let runs = list(house);
    assert_eq!(
        (runs.runs.len(), runs.previous.len()),
        (2, 0),
        "it cannot be gone back to"
    );
    assert!(
        house
            .fail(Job::Runs(RunsJob::Rollback))
            .message
            .contains("no previous champion")
    );
    assert!(
        house
            .fail(Job::Runs(RunsJob::Delete { run: named(first) }))
            .message
            .contains(first)
    );
    let audit = fs::read_to_string(house.workspace.audit_file()).unwrap();
    assert!(audit.lines().last().unwrap().contains("\"delete\""), "{audit}");
}

#[test]
fn a_cancelled_training_says_so_in_its_manifest() {
    let house = House::new();
    let ticket = house.submit(train(slow()));
    let run = run_of(&house, ticket);
    house.worker.cancel(ticket);
    assert_eq!(house.heard.end(ticket), Report::Cancelled);
    let manifest = manifest(&house, &run);
    assert_eq!(manifest.status, RunStatus::Cancelled);
    assert_eq!(manifest.failure.as_deref(), Some("stopped on request"));
    let ends = house.heard.of(ticket).iter().filter(|report| is_end(report)).count();
    assert_eq!(ends, 1);
}

#[test]
fn a_training_stops_after_its_stage() {
    let house = House::new();
    let plan = TrainPlan {
        models: quick().models,
        ..slow()
    };
    let ticket = house.submit(train(plan));
    let run = run_of(&house, ticket);
    house.worker.stop_after_stage(ticket);
    assert_eq!(house.heard.end(ticket), Report::Cancelled);
    let manifest = manifest(&house, &run);
    // On a busy machine the wish may come before the first stage.
    let last = manifest.timings.last();
    let after = last.map_or_else(String::new, |timing| format!(" after {}", timing.stage));
    assert_eq!(manifest.status, RunStatus::Cancelled);
    assert_eq!(manifest.failure, Some(format!("stopped{after}, as asked")));
}

#[test]
fn no_trial_begins_when_time_is_up() {
    let house = House::new();
    let plan = TrainPlan {
        minutes: Some(0),
        trials: 5,
        models: vec!["naive_bayes_categorical".into(), "decision_tree".into()],
        search: "random".into(),
        ..quick()
    };
    let outcome = trained(&house, plan);
    assert_eq!(
        outcome.champion.model, "naive_bayes_categorical",
        "the first one always runs"
    );
    let rows: Vec<(&str, usize)> = outcome
        .leaderboard
        .iter()
        .map(|row| (row.model.as_str(), row.trials))
        .collect();
    assert_eq!(rows, [("naive_bayes_categorical", 1), ("decision_tree", 0)]);
    assert!(outcome.leaderboard[1].status.starts_with("skipped: time was up"));
    let left_out = manifest(&house, &outcome.run_id).extra["trials_left_out"].as_u64();
    assert!(left_out.is_some_and(|n| n >= 5), "{left_out:?}");
}

#[test]
fn what_cannot_be_trained_says_why_and_what_to_do() {
    // Every second row is cut short.
    let text: String = piece(ROWS)
        .lines()
        .enumerate()
        .map(|(at, line)| {
            if at % 2 == 1 {
                "1,1\n".to_owned()
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    let house = House::with(&text);
    let failure = house.fail(train(quick()));
    assert!(
        failure.message.contains("is blocked by validation"),
        "{}",
        failure.message
    );
    assert!(failure.message.contains("validate the source"), "{}", failure.message);
    let gone = TrainPlan {
        path: Some(house.directory.path().join("gone.csv")),
        ..quick()
    };
    assert!(house.fail(train(gone)).message.contains("gone.csv"));
    for plan in [
        TrainPlan {
            search: "best".into(),
            ..quick()
        },
        TrainPlan {
            split: "half".into(),
            ..quick()
        },
        TrainPlan {
            threshold_by: "luck".into(),
            ..quick()
        },
        TrainPlan {
            models: vec!["oracle".into()],
            ..quick()
        },
        TrainPlan {
            test_fraction: 2.0,
            ..quick()
        },
    ] {
        let failure = house.fail(train(plan));
        assert!(!failure.message.is_empty() && !failure.message.contains('\n'));
    }
    assert_eq!(list(&house).runs.len(), 1, "only the blocked one left a run behind");
}

#[test]
fn thousands_of_runs_are_listed_in_order() {
    let house = House::new();
    let started = Instant::now();
    for at in 0..300_u32 {
        let id = format!("20260101T{:02}{:02}{:02}Z-0000", at / 3_600, at / 60 % 60, at % 60);
        let run = house.workspace.artifacts_dir().join(&id);
        let text = format!(
            "{{\"format\":1,\"run_id\":\"{id}\",\"status\":\"failed\",\"started_at\":\"2026-01-01T00:00:00Z\",\"version\":\"0\"}}"
        );
        write(&run.join("manifest.json"), if at == 7 { "{" } else { &text });
    }
    write(&house.workspace.artifacts_dir().join("notes/x"), "");
    let runs = list(&house).runs;
    assert_eq!(runs.len(), 301, "{:?}", started.elapsed());
    assert_eq!((runs[0].run_id.as_str(), runs[0].status.as_str()), ("notes", "damaged"));
    assert_eq!(runs[300].run_id, "20260101T000000Z-0000");
    assert!(runs.iter().skip(1).map(|run| &run.run_id).is_sorted_by(|a, b| a > b));
    assert_eq!(runs.iter().filter(|run| run.status == "damaged").count(), 2);
}

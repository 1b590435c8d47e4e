//! Scoring a file a person chose, and files that come into the watched directory, with a real champion.

use std::time::Duration;

use super::*;

/// A workspace with a champion, and settings that watch a directory.
fn house(watch: Option<&str>) -> House {
    let mut settings = Settings::default();
    settings.watch.directory = watch.map(Into::into);
    let house = House::with_settings(&piece(ROWS), settings);
    let job = RunsJob::List;
    match house.ask(train(quick())) {
        Reply::Trained(outcome) if outcome.promoted => {}
        other => panic!("{other:?}"),
    }
    assert!(matches!(house.ask(Job::Runs(job)), Reply::Runs(list) if list.champion.is_some()));
    house
}

fn predict(plan: PredictPlan) -> Job {
    Job::Pipeline(PipelineJob::Predict(plan))
}

fn plan(path: Option<std::path::PathBuf>) -> PredictPlan {
    PredictPlan {
        path,
        model: "champion".to_owned(),
        threshold: None,
        alerts: None,
        output: None,
    }
}

fn predicted(house: &House, plan: PredictPlan) -> Box<PredictSummary> {
    match house.ask(predict(plan)) {
        Reply::Predicted(summary) => summary,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_is_scored_and_rejected_rows_stand_in_a_file_of_their_own() {
    let house = house(None);
    let path = house.directory.path().join("new.csv");
    let mut text = piece(50);
    text.push_str("1,1\n");
    write(&path, &text);
    let ticket = house.submit(predict(plan(Some(path.clone()))));
    let Reply::Predicted(summary) = house.heard.reply(ticket) else {
        panic!()
    };
    assert_eq!((summary.rows, summary.rejected), (51, 1));
    assert!(fs::read_to_string(&summary.rejects).unwrap().contains("fields"));
    assert_eq!(Path::new(&summary.output), house.workspace.default_output());
    let mut progress = house.heard.of(ticket).into_iter().filter_map(|report| match report {
        Report::Progress { done, total, note } => Some((done, total, note)),
        _ => None,
    });
    let last = progress.next_back().unwrap();
    assert_eq!((last.0, last.2.as_str()), (51, "rows scored"));
    assert!(last.1.is_some_and(|total| total >= 51), "{last:?}");
    let audit = fs::read_to_string(house.workspace.audit_file()).unwrap();
    let line = audit.lines().last().unwrap();
    assert!(
        line.contains("nsec-tui predict ") && line.contains("new.csv --model"),
        "{line}"
    );

    let output = house.directory.path().join("out/few.csv");
    let few = PredictPlan {
        alerts: Some(3),
        output: Some(output.clone()),
        ..plan(Some(path))
    };
    let summary = predicted(&house, few);
    assert!(summary.flagged <= 3);
    assert!(output.is_file() && output.with_file_name("few.rejects.csv").is_file());
    // The workspace's own data, where nothing is named.
    assert_eq!(predicted(&house, plan(None)).rows, ROWS as u64);
}

#[test]
fn what_cannot_be_scored_says_why() {
    let house = house(None);
    let wrong = house.directory.path().join("wrong.csv");
    write(&wrong, "a,b\n1,2\n");
    for (wish, words) in [
        (plan(Some(house.directory.path().join("nowhere.csv"))), "no such file"),
        (plan(Some(wrong)), "wrong.csv"),
        (
            PredictPlan {
                model: "nobody".to_owned(),
                ..plan(None)
            },
            "nobody",
        ),
        (
            PredictPlan {
                threshold: Some(2.0),
                ..plan(None)
            },
            "no probability",
        ),
    ] {
        let failure = house.fail(predict(wish));
        assert!(failure.message.contains(words), "{failure:?}");
    }
    assert!(!house.workspace.default_output().exists());
}

#[test]
fn a_dropped_file_is_scored_by_the_champion_while_the_pipeline_is_free() {
    let house = house(Some("drop"));
    let ticket = house.submit(Job::Pipeline(PipelineJob::Watch));
    let first = house.heard.wait(ticket, |report| match report {
        Report::Watched(file) => Some(file.clone()),
        _ => None,
    });
    assert!(first.outcome.unwrap_err().contains("no such directory"));
    write(&house.directory.path().join("drop/new.csv"), &piece(30));
    write(&house.directory.path().join("drop/.other.csv"), &piece(30));
    let file = house.heard.wait(ticket, |report| match report {
        Report::Watched(file) if file.name == "new.csv" => Some(file.clone()),
        _ => None,
    });
    let summary = file.outcome.unwrap();
    assert_eq!(summary.rows, 30);
    let output = Path::new(&summary.output);
    assert_eq!(output.parent().unwrap(), house.workspace.watched_dir());
    assert!(fs::read_to_string(output).unwrap().lines().count() == 31);
    assert!(!house.worker.busy());
    house.worker.cancel(ticket);
    assert_eq!(house.heard.end(ticket), Report::Cancelled);
    assert!(house.worker.shutdown(Duration::from_secs(60)));
}

#[test]
fn without_a_directory_there_is_nothing_to_watch() {
    let house = House::new();
    assert!(
        house
            .fail(Job::Pipeline(PipelineJob::Watch))
            .message
            .contains("nsec.yaml")
    );
}

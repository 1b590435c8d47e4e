//! The survey, directories, files, the session, the log and its followers.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::logging::{self, LoggingSettings};

fn survey(house: &House) -> Survey {
    match house.ask(Job::Files(FileJob::Survey)) {
        Reply::Survey(survey) => survey,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_survey_tells_what_is_there() {
    let house = House::new();
    let found = survey(&house);
    assert_eq!(found.workspace, house.workspace.root().display().to_string());
    assert_eq!(found.default_data, house.workspace.default_data().display().to_string());
    assert_eq!(
        (found.schema.origin.as_str(), &found.schema.problem),
        ("bundled schema", &None)
    );
    assert_eq!(
        (found.schema.label.as_deref(), found.schema.malicious.as_slice()),
        (Some("Result"), &["-1".to_owned()][..])
    );
    assert_eq!(found.schema.columns.len(), 31);
    assert_eq!(found.models[0], "logistic_regression");
    assert_eq!((found.champion, found.runs), (None, 0));
    let plan = found.plan.unwrap();
    assert_eq!(
        (plan.search.as_str(), plan.split.as_str(), plan.threshold_by.as_str()),
        ("grid", "grouped", "f1")
    );
    assert_eq!(
        (plan.trials, plan.seed, plan.test_fraction, plan.minutes),
        (10, 42, 0.2, None)
    );

    write(&house.workspace.schema_file(), "name: [");
    let found = survey(&house);
    assert!(found.schema.problem.unwrap().contains("schema.yaml"));
}

#[test]
fn directories_come_first_and_a_missing_one_is_told() {
    let house = House::new();
    let root = house.directory.path().join("look");
    write(&root.join("b.csv"), "12345");
    write(&root.join("Z/x"), "");
    symlink(root.join("Z"), root.join("a link")).unwrap();
    symlink("nowhere", root.join("c")).unwrap();
    let Reply::Directory { entries, .. } = house.ask(Job::Files(FileJob::List { path: root.clone() })) else {
        panic!("no directory");
    };
    let told: Vec<(&str, bool, u64)> = entries
        .iter()
        .map(|e| (e.name.as_str(), e.directory, e.bytes))
        .collect();
    assert_eq!(
        told,
        [
            ("Z", true, 0),
            ("a link", true, 0),
            ("b.csv", false, 5),
            ("c", false, 0)
        ]
    );
    let failure = house.fail(Job::Files(FileJob::List {
        path: root.join("gone"),
    }));
    assert!(
        failure.message.contains("gone: cannot be listed"),
        "{}",
        failure.message
    );
}

#[test]
fn a_file_is_replaced_only_on_request() {
    let house = House::new();
    let path = house.directory.path().join("deep/report.json");
    let job = |text: &str, replace| {
        Job::Files(FileJob::Write {
            path: path.clone(),
            text: text.into(),
            replace,
        })
    };
    let written = Reply::Written { path: path.clone() };
    assert_eq!(house.ask(job("one", false)), written);
    assert!(
        house
            .fail(job("two", false))
            .message
            .contains("there is a file of that name")
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "one");
    assert_eq!(house.ask(job("two", true)), written);
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
}

#[test]
fn a_session_is_kept_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state/sessions/a.json");
    assert_eq!(session::read_at(&path), None);
    for text in ["{\"panel\":1}", "{}"] {
        session::save_at(&path, text).unwrap();
        assert_eq!(session::read_at(&path).as_deref(), Some(text));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(session::read_at(&path), None, "not text");
    fs::write(&path, vec![b' '; (1 << 20) + 1]).unwrap();
    assert_eq!(session::read_at(&path), None, "too large");
}

#[test]
fn the_log_is_told_and_then_followed() {
    let directory = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(directory.path());
    let (subscriber, guard, warnings) = logging::subscriber(&workspace, &LoggingSettings::default(), None);
    assert_eq!(warnings, Vec::<String>::new());
    let say = |text: &str| tracing::warn!(target: "nsec_tui::pipeline", "{text}");
    let surroundings = Surroundings {
        workspace,
        settings: Settings::default(),
    };
    let heard = Arc::new(Heard::default());
    let worker = Worker::start(Arc::new(surroundings), 1, &guard, heard.tell()).unwrap();
    let ticket = |id| Ticket { id, kind: Kind::Log };
    let follow = |lines| Job::Files(FileJob::Log { lines });
    let texts = |lines: Vec<LogLine>| -> Vec<String> {
        lines
            .iter()
            .map(|line| line.text.rsplit(": ").next().unwrap().to_owned())
            .collect()
    };
    let logged = |report: &Report| match report {
        Report::Logged(lines) => Some(lines.clone()),
        _ => None,
    };
    tracing::subscriber::with_default(subscriber.unwrap(), || {
        for text in ["one", "two", "three"] {
            say(text);
        }
        tracing::error!(target: "nsec_tui::cli", "four");
        // Whether they are on disk already or not: each once, in the order of their times.
        worker.submit(ticket(1), follow(3));
        let Reply::Log(lines) = heard.reply(ticket(1)) else {
            panic!("no log")
        };
        assert_eq!(lines[2].level, Level::Error);
        assert_eq!(texts(lines), ["two", "three", "four"]);
        say("five");
        let lines = heard.wait(ticket(1), logged);
        assert_eq!(lines[0].level, Level::Warning);
        assert_eq!(texts(lines), ["five"]);
        worker.submit(ticket(2), follow(1));
        let Reply::Log(lines) = heard.reply(ticket(2)) else {
            panic!("no log")
        };
        assert_eq!(texts(lines), ["five"]);
        say("six");
        assert_eq!(texts(heard.wait(ticket(2), logged)), ["six"]);
        worker.cancel(ticket(2));
        say("seven");
        worker.submit(ticket(3), follow(2));
        let Reply::Log(lines) = heard.reply(ticket(3)) else {
            panic!("no log")
        };
        assert_eq!(texts(lines), ["six", "seven"]);
    });
    let told = |id| heard.of(ticket(id)).iter().filter_map(logged).flatten().count();
    assert_eq!((told(1), told(2), told(3)), (1, 1, 0));
}

//! Owns the tests of the queue and its record: bounded, repeatable, whole after a kill.

use super::*;
use crate::settings::Settings;
use crate::workspace::Workspace;

fn surroundings(root: &std::path::Path) -> Surroundings {
    Surroundings {
        workspace: Workspace::at(root),
        settings: Settings::default(),
    }
}

fn asked(jobs: &Jobs, wish: &str, key: Option<&str>) -> Result<Job, (u16, &'static str)> {
    let wish: TrainWish = serde_json::from_str(wish).unwrap();
    match jobs.ask(wish, key.map(str::to_owned)) {
        Ok(Asked::New(job) | Asked::Known(job)) => Ok(job),
        Err(refusal) => Err((refusal.status.as_u16(), refusal.code)),
    }
}

#[test]
fn a_key_names_one_job_and_the_queue_is_bounded() {
    let root = tempfile::tempdir().unwrap();
    let jobs = Jobs::open(&surroundings(root.path())).unwrap();
    let first = asked(&jobs, "{\"seed\": 1}", Some("k")).unwrap();
    assert_eq!(asked(&jobs, "{\"seed\": 1}", Some("k")).unwrap().id, first.id);
    assert_eq!(asked(&jobs, "{\"seed\": 2}", Some("k")), Err((409, "key_reused")));
    for _ in 1..MOST_WAITING {
        asked(&jobs, "{}", None).unwrap();
    }
    assert_eq!(asked(&jobs, "{}", None), Err((429, "queue_full")));
    // One that waits is over at once, and makes room.
    let cancelled = jobs.cancel(&first.id).unwrap().unwrap();
    assert_eq!(cancelled.state, JobState::Cancelled);
    asked(&jobs, "{}", None).unwrap();
    assert_eq!(jobs.open_jobs(), MOST_WAITING);
    assert_eq!(jobs.cancel("nobody").unwrap(), None);
    jobs.end();
    assert_eq!(asked(&jobs, "{}", None), Err((503, "ending")));
    assert!(jobs.next().is_none());
}

#[test]
fn what_a_server_left_unfinished_is_failed_when_the_next_one_starts() {
    let root = tempfile::tempdir().unwrap();
    let place = surroundings(root.path());
    let jobs = Jobs::open(&place).unwrap();
    let running = asked(&jobs, "{}", None).unwrap();
    let waiting = asked(&jobs, "{}", None).unwrap();
    assert_eq!(jobs.next().unwrap().0.id, running.id);
    assert!(matches!(Jobs::open(&place).err(), Some(BookError::Held)));
    // As a kill does: the lock goes, the record stays.
    drop(jobs);
    let jobs = Jobs::open(&place).unwrap();
    for id in [running.id, waiting.id] {
        let job = jobs.get(&id).unwrap();
        assert_eq!(job.state, JobState::Failed);
        assert!(job.error.unwrap().contains("ended before the job did"));
    }
    drop(jobs);
    std::fs::write(root.path().join("logs/serve_jobs.json"), "{").unwrap();
    assert!(matches!(Jobs::open(&place).err(), Some(BookError::Damaged { .. })));
}

#[test]
fn wishes_are_checked_field_by_field() {
    let own = crate::pipeline::training::TrainingSettings::default();
    let of = |wish: &str| {
        let wish: TrainWish = serde_json::from_str(wish).unwrap();
        wish.settings(&own)
            .map_err(|refusal| (refusal.status.as_u16(), refusal.field))
    };
    let settings =
        of("{\"models\": [\"decision_tree\"], \"search\": \"none\", \"seed\": 7, \"threshold_by\": \"alerts:5\"}")
            .unwrap();
    assert_eq!((settings.models, settings.seed), (vec!["decision_tree".to_owned()], 7));
    for (wish, field) in [
        ("{\"models\": [\"decision_three\"]}", Some("models")),
        ("{\"search\": \"all\"}", Some("search")),
        ("{\"split\": \"odd\"}", Some("split")),
        ("{\"select_by\": \"luck\"}", Some("select_by")),
        ("{\"threshold_by\": \"alerts:-1\"}", Some("threshold_by")),
        ("{\"test_fraction\": 0.9}", None),
        ("{\"trials\": 0}", None),
    ] {
        assert_eq!(of(wish).unwrap_err(), (422, field.map(str::to_owned)), "{wish}");
    }
    assert!(serde_json::from_str::<TrainWish>("{\"data\": \"/etc/passwd\"}").is_err());
}

//! Pictures of panels in use, for the README: drawn by the program, never by hand.

use std::path::Path;

use nsec_tui::metrics::ThresholdRule;
use nsec_tui::tui::view::{Colors, Look};
use nsec_tui::worker::{Job, Kind, Reply, Report, RunsJob};

use super::data_table::{Table, world_with};
use super::known::{knowing, known_survey};
use super::screen::Screen;
use super::session::Session;
use super::trained;
use super::world::{World, done};
use crate::svg::svg;

/// Wide enough for two parts side by side, and readable on a page.
const SIZE: (u16, u16) = (132, 34);

const LOOK: Look = Look {
    colors: Colors::Sixteen,
    ascii: false,
};

/// Holds a picture of what a session shows against the one under `assets/`.
fn pictured(session: &mut Session, name: &str, title: &str) {
    session.wait(5_000);
    picture(&Screen::of(&session.consoles[0].app, LOOK, SIZE), name, title);
}

/// Holds a picture of a screen against the one under `assets/`.
pub(super) fn picture(screen: &Screen, name: &str, title: &str) {
    let drawn = svg(&screen.buffer, title);
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("assets")
        .join(format!("{name}.svg"));
    if std::env::var_os("NSEC_UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &drawn).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == drawn,
        "assets/{name}.svg is not what the console draws; run NSEC_UPDATE_DOCS=1 cargo test --test console_replay picture"
    );
}

/// The bundled data.
fn bundled() -> World {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Network_Data/phisingData.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let rows = lines.map(|line| line.split(',').map(str::to_owned).collect()).collect();
    world_with(Table::new(&names, rows))
}

fn session(world: World) -> Session {
    let mut session = Session::new(world);
    session.resize(SIZE.0, SIZE.1);
    session
}

#[test]
fn data_with_statistics() {
    let mut session = session(bundled());
    session.keys("l*7 s j*4");
    pictured(
        &mut session,
        "data",
        "Data: rows of the bundled file, and statistics of a column",
    );
}

#[test]
fn validation_with_its_checks() {
    let mut session = session(knowing(bundled()));
    session.keys("2 r");
    pictured(&mut session, "validation", "Validation: checks by severity");
}

#[test]
fn training_as_it_goes() {
    let mut session = session(bundled());
    session.keys("3 enter enter");
    let mut events = |events| {
        session.tell(Kind::Train, &Report::Events(events)).wait(4_000);
    };
    events(trained::up_to_training(0));
    events(trained::trial("logistic_regression", 1, &[0.97, 0.968], Some(0.969)));
    events(trained::trial("random_forest", 1, &[0.988, 0.986], Some(0.987)));
    events(trained::trial("gradient_boosting", 1, &[0.991, 0.987], Some(0.989)));
    events(vec![trained::progress(40)]);
    events(trained::trial("gradient_boosting", 2, &[0.99], None));
    events(trained::iterations(2, 2, 1..=120, 300));
    pictured(
        &mut session,
        "training",
        "Training: stages, leaderboard and the fit that runs",
    );
}

#[test]
fn the_dial_of_a_finished_run() {
    let world = knowing(bundled())
        .on(Kind::Survey, |_| done(Reply::Survey(known_survey())))
        .on(Kind::Scores, |job| match job {
            Job::Runs(RunsJob::Scores { run }) => done(Reply::Run(Box::new(trained::facts(run, ThresholdRule::F1)))),
            _ => Vec::new(),
        });
    let mut session = session(world);
    session.keys("3 d L L l");
    pictured(
        &mut session,
        "dial",
        "The threshold dial: what a threshold does before it is taken",
    );
}

#[test]
fn runs_side_by_side() {
    let mut session = session(knowing(bundled()));
    session.keys("5 j m k c");
    pictured(&mut session, "runs", "Runs: two of them compared");
}

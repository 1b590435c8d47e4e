//! Proof of the estimate, the leaderboard, the stages and the dial.

use proptest::prelude::*;

use super::super::board::{Board, DoneTrial, RowState};
use super::super::dial::{Costs, DialState, Reading, cheapest, large_step, read_budget, within_budget};
use super::super::eta::{Eta, clock_text};
use super::super::stages::{StageState, Stages};
use crate::worker::{Dial, Params, Stage};

#[test]
fn an_estimate_counts_down_and_waits_for_a_slow_unit() {
    let mut eta = Eta::default();
    eta.update(0, 0, Some(10));
    eta.update(1_000, 1, Some(10));
    assert_eq!(eta.left(1_500), None, "too early to tell");
    // Two units in four seconds, eight to go.
    let mut eta = Eta::default();
    eta.update(0, 0, Some(10));
    eta.update(4_000, 2, Some(10));
    assert_eq!(eta.left(4_000), Some(16_000));
    assert_eq!(eta.left(5_000), Some(15_000));
    // The unit takes longer than two seconds; seven more come after it.
    assert_eq!(eta.left(9_000), Some(14_000));
    eta.update(10_000, 10, Some(10));
    assert_eq!(eta.left(10_000), None);
    let mut unknown = Eta::default();
    unknown.update(0, 0, None);
    unknown.update(9_000, 5, None);
    assert_eq!(unknown.left(9_000), None);
}

#[test]
fn what_was_done_before_it_was_looked_at_took_no_time() {
    let mut eta = Eta::default();
    eta.update(1_000, 50, Some(100));
    eta.update(6_000, 55, Some(100));
    assert_eq!(eta.left(6_000), Some(45_000));
}

#[test]
fn a_pace_that_changes_is_followed_smoothly() {
    let mut eta = Eta::default();
    eta.update(0, 0, Some(1000));
    for unit in 1..=10 {
        eta.update(unit * 6_000, unit, Some(1000));
    }
    let slow = eta.left(60_000).unwrap() / 990;
    assert!((5_999..=6_000).contains(&slow), "{slow}");
    for unit in 11..=20 {
        eta.update(60_000 + (unit - 10) * 1_000, unit, Some(1000));
    }
    let then = eta.left(70_000).unwrap() / 980;
    assert!((1_100..5_000).contains(&then), "{then}");
    for unit in 21..=200 {
        eta.update(70_000 + (unit - 20) * 1_000, unit, Some(1000));
    }
    let long_after = eta.left(250_000).unwrap() / 800;
    assert!((1_000..1_050).contains(&long_after), "{long_after}");
}

#[test]
fn clocks_show_seconds_minutes_hours() {
    let shown = [0, 7_999, 725_000, 3_723_000].map(clock_text);
    assert_eq!(shown, ["0:00", "0:07", "12:05", "1:02:03"]);
}

fn done(board: &mut Board, model: &str, trial: usize, of: usize, score: Option<f64>, error: Option<&str>) {
    board.trial_finished(DoneTrial {
        model,
        trial,
        of,
        params: &Params::default(),
        score,
        seconds: 1.5,
        error,
    });
}

fn order(board: &Board) -> Vec<&str> {
    board.rows().iter().map(|row| row.model.as_str()).collect()
}

#[test]
fn the_leaderboard_fills_trial_by_trial() {
    let mut board = Board::waiting(&["a", "b", "c"].map(str::to_owned));
    assert_eq!(board.rows()[0].state, RowState::Queued);
    board.trial_started("b", 2);
    for value in [0.8, 0.9] {
        board.fold_finished("b", 1, "pr_auc", value);
    }
    done(&mut board, "b", 1, 2, Some(0.85), None);
    assert_eq!(order(&board), ["b", "a", "c"]);
    let row = &board.rows()[0];
    assert_eq!((row.state.clone(), row.trials, row.of), (RowState::Trying, 1, Some(2)));
    // The values are .05 to both sides of their mean: sd is sqrt(2 * .05^2 / 1).
    assert!((row.spread.unwrap() - (0.005_f64).sqrt()).abs() < 1e-12);
    done(&mut board, "b", 2, 2, Some(0.7), None);
    let row = &board.rows()[0];
    assert_eq!(
        (row.score, row.best_trial, row.seconds),
        (Some(0.85), Some(1), Some(3.0))
    );
    assert_eq!(row.state, RowState::Trained);
    // Equal to four decimals: as they are trained.
    done(&mut board, "a", 1, 1, Some(0.849_96), None);
    assert_eq!(order(&board), ["a", "b", "c"]);
    done(&mut board, "c", 1, 1, None, Some("no"));
    assert_eq!(board.rows()[2].state, RowState::Failed("no".to_owned()));
    board.skipped("d", "too large");
    assert_eq!(order(&board), ["a", "b", "c", "d"]);
    assert!(board.is_best_trial("b", Some(1)) && !board.is_best_trial("b", Some(2)));
    assert!(!board.is_best_trial("c", None) && !board.is_best_trial("x", Some(1)));
}

#[test]
fn losses_rank_the_other_way_and_equals_go_to_the_earlier_trial() {
    let mut board = Board::default();
    board.fold_finished("a", 1, "log_loss", 0.5);
    done(&mut board, "a", 2, 3, Some(0.5), None);
    done(&mut board, "b", 1, 1, Some(0.4), None);
    assert_eq!(order(&board), ["b", "a"]);
    done(&mut board, "a", 1, 3, Some(0.5), None);
    done(&mut board, "a", 3, 3, Some(f64::NAN), None);
    assert_eq!(board.rows()[1].best_trial, Some(1));
}

#[test]
fn a_stage_without_news_is_stale_and_one_that_ended_is_not() {
    let mut stages = Stages::new(0);
    let states = |stages: &Stages, now| {
        stages
            .lines()
            .iter()
            .map(|line| stages.state(line, now))
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&stages, 99_999), [StageState::Queued; 6]);
    stages.heard(1_000);
    stages.started(Stage::Ingestion, None, 1_000);
    assert_eq!(states(&stages, 60_999)[0], StageState::Running);
    assert_eq!(states(&stages, 61_000)[0], StageState::Stale);
    assert_eq!(Stages::time(&stages.lines()[0], 3_500), Some(2_500));
    stages.finished(Stage::Ingestion, 2.25, "rows");
    assert_eq!(Stages::time(&stages.lines()[0], 99_000), Some(2_250));
    stages.started(Stage::Validation, Some(7), 4_000);
    stages.ended(StageState::Failed, 5_000);
    let expected = [StageState::Done, StageState::Failed, StageState::Unreached];
    assert_eq!(states(&stages, 500_000)[..3], expected);
    assert_eq!(stages.lines()[1].took, Some(1_000));
    stages.progress(Stage::Prediction, 1, None, "no stage of training");
}

/// Stops .1 (2 tp, 2 fp), .5 (2, 1), .85 (1, 0), .95 (0, 0) of two malicious and two benign rows.
fn dial() -> Dial {
    Dial::of(&[0.9, 0.8, 0.8, 0.2], &[true, true, false, false], 100, None).unwrap()
}

#[test]
fn mistakes_are_counted_and_priced() {
    let dial = dial();
    let costs = Costs {
        false_alarm: 1.0,
        miss: 10.0,
    };
    let reading = Reading::at(&dial, 2, costs).unwrap();
    assert_eq!((reading.counts.fp, reading.counts.fn_, reading.cost), (0, 1, 10.0));
    assert_eq!(reading.per_thousand(1.0), 250.0);
    assert_eq!(Reading::at(&dial, 4, costs), None);
    // Costs are 2, 1, 10 and 20; with equal ones 2, 1, 1 and 2, and then the fewest flagged count.
    assert_eq!(cheapest(&dial, costs), 1);
    assert_eq!(cheapest(&dial, Costs::default()), 2);
}

#[test]
fn a_budget_is_never_passed() {
    let dial = dial();
    // Of four rows are flagged 4, 3, 1 and 0.
    let stops = [1000.0, 999.0, 750.0, 749.0, 250.0, 249.0, 0.0].map(|most| within_budget(&dial, most));
    assert_eq!(stops, [0, 1, 1, 2, 2, 3, 3]);
}

#[test]
fn the_dial_stays_between_its_ends() {
    let dial = dial();
    let mut state = DialState::new(&dial, 0.51);
    assert_eq!((state.stop, state.own), (1, 1));
    state.step(-5, &dial);
    assert_eq!(state.stop, 0);
    state.step(isize::MAX, &dial);
    assert_eq!((state.stop, state.own), (3, 1));
    state.step(isize::MIN, &dial);
    assert_eq!((state.stop, large_step(&dial)), (0, 1));
}

#[test]
fn typed_costs_and_budgets_are_read_or_refused() {
    let read = Costs::read(" 0.5, 20 ").unwrap();
    assert_eq!((read.false_alarm, read.miss), (0.5, 20.0));
    for text in ["", "1", "1,x", "0,0", "-1,2", "inf,1", "NaN,1", "1,2,3"] {
        assert!(Costs::read(text).is_err(), "{text:?}");
    }
    assert_eq!(read_budget(" 2.5 "), Ok(2.5));
    for text in ["", "x", "-1", "1001", "NaN", "inf"] {
        assert!(read_budget(text).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn an_estimate_is_never_more_than_a_moment_off_a_steady_pace(
        pace in 10u64..5_000,
        total in 2u64..2_000,
        look in 1u64..2_000,
    ) {
        let look = look.min(total - 1);
        let mut eta = Eta::default();
        for unit in 0..=look {
            eta.update(unit * pace, unit, Some(total));
        }
        let now = look * pace;
        if now >= 2_000 {
            let left = eta.left(now).unwrap();
            prop_assert!(left.abs_diff((total - look) * pace) <= total, "{left}");
        }
    }

    #[test]
    fn no_order_of_times_and_counts_breaks_the_estimate(updates in prop::collection::vec((0u64..100_000, any::<u64>(), prop::option::of(any::<u64>())), 0..40)) {
        let mut eta = Eta::default();
        for (now, done, total) in updates {
            eta.update(now, done, total);
            eta.left(now);
            eta.left(u64::MAX);
        }
    }
}

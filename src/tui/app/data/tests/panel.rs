//! Sequences of keys and news.

use super::*;
use crate::browse::{Match, SortKey};
use crate::tui::app::layer::{Layer, LayerKind, Prompt};
use crate::worker::{SchemaFacts, Survey};

fn prompt(layer: Option<&Layer>) -> &Prompt {
    match layer.map(|layer| &layer.kind) {
        Some(LayerKind::Prompt(prompt)) => prompt,
        other => panic!("no prompt but {other:?}"),
    }
}

fn arranged(rows_in_view: u64) -> Reply {
    Reply::Arranged(Arranged {
        rows: rows_in_view,
        first: rows(0, 40.min(rows_in_view as usize), 3),
    })
}

fn arrange_of(bench: &Bench) -> (Vec<String>, Vec<SortKey>) {
    match bench.job(Kind::Arrange) {
        Some((_, BrowseJob::Arrange { filters, sort })) => (filters, sort),
        other => panic!("{other:?}"),
    }
}

fn up(column: usize) -> SortKey {
    SortKey {
        column,
        descending: false,
    }
}

#[test]
fn opening_tells_the_other_panels_and_shows_the_first_rows() {
    let mut bench = Bench::open(counting(50));
    assert_eq!(bench.shared.source.name, "t.csv");
    assert!(bench.shared.commands.contains(&Command::SourceChanged));
    assert_eq!(bench.panel.window.sight().rows.len(), 18);
    bench.tell(Kind::Open, Report::Rows(counting(5_000)));
    assert_eq!(bench.panel.window.count(), counting(5_000));
    bench.tell(Kind::Open, Report::Rows(counted(7_000)));
    bench.act(&[Action::Bottom]).pages();
    assert_eq!(bench.place(), Some(6_999));
}

#[test]
fn keys_of_an_order_add_up_and_turn_round() {
    let mut bench = Bench::open(counted(100));
    bench.act(&[Action::SortAscending, Action::Right, Action::SortDescending]);
    // The second key came before the first was done.
    let down = SortKey {
        column: 1,
        descending: true,
    };
    assert_eq!(arrange_of(&bench).1, [up(0), down]);
    bench.reply(Kind::Arrange, arranged(100));
    assert_eq!(bench.panel.arrangement.sort, [up(0), down]);
    bench.act(&[Action::SortAscending]);
    assert_eq!(arrange_of(&bench).1, [up(0), up(1)]);
    bench.reply(Kind::Arrange, arranged(100));
    let jobs = bench.jobs(Kind::Arrange);
    bench.act(&[Action::SortAscending]);
    assert_eq!(bench.jobs(Kind::Arrange), jobs);
    bench.act(&[Action::ClearSort]);
    assert_eq!(arrange_of(&bench).1, []);
}

#[test]
fn a_cell_becomes_a_filter_and_filters_go_one_by_one() {
    let mut bench = Bench::open(counted(100));
    bench.act(&[Action::Down, Action::Right, Action::KeepValue]);
    assert_eq!(arrange_of(&bench).0, ["b = '1.1'"]);
    bench.reply(Kind::Arrange, arranged(1));
    assert_eq!((bench.place(), bench.panel.window.count().known), (Some(0), 1));
    bench.act(&[Action::DropValue]);
    assert_eq!(arrange_of(&bench).0, ["b = '1.1'", "b != '0.1'"]);
    bench.reply(Kind::Arrange, arranged(0));
    assert_eq!(bench.place(), None);
    bench.act(&[Action::KeepValue, Action::Open, Action::Copy]);
    bench.act(&[Action::Filters]);
    let choice = Given::Choice {
        item: Some(0),
        text: String::new(),
    };
    bench.answer(Purpose::RemoveFilter, choice);
    assert_eq!(arrange_of(&bench).0, ["b != '0.1'"]);
}

#[test]
fn a_wrong_filter_comes_back_with_the_cursor_where_it_is_wrong() {
    let mut bench = Bench::open(counted(100));
    bench.line(Purpose::Filter, "a = = 1");
    bench.fail(Kind::Arrange, "at character 5: a value is missing");
    let prompt = prompt(bench.shared.layers.last());
    assert_eq!(prompt.line.split(), ("a = ", "= 1"));
    assert_eq!(prompt.error.as_deref(), Some("at character 5: a value is missing"));
    assert!(bench.panel.arrangement.is_plain());
    assert_eq!(prompt.words, ["a", "b", "c"]);
}

#[test]
fn a_find_goes_to_the_match_counts_and_keeps_the_filter() {
    let mut bench = Bench::open(counted(1_000));
    bench.line(Purpose::Filter, "b");
    bench.reply(Kind::Arrange, arranged(900));
    bench.line(Purpose::Find, "7.2");
    let found = |at, wrapped| Reply::Found(Some(Match { at, column: 2, wrapped }));
    bench.reply(Kind::Find, found(7, false)).pages();
    assert_eq!((bench.place(), bench.panel.columns.cursor()), (Some(7), 2));
    bench.reply(Kind::Count, Reply::Counted(1_204));
    // Row 0 does not match, so the first match is the first.
    assert_eq!(bench.panel.find().unwrap().summary(), "match 1 of 1,204");
    bench
        .act(&[Action::FindNext])
        .reply(Kind::Find, found(70, false))
        .pages();
    assert_eq!(bench.panel.find().unwrap().summary(), "match 2 of 1,204");
    // After a move nobody knows which one the next is.
    bench
        .act(&[Action::PageDown, Action::FindNext])
        .reply(Kind::Find, found(300, false))
        .pages();
    assert_eq!(bench.panel.find().unwrap().summary(), "1,204 rows match");
    bench.act(&[Action::FindNext]).reply(Kind::Find, found(7, true)).pages();
    assert_eq!(bench.panel.find().unwrap().summary(), "match 1 of 1,204");
    bench
        .act(&[Action::FindPrevious])
        .reply(Kind::Find, found(800, true))
        .pages();
    assert_eq!(bench.panel.find().unwrap().summary(), "match 1,204 of 1,204");
    assert_eq!(bench.panel.arrangement.filters, ["b"]);
    // Esc leaves the match and nothing else.
    assert!(bench.panel.act(&mut bench.shared, Action::Back));
    assert!(bench.panel.find().is_none());
    assert!(!bench.panel.act(&mut bench.shared, Action::Back));
    assert_eq!(bench.panel.arrangement.filters, ["b"]);
}

#[test]
fn escape_stops_what_runs_first() {
    let mut bench = Bench::open(counted(1_000));
    bench.act(&[Action::SortAscending]);
    let (ticket, _) = bench.job(Kind::Arrange).unwrap();
    bench.tell(
        Kind::Arrange,
        Report::Progress {
            done: 450,
            total: Some(1_000),
            note: "sorting".to_owned(),
        },
    );
    assert_eq!(
        bench.panel.work(&bench.shared).as_deref(),
        Some("sorting 45.0 %, Esc stops")
    );
    bench.act(&[Action::Back]);
    assert!(bench.shared.effects.contains(&Effect::Cancel(ticket)));
    bench.tell(Kind::Arrange, Report::Cancelled);
    assert!(bench.panel.arrangement.is_plain());
    assert_eq!(bench.panel.work(&bench.shared), None);
}

#[test]
fn a_regular_expression_that_is_none_comes_back() {
    let mut bench = Bench::open(counted(1_000));
    let given = Given::Line {
        text: "(".to_owned(),
        regex: true,
        exact_case: true,
    };
    bench.answer(Purpose::Find, given);
    bench.fail(Kind::Find, "not a regular expression: unclosed group");
    let prompt = prompt(bench.shared.layers.last());
    assert_eq!(
        (prompt.line.text(), prompt.regex, prompt.exact_case),
        ("(", Some(true), Some(true))
    );
    assert!(prompt.error.is_some());
}

#[test]
fn a_cut_cell_is_read_in_full_before_it_is_used() {
    let mut bench = Bench::new();
    bench.panel.command(&mut bench.shared, &Command::Open(None));
    let Reply::Opened(mut table) = opened(counted(1)) else {
        unreachable!()
    };
    table.first[0].cells[0] = "begin\u{2026}".to_owned();
    bench.reply(Kind::Open, Reply::Opened(table));
    bench.act(&[Action::Copy]);
    assert!(
        !bench
            .shared
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Copy(_)))
    );
    let mut whole = row(Some(0), 3);
    whole.cells[0] = "begin and end".to_owned();
    bench.reply(Kind::Row, Reply::Row(whole.clone()));
    assert!(bench.shared.effects.contains(&Effect::Copy("begin and end".to_owned())));
    bench.act(&[Action::Right, Action::Copy]);
    assert!(bench.shared.effects.contains(&Effect::Copy("0.1".to_owned())));
    whole.cells[1] = "a,\"b\"".to_owned();
    bench.act(&[Action::CopyRow]).reply(Kind::Row, Reply::Row(whole));
    let line = "begin and end,\"a,\"\"b\"\"\",0.2".to_owned();
    assert!(bench.shared.effects.contains(&Effect::Copy(line)));
}

#[test]
fn a_file_that_is_there_is_replaced_only_after_a_yes() {
    let mut bench = Bench::open(counted(10));
    bench.act(&[Action::HideColumn, Action::Export]);
    assert_eq!(prompt(bench.shared.layers.last()).line.text(), "t-view.csv");
    bench.line(Purpose::ExportView, "out.csv");
    bench.fail(
        Kind::Export,
        "out.csv: is there already; choose another name, or agree to replace it",
    );
    let layer = bench.shared.layers.last().unwrap();
    assert!(matches!(layer.kind, LayerKind::Confirm(_)));
    let purpose = layer.purpose().clone();
    bench.answer(purpose, Given::Yes);
    let expected = BrowseJob::Export {
        columns: vec![1, 2],
        path: "out.csv".into(),
        replace: true,
    };
    assert_eq!(bench.job(Kind::Export).unwrap().1, expected);
    bench.fail(Kind::Export, "out.csv: no space left");
    assert_eq!(
        prompt(bench.shared.layers.last()).error.as_deref(),
        Some("out.csv: no space left")
    );
}

#[test]
fn statistics_go_with_the_cursor_and_are_computed_once() {
    let mut bench = Bench::open(counted(10));
    bench.shared.survey = Some(Survey {
        schema: SchemaFacts {
            label: Some("c".to_owned()),
            ..SchemaFacts::default()
        },
        ..Survey::default()
    });
    bench.act(&[Action::ColumnStatistics]);
    let asked = BrowseJob::Statistics {
        column: 0,
        label: Some(2),
    };
    assert_eq!(bench.job(Kind::Statistics).unwrap().1, asked);
    bench.reply(Kind::Statistics, Reply::Statistics(statistics(0)));
    assert_eq!(bench.panel.pane.shown().map(|shown| shown.column), Some(0));
    bench
        .act(&[Action::Right])
        .reply(Kind::Statistics, Reply::Statistics(statistics(1)));
    bench.act(&[Action::Left]);
    assert_eq!((bench.jobs(Kind::Statistics), bench.panel.pane.column), (2, Some(0)));
    // Other rows have other statistics.
    bench.act(&[Action::SortAscending]).reply(Kind::Arrange, arranged(10));
    assert_eq!(bench.jobs(Kind::Statistics), 3);
    bench.fail(Kind::Statistics, "cannot be read");
    assert_eq!(bench.panel.pane.problem.as_deref(), Some("cannot be read"));
    bench.act(&[Action::Back]);
    assert!(!bench.panel.pane.is_open());
}

fn statistics(column: usize) -> crate::browse::ColumnStatistics {
    crate::browse::ColumnStatistics {
        column,
        kind: ColumnKind::Text,
        rows: 10,
        nulls: 0,
        unreadable: 0,
        distinct: 10,
        distinct_exact: true,
        min: None,
        max: None,
        mean: None,
        sd: None,
        quantiles: Vec::new(),
        histogram: Vec::new(),
        top: Vec::new(),
        labels: Vec::new(),
    }
}

#[test]
fn rows_that_were_pointed_at_are_a_filter_that_can_be_removed() {
    let mut bench = Bench::open(counted(100));
    bench.act(&[Action::SortAscending]).reply(Kind::Arrange, arranged(100));
    let command = Command::ShowLines {
        lines: vec![3, 9],
        title: "range of b fails".to_owned(),
        column: Some("b".to_owned()),
    };
    bench.panel.command(&mut bench.shared, &command);
    assert_eq!(
        bench.job(Kind::Arrange).unwrap().1,
        BrowseJob::Lines { lines: vec![3, 9] }
    );
    bench.reply(Kind::Arrange, arranged(2));
    assert_eq!(bench.panel.columns.cursor(), 1);
    assert_eq!(bench.panel.arrangement.pieces(), ["range of b fails"]);
    let jobs = bench.jobs(Kind::Arrange);
    bench.act(&[Action::SortDescending, Action::KeepValue]);
    assert_eq!(bench.jobs(Kind::Arrange), jobs);
    let choice = Given::Choice {
        item: Some(0),
        text: String::new(),
    };
    bench.answer(Purpose::RemoveFilter, choice);
    assert_eq!(arrange_of(&bench), (Vec::new(), vec![up(0)]));
}

#[test]
fn a_failed_open_says_why_and_can_be_tried_again() {
    let mut bench = Bench::new();
    bench
        .panel
        .command(&mut bench.shared, &Command::Open(Some("/d/t.csv".into())));
    bench.fail(Kind::Open, "/d/t.csv: there is no such file");
    assert!(matches!(bench.panel.source, Source::Failed { .. }));
    bench.act(&[Action::Down, Action::SortAscending, Action::Open]);
    assert_eq!(bench.jobs(Kind::Open), 2);
    bench.reply(Kind::Open, opened(counted(5)));
    assert!(matches!(bench.panel.source, Source::Open(_)));
}

#[test]
fn the_table_that_was_open_comes_back_if_another_cannot_be_opened() {
    let mut bench = Bench::open(counted(1_000));
    bench
        .act(&[Action::SortAscending])
        .reply(Kind::Arrange, arranged(1_000));
    bench.act(&[Action::PageDown, Action::PageDown, Action::PageDown]);
    let choice = |text: &str| Given::Choice {
        item: None,
        text: text.to_owned(),
    };
    bench.answer(Purpose::OpenFile, choice("/d/wrong.csv"));
    assert!(matches!(bench.panel.source, Source::Opening { .. }));
    bench.fail(Kind::Open, "/d/wrong.csv: there is no such file");
    assert!(bench.shared.flash.as_ref().is_some_and(|flash| flash.bad));
    bench.pages();
    assert_eq!((bench.place(), bench.panel.arrangement.sort.len()), (Some(54), 1));
    assert!(bench.panel.window.sight().rows.iter().all(Option::is_some));
    // Stopped, it comes back as well; opened, it is gone.
    bench
        .answer(Purpose::OpenFile, choice("/d/slow.csv"))
        .act(&[Action::Back]);
    bench.tell(Kind::Open, Report::Cancelled);
    assert_eq!(bench.place(), Some(54));
    bench.answer(Purpose::OpenFile, choice("/d/good.csv"));
    bench.reply(Kind::Open, opened(counted(3)));
    assert_eq!((bench.place(), bench.panel.kept.is_none()), (Some(0), true));
}

/// Opened, arranged and moved about, then left.
fn left() -> DataSession {
    let mut bench = Bench::open(counted(1_000));
    bench.line(Purpose::Filter, "a like '1%'");
    bench.reply(Kind::Arrange, arranged(500));
    bench
        .act(&[Action::Right, Action::SortDescending])
        .reply(Kind::Arrange, arranged(500));
    bench.act(&[
        Action::WidenColumn,
        Action::Left,
        Action::HideColumn,
        Action::Right,
        Action::FreezeColumns,
    ]);
    bench.line(Purpose::GoToRow, "401").pages();
    let session = bench.panel.session();
    let text = serde_json::to_string(&session).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_next_start_takes_everything_up_again_in_order() {
    let session = left();
    let mut bench = Bench::new();
    bench.panel.resume(&mut bench.shared, &session);
    // Left again before anything has come, it is still the same.
    assert_eq!(bench.panel.session(), session);
    assert_eq!(
        bench.job(Kind::Open).unwrap().1,
        BrowseJob::Open {
            path: Some("/d/t.csv".into())
        }
    );
    bench.reply(Kind::Open, opened(counted(1_000)));
    assert_eq!(bench.panel.session(), session);
    assert_eq!(arrange_of(&bench).0, ["a like '1%'"]);
    bench.reply(Kind::Arrange, arranged(500)).pages();
    assert_eq!(bench.place(), Some(400));
    assert_eq!(bench.panel.session(), session);
}

#[test]
fn a_session_whose_file_is_gone_shows_the_workspaces_data() {
    let mut bench = Bench::new();
    bench.panel.resume(&mut bench.shared, &left());
    bench.fail(Kind::Open, "/d/t.csv: there is no such file");
    let flash = bench.shared.flash.as_ref().unwrap();
    assert!(flash.bad && flash.text.contains("no such file"), "{flash:?}");
    assert_eq!(bench.job(Kind::Open).unwrap().1, BrowseJob::Open { path: None });
    bench.reply(Kind::Open, opened(counted(10)));
    assert!(bench.panel.arrangement.is_plain() && bench.job(Kind::Arrange).is_none());
}

#[test]
fn a_session_whose_file_has_changed_keeps_what_still_fits() {
    let mut bench = Bench::new();
    bench.panel.resume(&mut bench.shared, &left());
    let Reply::Opened(mut table) = opened(counted(10)) else {
        unreachable!()
    };
    table.columns[1].name = "other".to_owned();
    bench.reply(Kind::Open, Reply::Opened(table));
    assert!(
        bench
            .shared
            .flash
            .as_ref()
            .is_some_and(|flash| flash.text.contains("b not there"))
    );
    bench.fail(Kind::Arrange, "at character 1: no column a");
    assert!(bench.panel.arrangement.is_plain());
    assert!(bench.panel.columns.all()[0].hidden);
    bench.act(&[Action::Bottom]);
    assert_eq!(bench.place(), Some(9));
}

#[test]
fn an_estimated_row_is_waited_for_after_a_start() {
    let session = DataSession {
        path: Some("/d/t.csv".to_owned()),
        row: 700,
        top: 690,
        ..DataSession::default()
    };
    let mut bench = Bench::new();
    bench.panel.resume(&mut bench.shared, &session);
    bench.reply(Kind::Open, opened(counting(50)));
    assert_eq!(bench.panel.window.expected(), Some(700));
    bench.tell(Kind::Open, Report::Rows(counted(2_000))).pages();
    assert_eq!(bench.place(), Some(700));
}

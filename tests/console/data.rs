//! Sessions of the Data panel.

use nsec_tui::browse::RowCount;
use nsec_tui::tui::app::data::DataSession;
use nsec_tui::tui::app::{Command, Effect, Message, Panel, Session as Saved};
use nsec_tui::tui::keymap::{Context, Entry, TABLE};
use nsec_tui::tui::run::draw::Painter;
use nsec_tui::tui::view::{Colors, Look};
use nsec_tui::worker::{BrowseJob, Job, Kind, Reply, Report};

use super::data_table::{Table, survey_with_columns, world_with};
use super::screen::Screen;
use super::session::Session;
use super::world::{World, done, failed};

fn session() -> Session {
    Session::new(world_with(Table::phishing(1_000)))
}

#[test]
fn rows_and_columns_are_walked_through() {
    let mut session = session();
    session.shows("data-first-screen").shows_plain("data-first-screen");
    session.keys("j*3 l*2").shows("data-cursor");
    session.keys("pagedown*3 $").shows("data-scrolled");
    session.keys("G").shows("data-last-row");
    session.keys("g 0").shows("data-first-screen");
    session.replays();
}

#[test]
fn columns_are_frozen_hidden_widened_and_gone_to() {
    let mut session = session();
    session.keys("f l x > > > $").wait(5_000).shows("data-frozen-hidden");
    session.keys("c").typed("req").shows("data-go-to-column");
    session.keys("enter").wait(5_000).shows("data-column-gone-to");
    session.keys("X").wait(5_000).keys("0");
    assert!(session.text().contains("URL_Length"));
}

#[test]
fn an_order_has_its_marks() {
    let mut session = session();
    session.keys("l [").shows("data-sorted");
    session
        .keys("l ]")
        .shows("data-sorted-by-two")
        .shows_plain("data-sorted-by-two");
    session.keys("=");
    assert!(!session.text().contains(" by "));
}

#[test]
fn filters_add_up_and_are_removed_one_by_one() {
    let mut session = session();
    session.keys("l l +").shows("data-filter-from-a-cell");
    session.keys("&").typed("service != 'dns'").shows("data-filter-typed");
    session
        .keys("enter")
        .shows("data-two-filters")
        .shows_plain("data-two-filters");
    session.keys("F").shows("data-filters");
    session.keys("enter");
    assert!(session.text().contains("filter service != 'dns'"), "{}", session.text());
    session
        .keys("&")
        .typed("nowhere")
        .keys("enter")
        .shows("data-nothing-fits");
}

#[test]
fn a_wrong_filter_can_be_put_right() {
    let mut session = session();
    session
        .keys("&")
        .typed("port = = 80")
        .keys("enter")
        .shows("data-wrong-filter");
    session
        .keys("backspace*2")
        .typed("80")
        .shows("data-filter-being-mended");
}

#[test]
fn a_text_is_found_on_and_on() {
    let mut session = session();
    session.keys("/").typed("visited 7").shows("data-find-typed");
    session
        .keys("enter")
        .wait(5_000)
        .shows("data-found")
        .shows_plain("data-found");
    session.keys("n*2").shows("data-found-on");
    session.keys("N*3").wait(5_000).shows("data-found-backwards");
    session.keys("esc");
    assert!(!session.text().contains("match"));
    session.keys("/").typed("nowhere").keys("enter").shows("data-not-found");
}

#[test]
fn statistics_stand_beside_the_table() {
    let mut session = session();
    session
        .keys("l s")
        .shows("data-statistics")
        .shows_plain("data-statistics");
    session.keys("l*2").shows("data-statistics-of-texts");
    session.keys("esc");
    assert!(!session.text().contains("distinct"));
}

#[test]
fn a_row_is_read_cell_by_cell() {
    let mut table = Table::phishing(50);
    table.trouble = Some((2, "11 cells of 12".to_owned()));
    let mut session = Session::new(world_with(table));
    session.keys("j*2 l").shows("data-row-with-trouble");
    session.keys("enter").shows("data-row-detail");
    session.keys("y esc y Y");
    let copied: Vec<String> = session
        .effects()
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        })
        .collect();
    assert_eq!(copied.len(), 3);
    assert_eq!((copied[0].as_str(), copied[1].as_str()), ("94", "94"));
    assert!(copied[2].starts_with("-1,94,8080,dns,"), "{}", copied[2]);
}

#[test]
fn a_large_file_shows_its_end_before_it_is_counted() {
    let mut table = Table::phishing(3_000);
    table.counted_at_first = 200;
    let mut session = Session::new(world_with(table));
    session.shows("data-counting");
    session.keys("G k*2").shows("data-tail");
    let count = RowCount {
        known: 3_000,
        complete: true,
        estimated: None,
    };
    session
        .tell(Kind::Open, &Report::Rows(count))
        .shows("data-tail-counted");
    session
        .keys("ctrl-g")
        .typed("1,500")
        .keys("enter")
        .shows("data-gone-to-row");
    session
        .keys("ctrl-g")
        .typed("x")
        .keys("enter")
        .shows("data-no-such-row");
}

#[test]
fn what_runs_shows_how_far_it_is_and_can_be_stopped() {
    let mut session = Session::new(world_with(Table::phishing(300)).on(Kind::Arrange, |_| Vec::new()));
    session.keys("[");
    let progress = Report::Progress {
        done: 4_500_000,
        total: Some(10_000_000),
        note: "sorting".to_owned(),
    };
    session.tell(Kind::Arrange, &progress).shows("data-sorting");
    session
        .keys("esc")
        .tell(Kind::Arrange, &Report::Cancelled)
        .shows("data-sorting-stopped");
}

#[test]
fn the_view_is_written_to_a_file() {
    let mut session = session();
    session.keys("l l + e").shows("data-export");
    session
        .keys("ctrl-u")
        .typed("there.csv")
        .keys("enter")
        .shows("data-export-replaces");
    session.keys("y").shows("data-exported");
}

#[test]
fn another_file_is_opened_by_its_path() {
    let mut session = session();
    session.keys("o").shows("data-open-recent");
    session.typed("flows").shows("data-open-path");
    session.keys("down enter").shows("data-opened-other");
    let gone = |_: &Job| {
        failed(
            "/data/x.csv: there is no such file; check the path",
            &["No such file or directory (os error 2)"],
        )
    };
    let mut session = Session::new(world_with(Table::phishing(30)).on(Kind::Open, gone));
    session.shows("data-cannot-open").shows_plain("data-cannot-open");
}

#[test]
fn failing_rows_come_from_validation_with_the_column_marked() {
    let mut session = session();
    session.keys("2");
    for console in &mut session.consoles {
        console.app.shared.request(Command::ShowLines {
            lines: vec![5, 30, 31],
            title: "age_of_domain: out of range".to_owned(),
            column: Some("age_of_domain".to_owned()),
        });
    }
    session.send(&Message::Woke).wait(5_000).shows("data-failing-rows");
    assert!(session.consoles.iter().all(|console| console.app.panel == Panel::Data));
    session.keys("F enter").shows("data-failing-rows-left");
}

#[test]
fn the_next_start_is_where_the_last_one_ended() {
    let mut first = session();
    first.keys("l l + l ] > G k*3");
    let saved = serde_json::to_string(&first.consoles[0].app.session()).unwrap();
    let world = || {
        let saved = saved.clone();
        world_with(Table::phishing(1_000)).on(Kind::Survey, move |_| {
            let mut survey = survey_with_columns();
            survey.session = Some(saved.clone());
            done(Reply::Survey(survey))
        })
    };
    let mut again = Session::new(world());
    assert_eq!(again.text(), first.text());
    again.shows("data-resumed");
    // The file is gone: the workspace's data, and why.
    let mut gone: Saved = serde_json::from_str(&saved).unwrap();
    gone.data = DataSession {
        path: Some("/data/gone.csv".to_owned()),
        ..gone.data
    };
    let gone = serde_json::to_string(&gone).unwrap();
    let world = World::new()
        .on(Kind::Survey, move |_| {
            let mut survey = survey_with_columns();
            survey.session = Some(gone.clone());
            done(Reply::Survey(survey))
        })
        .on(Kind::Open, |job| match job {
            Job::Browse(BrowseJob::Open { path: Some(_) }) => failed("/data/gone.csv: there is no such file", &[]),
            _ => Vec::new(),
        });
    Session::new(world).shows("data-resumed-without-its-file");
}

#[test]
fn hostile_cells_wide_cells_and_ragged_rows_keep_the_table_straight() {
    let hostile = [
        "\u{1b}]52;c;ZXZpbA==\u{7}",
        "\u{1b}[2J\u{1b}[1;1H",
        "\u{202e}gpj.exe",
        "a\u{200b}b\nc\td",
        "\u{6f22}\u{5b57}\u{6f22}\u{5b57}\u{6f22}\u{5b57}",
        "e\u{301}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
    ];
    let mut rows: Vec<Vec<String>> = hostile
        .iter()
        .enumerate()
        .map(|(at, cell)| vec![at.to_string(), (*cell).to_owned(), "after".to_owned()])
        .collect();
    rows.push(vec!["6".to_owned(), "x".repeat(100_000), "after".to_owned()]);
    let mut table = Table::new(&["n", "\u{1b}[31mred\u{1b}[0m", "behind"], rows);
    table.trouble = Some((3, "4 cells of 3; the rest is left out".to_owned()));
    let mut session = Session::new(world_with(table));
    session.shows("data-hostile").shows_plain("data-hostile");
    session.keys("G l enter").shows("data-hostile-row");
}

#[test]
fn tables_without_rows_or_columns_and_with_thousands_of_columns_are_shown() {
    let mut session = Session::new(world_with(Table::new(&["a", "b"], Vec::new())));
    session.shows("data-header-only");
    session
        .keys("j k G g pagedown l + [ s enter y /")
        .typed("x")
        .keys("enter");
    let mut session = Session::new(world_with(Table::new(&[], Vec::new())));
    session.keys("j $ x f > s [ +").wait(5_000).shows("data-empty");
    let names: Vec<String> = (0..5_000).map(|at| format!("c{at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows = (0..40).map(|row| (0..5_000).map(|column| (row * column).to_string()).collect());
    let mut session = Session::new(world_with(Table::new(&names, rows.collect())));
    session.keys("$ j").shows("data-wide");
}

#[test]
fn every_key_of_the_panel_is_taken() {
    let here = |entry: &&Entry| matches!(entry.context, Context::Data | Context::Lists);
    for entry in TABLE.iter().filter(here) {
        for key in entry.keys {
            let mut session = session();
            let app = &mut session.consoles[0].app;
            let action = app.keymap.action(&app.contexts(), key.parse().unwrap());
            assert_eq!(action, Some(entry.action), "{key}");
            assert!(app.act(entry.action), "{key}: {}", entry.action);
        }
    }
}

/// Bytes that each of some steps down costs a terminal of 160x48.
fn bytes_of_steps(session: &mut Session, steps: usize) -> Vec<usize> {
    let look = Look {
        colors: Colors::Many,
        ascii: false,
    };
    let mut painter = Painter::new(look);
    let mut costs = Vec::new();
    for _ in 0..=steps {
        let screen = Screen::of(&session.consoles[1].app, look, (160, 48));
        costs.push(painter.frame(&screen.buffer, screen.cursor).len());
        session.keys("j");
    }
    // The first frame draws everything.
    costs.split_off(1)
}

#[test]
fn a_step_costs_a_slow_line_few_bytes() {
    // Two columns of nine digits in front of the bundled data's, as large files of it have them.
    let mut names = vec!["key", "row_id"];
    names.extend([
        "having_IP_Address",
        "URL_Length",
        "Shortining_Service",
        "having_At_Symbol",
        "Prefix_Suffix",
    ]);
    names.extend([
        "having_Sub_Domain",
        "SSLfinal_State",
        "Domain_registeration_length",
        "Favicon",
        "port",
        "Result",
    ]);
    let cell = |row: usize, column: usize| match column {
        0 => (100_000_000 + row * 7_919 % 10_000_000).to_string(),
        1 => (500_000_000 + row).to_string(),
        _ => ["-1", "0", "1"][(row * (column + 3) / 2) % 3].to_owned(),
    };
    let rows = (0..2_000).map(|row| (0..names.len()).map(|column| cell(row, column)).collect());
    let mut session = Session::new(world_with(Table::new(&names, rows.collect())));
    let costs = bytes_of_steps(&mut session, 30);
    assert!(costs.iter().all(|bytes| *bytes <= 65), "{costs:?}");
    session.keys("pagedown*2");
    let costs = bytes_of_steps(&mut session, 30);
    assert!(costs.iter().skip(2).all(|bytes| *bytes <= 330), "{costs:?}");
}

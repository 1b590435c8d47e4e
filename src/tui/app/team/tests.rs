//! Owns the tests of the team's server in the console: joining, the dialog, the words; what waits and what recordings have of it is beside.

mod recording;
mod waiting;

use serde_json::json;

use super::words::looks;
use super::*;
use crate::tui::app::layer::{FieldValue, LayerKind};
use crate::tui::app::{Effect, Message, Start, Timed, update};
use crate::tui::key::KeyPress;
use crate::tui::keymap::{KeySettings, Keymap};
use crate::tui::run::record::replay;
use crate::worker::{News, Secret, Survey};

const PASSWORD: &str = "Zebra 7-stripes";

struct Bench {
    app: App,
    at: u64,
    effects: Vec<Effect>,
    recording: String,
}

impl Bench {
    fn new(server: Option<&str>) -> Self {
        let mut bench = Self {
            app: App::new(Keymap::new(&KeySettings::default()).unwrap(), Start::default()),
            at: 0,
            effects: Vec::new(),
            recording: String::new(),
        };
        bench.send(Message::Started { width: 80, height: 24 });
        let survey = Survey {
            team: server.map(str::to_owned),
            ..Survey::default()
        };
        bench.tell(Kind::Survey, Report::Done(Box::new(Reply::Survey(survey))));
        bench
    }

    fn send(&mut self, message: Message) {
        self.at += 1;
        let at = self.at;
        let recorded = self.app.for_recording(&message);
        for message in recorded.unwrap_or_else(|| vec![message.clone()]) {
            let line = serde_json::to_string(&Timed { at, message }).unwrap();
            self.recording.push_str(&line);
            self.recording.push('\n');
        }
        self.effects.extend(update(&mut self.app, at, message));
    }

    fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.send(Message::Key(key.parse().unwrap()));
        }
    }

    fn typed(&mut self, text: &str) {
        for c in text.chars() {
            self.send(Message::Key(KeyPress::char(c)));
        }
    }

    fn tell(&mut self, kind: Kind, report: Report) {
        let asked = self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Submit(ticket, _) if ticket.kind == kind => Some(*ticket),
            _ => None,
        });
        let news = News {
            ticket: asked.unwrap(),
            report,
        };
        self.send(Message::News(Box::new(news)));
    }

    fn reply(&mut self, kind: Kind, reply: Reply) {
        self.tell(kind, Report::Done(Box::new(reply)));
    }

    fn jobs(&self) -> Vec<TeamJob> {
        let jobs = self.effects.iter().filter_map(|effect| match effect {
            Effect::Submit(_, Job::Team(job)) => Some(job.clone()),
            _ => None,
        });
        jobs.collect()
    }

    fn standing(&self) -> Option<Standing> {
        self.app.shared.team_standing()
    }

    fn flash(&self) -> &str {
        self.app.shared.flash.as_ref().map_or("", |flash| &flash.text)
    }

    fn notes(&self) -> String {
        match &self.app.layers.last().unwrap().kind {
            LayerKind::Form(form) => form.notes.join("\n"),
            other => panic!("{other:?}"),
        }
    }

    fn error(&self) -> String {
        match &self.app.layers.last().unwrap().kind {
            LayerKind::Form(form) => form.fields[0].error.clone().unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }
}

fn state(backlog: u64, link: Link) -> TeamState {
    let claim =
        json!({"schema": "phishing", "row": "00000000000003e8", "analyst": "mira", "since": "2026-11-27T12:03:44Z"});
    TeamState {
        server: "db.example:27017/team".to_owned(),
        link,
        backlog,
        refused: 0,
        sent: 5,
        received: 7,
        claims: vec![serde_json::from_value(claim).unwrap()],
    }
}

fn live(backlog: u64) -> TeamState {
    let hearing = crate::worker::Hearing::Stream;
    state(
        backlog,
        Link::Live {
            latency_ms: 2.5,
            hearing,
        },
    )
}

fn lost(backlog: u64) -> TeamState {
    let why = "nothing listens there".to_owned();
    state(backlog, Link::Lost { why, retry_seconds: 8 })
}

fn tested(write: bool) -> TeamTest {
    TeamTest {
        server: "db.example:27017".to_owned(),
        version: "7.0.2".to_owned(),
        topology: "replica set rs0".to_owned(),
        latency_ms: 4.21,
        user: Some("ann".to_owned()),
        database: "team".to_owned(),
        read: true,
        write,
        tls: false,
    }
}

#[test]
fn nothing_is_joined_or_shown_where_no_server_is_named() {
    let bench = Bench::new(None);
    assert_eq!((bench.standing(), bench.jobs().len()), (None, 0));
}

#[test]
fn a_named_server_is_joined_once_and_each_word_of_it_counts() {
    let mut bench = Bench::new(Some("db.example:27017/team"));
    assert_eq!(bench.jobs(), [TeamJob::Join(TeamAddress::default())]);
    assert_eq!(bench.standing(), Some(Standing::Connecting));
    bench.reply(Kind::Team, Reply::Team(Some(state(0, Link::Connecting))));
    assert_eq!(bench.standing(), Some(Standing::Connecting));
    bench.tell(Kind::Team, Report::Team(live(3)));
    assert_eq!(
        (bench.standing(), bench.app.shared.team.backlog()),
        (Some(Standing::Live), 3)
    );
    bench.tell(Kind::Team, Report::Team(lost(12)));
    assert_eq!(bench.standing(), Some(Standing::Lost));
    let row: RowId = "00000000000003e8".parse().unwrap();
    let team = &bench.app.shared.team;
    assert_eq!(team.looking_at("phishing", row).count(), 1);
    assert_eq!(team.looking_at("flows", row).count(), 0);
    assert_eq!(bench.jobs().len(), 1, "nothing else is asked");
}

#[test]
fn a_join_that_fails_is_told_once_with_the_key() {
    let mut bench = Bench::new(Some("db.example:27017/team"));
    bench.tell(
        Kind::Team,
        Report::Failed(crate::worker::Failure::new("a password is needed")),
    );
    assert_eq!(
        bench.flash(),
        "team not joined: a password is needed; M opens the dialog"
    );
    assert_eq!(bench.standing(), Some(Standing::Apart));
    bench.keys("M");
    assert!(
        bench.notes().contains("Not joined: a password is needed"),
        "{}",
        bench.notes()
    );
    bench.typed("pw1234");
    bench.keys("enter");
    assert_eq!(bench.jobs().len(), 2);
    bench.app.shared.flash = None;
    bench.tell(Kind::Team, Report::Failed(crate::worker::Failure::new("login refused")));
    assert!(bench.notes().contains("Not joined: login refused") && bench.flash().is_empty());
}

#[test]
fn a_mistyped_address_does_not_end_what_is_joined() {
    let mut bench = Bench::new(Some("db.example:27017/team"));
    bench.reply(Kind::Team, Reply::Team(Some(live(0))));
    bench.keys("M");
    bench.keys("shift-tab shift-tab");
    bench.typed("ann@db.example/team");
    bench.keys("enter");
    assert!(bench.error().contains("begins with mongodb://"), "{}", bench.error());
    bench.keys("ctrl-u");
    bench.typed("mongodb://other.example:27018");
    bench.keys("tab tab right enter");
    let address = TeamAddress {
        uri: Some(Secret::new("mongodb://other.example:27018")),
        password: None,
    };
    assert_eq!(bench.jobs().last(), Some(&TeamJob::Join(address)));
    assert_eq!(
        bench.standing(),
        Some(Standing::Live),
        "until the other is known to be good"
    );
    bench.tell(
        Kind::Team,
        Report::Failed(Failure::new("no password for user ann; type it")),
    );
    bench.tell(Kind::Team, Report::Team(live(0)));
    assert_eq!(bench.standing(), Some(Standing::Live));
    let notes = bench.notes();
    assert!(
        notes.starts_with("Nothing was changed: no password for user ann"),
        "{notes}"
    );
    assert!(notes.contains("Joined: db.example:27017/team"), "{notes}");
    // The cursor is on the password by now.
    bench.typed("pw");
    bench.keys("enter");
    assert!(matches!(bench.jobs().last(), Some(TeamJob::Join(address)) if address.password.is_some()));
}

#[test]
fn a_refused_login_is_no_joined_server_and_a_good_test_stands_above_it() {
    let text = crate::mongo::MongoError::WrongPassword {
        server: "db.example:27017".to_owned(),
        user: "ann".to_owned(),
        source_db: "admin".to_owned(),
    };
    let mut bench = Bench::new(Some("db.example:27017/team"));
    let link = Link::Lost {
        why: text.to_string(),
        retry_seconds: 300,
    };
    let mut refused = state(1, link);
    refused.refused = 3;
    bench.reply(Kind::Team, Reply::Team(Some(refused)));
    assert_eq!(bench.standing(), Some(Standing::Apart));
    bench.keys("M");
    let notes = bench.notes();
    assert!(notes.starts_with("Not joined: login refused for user ann"), "{notes}");
    assert_eq!(notes.matches("db.example:27017").count(), 1, "{notes}");
    assert!(
        notes.contains("3 decisions are refused by the server; the log says why."),
        "{notes}"
    );
    bench.typed("pw");
    bench.keys("tab left enter");
    bench.reply(Kind::TeamTest, Reply::TeamTested(tested(true)));
    assert!(bench.notes().starts_with("Tested: "), "{}", bench.notes());
    bench.keys("esc M enter");
    let last = bench.jobs().pop();
    let kept = matches!(&last, Some(TeamJob::Join(address) | TeamJob::Test(address)) if address.password.is_some());
    assert!(kept, "the password is kept for the session: {last:?}");
}

#[test]
fn nothing_is_left_where_nothing_is_joined() {
    let mut bench = Bench::new(None);
    bench.keys("M tab tab right enter");
    let layers = format!("{:?}", bench.app.layers);
    assert!(
        layers.contains("there is nothing to leave") && bench.jobs().is_empty(),
        "{layers}"
    );
}

#[test]
fn the_dialog_tests_joins_and_leaves() {
    let mut bench = Bench::new(None);
    bench.keys("M");
    assert!(
        bench.notes().contains("Everything works without one"),
        "{}",
        bench.notes()
    );
    assert!(bench.notes().contains("mongo.password_file"), "{}", bench.notes());
    bench.keys("enter");
    assert!(bench.error().contains("which server?"), "{}", bench.error());
    bench.typed("ann@db.example");
    bench.keys("enter");
    assert!(bench.error().contains("begins with mongodb://"), "{}", bench.error());
    bench.keys("ctrl-u");
    bench.typed("mongodb://ann:pw@db.example/team");
    bench.keys("enter");
    assert!(bench.error().contains("a field of its own"), "{}", bench.error());
    bench.keys("ctrl-u");
    bench.typed("mongodb://ann@db.example/team");
    bench.keys("tab");
    bench.typed(PASSWORD);
    assert!(bench.jobs().is_empty());
    bench.keys("tab left enter");
    let address = TeamAddress {
        uri: Some(Secret::new("mongodb://ann@db.example/team")),
        password: Some(Secret::new(PASSWORD)),
    };
    assert_eq!(bench.jobs(), [TeamJob::Test(address.clone())]);
    assert!(bench.notes().contains("Testing the connection"));
    bench.reply(Kind::TeamTest, Reply::TeamTested(tested(false)));
    let notes = bench.notes();
    for words in [
        "7.0.2",
        "replica set rs0",
        "4.2 ms",
        "As ann",
        "NOT written",
        "NOT encrypted",
    ] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    bench.keys("enter");
    bench.reply(Kind::TeamTest, Reply::TeamTested(tested(true)));
    // The next step is offered.
    bench.keys("enter");
    assert_eq!(bench.jobs().last(), Some(&TeamJob::Join(address)));
    bench.reply(Kind::Team, Reply::Team(Some(live(1))));
    let notes = bench.notes();
    for words in [
        "Joined: db.example:27017/team",
        "tells at once",
        "Sent 5, received 7",
        "1 decision waits",
    ] {
        assert!(notes.contains(words), "{words}: {notes}");
    }
    bench.tell(Kind::Team, Report::Team(lost(12)));
    let notes = bench.notes();
    assert!(
        notes.contains("nothing listens there") && notes.contains("again in 8 s"),
        "{notes}"
    );
    bench.keys("right enter");
    assert_eq!(bench.jobs().last(), Some(&TeamJob::Leave));
    assert_eq!(bench.standing(), None);
    // What an exchange that was left still says is not heard.
    let ticket = bench.effects.iter().find_map(|effect| match effect {
        Effect::Submit(ticket, Job::Team(TeamJob::Join(_))) => Some(*ticket),
        _ => None,
    });
    let report = Report::Team(live(0));
    bench.send(Message::News(Box::new(News {
        ticket: ticket.unwrap(),
        report,
    })));
    assert_eq!(bench.standing(), None);
    bench.keys("esc");
    assert!(bench.app.layers.is_empty());
    bench.keys("M");
    let typed = format!("{:?}", bench.app.layers);
    assert!(
        typed.contains("mongodb://ann@db.example/team"),
        "the address is kept for the session"
    );
}

/// Everything that could be printed or written down after a password was typed, pasted, put into the address.
#[test]
fn no_password_is_recorded_saved_or_printed() {
    let mut bench = Bench::new(Some("db.example:27017/team"));
    bench.keys("M");
    bench.typed("mongodb://ann:Zebra7stripes@db.example/team");
    bench.keys("enter");
    assert!(!bench.error().is_empty());
    bench.keys("ctrl-u");
    bench.send(Message::Paste("mongodb://ann:Zebra7stripes@db.example/team".to_owned()));
    bench.keys("enter");
    assert!(!bench.error().is_empty());
    bench.keys("ctrl-u");
    bench.send(Message::Paste("Zebra7stripes".to_owned()));
    bench.keys("ctrl-u tab");
    bench.typed(PASSWORD);
    bench.keys("backspace");
    bench.typed("s");
    bench.send(Message::Paste("Zebra7stripes\n".to_owned()));
    let secret = match &bench.app.layers[0].kind {
        LayerKind::Form(form) => match &form.fields[1].value {
            FieldValue::Secret(line) => line.secret().unwrap(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(secret.reveal(), format!("{PASSWORD}Zebra7stripes"));
    bench.keys("tab left enter tab tab");
    bench.reply(Kind::TeamTest, Reply::TeamTested(tested(true)));
    bench.keys("esc");
    // Another dialog that takes addresses.
    bench.keys("1 o");
    bench.typed("mongodb://ann:Zebra7stripes@db.example/team.flows");
    bench.keys("enter");
    assert!(bench.flash().contains("leave the password out"), "{}", bench.flash());
    let session = serde_json::to_string(&bench.app.session()).unwrap();
    let effects = format!("{:?}{}", bench.effects, serde_json::to_string(&bench.effects).unwrap());
    let shown = format!("{:?}{:?}{:?}", bench.app.layers, bench.app.shared, bench.app.data);
    for (text, what) in [
        (&bench.recording, "recording"),
        (&session, "session"),
        (&effects, "effects"),
        (&shown, "state"),
    ] {
        assert!(!text.contains("Zebra") && !text.contains("stripes"), "{what}: {text}");
    }
    // One by one the characters are not there either: keys of a password are all the same.
    assert!(!bench.recording.contains("\"Z\""), "{}", bench.recording);

    let mut again = App::new(Keymap::new(&KeySettings::default()).unwrap(), Start::default());
    replay(&bench.recording, &mut again, |_| {}).unwrap();
    assert_eq!(again.layers.len(), bench.app.layers.len());
    assert_eq!(again.shared.team.tested, bench.app.shared.team.tested);
    assert_eq!(again.panel, bench.app.panel);
}

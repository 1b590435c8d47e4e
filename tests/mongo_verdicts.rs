//! Owns verdicts that a team shares: hosts that exchange through a real server come to the same state, whatever happens to
//! the server meanwhile, and nothing that was decided is lost or doubled.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/mongo_server.rs"]
mod mongo_server;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use mongodb::bson::{Bson, doc};
    use nsec_tui::artifacts::Timestamp;
    use nsec_tui::cancel::CancelToken;
    use nsec_tui::data::RowId;
    use nsec_tui::mongo::{Connection, Found, Given, MongoSettings, Target};
    use nsec_tui::store::{LocalStore, StoreOptions, VerdictStore};
    use nsec_tui::team::{Exchanged, Hearing, Link, Team, TeamOptions, share_once};
    use nsec_tui::triage::{CaseId, CaseState, Cases, Change, Event, EventId, SuppressionRule, Verdict};
    use nsec_tui::workspace::Workspace;
    use tempfile::TempDir;

    use crate::common::{Outcome, Workspace as Files};
    use crate::mongo_server::{MongoServer, available};

    const PATIENCE: Duration = Duration::from_secs(180);

    /// A host of the team with one analyst.
    struct Host {
        _directory: TempDir,
        workspace: Workspace,
        store: LocalStore,
        cases: Cases,
        place: i64,
        analyst: &'static str,
    }

    impl Host {
        fn new(analyst: &'static str) -> Self {
            let directory = tempfile::tempdir().unwrap();
            let workspace = Workspace::at(directory.path());
            let store = LocalStore::open(&workspace, StoreOptions::default()).unwrap();
            Self {
                _directory: directory,
                workspace,
                store,
                cases: Cases::default(),
                place: 0,
                analyst,
            }
        }

        fn look(&mut self) {
            let (events, place) = self.store.events_since(self.place).unwrap();
            self.place = place;
            for event in events {
                self.cases.add(event);
            }
        }

        /// Decides with everything in sight that is known here.
        fn decide(&mut self, row: u64, change: Change) -> Event {
            let mut event = Event::now(case(row), self.analyst, change);
            event.having_seen(self.cases.state(&event.case));
            event.cells = Some(vec![("url".to_owned(), format!("http://{row}.example/"))]);
            self.store.append(std::slice::from_ref(&event), "").unwrap();
            self.cases.add(event.clone());
            event
        }

        fn judge(&mut self, row: u64, verdict: Verdict) -> Event {
            let verdict = Some(verdict);
            self.decide(row, Change::Judge { verdict, reason: None })
        }

        fn join(&self, server: &MongoServer) -> Team {
            let options = TeamOptions {
                workspace: self.workspace.clone(),
                store: StoreOptions::default(),
                analyst: self.analyst.to_owned(),
                target: target(server),
            };
            Team::join(options, Arc::new(|_| {})).unwrap()
        }

        fn share(&mut self, server: &MongoServer) -> Exchanged {
            let connection = Arc::new(Connection::open(target(server)).unwrap());
            let never = CancelToken::new();
            let done = share_once(&self.workspace, &mut self.store, &connection, &never, &mut |_| {}).unwrap();
            self.look();
            done
        }

        /// How every case stands, but for cells.
        fn states(&mut self) -> BTreeMap<CaseId, CaseState> {
            self.look();
            self.cases
                .iter()
                .map(|(case, state)| (case.clone(), state.clone()))
                .collect()
        }

        fn count(&mut self) -> usize {
            self.look();
            self.cases.iter().map(|(case, _)| self.cases.history(case).len()).sum()
        }
    }

    fn case(row: u64) -> CaseId {
        CaseId {
            schema: "phishing".to_owned(),
            row: RowId(row),
        }
    }

    fn target(server: &MongoServer) -> Target {
        let given = Given {
            uri: Some(server.uri("team")),
            ..Given::default()
        };
        match Target::find(&MongoSettings::default(), &given).unwrap() {
            Found::Ready(target) => target,
            Found::AskPassword(_) => panic!("a password is asked for"),
        }
    }

    #[track_caller]
    fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < PATIENCE, "it did not come to this: {what}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn is_live(team: &Team) -> bool {
        matches!(team.state().link, Link::Live { .. })
    }

    /// Verdict of a case, how many contradict it, and of how many decisions it is the outcome.
    type Told = (Option<String>, usize, i64);

    /// Each case as the server tells it to whoever has no store.
    fn told_by(server: &MongoServer) -> BTreeMap<String, Told> {
        let found = server.command("team", doc! { "find": "nsec_cases", "filter": {}, "batchSize": 10_000 });
        let found = found
            .get_document("cursor")
            .unwrap()
            .get_array("firstBatch")
            .unwrap()
            .clone();
        let told = found.into_iter().map(|state| {
            let Bson::Document(state) = state else {
                panic!("{state}")
            };
            let verdict = state.get_str("verdict").ok().map(str::to_owned);
            let conflicts = state.get_array("conflicts").unwrap().len();
            let events = state.get_i64("events").unwrap();
            (state.get_str("_id").unwrap().to_owned(), (verdict, conflicts, events))
        });
        told.collect()
    }

    #[test]
    fn two_hosts_come_to_the_same_state_and_contradictions_are_shown_on_both() {
        if !available("two_hosts_come_to_the_same_state_and_contradictions_are_shown_on_both") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        mira.judge(1, Verdict::TruePositive);
        jan.judge(1, Verdict::FalsePositive);
        jan.judge(2, Verdict::Duplicate);
        mira.decide(
            2,
            Change::Note {
                text: "asked the owner".to_owned(),
            },
        );
        assert_eq!(
            mira.share(&server),
            Exchanged {
                sent: 2,
                ..Exchanged::default()
            }
        );
        assert_eq!(
            jan.share(&server),
            Exchanged {
                sent: 2,
                received: 2,
                ..Exchanged::default()
            }
        );
        assert_eq!(
            mira.share(&server),
            Exchanged {
                received: 2,
                ..Exchanged::default()
            }
        );
        let states = mira.states();
        assert_eq!(states, jan.states());
        assert_eq!(states[&case(1)].verdict.as_ref().unwrap().analyst, "jan");
        assert_eq!(states[&case(1)].conflicts.len(), 1, "mira's is not gone");
        assert_eq!(
            told_by(&server)[&format!("phishing/{}", RowId(1))],
            (Some("false_positive".to_owned()), 1, 2)
        );
        // Mira sees both and settles it; on jan's host that goes before both, too.
        mira.judge(1, Verdict::TruePositive);
        mira.share(&server);
        jan.share(&server);
        assert_eq!(jan.states()[&case(1)].settled(), Some(Verdict::TruePositive));
        assert_eq!(mira.states(), jan.states());
        assert_eq!(
            told_by(&server)[&format!("phishing/{}", RowId(1))],
            (Some("true_positive".to_owned()), 0, 3)
        );
        // Cells came along, so that jan can learn from cases of which he never had the file.
        let cells = jan.store.cells("phishing").unwrap();
        assert_eq!(cells.len(), 2);
        assert_eq!(cells[0].1[0].1, format!("http://{}.example/", cells[0].0.row.0));
        // Twice adds nothing.
        assert_eq!((mira.share(&server), jan.share(&server)), Default::default());
    }

    #[test]
    fn the_command_exchanges_once_and_says_what_it_did() {
        if !available("the_command_exchanges_once_and_says_what_it_did") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (here, mut jan) = (Files::new(), Host::new("jan"));
        let run = |arguments: &[&str], code| {
            let mut command = here.command();
            let outcome = Outcome::of(command.env("NSEC_MONGODB_URI", server.uri("team")).args(arguments));
            outcome.check(code);
            outcome
        };
        let row = RowId(7).to_string();
        run(
            &["verdicts", "set", &row, "--as", "true_positive", "--schema", "phishing"],
            0,
        );
        jan.judge(7, Verdict::FalsePositive);
        jan.share(&server);
        let told = run(&["verdicts", "sync", "--json"], 0).json();
        assert_eq!(
            (&told["sent"], &told["received"], &told["conflicts"]),
            (&1.into(), &1.into(), &1.into())
        );
        let again = run(&["verdicts", "sync"], 0);
        assert!(again.out().contains("0 decisions sent, 0 taken in"), "{}", again.out());
        assert!(
            again.out().contains("1 case on which analysts contradict each other"),
            "{}",
            again.out()
        );
        assert_eq!(jan.share(&server).received, 1);
        let dead = here
            .command()
            .env("NSEC_MONGODB_URI", "mongodb://127.0.0.1:1/team")
            .args(["verdicts", "sync"])
            .output()
            .unwrap();
        assert_eq!(dead.status.code(), Some(4));
        assert!(String::from_utf8_lossy(&dead.stderr).contains("nothing listens there"));
    }

    #[test]
    fn rules_are_shared_and_withdrawn_everywhere() {
        if !available("rules_are_shared_and_withdrawn_everywhere") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        let rule = SuppressionRule {
            id: EventId::new(),
            schema: "phishing".to_owned(),
            condition: "port = 443".to_owned(),
            owner: "mira".to_owned(),
            reason: "our own scanner".to_owned(),
            made_at: Timestamp::now(),
            expires_at: Timestamp::now().next(),
            withdrawn: None,
            hits: 0,
        };
        mira.store.add_rule(&rule, "").unwrap();
        mira.share(&server);
        assert_eq!(jan.share(&server).rules, 1);
        assert_eq!(jan.store.rules("phishing").unwrap(), std::slice::from_ref(&rule));
        jan.store.withdraw_rule(rule.id, "jan", "").unwrap();
        jan.share(&server);
        assert_eq!(mira.share(&server).rules, 1);
        assert_eq!(
            mira.store.rules("phishing").unwrap()[0].withdrawn.as_ref().unwrap().1,
            "jan"
        );
        assert_eq!((mira.share(&server), jan.share(&server)), Default::default());
    }

    #[test]
    fn joined_hosts_hear_of_each_other_by_themselves_and_see_who_looks_at_what() {
        if !available("joined_hosts_hear_of_each_other_by_themselves_and_see_who_looks_at_what") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        mira.judge(1, Verdict::TruePositive);
        let (hers, his) = (mira.join(&server), jan.join(&server));
        wait_for("the stream is heard", || {
            [&hers, &his].iter().all(|team| {
                matches!(
                    team.state().link,
                    Link::Live {
                        hearing: Hearing::Stream,
                        ..
                    }
                )
            })
        });
        wait_for("what was decided before comes", || jan.count() == 1);
        jan.judge(2, Verdict::FalsePositive);
        wait_for("what is decided comes", || mira.count() == 2);
        wait_for("nothing waits any more, and all of it is counted", || {
            let her = hers.state();
            (her.sent, her.received, her.backlog + his.state().backlog) == (1, 1, 0)
        });
        hers.look_at(Some(case(7)));
        wait_for("he sees what she looks at", || {
            let claims = his.state().claims;
            claims.len() == 1 && claims[0].case == case(7) && claims[0].analyst == "mira"
        });
        assert!(hers.state().claims.is_empty(), "one's own is no news");
        hers.look_at(None);
        wait_for("she looks away", || his.state().claims.is_empty());
        hers.look_at(Some(case(8)));
        wait_for("she looks again", || !his.state().claims.is_empty());
        drop(hers);
        wait_for("she is gone", || his.state().claims.is_empty());
    }

    #[test]
    fn a_server_that_cannot_tell_is_asked() {
        if !available("a_server_that_cannot_tell_is_asked") {
            return;
        }
        let server = MongoServer::start(&["--standalone"]);
        let (mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        let hers = mira.join(&server);
        let his = jan.join(&server);
        wait_for("both are there", || is_live(&hers) && is_live(&his));
        jan.judge(1, Verdict::FalsePositive);
        let mut mira = mira;
        wait_for("it comes", || mira.count() == 1);
        wait_for("that she asks is told", || {
            matches!(
                hers.state().link,
                Link::Live {
                    hearing: Hearing::Polling,
                    ..
                }
            )
        });
    }

    #[test]
    fn a_server_that_is_killed_frozen_or_absent_delays_decisions_and_loses_none() {
        if !available("a_server_that_is_killed_frozen_or_absent_delays_decisions_and_loses_none") {
            return;
        }
        let mut server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        let (hers, his) = (mira.join(&server), jan.join(&server));
        wait_for("both are there", || is_live(&hers) && is_live(&his));
        for row in 0..20 {
            mira.judge(row, Verdict::TruePositive);
        }
        server.kill();
        for row in 20..40 {
            mira.judge(row, Verdict::FalsePositive);
        }
        wait_for("the loss is noticed", || matches!(hers.state().link, Link::Lost { .. }));
        wait_for("what waits is counted", || hers.state().backlog >= 20);
        server.again();
        wait_for("all of it comes", || jan.count() == 40);
        server.freeze();
        for row in 30..50 {
            jan.judge(row, Verdict::Duplicate);
        }
        wait_for("the silence is noticed", || {
            matches!(his.state().link, Link::Lost { .. })
        });
        server.thaw();
        wait_for("all of that comes, too", || mira.count() == 60);
        // And what a console left unsent goes with the next one.
        drop(hers);
        server.kill();
        let late = mira.join(&server);
        mira.judge(100, Verdict::Undetermined);
        wait_for("it is told that nobody is there", || {
            matches!(late.state().link, Link::Lost { .. })
        });
        drop(late);
        server.again();
        let again = mira.join(&server);
        wait_for("it goes", || jan.count() == 61);
        wait_for("both know it", || again.state().backlog + his.state().backlog == 0);
        assert_eq!(mira.states(), jan.states());
        // A case is told after its decisions are there: whoever reads the server in between sees the case of before.
        let ours = told_of(&mut mira);
        wait_for("every case is told", || told_by(&server).len() == ours.len());
        wait_for("and as it is now", || told_by(&server) == ours);
    }

    /// What the server is to tell of each case that a host knows.
    fn told_of(host: &mut Host) -> BTreeMap<String, Told> {
        let states = host.states().into_iter();
        let told = states.map(|(case, state)| {
            let verdict = state.verdict.map(|judged| judged.verdict.name().to_owned());
            let decisions = host.cases.history(&case).len() as i64;
            let told = (verdict, state.conflicts.len(), decisions);
            (format!("phishing/{}", case.row), told)
        });
        told.collect()
    }

    /// Runs a command on a collection of decisions.
    fn change(server: &MongoServer, command: mongodb::bson::Document) {
        let answer = server.command("team", command);
        assert!(answer.get_array("writeErrors").is_err(), "{answer}");
    }

    #[test]
    fn what_was_lost_with_an_old_copy_of_the_database_is_sent_again() {
        if !available("what_was_lost_with_an_old_copy_of_the_database_is_sent_again") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        let hers = mira.join(&server);
        for row in 0..8 {
            mira.judge(row, Verdict::TruePositive);
        }
        wait_for("all of it is there", || hers.state().sent == 8);
        drop(hers);
        let gone = mira.cases.history(&case(3))[0].id.to_string();
        change(
            &server,
            doc! { "delete": "nsec_verdicts", "deletes": [{ "q": { "_id": gone }, "limit": 1 }] },
        );
        change(
            &server,
            doc! { "delete": "nsec_cases", "deletes": [{ "q": {}, "limit": 0 }] },
        );
        let again = mira.join(&server);
        wait_for("what is gone is sent again", || again.state().sent == 1);
        wait_for("and every case is told", || told_by(&server).len() == 8);
        assert_eq!(jan.share(&server).received, 8);
        assert_eq!(jan.store.cells("phishing").unwrap().len(), 8);
    }

    #[test]
    fn documents_that_are_not_ours_stop_nobody() {
        if !available("documents_that_are_not_ours_stop_nobody") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        let first = mira.judge(1, Verdict::TruePositive);
        mira.share(&server);
        let twin = first.id.to_string().to_uppercase();
        let documents = vec![
            doc! { "_id": "nonsense", "schema": "phishing" },
            doc! { "_id": EventId::new().to_string(), "change": { "kind": "escalate" }, "schema": "phishing" },
            doc! { "_id": twin, "schema": "phishing", "row": "0000000000000001", "at": "9999-12-31T23:59:59.999Z" },
            doc! { "_id": 7 },
            doc! { "_id": EventId::new().to_string(), "arrived": mongodb::bson::DateTime::from_millis(253_370_764_800_000), "score": f64::NAN },
        ];
        change(&server, doc! { "insert": "nsec_verdicts", "documents": documents });
        // And somebody who edits states by hand.
        let by_hand = doc! { "q": {}, "u": { "$set": { "version": "a lot", "events": 0 } }, "multi": true };
        change(&server, doc! { "update": "nsec_cases", "updates": [by_hand] });
        let told = jan.share(&server);
        assert_eq!((told.received, told.unreadable), (1, 4), "{told:?}");
        jan.judge(1, Verdict::FalsePositive);
        assert_eq!(jan.share(&server).sent, 1);
        assert_eq!(
            told_by(&server)[&format!("phishing/{}", RowId(1))],
            (Some("false_positive".to_owned()), 0, 2)
        );
        let team = mira.join(&server);
        wait_for("it comes to her as well", || mira.count() == 2);
        jan.judge(2, Verdict::FalsePositive);
        jan.share(&server);
        wait_for("and what comes later, too", || mira.count() == 3);
        drop(team);
    }

    #[test]
    fn a_decision_that_the_server_refuses_keeps_no_other_back() {
        if !available("a_decision_that_the_server_refuses_keeps_no_other_back") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        let index = doc! { "key": { "analyst": 1, "row": 1 }, "name": "one_each", "unique": true };
        server.command("team", doc! { "createIndexes": "nsec_verdicts", "indexes": [index] });
        mira.judge(1, Verdict::TruePositive);
        mira.judge(1, Verdict::FalsePositive);
        mira.judge(2, Verdict::TruePositive);
        let told = mira.share(&server);
        assert_eq!((told.sent, told.refused), (2, 1), "{told:?}");
        assert_eq!(jan.share(&server).received, 2);
        assert_eq!(mira.count(), 3, "here it stays");
    }

    #[test]
    fn two_consoles_of_one_workspace_send_and_take_in_everything_once() {
        if !available("two_consoles_of_one_workspace_send_and_take_in_everything_once") {
            return;
        }
        let server = MongoServer::start(&[]);
        let (mut mira, mut jan) = (Host::new("mira"), Host::new("jan"));
        let consoles = [mira.join(&server), mira.join(&server)];
        let his = jan.join(&server);
        wait_for("all are there", || is_live(&his) && consoles.iter().all(is_live));
        for row in 0..10 {
            mira.judge(row, Verdict::TruePositive);
            jan.judge(row, Verdict::TruePositive);
        }
        wait_for("everything is everywhere", || mira.count() == 20 && jan.count() == 20);
        let journal = std::fs::read_to_string(mira.workspace.audit_file()).unwrap();
        let imported: usize = journal.matches("\"analyst\":\"jan\"").count();
        assert_eq!(imported, 10, "each of his once");
        wait_for("the other one says so", || {
            let by_another = |team: &&Team| {
                matches!(
                    team.state().link,
                    Link::Live {
                        hearing: Hearing::Another,
                        ..
                    }
                )
            };
            consoles.iter().filter(by_another).count() == 1 && consoles.iter().all(|team| team.state().backlog == 0)
        });
        // The one that exchanges is gone; the other takes over.
        let [first, second] = consoles;
        drop(first);
        jan.judge(99, Verdict::TruePositive);
        wait_for("it still comes", || mira.count() == 21);
        drop(second);
    }
}

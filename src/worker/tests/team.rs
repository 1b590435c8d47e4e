//! The team's server through the worker: tests of a connection, joining and leaving, the team's runs.

use super::*;
use crate::cancel::CancelToken;
use crate::mongo::{Connection, Found, Given, MongoSettings, Target, find_shared};

#[path = "../../../tests/common/mongo_server.rs"]
mod mongo_server;

use mongo_server::{ENCODED, MongoServer, PASSWORD, available};

fn address(uri: &str) -> TeamAddress {
    TeamAddress {
        uri: Some(Secret::new(uri)),
        password: None,
    }
}

fn with_password(uri: &str, password: &str) -> TeamAddress {
    TeamAddress {
        password: Some(Secret::new(password)),
        ..address(uri)
    }
}

fn test(address: TeamAddress) -> Job {
    Job::Team(TeamJob::Test(address))
}

fn join(uri: &str) -> Job {
    Job::Team(TeamJob::Join(address(uri)))
}

fn push(run: &str) -> Job {
    Job::Team(TeamJob::Push { run: run.to_owned() })
}

fn pull(run: &str, promote: bool) -> Job {
    let run = run.to_owned();
    Job::Team(TeamJob::Pull { run, promote })
}

fn promote(run: &str, expected: Option<&str>) -> Job {
    Job::Team(TeamJob::Promote {
        run: run.to_owned(),
        expected: expected.map(str::to_owned),
    })
}

fn runs(house: &House) -> TeamRuns {
    match house.ask(Job::Team(TeamJob::Runs)) {
        Reply::TeamRuns(runs) => runs,
        other => panic!("{other:?}"),
    }
}

fn changed(house: &House, job: Job) -> String {
    match house.ask(job) {
        Reply::TeamChanged(text) => text,
        other => panic!("{other:?}"),
    }
}

/// A port of this host on which nothing listens.
const CLOSED: &str = "mongodb://127.0.0.1:1/team";

#[test]
fn what_is_missing_is_asked_for_where_it_can_be_typed() {
    let house = House::new();
    let failure = house.fail(test(address("mongodb://bob@127.0.0.1:1/team")));
    assert!(
        failure
            .message
            .contains("no password for user bob; type it in the dialog"),
        "{failure:?}"
    );
    let failure = house.fail(test(address("mongodb://bob:zebra/7@127.0.0.1:1/team")));
    assert!(
        failure.message.contains("the MongoDB address cannot be read"),
        "{failure:?}"
    );
    assert!(!format!("{failure:?}").contains("zebra"));
    for job in [
        Job::Team(TeamJob::Runs),
        push("champion"),
        pull("x", true),
        promote("x", None),
    ] {
        let failure = house.fail(job);
        let text = &failure.message;
        assert!(
            text.contains("no team's server is joined") || text.contains("champion"),
            "{text}"
        );
    }
}

#[test]
fn a_server_that_is_not_there_is_joined_at_once_and_left_for_good() {
    let house = House::new();
    let uri = CLOSED;
    let first = house.submit(join(uri));
    let Reply::Team(Some(state)) = house.heard.reply(first) else {
        panic!("not joined");
    };
    assert!(state.server.contains(uri.trim_start_matches("mongodb://")), "{state:?}");
    assert!(!matches!(state.link, Link::Live { .. }), "{state:?}");
    let second = house.submit(join(uri));
    assert!(matches!(house.heard.reply(second), Reply::Team(Some(_))));
    let left = house.submit(Job::Team(TeamJob::Leave));
    assert_eq!(house.heard.reply(left), Reply::Team(None));
    let told = |ticket| house.heard.of(ticket).len();
    let before = (told(first), told(second));
    std::thread::sleep(Duration::from_millis(1_200));
    assert_eq!((told(first), told(second)), before, "what is left says nothing more");
    assert!(house.fail(Job::Team(TeamJob::Runs)).message.contains("joined"));
}

#[test]
fn a_server_stays_joined_where_another_cannot_be() {
    let house = House::new();
    let first = house.submit(join(CLOSED));
    assert!(matches!(house.heard.reply(first), Reply::Team(Some(_))));
    let second = house.submit(join("mongodb://bob@127.0.0.1:1/team"));
    assert!(matches!(house.heard.end(second), Report::Failed(_)));
    // How the one before stands is heard through the job that failed.
    house
        .heard
        .wait(second, |report| matches!(report, Report::Team(_)).then_some(()));
    let failure = house.fail(Job::Team(TeamJob::Runs));
    assert!(!failure.message.contains("no team's server is joined"), "{failure:?}");
}

#[test]
fn a_test_of_a_server_that_says_nothing_can_be_given_up() {
    let house = House::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("mongodb://{}/team", silent.local_addr().unwrap());
    let ticket = house.submit(test(address(&uri)));
    house
        .heard
        .wait(ticket, |report| matches!(report, Report::Progress { .. }).then_some(()));
    house.worker.cancel(ticket);
    assert_eq!(house.heard.end(ticket), Report::Cancelled);
}

#[test]
fn a_connection_is_tested_with_what_was_typed() {
    if !available("a_connection_is_tested_with_what_was_typed") {
        return;
    }
    let server = MongoServer::with_users();
    let house = House::new();
    let uri = server.uri_of("bob", "team");
    let Reply::TeamTested(found) = house.ask(test(with_password(&uri, PASSWORD))) else {
        panic!("not tested");
    };
    assert_eq!((found.user.as_deref(), found.database.as_str()), (Some("bob"), "team"));
    assert!(
        found.read && found.write && !found.tls && found.latency_ms > 0.0,
        "{found:?}"
    );
    assert!(found.server.ends_with(&server.port.to_string()), "{found:?}");
    // What is typed goes before what stands in the address.
    let wrong = format!("mongodb://bob:wrong@127.0.0.1:{}/team?authSource=admin", server.port);
    assert!(matches!(
        house.ask(test(with_password(&wrong, PASSWORD))),
        Reply::TeamTested(_)
    ));
    let right = format!(
        "mongodb://bob:{ENCODED}@127.0.0.1:{}/team?authSource=admin",
        server.port
    );
    assert!(matches!(house.ask(test(address(&right))), Reply::TeamTested(_)));
    let failure = house.fail(test(with_password(&uri, "zebra-wrong-7")));
    assert!(failure.message.contains("login refused for user bob"), "{failure:?}");
    let all = format!("{:?}", house.heard.all());
    assert!(!all.contains("zebra"), "{all}");
}

#[test]
fn a_team_shares_its_runs() {
    if !available("a_team_shares_its_runs") {
        return;
    }
    let server = MongoServer::start(&[]);
    let author = House::new();
    let Reply::Trained(trained) = author.ask(train(quick())) else {
        panic!("nothing was trained");
    };
    let run = trained.run_id.as_str();
    author.ask(join(&server.uri("team")));
    assert_eq!(runs(&author).runs, []);
    let text = changed(&author, push(run));
    assert!(text.starts_with(&format!("run {run} shared: ")), "{text}");
    assert_eq!(changed(&author, push(run)), format!("run {run} is there already"));

    let colleague = House::new();
    colleague.ask(join(&server.uri("team")));
    let list = runs(&colleague);
    assert_eq!((list.champion, list.runs.len()), (None, 1));
    assert_eq!(list.server, format!("127.0.0.1:{}/team", server.port));
    let line = &list.runs[0];
    assert_eq!(
        (line.run_id.as_str(), line.here, line.model.as_deref()),
        (run, false, Some("naive_bayes_categorical"))
    );
    assert!(line.bytes > 1_000 && line.test_f1.is_some() && line.test_pr_auc.is_some() && !line.by.is_empty());

    // A champion that was not on the screen: somebody looked at another state.
    let failure = colleague.fail(promote(run, Some("20260101T000000Z-0000")));
    assert!(failure.message.contains("decide again"), "{failure:?}");
    assert_eq!(
        changed(&colleague, promote(run, None)),
        format!("{run} is the team's champion")
    );
    assert_eq!(runs(&author).champion.as_deref(), Some(run));
    assert_eq!(runs(&author).runs[0].names, ["champion"]);

    let text = changed(&colleague, pull("champion", true));
    assert!(
        text.starts_with(&format!("{run} is champion here now; fetched ")),
        "{text}"
    );
    assert!(runs(&colleague).runs[0].here);
    let Reply::Runs(here) = colleague.ask(Job::Runs(RunsJob::List)) else {
        panic!("no list");
    };
    assert_eq!(here.champion.as_deref(), Some(run));
    let audit = fs::read_to_string(colleague.workspace.audit_file()).unwrap();
    assert!(
        audit
            .lines()
            .any(|line| line.contains("promote champion") && line.contains(run)),
        "{audit}"
    );
    assert_eq!(
        changed(&colleague, pull(run, false)),
        format!("run {run} is there already")
    );
    assert!(
        colleague
            .fail(pull("nobody", false))
            .message
            .contains("no shared run nobody")
    );
}

#[test]
fn a_push_that_is_given_up_shares_nothing_and_can_be_made_again() {
    if !available("a_push_that_is_given_up_shares_nothing_and_can_be_made_again") {
        return;
    }
    let server = MongoServer::start(&[]);
    let house = House::new();
    let Reply::Trained(trained) = house.ask(train(quick())) else {
        panic!("nothing was trained");
    };
    house.ask(join(&server.uri("team")));
    assert_eq!(runs(&house).runs, []);
    server.freeze();
    let ticket = house.submit(push(&trained.run_id));
    house
        .heard
        .wait(ticket, |report| matches!(report, Report::Progress { .. }).then_some(()));
    house.worker.cancel(ticket);
    assert_eq!(house.heard.end(ticket), Report::Cancelled);
    server.thaw();
    assert!(changed(&house, push(&trained.run_id)).contains("shared: "));
    let given = Given {
        uri: Some(server.uri("team")),
        ..Given::default()
    };
    let Ok(Found::Ready(target)) = Target::find(&MongoSettings::default(), &given) else {
        panic!("no target");
    };
    let connection = Connection::open(target).unwrap();
    assert!(find_shared(&connection, &trained.run_id, &CancelToken::new()).is_ok());
}

//! Owns the tests of what goes before what, and of where passwords come from.

use super::*;

fn settings(uri: &str) -> MongoSettings {
    MongoSettings {
        uri: Some(HiddenUri::new(uri)),
        ..MongoSettings::default()
    }
}

fn ready(found: Result<Found, MongoError>) -> Target {
    match found.unwrap() {
        Found::Ready(target) => target,
        Found::AskPassword(target) => panic!("no password for {target:?}"),
    }
}

fn password(target: &Target) -> &str {
    target.password.as_ref().unwrap().reveal()
}

#[test]
fn the_command_line_goes_before_the_environment_before_the_settings() {
    let mut given = Given::default();
    let of_settings = settings("mongodb://settings/a");
    assert!(matches!(
        Target::find(&MongoSettings::default(), &given),
        Err(MongoError::NoAddress)
    ));
    assert_eq!(ready(Target::find(&of_settings, &given)).address.hosts(), "settings");
    given.uri_variable = Some("mongodb://variable/b".to_owned());
    assert_eq!(ready(Target::find(&of_settings, &given)).address.hosts(), "variable");
    given.uri = Some("mongodb://option/c".to_owned());
    let target = ready(Target::find(&of_settings, &given));
    assert_eq!((target.address.hosts(), target.database.as_str()), ("option", "c"));
}

#[test]
fn the_database_is_the_addresss_then_the_settings_then_ours() {
    let mut plain = settings("mongodb://host");
    assert_eq!(ready(Target::find(&plain, &Given::default())).database, "nsec");
    plain.database = Some("team".to_owned());
    assert_eq!(ready(Target::find(&plain, &Given::default())).database, "team");
    plain.uri = Some(HiddenUri::new("mongodb://host/own"));
    assert_eq!(ready(Target::find(&plain, &Given::default())).database, "own");
}

#[test]
fn a_password_comes_from_the_address_the_variable_the_file_or_the_person() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("pw"), "of file\nsecond line\n").unwrap();
    let mut given = Given {
        base: directory.path().to_path_buf(),
        ..Given::default()
    };
    let mut all = settings("mongodb://bob@host");
    let asked = Target::find(&all, &given).unwrap().complete(|user| {
        assert_eq!(user, "bob");
        Ok(Some(Secret::new("of person")))
    });
    assert_eq!(password(&asked.unwrap()), "of person");
    let nobody = Target::find(&all, &given).unwrap().complete(|_| Ok(None));
    assert!(matches!(nobody, Err(MongoError::NoPassword { user }) if user == "bob"));
    all.password_file = Some("pw".into());
    assert_eq!(password(&ready(Target::find(&all, &given))), "of file");
    given.password_variable = Some(Secret::new("of variable"));
    assert_eq!(password(&ready(Target::find(&all, &given))), "of variable");
    all.uri = Some(HiddenUri::new("mongodb://bob:of%20address@host"));
    assert_eq!(password(&ready(Target::find(&all, &given))), "of address");
    all.uri = Some(HiddenUri::new("mongodb://host"));
    assert_eq!(ready(Target::find(&all, &given)).password, None);
}

#[test]
fn a_password_file_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("empty"), "\n").unwrap();
    let given = Given {
        base: directory.path().to_path_buf(),
        ..Given::default()
    };
    for (name, part) in [
        ("absent", "cannot be opened"),
        ("empty", "first line is empty"),
        (".", "cannot be read"),
    ] {
        let mut all = settings("mongodb://bob@host");
        all.password_file = Some(name.into());
        let message = Target::find(&all, &given).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn nothing_that_is_shown_or_written_holds_the_password() {
    let hidden = settings("mongodb://bob:zebra7@host/db");
    let target = ready(Target::find(&hidden, &Given::default()));
    let given = Given {
        password_variable: Some(Secret::new("zebra7")),
        ..Given::default()
    };
    for shown in [
        format!("{hidden:?}"),
        serde_json::to_string(&hidden).unwrap(),
        format!("{target:?}"),
        format!("{:?}", given.password_variable),
        format!("{}", Secret::new("zebra7")),
    ] {
        assert!(!shown.contains("zebra7"), "{shown}");
    }
    assert!(format!("{hidden:?}").contains("mongodb://host/db"));
    assert!(format!("{:?}", settings("mongodb://bob:zeb@ra7@host/db")).contains("***"));
    let wrong = settings("mongodb://bob:zeb@ra7@host/db").check().unwrap_err();
    assert_eq!(wrong.0, "uri");
    assert!(!wrong.1.contains("ra7"), "{}", wrong.1);
    assert_eq!(Secret::new("zebra7").scrub("no zebra7 here"), "no *** here");
    assert_eq!(Secret::new("a").scrub("a cat"), "a cat");
}

#[test]
fn where_a_user_is_looked_up() {
    let of = |uri: &str| {
        ready(Target::find(&settings(uri), &Given::default()))
            .login_database()
            .to_owned()
    };
    assert_eq!(of("mongodb://bob:x@host"), "admin");
    assert_eq!(of("mongodb://bob:x@host/team"), "team");
    assert_eq!(of("mongodb://bob:x@host/team?authSource=people"), "people");
}

#[test]
fn a_server_is_shown_as_it_may_be_before_anything_is_asked_or_read() {
    assert_eq!(Target::named(&MongoSettings::default(), &Given::default()), None);
    let mut named = settings("mongodb://bob:zebra7@db.example:27017,other/team.rows?tls=true");
    // A password file that is not there is told of when it is needed.
    named.password_file = Some("nowhere".into());
    let shown = Target::named(&named, &Given::default());
    assert_eq!(shown.as_deref(), Some("db.example:27017,other/team"));
    let given = Given {
        uri_variable: Some("mongodb://bob:zebra7@env.example".to_owned()),
        ..Given::default()
    };
    named.database = Some("ours".to_owned());
    assert_eq!(Target::named(&named, &given).as_deref(), Some("env.example/ours"));
    let unreadable = Given {
        uri_variable: Some("mongodb://bob:zeb@ra7@h".to_owned()),
        ..Given::default()
    };
    let shown = Target::named(&named, &unreadable).unwrap();
    assert!(!shown.contains("ra7") && shown.contains("cannot be read"), "{shown}");
    let target = ready(Target::find(
        &settings("mongodb://bob:zebra7@h:1/db"),
        &Given::default(),
    ));
    assert_eq!(target.shown(), "h:1/db");
}

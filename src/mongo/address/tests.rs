//! Owns the tests of addresses: what is read, what is refused, and that no part of a password is ever repeated.

use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> Address {
    Address::parse(text).unwrap()
}

fn refused(text: &str) -> String {
    Address::parse(text).unwrap_err().to_string()
}

#[test]
fn an_address_is_taken_apart_and_shown_without_its_login() {
    let address = parsed(
        "mongodb://bob:p%40ss%3Fw%25rd%3A%2F@db.example:27018,other/team.flows?tls=true&authSource=admin&appName=a%20b",
    );
    assert_eq!(address.user.as_deref(), Some("bob"));
    assert_eq!(address.password.as_ref().unwrap().reveal(), "p@ss?w%rd:/");
    assert_eq!(address.database.as_deref(), Some("team"));
    assert_eq!(address.collection.as_deref(), Some("flows"));
    assert_eq!(address.option("authsource"), Some("admin"));
    assert_eq!(address.to_string(), "mongodb://db.example:27018,other/team.flows");
    assert_eq!(
        format!("{address:?}"),
        "Address(mongodb://db.example:27018,other/team.flows)"
    );
    assert_eq!(
        address.for_driver(),
        "mongodb://db.example:27018,other/?tls=true&appname=a%20b"
    );
    assert_eq!(
        address.without_password(),
        "mongodb://bob@db.example:27018,other/team.flows?tls=true&authsource=admin&appname=a%20b"
    );
}

#[test]
fn the_least_address_names_a_host() {
    let address = parsed("MongoDB://localhost");
    assert_eq!(
        (address.user, address.password, address.database, address.collection),
        (None, None, None, None)
    );
    assert_eq!(parsed("mongodb://[::1]:27017/").hosts(), "[::1]:27017");
    assert!(
        parsed("mongodb+srv://cluster.example/team")
            .for_driver()
            .starts_with("mongodb+srv://cluster.example/")
    );
}

#[test]
fn a_password_that_is_not_encoded_is_refused_without_a_word_of_it() {
    let cases = [
        "mongodb://bob:zebra@ss@host/db",
        "mongodb://bob:zebra?ss@host/db",
        "mongodb://bob:zebra/ss@host/db",
        "mongodb://bob:zebra@s?s@host/db",
        "mongodb://bob:zebra%ss@host/db",
        "mongodb://bob:zebra:ss@host/db",
        "mongodb://bob:zebra#ss@host/db",
        "mongodb://bob:zebra ss@host/db",
    ];
    for case in cases {
        let message = refused(case);
        assert!(
            message.contains("%40") && message.contains("NSEC_MONGODB_PASSWORD"),
            "{case}: {message}"
        );
        assert!(!message.contains("zebra") && !message.contains("ss@"), "{message}");
    }
}

#[test]
fn other_mistakes_are_named() {
    for (text, part) in [
        ("http://host", "does not begin with"),
        ("mongodb://", "a host is missing"),
        ("mongodb://a,,b", "a host is missing"),
        ("mongodb://host:0", "a port"),
        ("mongodb://host:zebra", "a port"),
        ("mongodb+srv://host:27017", "no port"),
        ("mongodb+srv://a,b", "one host"),
        ("mongodb://@host", "no user name"),
        ("mongodb://host/a$b", "database"),
        ("mongodb://host/db.system.users", "collection"),
        ("mongodb://host/db?tls", "no value"),
        ("mongodb://host/?tlsCertificateKeyFilePassword=zebra", "not supported"),
    ] {
        let message = refused(text);
        assert!(message.contains(part), "{text}: {message}");
        assert!(!message.contains("zebra"), "{message}");
    }
}

#[test]
fn text_with_an_address_is_cut_even_where_it_cannot_be_read() {
    assert_eq!(
        redacted("cannot use mongodb://bob:z@b?r/a b@host:1/db"),
        "cannot use mongodb://***@host:1/db"
    );
    assert_eq!(redacted("mongodb://host/db"), "mongodb://host/db");
    assert_eq!(redacted("mail a@b"), "mail a@b");
}

proptest! {
    /// Whatever a password is, an address that holds it encoded gives it back, and nothing that is shown has it.
    #[test]
    fn passwords_come_through_and_are_never_shown(password in "\\PC{1,24}", user in "[a-z@:/?%]{1,8}") {
        let text = format!("mongodb://{}:{}@host.example/db", encoded(&user), encoded(&password));
        let address = parsed(&text);
        prop_assert_eq!(address.password.as_ref().unwrap().reveal(), &password);
        prop_assert_eq!(address.user.as_deref(), Some(user.as_str()));
        prop_assert_eq!(address.to_string(), "mongodb://host.example/db");
        prop_assert_eq!(address.for_driver(), "mongodb://host.example/");
        prop_assert_eq!(address.without_password(), format!("mongodb://{}@host.example/db", encoded(&user)));
    }

    /// No text makes it panic, and what it says about a text with a word in it never has the word.
    #[test]
    fn no_text_is_repeated(before in "\\PC{0,20}", after in "\\PC{0,20}") {
        for text in [format!("{before}Zebra7{after}"), format!("mongodb://{before}:Zebra7{after}@host")] {
            if let Err(error) = Address::parse(&text) {
                prop_assert!(!error.to_string().contains("Zebra7"), "{}", error);
            }
        }
    }
}

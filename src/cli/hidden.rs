//! Owns taking passwords out of the command line: addresses given there stand in the list of processes for all to read.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::error::CliError;
use super::print;
use crate::mongo::{Address, PASSWORD_VARIABLE, Secret};

const ADVICE: &str = "warning: other users may have seen the password on the command line, and the shell remembers it; give it by \
                      NSEC_MONGODB_PASSWORD, mongo.password_file or when asked";

/// Starts this program anew, in the same process, if an address on the command line holds a password: without it there, and
/// with it in the environment, which only the same user can read.
///
/// # Errors
/// An address that cannot be read, or two of different passwords. Nothing of them is repeated.
pub(super) fn take_passwords_out() -> Result<(), CliError> {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    let Some((clean, password)) = without_passwords(arguments)? else {
        return Ok(());
    };
    print::line_err(ADVICE);
    if let Ok(program) = std::env::current_exe() {
        // Comes back only if it fails, as after the program's file was replaced; then the arguments stay as they are.
        let _error = Command::new(program)
            .arg0(name)
            .args(clean)
            .env(PASSWORD_VARIABLE, password.reveal())
            .exec();
    }
    Ok(())
}

/// The arguments without the password that they hold; `None` if they hold none.
fn without_passwords(arguments: impl Iterator<Item = OsString>) -> Result<Option<(Vec<OsString>, Secret)>, CliError> {
    let mut password: Option<Secret> = None;
    let mut clean = Vec::new();
    for argument in arguments {
        let Some((before, address)) = address_in(&argument) else {
            clean.push(argument);
            continue;
        };
        let parsed = Address::parse(address)?;
        let Some(found) = &parsed.password else {
            clean.push(argument);
            continue;
        };
        if password.as_ref().is_some_and(|known| known != found) {
            return Err(CliError::Usage(
                "two addresses with different passwords cannot be used at once".to_owned(),
            ));
        }
        password = Some(found.clone());
        clean.push(format!("{before}{}", parsed.without_password()).into());
    }
    Ok(password.map(|password| (clean, password)))
}

/// The address that an argument is, or that stands behind its `--name=`.
fn address_in(argument: &OsStr) -> Option<(&str, &str)> {
    let text = argument.to_str()?;
    if Address::is_meant(text) {
        return Some(("", text));
    }
    let at = text.find('=').filter(|_| text.starts_with("--"))? + 1;
    let (before, value) = text.split_at(at);
    Address::is_meant(value).then_some((before, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(arguments: &[&str]) -> Result<Option<(Vec<OsString>, Secret)>, CliError> {
        without_passwords(arguments.iter().map(OsString::from))
    }

    #[test]
    fn the_password_leaves_the_arguments_and_nothing_else_changes() {
        let (clean, password) = cleaned(&[
            "mongo",
            "pull",
            "x",
            "f.csv",
            "--uri",
            "mongodb://bob:p%40%3Fw@h:1/db?tls=true",
            "--json",
        ])
        .unwrap()
        .unwrap();
        assert_eq!(
            clean,
            [
                "mongo",
                "pull",
                "x",
                "f.csv",
                "--uri",
                "mongodb://bob@h:1/db?tls=true",
                "--json"
            ]
        );
        assert_eq!(password.reveal(), "p@?w");
        let (clean, _) = cleaned(&["train", "--data=mongodb://bob:zebra7@h/db.rows"])
            .unwrap()
            .unwrap();
        assert_eq!(clean, ["train", "--data=mongodb://bob@h/db.rows"]);
    }

    #[test]
    fn addresses_that_results_go_to_lose_theirs_as_well() {
        let (clean, password) = cleaned(&[
            "predict",
            "mongodb://bob:zebra7@h/db.rows",
            "--output",
            "mongodb://bob:zebra7@h/db.scored?authSource=admin",
        ])
        .unwrap()
        .unwrap();
        let expected = [
            "predict",
            "mongodb://bob@h/db.rows",
            "--output",
            "mongodb://bob@h/db.scored?authsource=admin",
        ];
        assert_eq!(
            (&clean[..], password.reveal()),
            (&expected.map(OsString::from)[..], "zebra7")
        );
        let (clean, _) = cleaned(&["validate", "--report-to=MONGODB://bob:zebra7@h/db.reports"])
            .unwrap()
            .unwrap();
        assert_eq!(clean, ["validate", "--report-to=mongodb://bob@h/db.reports"]);
        let error = cleaned(&["predict", "a.csv", "--output=mongodb://bob:zebra/7@h/db.x"]).unwrap_err();
        assert!(
            error.exit_code() == 2 && !error.to_string().contains("zebra"),
            "{error}"
        );
    }

    #[test]
    fn without_a_password_nothing_happens() {
        for arguments in [
            &["mongo", "ping", "--uri", "mongodb://bob@h"][..],
            &["train", "--data", "a=mongodb:b"],
            &[],
        ] {
            assert!(cleaned(arguments).unwrap().is_none());
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_a_word_of_it() {
        for argument in ["mongodb://bob:zebra@7@h", "--uri=mongodb://bob:zebra?7@h"] {
            let error = cleaned(&[argument]).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(!error.to_string().contains("zebra"), "{error}");
        }
        let two = cleaned(&["mongodb://a:x1@h", "mongodb://a:x2@h"]).unwrap_err();
        assert_eq!(two.exit_code(), 2);
    }
}

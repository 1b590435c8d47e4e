//! Owns what a wrong command line is told: one line that says what is wrong, and one that says where help is.

use clap::error::ErrorKind;
use clap::{Command, CommandFactory as _};

use super::args::Cli;
use super::print;
use crate::text::visible_text;

/// Shows what clap has to say, and answers the exit code: help and version on standard output, errors in two lines on
/// standard error.
pub(super) fn show(error: &clap::Error) -> u8 {
    let code = u8::try_from(error.exit_code()).unwrap_or(2);
    let is_help = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    );
    if is_help {
        // Standard output may be closed already, as by `| head`.
        let _ = error.print();
        return code;
    }
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|a| a.to_string_lossy().into_owned())
        .collect();
    for line in lines(&error.render().to_string(), &arguments) {
        print::line_err(&visible_text(&line));
    }
    code
}

/// The two lines of an error as clap renders it: paragraphs of what is wrong, tips, usage, and where help is.
fn lines(rendered: &str, arguments: &[String]) -> [String; 2] {
    let mut rendered = rendered.to_owned();
    // A password in an address must not reach a log that keeps standard error.
    for (address, scheme) in arguments.iter().filter_map(|argument| address_in(argument)) {
        rendered = rendered.replace(address, &format!("{scheme}://…"));
    }
    let mut what = String::new();
    let mut usage = String::new();
    for paragraph in rendered.split("\n\n") {
        let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some(problem) = text.strip_prefix("error: ") {
            problem.clone_into(&mut what);
        } else if let Some(tip) = text.strip_prefix("tip: ") {
            what.push_str("; ");
            what.push_str(tip);
        } else if let Some(line) = text.strip_prefix("Usage: ") {
            line.clone_into(&mut usage);
        }
    }
    let command = if usage.is_empty() {
        named_command(arguments)
    } else {
        usage
            .split(' ')
            .skip(1)
            .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
            .fold("nsec-tui".to_owned(), |command, word| command + " " + word)
    };
    [format!("nsec-tui: {what}"), format!("try `{command} --help`")]
}

/// The command that the arguments name, for errors that say nothing of it: of values, for one.
fn named_command(arguments: &[String]) -> String {
    let program = Cli::command();
    let mut at = &program;
    let mut named = program.get_name().to_owned();
    let mut arguments = arguments.iter().take_while(|argument| *argument != "--");
    while let Some(argument) = arguments.next() {
        if takes_next(&program, at, argument) {
            arguments.next();
        } else if let Some(command) = at.find_subcommand(argument) {
            at = command;
            named = named + " " + command.get_name();
        }
    }
    named
}

/// Whether an argument is an option whose value is the next one.
fn takes_next(program: &Command, at: &Command, argument: &str) -> bool {
    let Some(name) = argument.strip_prefix("--") else {
        return false;
    };
    let options = program.get_arguments().chain(at.get_arguments());
    let mut of_this_name = options.filter(|option| option.get_long() == Some(name));
    of_this_name.any(|option| option.get_action().takes_values())
}

/// The address in an argument such as `--data=mongodb://…`, to its end, and its scheme.
fn address_in(argument: &str) -> Option<(&str, &str)> {
    let (before, _) = argument.split_once("://")?;
    let of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let start = before
        .rfind(|c| !of_scheme(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    Some((&argument[start..], &before[start..]))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn told(arguments: &[&str]) -> [String; 2] {
        let all = ["nsec-tui"].iter().chain(arguments);
        let error = Cli::try_parse_from(all).unwrap_err();
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        lines(&error.render().to_string(), &arguments)
    }

    #[test]
    fn says_what_is_wrong_and_where_help_is() {
        assert_eq!(
            told(&["validate", "--jsn"]),
            [
                "nsec-tui: unexpected argument '--jsn' found; a similar argument exists: '--json'",
                "try `nsec-tui validate --help`"
            ]
        );
        assert_eq!(
            told(&["predict"]),
            [
                "nsec-tui: the following required arguments were not provided: <INPUT>...",
                "try `nsec-tui predict --help`"
            ]
        );
    }

    #[test]
    fn the_command_is_named_where_the_error_does_not() {
        let [what, help] = told(&["predict", "x.csv", "--explain", "many"]);
        assert!(what.contains("invalid value 'many'"), "{what}");
        assert_eq!(help, "try `nsec-tui predict --help`");
        let [_, help] = told(&["--log-level", "loud", "runs", "list"]);
        assert_eq!(help, "try `nsec-tui runs list --help`");
        let [_, help] = told(&["--workspace", "runs", "train", "--seed", "x"]);
        assert_eq!(help, "try `nsec-tui train --help`");
        let [_, help] = told(&[
            "runs",
            "--workspace=show",
            "--config",
            "show",
            "list",
            "--log-level",
            "x",
        ]);
        assert_eq!(help, "try `nsec-tui runs list --help`");
    }

    #[test]
    fn never_repeats_an_address() {
        // Without a collection, which is why they are refused.
        for arguments in [
            ["validate", "--data", "mongodb://u:secret@h/db"],
            ["validate", "--data=mongodb://u:secret@h/db", "--json"],
            ["validate", "--report-to=mongodb://u:secret@h/db", "--json"],
            ["predict", "x.csv", "--mongodb://u:secret@h/db.c"],
        ] {
            let text = told(&arguments).join(" ");
            assert!(!text.contains("secret"), "{text}");
            assert!(text.contains("mongodb://"), "{text}");
        }
    }
}

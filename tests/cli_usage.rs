//! What holds for every command: help, completions, the manual, wrong use in two lines, settings, colours.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use crate::common::{Outcome, PROGRAM, Workspace, bundled, program};

    const COMMANDS: [&[&str]; 18] = [
        &[],
        &["train"],
        &["validate"],
        &["predict"],
        &["schema"],
        &["schema", "generate"],
        &["schema", "check"],
        &["runs"],
        &["runs", "list"],
        &["runs", "show"],
        &["runs", "compare"],
        &["runs", "promote"],
        &["runs", "rollback"],
        &["runs", "prune"],
        &["generate"],
        &["generate", "flows"],
        &["generate", "phishing"],
        &["completions"],
    ];

    #[test]
    fn every_command_has_help_and_refuses_what_it_does_not_know() {
        for command in COMMANDS {
            for flag in ["--help", "-h"] {
                let outcome = Outcome::of(program().args(command).arg(flag));
                outcome.check(0);
                let out = outcome.out();
                assert!(
                    out.contains("Usage: nsec-tui") && outcome.stderr.is_empty(),
                    "{command:?}: {out}"
                );
                assert!(out.lines().all(|l| l.chars().count() <= 100), "{command:?}: {out}");
            }
            let outcome = Outcome::of(program().args(command).arg("--frobnicate"));
            outcome.check(2);
            assert!(outcome.stdout.is_empty());
            let err = outcome.err();
            let lines: Vec<&str> = err.lines().collect();
            assert_eq!(lines.len(), 2, "{command:?}: {err}");
            assert!(lines[0].contains("--frobnicate"), "{err}");
            let hint = lines[1]
                .strip_prefix("try `")
                .and_then(|l| l.strip_suffix("`"))
                .unwrap();
            let mut words = hint.split(' ');
            assert_eq!(words.next(), Some("nsec-tui"));
            Outcome::of(program().args(words)).check(0);
        }
        Outcome::of(program().arg("--version")).check(0);
    }

    #[test]
    fn wrong_use_names_what_is_wrong_and_the_nearest_right() {
        let workspace = Workspace::new();
        for (arguments, words) in [
            (&["validat"][..], &["validat", "'validate'"][..]),
            (&["validate", "--jsn"], &["--jsn", "'--json'"]),
            (&["predict"], &["<INPUT>"]),
            (&["train", "--search", "fast"], &["fast", "none, grid or random"]),
            (&["train", "--threads", "0"], &["0"]),
            (
                &["train", "--models", "logistc_regression"],
                &["logistc_regression", "logistic_regression"],
            ),
            (&["train", "--select-by", "f2"], &["f2", "pr_auc"]),
            (&["train", "--test-fraction", "2"], &["2"]),
            (&["train", "--threshold-by", "cost:1"], &["cost:1"]),
            (&["completions", "tcsh"], &["tcsh", "zsh"]),
            (&["validate", "--data", ""], &["name a file"]),
            (
                &["predict", "mongodb://u:secret@h/db"],
                &["mongodb://", "DATABASE.COLLECTION"],
            ),
            (&["--log-level", "loud", "validate"], &["loud"]),
            (&["runs", "prune"], &["--keep"]),
        ] {
            let outcome = Outcome::of(workspace.command().args(arguments));
            outcome.check(2);
            let err = outcome.err();
            assert!(words.iter().all(|w| err.contains(w)), "{arguments:?}: {err}");
            assert!(!err.contains("secret"), "{err}");
            assert!(outcome.stdout.is_empty());
        }
        // No command at all is the console, which needs a terminal.
        let outcome = Outcome::of(&mut program());
        assert_eq!(outcome.code, Some(2));
        assert!(
            outcome.err().contains("needs a terminal; give a command"),
            "{}",
            outcome.err()
        );
    }

    #[test]
    fn completions_for_every_shell_and_the_manual_know_every_command() {
        for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
            let script = Outcome::of(program().args(["completions", shell]));
            script.check(0);
            let text = script.out();
            for word in ["train", "validate", "predict", "rollback", "alerts", "flows"] {
                assert!(text.contains(word), "{shell} does not know {word}");
            }
        }
        let manual = Outcome::of(program().arg("man")).out();
        // A group (`runs`) has no section: its commands have.
        let is_group = |c: &[&str]| {
            COMMANDS
                .iter()
                .any(|other| other.len() > c.len() && other.starts_with(c))
        };
        for command in COMMANDS.iter().filter(|c| !is_group(c)) {
            let heading = format!(".SH \"NSEC-TUI {}\"", command.join(" ").to_uppercase());
            assert!(manual.contains(&heading), "{heading} is not in the manual");
        }
    }

    #[test]
    fn a_settings_file_that_cannot_be_meant_is_refused_with_line_and_nearest_key() {
        let workspace = Workspace::new();
        workspace.write("in.csv", bundled(20));
        for (text, words) in [
            (
                "training:\n  trails: 5\n",
                &["line 2", "training.trails", "`trials`"][..],
            ),
            (
                "# a comment\n\ntrainig:\n  trials: 5\n",
                &["line 3", "trainig", "`training`"],
            ),
            ("training:\n  trials: many\n", &["line 2", "trials"]),
            ("training: [\n", &["nsec.yaml"]),
            ("training:\n  trials: 5\n  trials: 6\n", &["trials"]),
            ("validation:\n  max_rejected_fraction: -1\n", &["max_rejected_fraction"]),
        ] {
            workspace.write("nsec.yaml", text);
            for command in [&["validate", "--data", "in.csv"][..], &["runs", "list"]] {
                let error = {
                    let outcome = Outcome::of(workspace.command().args(command));
                    outcome.check(2);
                    outcome.error()
                };
                assert!(words.iter().all(|w| error.contains(w)), "{text}: {error}");
            }
        }
        // Another file can be named, and an empty one sets nothing.
        workspace.write("other.yaml", "");
        workspace.run(&[&"validate", &"--data", &"in.csv", &"--config", &"other.yaml"], 0);
    }

    #[test]
    fn json_stands_alone_on_standard_output() {
        let workspace = Workspace::with_champion();
        workspace.write("in.csv", bundled(200));
        for command in [
            &["validate", "--data", "in.csv", "--json"][..],
            &["predict", "in.csv", "--json"],
            &["predict", "in.csv", "--json", "--log-level", "trace"],
            &["runs", "list", "--json"],
            &["runs", "show", "champion", "--json"],
        ] {
            let outcome = Outcome::of(workspace.command().args(command));
            outcome.check(0);
            outcome.json();
        }
    }

    /// On a terminal of its own, by `script` of util-linux.
    #[test]
    fn no_color_sends_no_colour_to_a_terminal() {
        let workspace = Workspace::with_champion();
        workspace.write("in.csv", bundled(200));
        let on_terminal = |line: &str, no_color: bool| {
            let mut command = Command::new("script");
            command.args(["-qec", line, "/dev/null"]).stdin(Stdio::null());
            command.env("TERM", "xterm-256color").env_remove("NO_COLOR");
            if no_color {
                command.env("NO_COLOR", "1");
            }
            command
                .output()
                .ok()
                .filter(|o| o.status.code() != Some(127))
                .map(|o| o.stdout)
        };
        let root = workspace.root().display();
        let help = format!("{PROGRAM} --help");
        let Some(styled) = on_terminal(&help, false) else {
            return eprintln!("SKIPPED: no `script` command here; colours on a terminal are not tested");
        };
        let bold = "\u{1b}[1m";
        assert!(
            String::from_utf8_lossy(&styled).contains(bold),
            "the terminal is none: the test shows nothing"
        );
        let plain = on_terminal(&help, true).unwrap();
        assert!(
            !plain.is_empty() && !plain.contains(&0x1b),
            "{}",
            String::from_utf8_lossy(&plain)
        );
        let train =
            format!("{PROGRAM} --workspace {root} train --data {root}/in.csv --models decision_tree --search none");
        for (line, no_color) in [(train.clone(), true), (format!("{train} --no-color"), false)] {
            let drawn = on_terminal(&line, no_color).unwrap();
            let text = String::from_utf8_lossy(&drawn);
            assert!(text.contains("decision_tree") && !colours(&text), "{text}");
        }
    }

    /// Whether a colour is set: `ESC [ 3x m`, `4x`, `9x`, `10x`.
    fn colours(text: &str) -> bool {
        text.split("\u{1b}[").skip(1).any(|rest| {
            rest.split_once('m').is_some_and(|(codes, _)| {
                codes
                    .split(';')
                    .all(|c| !c.is_empty() && c.bytes().all(|b| b.is_ascii_digit()))
                    && codes.split(';').any(|c| matches!(c.parse(), Ok(30..=49 | 90..=107)))
            })
        })
    }
}

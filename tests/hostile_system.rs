//! What the system refuses: missing files, directories, permissions, a full disk, a closed standard input or output.
//! The last table of `tests/hostile/README.md` documents the codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::path::Path;
    use std::process::{Command, Stdio};

    use crate::common::{Outcome, PROGRAM, Workspace, bundled, program, repository, walk};

    const SOUND: &str = "tests/hostile/files/sound.csv";

    #[test]
    fn a_path_that_is_not_there_fails_and_the_nearest_name_is_given() {
        let workspace = Workspace::with_champion();
        workspace.write("flows.csv", bundled(10));
        for command in [
            &["validate", "--data"][..],
            &["train", "--data"],
            &["predict"],
            &["schema", "generate"],
        ] {
            let outcome = Outcome::of(workspace.command().args(command).arg("flow.csv"));
            outcome.check(1);
            assert!(
                outcome.error().contains("did you mean flows.csv"),
                "{}",
                outcome.error()
            );
        }
        let outcome = workspace.run(&[&"validate", &"--data", &"flows.csv", &"--baseline", &"flow.csv"], 1);
        assert!(
            outcome.error().contains("did you mean flows.csv"),
            "{}",
            outcome.error()
        );
        for option in ["--schema", "--config"] {
            let outcome = workspace.run(&[&"validate", &option, &"nowhere.yaml"], 1);
            assert!(outcome.error().contains("nowhere.yaml"), "{}", outcome.error());
        }
        // A mistyped path leaves no failed run behind.
        assert_eq!(fs::read_dir(workspace.path("Artifacts")).unwrap().count(), 1);
    }

    #[test]
    fn a_directory_is_no_source_and_no_output() {
        let workspace = Workspace::with_champion();
        let directory = workspace.path("some");
        fs::create_dir(&directory).unwrap();
        for command in [
            &["validate", "--data"][..],
            &["train", "--data"],
            &["predict"],
            &["schema", "generate"],
        ] {
            let outcome = Outcome::of(workspace.command().args(command).arg(&directory));
            outcome.check(1);
            assert!(outcome.error().contains("is a directory"), "{}", outcome.error());
        }
        let sound = repository(SOUND);
        let outcome = workspace.run(&[&"predict", &sound, &"--output", &directory], 1);
        assert!(outcome.error().contains("directory"), "{}", outcome.error());
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        workspace.assert_no_leftovers();
    }

    #[test]
    fn a_standard_input_that_is_closed_at_once_is_an_empty_table() {
        let workspace = Workspace::with_champion();
        for command in [
            &["validate", "--data", "-"][..],
            &["train", "--data", "-"],
            &["predict", "-"],
        ] {
            let outcome = Outcome::of(workspace.command().args(command).write_stdin(""));
            outcome.check(3);
            assert!(outcome.error().contains("standard input"), "{}", outcome.error());
        }
    }

    /// A command without the right to pass over permissions, or `None` where that cannot be had (said on standard error).
    fn without_override(workspace: &Workspace) -> Option<Command> {
        let secret = workspace.write("secret.txt", "x");
        fs::set_permissions(&secret, Permissions::from_mode(0o000)).unwrap();
        let prefixes: [&[&str]; 2] = [&["env"], &["setpriv", "--bounding-set=-dac_override,-dac_read_search"]];
        for prefix in prefixes {
            let (program, arguments) = prefix.split_first().unwrap();
            let cat = Command::new(program).args(arguments).arg("cat").arg(&secret).output();
            if cat.is_ok_and(|o| String::from_utf8_lossy(&o.stderr).contains("denied")) {
                let mut command = Command::new(program);
                command
                    .args(arguments)
                    .arg(PROGRAM)
                    .arg("--workspace")
                    .arg(workspace.root());
                command.env_remove("NSEC_WORKSPACE").current_dir(workspace.root());
                return Some(command);
            }
        }
        eprintln!("SKIPPED: this user reads every file and setpriv cannot change that; permissions are not tested");
        None
    }

    #[test]
    fn no_permission_to_read_or_write_fails_and_says_so() {
        let workspace = Workspace::with_champion();
        let closed = workspace.write("closed.csv", bundled(200));
        fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
        let folder = workspace.path("folder");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o500)).unwrap();
        let sound = repository(SOUND);
        let sound = sound.to_str().unwrap();
        let into = folder.join("output.csv");
        let into = into.to_str().unwrap();
        for arguments in [
            &["validate", "--data", "closed.csv"][..],
            &["train", "--data", "closed.csv"],
            &["predict", "closed.csv"],
            &["predict", sound, "--output", into],
            &["validate", "--data", sound, "--rejects", into],
            &["generate", "flows", "--rows", "10", "--output", into],
        ] {
            let Some(mut command) = without_override(&workspace) else {
                return;
            };
            let output = command.args(arguments).stdin(Stdio::null()).output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {err}");
            let errors: Vec<&str> = err.lines().filter(|l| l.starts_with("nsec-tui: ")).collect();
            assert_eq!(errors.len(), 1, "{arguments:?}: {err}");
            assert!(errors[0].contains("permission"), "{arguments:?}: {err}");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        }
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
    }

    /// The program in a shell in which no file can grow past 4 or 8 KiB.
    fn with_a_full_disk(workspace: &Workspace, arguments: &str) -> Outcome {
        let mut shell = assert_cmd::Command::new("sh");
        let line = format!("trap '' XFSZ; ulimit -f 8; exec \"$0\" --workspace \"$1\" {arguments}");
        shell.arg("-c").arg(line).arg(PROGRAM).arg(workspace.root());
        shell.env_remove("NSEC_WORKSPACE").current_dir(workspace.root());
        let outcome = Outcome::of(&mut shell);
        outcome.check(1);
        let error = outcome.error();
        assert!(
            error.contains("larger than allowed") || error.contains("disk is full"),
            "{error}"
        );
        outcome
    }

    /// Every file with its content, the log left out: it may have grown.
    fn state(workspace: &Workspace) -> Vec<(std::path::PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = walk(workspace.root())
            .into_iter()
            .filter(|p| !p.starts_with(workspace.path("logs")))
            .map(|p| (p.clone(), fs::read(p).unwrap()))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn a_full_disk_leaves_the_old_output_and_nothing_new() {
        let workspace = Workspace::with_champion();
        workspace.write("rows.csv", bundled(500));
        workspace.run(&[&"predict", &"rows.csv"], 0);
        let before = state(&workspace);
        for arguments in [
            "predict rows.csv",
            "predict rows.csv --explain 0",
            "predict rows.csv --alerts 10",
            "predict - --alerts 10 < rows.csv",
            "predict rows.csv --output new.csv",
            "generate flows --rows 5000 --output new.csv",
            "generate phishing --rows 5000 --output rows.csv",
        ] {
            with_a_full_disk(&workspace, arguments);
            assert!(state(&workspace) == before, "{arguments}: a file has changed");
        }
    }

    #[test]
    fn a_full_disk_leaves_no_half_file_of_rejects() {
        let workspace = Workspace::with_champion();
        let bad = bundled(500).replace("\n1,", "\n9,").replace("\n-1,", "\n9,");
        workspace.write("bad.csv", bad);
        let before = state(&workspace);
        for arguments in ["validate --data bad.csv --rejects rejects.csv", "predict bad.csv"] {
            with_a_full_disk(&workspace, arguments);
            assert!(state(&workspace) == before, "{arguments}: a file has changed");
        }
    }

    #[test]
    fn a_full_disk_fails_a_run_and_leaves_the_registry() {
        let workspace = Workspace::with_champion();
        workspace.write("rows.csv", bundled(500));
        let registry = fs::read(workspace.path("registry.json")).unwrap();
        with_a_full_disk(
            &workspace,
            "train --data rows.csv --models logistic_regression --search none",
        );
        assert_eq!(fs::read(workspace.path("registry.json")).unwrap(), registry);
        workspace.assert_no_leftovers();
        // The disk has room again.
        workspace.run(
            &[
                &"train",
                &"--data",
                &"rows.csv",
                &"--models",
                &"naive_bayes_categorical",
                &"--search",
                &"none",
            ],
            0,
        );
    }

    /// Where there is such a device. Its output is not a file that could be replaced, and it must stay a device.
    #[test]
    fn a_full_device_on_standard_output_fails() {
        let full = Path::new("/dev/full");
        let Ok(before) = fs::metadata(full) else {
            return eprintln!("SKIPPED: no /dev/full here");
        };
        for arguments in [&["man"][..], &["generate", "flows", "--rows", "5000", "--output", "-"]] {
            let device = fs::File::options().write(true).open(full).unwrap();
            let output = Command::new(PROGRAM).args(arguments).stdout(device).output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{err}");
            assert!(err.starts_with("nsec-tui: ") && err.lines().count() == 1, "{err}");
        }
        assert_eq!(fs::metadata(full).unwrap().rdev(), before.rdev());
    }

    #[test]
    fn a_reader_that_goes_away_is_no_error() {
        let workspace = Workspace::with_champion();
        let rows = workspace.write("rows.csv", bundled(300));
        let rows = rows.to_str().unwrap();
        for arguments in [
            &["man"][..],
            &["completions", "bash"],
            &["--help"],
            &["generate", "flows", "--rows", "20000", "--output", "-"],
            &["validate", "--data", rows, "--json"],
            &["predict", rows, "--json"],
            &["schema", "generate", rows],
        ] {
            let mut child = Command::new(PROGRAM);
            child.arg("--workspace").arg(workspace.root()).args(arguments);
            let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            drop(child.stdout.take());
            let output = child.wait_with_output().unwrap();
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
            assert!(
                !err.contains("panicked") && !err.contains("nsec-tui: "),
                "{arguments:?}: {err}"
            );
        }
    }

    #[test]
    fn a_workspace_that_cannot_be_written_still_validates() {
        let workspace = Workspace::new();
        let file = workspace.write("not_a_directory", "");
        let mut command = program();
        command
            .arg("--workspace")
            .arg(&file)
            .args(["validate", "--data"])
            .arg(repository(SOUND));
        let outcome = Outcome::of(&mut command);
        // The log cannot be opened; that is said and stops nothing.
        assert!(matches!(outcome.code, Some(0 | 1)), "{}", outcome.err());
        outcome.check(outcome.code.unwrap());
    }
}

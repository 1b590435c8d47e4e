//! Owns the console with a team's server: the real program in a terminal, and a real server. What is typed into its dialog
//! connects, and no file has the password afterwards.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "functions that tests share fail as tests do: by a panic"
)]

#[cfg(test)]
mod common;
#[cfg(test)]
#[path = "common/console.rs"]
mod console;
#[cfg(test)]
#[path = "common/mongo_server.rs"]
mod mongo_server;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use nsec_tui::tui::app::{App, Message, Start as Begin, Timed};
    use nsec_tui::tui::key::Key;
    use nsec_tui::tui::keymap::{KeySettings, Keymap};
    use nsec_tui::tui::run::record::replay;

    use crate::common::{Outcome, Workspace, bundled, program};
    use crate::console::Start;
    use crate::mongo_server::{ENCODED, MongoServer, PASSWORD, available};

    fn workspace() -> Workspace {
        let workspace = Workspace::new();
        workspace.write("Network_Data/phisingData.csv", bundled(300));
        workspace
    }

    /// Every file below a directory that has one of these texts in it.
    fn files_with(directory: &Path, texts: &[&str]) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(directory).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                found.extend(files_with(&path, texts));
                continue;
            }
            let bytes = std::fs::read(&path).unwrap_or_default();
            let has = |text: &&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            if texts.iter().any(has) {
                found.push(path.display().to_string());
            }
        }
        found
    }

    /// The characters of a recording's keys, one behind the other.
    fn keys_of(recording: &str) -> String {
        let messages = recording
            .lines()
            .map(|line| serde_json::from_str::<Timed>(line).unwrap().message);
        messages
            .filter_map(|message| match message {
                Message::Key(key) => match key.key {
                    Key::Char(c) => Some(c),
                    _ => None,
                },
                _ => None,
            })
            .collect()
    }

    #[test]
    fn the_dialog_connects_and_no_file_has_the_password() {
        if !available("the_dialog_connects_and_no_file_has_the_password") {
            return;
        }
        let server = MongoServer::with_users();
        let workspace = workspace();
        let record = workspace.root().join("session.ndjson");
        let start = Start::new(&workspace).args(&["tui", "--record", record.to_str().unwrap(), "--record-cells"]);
        let mut console = start.run(workspace.root());
        console.wait_for("having_IP");
        console.keys("M");
        console.wait_for("No server is named");
        // First as one should not: in the address, typed and pasted.
        let wrong = format!(
            "mongodb://bob:{ENCODED}@127.0.0.1:{}/team?authSource=admin",
            server.port
        );
        console.text(&wrong);
        console.keys("enter");
        console.wait_for("a field of its");
        console.keys("ctrl-u");
        console.text(&format!("\u{1b}[200~{wrong}\u{1b}[201~"));
        console.keys("enter");
        console.wait_for("a field of its");
        console.keys("ctrl-u");
        console.text(&server.uri_of("bob", "team"));
        console.keys("tab");
        console.text(PASSWORD);
        console.keys("tab left enter");
        console.wait_for("may be read and written");
        assert!(!console.screen().contains("zebra"), "{}", console.screen());
        console.keys("enter");
        console.wait_for("Joined:");
        console.wait_for("answers in");
        console.keys("esc");
        console.wait_for("team \u{2713}");
        // Gone for a while: said in every panel, and found again by itself.
        server.freeze();
        console.keys("5");
        console.wait_for("team \u{2717} lost");
        server.thaw();
        console.wait_for("team \u{2713}");
        let stream = String::from_utf8_lossy(&console.quit()).into_owned();
        assert!(!stream.contains("p@ss"), "the screen never showed it");

        let secret = ["zebra7", "p@ss", "p%40ss"];
        assert_eq!(files_with(workspace.root(), &secret), Vec::<String>::new());
        let recording = std::fs::read_to_string(&record).unwrap();
        let keys = keys_of(&recording);
        for part in ["zebra", "p@ss", "ss?w", "p%40", "rd:/"] {
            assert!(!keys.contains(part), "{part}: {keys}");
        }
        assert!(keys.contains(&"*".repeat(PASSWORD.len())), "{keys}");
        // It is played again, and comes out at the same place.
        let mut app = App::new(Keymap::new(&KeySettings::default()).unwrap(), Begin::default());
        let mut joined = false;
        replay(&recording, &mut app, |app| joined |= app.shared.team.is_live()).unwrap();
        assert!(joined && app.layers.is_empty(), "{:?}", app.layers.len());
    }

    #[test]
    fn a_named_server_is_joined_and_its_collections_are_opened() {
        if !available("a_named_server_is_joined_and_its_collections_are_opened") {
            return;
        }
        let server = MongoServer::with_users();
        let workspace = workspace();
        workspace.write("flows.csv", "host,port\na.example,80\nb.example,443\n");
        let uri = server.uri_of("bob", "team");
        let mut push = program();
        push.current_dir(workspace.root())
            .env("NSEC_MONGODB_PASSWORD", PASSWORD)
            .args(["mongo", "push", "flows.csv", "--into", "flows", "--uri", &uri]);
        Outcome::of(&mut push).check(0);
        let start = Start::new(&workspace)
            .env("NSEC_MONGODB_URI", &uri)
            .env("NSEC_MONGODB_PASSWORD", PASSWORD);
        let mut console = start.run(workspace.root());
        console.wait_for("having_IP");
        console.wait_for("team \u{2713}");
        console.keys("o");
        console.wait_for("open a path or mongodb://");
        console.text(&server.uri_of("bob", "team.flows"));
        console.keys("enter");
        console.wait_for("b.example");
        console.keys("5 T");
        console.wait_for("The team shares no run yet");
        console.quit();
        assert_eq!(files_with(workspace.root(), &["zebra7", "p@ss"]), Vec::<String>::new());
        // Without the password nothing is joined, and that is told with the key.
        let other = self::workspace();
        let start = Start::new(&other).env("NSEC_MONGODB_URI", &uri);
        let console = start.run(other.root());
        console.wait_for("M opens the dialog");
        console.wait_for("team -");
        console.quit();
    }

    /// Cases judged, as the panel says it.
    fn judged(screen: &vt100::Screen, count: usize) -> bool {
        let begin = format!("{count} / ");
        screen
            .contents()
            .lines()
            .any(|line| line.starts_with(&begin) && line.contains("judged"))
    }

    #[test]
    fn two_analysts_see_each_other_and_share_a_run() {
        if !available("two_analysts_see_each_other_and_share_a_run") {
            return;
        }
        let server = MongoServer::start(&[]);
        let uri = server.uri("team");
        let first = Workspace::with_champion();
        let data = first.write("Network_Data/phisingData.csv", bundled(300));
        first.score(&data, &[]);
        let run = first.run_directory();
        let run = run.file_name().unwrap().to_str().unwrap().to_owned();
        // The other host has the scored file and no run.
        let second = workspace();
        for name in ["output.csv", "rejects.csv"] {
            let name = format!("prediction_output/{name}");
            second.write(&name, std::fs::read(first.path(&name)).unwrap());
        }
        let start = |workspace: &Workspace, analyst: &str| {
            let start = Start::new(workspace).env("NSEC_MONGODB_URI", &uri).env("USER", analyst);
            let mut console = start.run(workspace.root());
            console.wait_for("having_IP");
            console.wait_for("team \u{2713}");
            console.keys("4");
            console.wait_until("the queue", |screen| judged(screen, 0));
            console
        };
        let mut ana = start(&first, "ana");
        let mut ben = start(&second, "ben");
        ben.wait_for("ana looks at this now");
        ana.wait_for("ben looks at this now");
        ana.keys("t");
        ben.wait_until("the verdict of ana", |screen| judged(screen, 1));
        ana.wait_for("team has all");
        ana.keys("5");
        ana.wait_for(&format!("* champion {run}"));
        ana.keys("s");
        ana.wait_for(" shared");
        ben.keys("5 T");
        ben.wait_for("shared by ana");
        ben.keys("F");
        ben.wait_for("champion here?");
        ben.keys("y");
        ben.wait_until("the run is here", |screen| {
            let contents = screen.contents();
            contents
                .lines()
                .any(|line| line.contains(&run) && line.trim_end_matches('*').ends_with("yes"))
        });
        ben.keys("T");
        ben.wait_for(&format!("* champion {run}"));
        ben.keys("T p");
        ben.wait_for("the team's champion?");
        ben.keys("y");
        ben.wait_for(&format!("{run} is the team's champion"));
        ben.wait_for(&format!("* champion {run}"));
        ana.quit();
        ben.quit();
    }
}

//! Owns the tests of the audit log.

use std::fs;

use super::*;

fn entry(action: &str) -> AuditEntry {
    AuditEntry {
        time: Timestamp::now(),
        action: action.to_owned(),
        subject: "something".to_owned(),
        by: "mira".to_owned(),
        reason: String::new(),
        details: serde_json::json!({ "of": action }),
    }
}

fn place() -> (tempfile::TempDir, Workspace) {
    let directory = tempfile::tempdir().unwrap();
    let workspace = Workspace::at(directory.path());
    (directory, workspace)
}

#[test]
fn lines_stand_where_the_answer_says_after_a_torn_one_too() {
    let (_directory, workspace) = place();
    let first = append_all(&workspace, &[entry("a")]).unwrap().unwrap();
    assert_eq!(first.start, 0);
    let path = workspace.audit_file();
    let mut text = fs::read(&path).unwrap();
    assert_eq!(text.len() as u64, first.end);
    text.extend_from_slice(b"{\"torn");
    fs::write(&path, &text).unwrap();
    let second = append_all(&workspace, &[entry("b"), entry("c")]).unwrap().unwrap();
    let text = fs::read(&path).unwrap();
    let mine = &text[second.start as usize..second.end as usize];
    let actions: Vec<String> = mine
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice::<AuditEntry>(line).unwrap().action)
        .collect();
    assert_eq!(actions, ["b", "c"]);
    assert_eq!(second.end, text.len() as u64);
    assert_eq!(text[second.start as usize - 1], b'\n');
}

#[test]
fn the_log_is_private_or_its_groups_where_the_directory_hands_the_group_on() {
    let mode = |workspace: &Workspace| fs::metadata(workspace.audit_file()).unwrap().permissions().mode() & 0o777;
    let (_directory, workspace) = place();
    append(&workspace, &entry("a")).unwrap();
    assert_eq!(mode(&workspace), 0o600);
    let (_directory, workspace) = place();
    fs::create_dir(workspace.logs_dir()).unwrap();
    fs::set_permissions(workspace.logs_dir(), Permissions::from_mode(0o2770)).unwrap();
    append(&workspace, &entry("a")).unwrap();
    assert_eq!(mode(&workspace), 0o660);
}

#[test]
fn a_directory_in_the_logs_place_is_said_and_nothing_is_kept() {
    let (_directory, workspace) = place();
    fs::create_dir_all(workspace.audit_file()).unwrap();
    let error = append(&workspace, &entry("a")).unwrap_err().to_string();
    assert!(
        error.contains("nothing was changed") && error.contains("directory"),
        "{error}"
    );
    assert!(check_writable(&workspace).is_err());
}

#[test]
fn users_are_named_by_their_number() {
    let known = "root:x:0:0:root:/root:/bin/bash\nbroken\n:x:7:7::/:\nsoc:x:1000:1000:,,,:/home/soc:/bin/sh\n";
    assert_eq!(user_named(known, 0).as_deref(), Some("root"));
    assert_eq!(user_named(known, 1000).as_deref(), Some("soc"));
    assert_eq!(user_named(known, 7), None);
    assert_eq!(user_named(known, 100), None);
}

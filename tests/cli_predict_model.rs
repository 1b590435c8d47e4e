//! `predict` with other models: named in each way, missing, damaged, of a newer program, of another kind of data.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use sha2::{Digest, Sha256};

    use crate::common::{Table, Workspace, bundled, repository};

    fn model_file(workspace: &Workspace) -> PathBuf {
        workspace.run_directory().join("model_trainer/model.bin")
    }

    #[test]
    fn a_model_is_named_by_alias_id_beginning_of_an_id_or_directory() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(20));
        let directory = workspace.run_directory();
        let id = directory.file_name().unwrap().to_str().unwrap().to_owned();
        let names = [
            "champion".to_owned(),
            id.clone(),
            id[..12].to_owned(),
            directory.to_str().unwrap().to_owned(),
        ];
        for name in names {
            let (summary, _) = workspace.score(&path, &["--model", &name]);
            assert_eq!(summary["model"]["run_id"], id, "{name}");
        }
        // A run's directory needs no workspace around it.
        let elsewhere = Workspace::new();
        let (summary, _) = elsewhere.score(&path, &["--model", directory.to_str().unwrap()]);
        assert_eq!(summary["model"]["run_id"], id);
    }

    #[test]
    fn a_model_that_is_not_there_is_exit_4() {
        let empty = Workspace::new();
        let path = empty.write("in.csv", bundled(20));
        let error = empty.run(&[&"predict", &path], 4).error();
        assert!(error.contains("champion") && error.contains("train"), "{error}");
        for name in ["20200101T000000Z-0000", "nobody", "./nowhere", ".", "../..", ""] {
            let outcome = empty.run(&[&"predict", &path, &"--model", &name], 4);
            assert!(outcome.stdout.is_empty());
        }
        let workspace = Workspace::with_champion();
        fs::remove_file(model_file(&workspace)).unwrap();
        let error = workspace.run(&[&"predict", &path], 4).error();
        assert!(error.contains("model.bin"), "{error}");
        assert!(!workspace.path("prediction_output").exists());
    }

    #[test]
    fn one_flipped_bit_anywhere_is_refused() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(20));
        let file = model_file(&workspace);
        let sound = fs::read(&file).unwrap();
        let places = [
            0,
            7,
            8,
            12,
            16,
            24,
            55,
            56,
            sound.len() / 3,
            sound.len() / 2,
            sound.len() - 1,
        ];
        for (bit, place) in places.into_iter().enumerate() {
            let mut bytes = sound.clone();
            bytes[place] ^= 1 << (bit % 8);
            fs::write(&file, bytes).unwrap();
            let error = workspace.run(&[&"predict", &path], 4).error();
            assert!(error.contains("model.bin"), "{place}: {error}");
        }
        for length in [0, 1, 55, 56, 1_000, sound.len() - 1] {
            fs::write(&file, &sound[..length]).unwrap();
            workspace.run(&[&"predict", &path], 4);
        }
        fs::write(&file, [&sound[..], b"x"].concat()).unwrap();
        workspace.run(&[&"predict", &path], 4);
        assert!(!workspace.path("prediction_output").exists());
        fs::write(&file, &sound).unwrap();
        workspace.run(&[&"predict", &path], 0);
    }

    #[test]
    fn a_model_of_a_newer_program_says_so() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(20));
        let file = model_file(&workspace);
        let mut bytes = fs::read(&file).unwrap();
        bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
        // A whole file, not a damaged one: its checksum fits.
        let mut hash = Sha256::new();
        hash.update(&bytes[..24]);
        hash.update(&bytes[56..]);
        bytes[24..56].copy_from_slice(&hash.finalize());
        fs::write(&file, bytes).unwrap();
        let error = workspace.run(&[&"predict", &path], 4).error();
        assert!(error.contains("newer") && error.contains("update nsec-tui"), "{error}");
    }

    #[test]
    fn a_damaged_registry_or_manifest_is_exit_4() {
        let path = Workspace::new();
        let path = path.write("in.csv", bundled(20));
        for damage in ["", "{", "[]", "{\"champion\": 5}", "\u{0}\u{0}"] {
            let workspace = Workspace::with_champion();
            workspace.write("registry.json", damage);
            workspace.run(&[&"predict", &path], 4);
            let workspace = Workspace::with_champion();
            fs::write(workspace.run_directory().join("manifest.json"), damage).unwrap();
            workspace.run(&[&"predict", &path], 4);
        }
    }

    #[test]
    fn a_lost_drift_reference_does_not_keep_rows_from_being_scored() {
        let workspace = Workspace::with_champion();
        let path = workspace.write("in.csv", bundled(100));
        let (whole, _) = workspace.score(&path, &[]);
        assert!(!whole["drift"].as_array().unwrap().is_empty());
        for file in fs::read_dir(workspace.run_directory().join("data_validation"))
            .unwrap()
            .flatten()
        {
            if file.path().is_file() {
                fs::write(file.path(), "{").unwrap();
            }
        }
        for file in crate::common::walk(&workspace.run_directory()) {
            if file.to_string_lossy().contains("reference") {
                fs::write(file, "damaged").unwrap();
            }
        }
        let (summary, _) = workspace.score(&path, &[]);
        assert_eq!(summary["flagged"], whole["flagged"]);
    }

    /// Flows as `generate` writes them, as a Zeek log.
    fn zeek_log(csv: &str) -> String {
        let table = Table::parse(csv.as_bytes());
        let mut text =
            String::from("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tflows\n");
        text += &format!("#fields\t{}\n", table.header.join("\t"));
        text += &format!("#types\t{}\n", vec!["string"; table.header.len()].join("\t"));
        for row in &table.rows {
            let cells: Vec<&str> = table
                .header
                .iter()
                .map(|n| row[n].as_str())
                .map(|c| if c.is_empty() { "-" } else { c })
                .collect();
            text += &(cells.join("\t") + "\n");
        }
        text + "#close\t2026-01-05-08-00-00\n"
    }

    #[test]
    fn flows_are_learned_and_scored_from_zeek_logs_and_csv_alike() {
        let workspace = Workspace::new();
        workspace.run(
            &[&"generate", &"flows", &"--rows", &"2500", &"--output", &"flows.csv"],
            0,
        );
        let csv = fs::read_to_string(workspace.path("flows.csv")).unwrap();
        workspace.write("flows.log", zeek_log(&csv));
        let schema = repository("data_schema/network_flows.yaml");
        workspace.run(&[&"validate", &"--schema", &schema, &"--data", &"flows.log"], 0);
        let trained = workspace.run(
            &[
                &"train",
                &"--schema",
                &schema,
                &"--data",
                &"flows.log",
                &"--models",
                &"logistic_regression",
                &"--search",
                &"none",
                &"--json",
            ],
            0,
        );
        assert_eq!(trained.json()["rows"], 2_500);
        let columns = |name: &str| -> Vec<(String, String, String)> {
            let table = workspace.score(&workspace.path(name), &[]).1;
            let cell = |r: &std::collections::BTreeMap<String, String>, n: &str| r[n].clone();
            table
                .rows
                .iter()
                .map(|r| (cell(r, "row_id"), cell(r, "probability"), cell(r, "reasons")))
                .collect()
        };
        let (from_csv, from_zeek) = (columns("flows.csv"), columns("flows.log"));
        assert_eq!(from_csv.len(), 2_500);
        let same = |at: fn(&(String, String, String)) -> &String| from_csv.iter().map(at).eq(from_zeek.iter().map(at));
        assert!(same(|r| &r.0), "row ids differ");
        assert!(same(|r| &r.1), "scores differ");
        // Data of another kind cannot be scored by it.
        let error = workspace
            .run(&[&"predict", &repository("Network_Data/phisingData.csv")], 3)
            .error();
        assert!(error.contains("src_port") || error.contains("duration"), "{error}");
    }
}

//! Owns the runs that exports are made of: trained small, by the program.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::Workspace;

/// Trains one family without search; answers the run's directory.
pub(crate) fn train(workspace: &Workspace, data: &Path, schema: Option<&Path>, family: &str) -> PathBuf {
    let mut arguments = vec!["train", "--search", "none", "--json", "--models", family, "--data"];
    arguments.push(data.to_str().unwrap());
    if let Some(schema) = schema {
        arguments.extend(["--schema", schema.to_str().unwrap()]);
    }
    let arguments: Vec<&dyn AsRef<std::ffi::OsStr>> = arguments.iter().map(|a| a as &dyn AsRef<_>).collect();
    let told = workspace.run(&arguments, 0).json();
    PathBuf::from(told["run_dir"].as_str().unwrap())
}

/// Exports a run's directory; answers what `--json` says.
pub(crate) fn export(workspace: &Workspace, run: &Path, output: &Path) -> Value {
    workspace
        .run(&[&"export", &"onnx", &run, &"--output", &output, &"--json"], 0)
        .json()
}

/// Changes the model of a run by the library that wrote it.
pub(crate) fn change_model(run: &Path, change: impl FnOnce(&mut nsec_tui::pipeline::trained_model::TrainedModel)) {
    let path = run.join("model_trainer/model.bin");
    let mut model = nsec_tui::pipeline::trained_model::TrainedModel::load(&path).unwrap();
    change(&mut model);
    fs::write(path, model.encode().unwrap()).unwrap();
}

/// The first `rows` rows of a text with a header.
pub(crate) fn head(text: &str, rows: usize) -> String {
    text.lines().take(rows + 1).flat_map(|line| [line, "\n"]).collect()
}

/// A table of every kind of column that is exported, with gaps, rare categories and numbers of all sizes.
pub(crate) fn mixed(rows: u64) -> String {
    let mut text = "bytes,ratio,service,note,tls,dst_port,level,verdict\n".to_owned();
    for row in 0..rows {
        // A multiplicative hash: spread out, the same everywhere.
        let dice = |salt: u64| ((row + 1) * 2_654_435_761 + salt * 40_503).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
        let gap = |salt: u64, cell: String| if dice(salt + 50) % 13 == 0 { String::new() } else { cell };
        let bad = dice(1) % 3 == 0;
        let bytes = if bad { dice(2) * dice(3) } else { dice(2) % 4096 };
        let ratio = dice(4) as f64 / 16_777_216.0 + f64::from(u8::from(bad)) / 3.0;
        let service = ["http", "dns", "smb \u{fc}", "ssh", "rare"][(dice(5) % if bad { 5 } else { 3 }) as usize];
        let port = [22, 53, 80, 443, 1024 + dice(6) % 60_000][(dice(7) % 5) as usize];
        text += &format!(
            "{},{},{},{},{},{port},{},{}\n",
            gap(2, bytes.to_string()),
            gap(4, ratio.to_string()),
            gap(5, service.to_owned()),
            ["a", "b"][(dice(8) % 2) as usize],
            gap(9, ["true", "false"][usize::from(bad != (dice(9) % 4 == 0))].to_owned()),
            dice(10) % 4,
            if bad == (dice(11) % 11 == 0) { "good" } else { "bad" },
        );
    }
    text
}

/// The schema of [`mixed`].
pub(crate) const MIXED: &str = "name: mixed\n\
    label: {column: verdict, malicious: [bad], benign: [good]}\n\
    columns:\n\
    - {name: bytes, type: int, nullable: true}\n\
    - {name: ratio, type: float, nullable: true}\n\
    - {name: service, type: category, nullable: true}\n\
    - {name: note, type: category}\n\
    - {name: tls, type: bool, nullable: true}\n\
    - {name: dst_port, type: port}\n\
    - {name: level, type: int}\n";

//! Owns what the build adds to the program: the bundled data set, compressed, and the commit it was built from.

use std::env;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::{Compression, GzBuilder};

const DATA: &str = "Network_Data/phisingData.csv";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={DATA}");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let csv = fs::read(root.join(DATA)).map_err(|cause| format!("{DATA}: {cause}"))?;
    // No time and no file name in the header: the same data gives the same binary.
    let mut gz = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gz.write_all(&csv)?;
    let packed = gz.finish()?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("phisingData.csv.gz"), packed)?;
    name_commit(&root);
    Ok(())
}

/// Sets `NSEC_GIT_COMMIT`, which manifests carry, in release builds from a checkout. Other builds leave it out, so that
/// not every commit compiles the crate again.
fn name_commit(root: &Path) {
    let head = root.join(".git/logs/HEAD");
    if env::var("PROFILE").is_ok_and(|profile| profile == "release") && head.exists() {
        println!("cargo:rerun-if-changed={}", head.display());
        let commit = Command::new("git")
            .args(["rev-parse", "HEAD"])
            .current_dir(root)
            .output();
        if let Ok(commit) = commit
            && commit.status.success()
        {
            println!(
                "cargo:rustc-env=NSEC_GIT_COMMIT={}",
                String::from_utf8_lossy(&commit.stdout).trim()
            );
        }
    }
}

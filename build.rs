//! Owns the compression of the bundled data set for embedding: `Network_Data/phisingData.csv` -> `OUT_DIR`.

use std::env;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

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
    Ok(())
}

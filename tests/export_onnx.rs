//! `export onnx`: what stands in the model, read back by its published numbers; what is refused; and (tests/exports/
//! check_onnx.py) that onnxruntime scores with it as `predict` does, whole files, every family that is exported.

#[cfg(test)]
mod common;

#[cfg(test)]
#[path = "export_onnx/runs.rs"]
mod runs;
#[cfg(test)]
#[path = "export_onnx/runtime.rs"]
mod runtime;
#[cfg(test)]
#[path = "export_onnx/structure.rs"]
mod structure;

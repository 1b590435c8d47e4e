"""Checks an exported model by other programs: onnx's checker, and onnxruntime on rows that nsec-tui scored.

check_onnx.py EXPORT_DIR SCORED_CSV...
Prints one JSON object a file: rows, largest difference of the probability, labels that differ.
"""
import importlib.util, json, pathlib, sys

try:
    import numpy as np, onnx, onnxruntime as ort, pandas as pd
except ImportError:
    sys.exit(77)

directory = pathlib.Path(sys.argv[1])
schema = json.loads((directory / "schema.json").read_text(encoding="utf-8"))
bytes_ = (directory / "model.onnx").read_bytes()
model = onnx.load_from_string(bytes_)
onnx.checker.check_model(model, full_check=True)

facts = {p.key: p.value for p in model.metadata_props}
assert facts == {f"nsec.{key}": value for key, value in schema["model"].items()}, facts
DOUBLE, STRING = onnx.TensorProto.DOUBLE, onnx.TensorProto.STRING
inputs = [(i.name, i.type.tensor_type.elem_type) for i in model.graph.input]
expected = [(i["name"], STRING if i["tensor"] == "string" else DOUBLE) for i in schema["inputs"]]
assert inputs == expected, (inputs, expected)

session = ort.InferenceSession(bytes_, providers=["CPUExecutionProvider"])
names = [output["name"] for output in schema["outputs"]]


def run(feed):
    probability, label = session.run(names, feed)
    assert probability.dtype == np.float32 and label.dtype == np.int64 and probability.shape == label.shape
    return probability.ravel().astype(float), label.ravel()


def feed_of(frame):
    """By itself, not by the job's code: texts as they stand, numbers by Python's own float()."""
    missing = set(schema["missing_texts"]) | {""}
    truth = {"true": "1", "t": "1", "yes": "1", "false": "0", "f": "0", "no": "0"}
    feed = {}
    for column in schema["inputs"]:
        cells = frame[column["name"]]
        if column["tensor"] == "string":
            values = [("" if c.strip() in missing else c) for c in cells]
            feed[column["name"]] = np.array(values, dtype=object).reshape(-1, 1)
        else:
            read = lambda c: float("nan") if c.strip() in missing else float(truth.get(c.strip().lower(), c))
            feed[column["name"]] = np.array([read(c) for c in cells], dtype=np.float64).reshape(-1, 1)
    return feed


# The conformance rows, by the job's own code, which the job does before it scores.
spec = importlib.util.spec_from_file_location("score_spark", directory / "score_spark.py")
job = importlib.util.module_from_spec(spec)
spec.loader.exec_module(job)
refusal = job.check(directory, bytes_, schema)
assert refusal is None, refusal
rows = [json.loads(line) for line in (directory / "conformance.ndjson").read_text(encoding="utf-8").splitlines()]
assert len(rows) == 1000 and all(row["label"] == int(row["probability"] >= schema["threshold"]) for row in rows)

worst = 0
for path in sys.argv[2:]:
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    probability, label = run(feed_of(frame))
    away = np.abs(probability - frame["probability"].astype(float).to_numpy()).max()
    flips = int((label != (frame["classification"] == "malicious")).sum())
    print(json.dumps({"model": facts["nsec.model"], "file": pathlib.Path(path).name, "rows": len(frame),
                      "largest_difference": float(away), "label_flips": flips, "bytes": len(bytes_)}))
    worst = max(worst, away if flips == 0 else 1.0)
# One row by itself is scored as among others.
if len(sys.argv) > 2:
    one, _ = run(feed_of(frame.iloc[:1]))
    assert abs(one[0] - probability[0]) <= 1e-7
assert worst <= 1e-6, worst

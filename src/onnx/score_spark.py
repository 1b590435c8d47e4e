"""Scores a table on a Spark cluster with an exported nsec-tui model.

spark-submit score_spark.py --model DIR --input PATH --output PATH [--format parquet|csv] [--write parquet|csv]

DIR is what `nsec-tui export onnx` wrote, and needs to be readable by the driver alone. Each executor's Python needs
numpy, pandas, pyarrow and onnxruntime. Before anything is scored the model must repeat the 1,000 rows of
conformance.ndjson. The output has all columns of the input, then probability and label; a row with a cell that is not
of its column's type keeps both empty.
"""
import argparse, hashlib, json, pathlib, sys

import numpy as np
import pandas as pd

TRUTH = {"true": 1.0, "t": 1.0, "yes": 1.0, "1": 1.0, "false": 0.0, "f": 0.0, "no": 0.0, "0": 0.0}
_sessions = {}


def session(model):
    """One a Python process; a task has one core."""
    import onnxruntime as ort

    if "it" not in _sessions:
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        _sessions["it"] = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return _sessions["it"]


def cells(frame, column, schema, bad):
    """A column as the graph takes it; where a cell cannot be read, `bad` becomes true."""
    names = [column["name"], *column["aliases"]]
    found = next((frame[name] for name in names if name in frame.columns), None)
    text = column["tensor"] == "string"
    if found is None:
        return np.full((len(frame), 1), "" if text else np.nan, dtype=object if text else np.float64)
    numeric = found.dtype.kind in "biuf"
    if text or not numeric:
        words = found.map(lambda cell: cell.decode() if isinstance(cell, bytes) else cell)
        words = words.where(words.notna(), "").astype(str)
        trimmed = words.str.strip()
        missing = (trimmed == "") | trimmed.isin(schema["missing_texts"])
        if text:
            return words.where(~missing, "").to_numpy(dtype=object).reshape(-1, 1)
        read = trimmed.str.lower().map(TRUTH) if column["type"] == "bool" else pd.to_numeric(trimmed, errors="coerce")
    else:
        read, missing = found, found.isna()
    values = read.to_numpy(dtype=np.float64, na_value=np.nan)
    unread = ~np.isfinite(values)
    if column["type"] in schema["whole_number_types"]:
        unread |= values != np.floor(values)
    bad |= unread & ~missing.to_numpy()
    return np.where(missing, np.nan, values).reshape(-1, 1)


def scored(frame, model, schema):
    bad = np.zeros(len(frame), dtype=bool)
    feed = {column["name"]: cells(frame, column, schema, bad) for column in schema["inputs"]}
    outputs = [output["name"] for output in schema["outputs"]]
    probability, label = session(model).run(outputs, feed)
    return probability.ravel().astype(np.float64), label.ravel(), bad


def check(directory, model, schema):
    """Why this runtime must not score with this model, if it must not."""
    rows = (directory / "conformance.ndjson").read_bytes()
    for name, data in (("model.onnx", model), ("conformance.ndjson", rows)):
        if hashlib.sha256(data).hexdigest() != schema["files"][name]:
            return f"{name} is not the file that schema.json was written with; export again"
    expected = [json.loads(line) for line in rows.splitlines()]
    frame = pd.DataFrame([row["row"] for row in expected], dtype=object)
    probability, label, bad = scored(frame, model, schema)
    away = np.abs(probability - [row["probability"] for row in expected]).max()
    flips = int((label != [row["label"] for row in expected]).sum())
    print(f"conformance: {len(expected)} rows, largest difference {away:.1e}, {flips} labels differ", file=sys.stderr)
    if not away <= 1e-6 or flips or bad.any():
        return "this runtime does not repeat conformance.ndjson"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("--model", "--input", "--output"):
        arguments.add_argument(name, required=True)
    for name in ("--format", "--write"):
        arguments.add_argument(name, choices=["parquet", "csv"], default="parquet")
    options = arguments.parse_args()
    directory = pathlib.Path(options.model)
    schema = json.loads((directory / "schema.json").read_text(encoding="utf-8"))
    model = (directory / "model.onnx").read_bytes()
    if refusal := check(directory, model, schema):
        sys.exit(f"score_spark.py: nothing was scored: {refusal}")

    from pyspark.sql import SparkSession
    from pyspark.sql.types import DoubleType, LongType, StructField, StructType

    spark = SparkSession.builder.appName("nsec-tui " + schema["model"]["run_id"]).getOrCreate()
    reader = spark.read.option("header", True).option("escape", '"').option("multiLine", options.format == "csv")
    table = reader.format(options.format).load(options.input)
    absent = [c["name"] for c in schema["inputs"] if c["required"] and not {c["name"], *c["aliases"]} & set(table.columns)]
    if absent:
        sys.exit(f"score_spark.py: nothing was scored: {options.input} has no column {', '.join(absent)}")
    names = [("nsec_" if name in table.columns else "") + name for name in ("probability", "label")]
    shared = spark.sparkContext.broadcast(model)

    def score(frames):
        for frame in frames:
            probability, label, bad = scored(frame, shared.value, schema)
            frame[names[0]] = pd.array(np.where(bad, 0.0, probability), dtype="Float64")
            frame[names[1]] = pd.array(label, dtype="Int64")
            frame.loc[bad, names] = pd.NA
            yield frame

    fields = table.schema.fields + [StructField(names[0], DoubleType()), StructField(names[1], LongType())]
    result = table.mapInPandas(score, StructType(fields))
    result.write.format(options.write).option("header", True).option("escape", '"').mode("errorifexists").save(options.output)
    spark.stop()


if __name__ == "__main__":
    main()

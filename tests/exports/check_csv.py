"""Reads a CSV file with pandas or Polars, holds its cells to those of a JSON file, and writes it again.

check_csv.py pandas|polars FILE.csv CELLS.json OUT.csv; CELLS.json is {"columns": [...], "rows": [[...], ...]}.
"""

import csv
import json
import sys
import warnings

engine, path, expected, out = sys.argv[1:]
with open(expected, encoding="utf-8") as file:
    expected = json.load(file)

if engine == "pandas":
    try:
        import pandas
    except ImportError:
        sys.exit(77)
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False, na_filter=False)
    columns, rows = list(frame.columns), frame.values.tolist()
    # All quoted, for a carriage return alone it would not quote.
    frame.to_csv(out, index=False, quoting=csv.QUOTE_ALL)
    # The numbers read back to the same floats, and every row to the same numbers.
    warnings.simplefilter("ignore", DeprecationWarning)  # the argument is the default in newer ones
    numbers = pandas.read_csv(path, float_precision="round_trip")["probability"]
    at = expected["columns"].index("probability")
    assert [float(row[at]) for row in expected["rows"]] == numbers.tolist()
else:
    try:
        import polars
    except ImportError:
        sys.exit(77)
    try:
        frame = polars.read_csv(path, infer_schema=False, empty_string_is_null=False)
    except TypeError:  # as it was called before version 2
        frame = polars.read_csv(path, infer_schema=False, missing_utf8_is_empty_string=True)
    columns, rows = frame.columns, [list(row) for row in frame.rows()]
    frame.write_csv(out)
    at = expected["columns"].index("probability")
    numbers = frame["probability"].cast(polars.Float64).to_list()
    assert [float(row[at]) for row in expected["rows"]] == numbers

assert columns == expected["columns"], f"{columns}\n{expected['columns']}"
assert len(rows) == len(expected["rows"]), f"{len(rows)} rows, not {len(expected['rows'])}"
for number, (found, wanted) in enumerate(zip(rows, expected["rows"])):
    for name, a, b in zip(columns, found, wanted):
        assert a == b, f"row {number}, {name}: {a[:200]!r}, not {b[:200]!r}"
print(f"{engine}: {len(rows)} rows, {len(columns)} columns")

#!/usr/bin/env python3
# Owns the peer that `predict` is measured against: Polars reading a CSV file and writing it again.
#
#   python3 -m venv venv && venv/bin/pip install polars==2.1.0
#   venv/bin/python benches/peers/polars_copy.py INPUT.csv OUTPUT.csv
#
# Two threads, as many as the machine has on which the figures in the notes were taken.
"""Reads a CSV file with Polars and writes it again."""
import os
import sys

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import polars  # noqa: E402  (the thread count is read on import)

WANTED = "2.1.0"


def main() -> int:
    if len(sys.argv) != 3:
        print(f"usage: {sys.argv[0]} INPUT.csv OUTPUT.csv", file=sys.stderr)
        return 2
    if polars.__version__ != WANTED:
        print(f"polars {polars.__version__} is installed; the figures are for {WANTED}", file=sys.stderr)
    frame = polars.read_csv(sys.argv[1])
    frame.write_csv(sys.argv[2])
    print(f"{frame.height} rows, {frame.width} columns")
    return 0


if __name__ == "__main__":
    sys.exit(main())

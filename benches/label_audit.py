#!/usr/bin/env python3
"""Measures the label audit of the program itself on the UCI phishing data.

For each seed: a fifth of the rows (whole groups of identical rows) is set aside as clean test rows. Of the rest, 200
to 205 labels among the rows that the program then trains on are turned round, uniformly at random. The program trains, audits
its labels, and the first 400 rows of the file are judged rightly: every case in them gets its true label, and one whose
rows really have both labels is undetermined and changes nothing. Then it trains again. Told are how many of the errors are
among the 400, and F1 on the clean test rows without errors, with them, and after the audit.

    cargo build --release
    python3 benches/label_audit.py --data uci_phishing_websites.csv [--seeds 20] [--first 100] [--models gradient_boosting]

Needs Python alone. One line of JSON a seed on standard output, a summary on standard error.
"""

import argparse
import csv
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

LABEL = "Result"
LEAST, MOST = 200, 205
QUEUE = 400


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def vector(row):
    return tuple(value for name, value in row.items() if name not in (LABEL, "nr"))


def turned(label):
    return "1" if label == "-1" else "-1"


class Program:
    def __init__(self, binary, workspace):
        self.binary, self.workspace = binary, workspace

    def run(self, *arguments):
        command = [self.binary, "--workspace", self.workspace, *map(str, arguments), "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
        return json.loads(done.stdout)

    def train(self, data, seed, models):
        return self.run("train", "--data", data, "--models", models, "--search", "none", "--seed", seed,
                        "--test-fraction", "0.05")

    def f1(self, run, test, truth, output):
        self.run("predict", test, "--model", run, "--output", output)
        flagged = [row["classification"] == "malicious" for row in read(output)]
        right = sum(f and t for f, t in zip(flagged, truth))
        return 2 * right / (sum(flagged) + sum(truth))


def parts(rows, rng):
    """Training and test rows; rows with identical features are on one side."""
    vectors = sorted({vector(row) for row in rows})
    rng.shuffle(vectors)
    sizes = {}
    for row in rows:
        sizes[vector(row)] = sizes.get(vector(row), 0) + 1
    test, taken = set(), 0
    for one in vectors:
        if taken >= len(rows) / 5:
            break
        test.add(one)
        taken += sizes[one]
    return [r for r in rows if vector(r) not in test], [r for r in rows if vector(r) in test]


def with_errors(rows, numbers):
    return [dict(row, **{LABEL: turned(row[LABEL])}) if row["nr"] in numbers else row for row in rows]


def plant(program, rows, seed, rng, path):
    """Errors, drawn until 200 to 205 are among the rows that the program trains on: which those are depends on the labels and
    the seed alone, so a quick family tells. Answers all, and those."""
    numbers = [row["nr"] for row in rows]
    while True:
        planted = set(rng.sample(numbers, MOST * 20 // 19))
        write(path, with_errors(rows, planted))
        run = program.train(path, seed, "naive_bayes_categorical")
        here = {row["nr"] for row in read(Path(run["run_dir"]) / "data_ingestion/ingested/train.csv")}
        found = planted & here
        if LEAST <= len(found) <= MOST:
            return planted, found


def judge(rows, clean, audited):
    """The rows after the first of the audit's file were judged rightly: each case (all its rows) gets its label. A case whose
    rows really have both labels cannot be told from what is in it: undetermined, its rows stay as they are."""
    truth = {}
    for row in clean:
        truth.setdefault(vector(row), set()).add(row[LABEL])
    features = [name for name in rows[0] if name not in (LABEL, "nr")]
    judged = {tuple(row[name] for name in features) for row in audited}
    settled = {case: next(iter(truth[case])) for case in judged if len(truth[case]) == 1}
    return [dict(row, **{LABEL: settled.get(vector(row), row[LABEL])}) for row in rows]


def one_seed(binary, rows, seed, models):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        program = Program(binary, place)
        train, test = parts(rows, rng)
        write(place / "test.csv", test)
        write(place / "clean.csv", train)
        truth = [row[LABEL] == "-1" for row in test]
        planted, in_training = plant(program, train, seed, rng, place / "errors.csv")
        poisoned = with_errors(train, planted)

        def score(run):
            return program.f1(run["run_id"], place / "test.csv", truth, place / "scored.csv")

        without = score(program.train(place / "clean.csv", seed, models))
        run = program.train(place / "errors.csv", seed, models)
        before = score(run)
        program.run("verdicts", "audit-labels", run["run_id"], "--output", place / "audit.csv")
        queue = read(place / "audit.csv")[:QUEUE]
        found = len(in_training & {row["nr"] for row in queue})
        write(place / "judged.csv", judge(poisoned, train, queue))
        after = score(program.train(place / "judged.csv", seed, models))
        return {"seed": seed, "errors": len(in_training), "found": found / len(in_training),
                 "f1_clean": without, "f1_errors": before, "f1_judged": after}


def told(name, values):
    sd = statistics.stdev(values) if len(values) > 1 else float("nan")
    print(f"{name:24} mean {statistics.mean(values):.4f}  sd {sd:.4f}  se {sd / len(values) ** 0.5:.4f}", file=sys.stderr)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", required=True, help="the UCI phishing data as CSV")
    arguments.add_argument("--binary", default="target/release/nsec-tui")
    arguments.add_argument("--seeds", type=int, default=20)
    arguments.add_argument("--first", type=int, default=100, help="the first seed")
    arguments.add_argument("--models", default="gradient_boosting")
    given = arguments.parse_args()
    binary = str(Path(given.binary).resolve())
    rows = [dict(row, nr=str(nr)) for nr, row in enumerate(read(given.data))]
    results = []
    for seed in range(given.first, given.first + given.seeds):
        results.append(one_seed(binary, rows, seed, given.models))
        print(json.dumps(results[-1]), flush=True)
    told("found in the first 400", [r["found"] for r in results])
    for name in ("f1_clean", "f1_errors", "f1_judged"):
        told(name, [r[name] for r in results])
    told("judged less errors", [r["f1_judged"] - r["f1_errors"] for r in results])


if __name__ == "__main__":
    main()

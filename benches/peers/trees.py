"""Measures our tree engine beside scikit-learn, LightGBM and XGBoost and prints Markdown tables.

    python3 -m venv .bench-venv
    .bench-venv/bin/pip install -r benches/peers/requirements.txt
    cargo build --release --example tree_engine
    .bench-venv/bin/python benches/peers/trees.py --uci ../shared/data/uci_phishing_websites.csv \\
        --nsl ../shared/data/nsl_kdd_train20.csv --output docs/BENCHMARKS.md

Everything is measured in one run, ours and theirs in turn, each in a process of its own that does nothing else. The
whole takes long, most of it scikit-learn's forests on the long set: `--only`, `--sets` and `--models` take a part of it,
and parts that were kept by `--raw FILE` make one page by `--join FILE...`. `--scale 0.02` tries the script out,
`--peers-only` leaves ours out.

`trees_data.py` has the data, `trees_report.py` the tables. `trees_models.py` has the models and is the child process of
a peer; our bench program reads the same job file as that child and prints the same line of JSON.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
from sklearn.metrics import f1_score, roc_auc_score

import trees_data
import trees_models
import trees_report

OURS = "ours"
PARTS = ["quality", "speed", "memory", "shap"]
QUALITY_SETS, SPEED_SETS, SHAP_SETS = ["uci", "nsl", "wide"], ["uci", "wide", "long"], ["uci"]
SHAP_ROWS = 200


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default="target/release/examples/tree_engine", help="our bench program")
    parser.add_argument("--peers-only", action="store_true", help="leave our bench program out")
    parser.add_argument("--uci", help="the UCI phishing file, 31 columns; for the set uci")
    parser.add_argument("--nsl", help="the NSL-KDD 20 %% training file with a header; for the set nsl")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--sets", nargs="+", choices=["uci", "nsl", "wide", "long"], default=["uci", "nsl", "wide", "long"])
    parser.add_argument("--models", nargs="+", help="comparisons whose title contains one of these words")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each thing; the long set has at most 2")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5], help="splits; speed takes the first")
    parser.add_argument("--scale", type=float, default=1, help="part of the rows, to try the script out")
    parser.add_argument("--output", help="the Markdown file; without it the tables go to standard output")
    parser.add_argument("--raw", help="also write every measurement to this file, a line of JSON each")
    parser.add_argument("--join", nargs="+", help="measure nothing: make the page of these files of --raw")
    parser.add_argument("--note", help="a remark that stands with the command on the page")
    options = parser.parse_args()
    if options.join:
        return options
    for name in set(options.sets) & {"uci", "nsl"}:
        if not getattr(options, name):
            parser.error(f"the set {name} needs --{name} FILE")
    if not (options.peers_only or os.access(options.ours, os.X_OK)):
        parser.error(f"{options.ours} is not there: build it, name it by --ours, or say --peers-only")
    return options


def versions():
    """The pinned ones, which must be those installed."""
    pins = (pathlib.Path(__file__).parent / "requirements.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in pins if "==" in line)
    for package, wanted in pins.items():
        found = importlib.metadata.version(package)
        if found != wanted:
            sys.exit(f"{package} {wanted} is wanted, this is {found}")
    return pins


class Bench:
    """Runs measurements and keeps what they found."""

    def __init__(self, options):
        self.options, self.found, self.sets, self.commands, self.loaded = options, [], {}, [], {}

    def keep(self, kind, line):
        """Takes a line in: a measurement, a set or a command, and writes it to the raw file."""
        if kind == "measurement":
            self.found.append(line)
        elif kind == "set":
            self.sets[line["name"]] = line
        else:
            self.commands.append(line)
        if self.options.raw:
            with open(self.options.raw, "a") as file:
                print(json.dumps(line | {"kind": kind}), file=file)

    def join(self, paths):
        lines = [json.loads(line) for path in paths for line in pathlib.Path(path).read_text().splitlines()]
        for line in lines:
            self.keep(line.pop("kind"), line)

    def load(self, name):
        if name not in self.loaded:
            self.loaded = {name: trees_data.load(name, self.options)}  # one at a time: they are large
        return self.loaded[name]

    def comparisons(self):
        words = self.options.models
        return [c for c in trees_models.COMPARISONS if not words or any(word in c[0] for word in words)]

    def sides(self, peers):
        return ([] if self.options.peers_only else [OURS]) + peers

    def measure(self, part, name, title, who, job, truth, run=0):
        """One child process for one measurement."""
        path = pathlib.Path(job["probabilities"]).parent / "job.json"
        path.write_text(json.dumps(job | ({} if who == OURS else {"peer": who})))
        pathlib.Path(job["probabilities"]).unlink(missing_ok=True)
        words = [self.options.ours, path] if who == OURS else [sys.executable, trees_models.__file__, path]
        threads = str(job["threads"])
        environment = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=environment)
        if done.returncode != 0 or not done.stdout.strip():
            sys.exit(f"{who}, {title}, {name}: exit code {done.returncode}\n{done.stderr}")
        found = json.loads(done.stdout.splitlines()[-1])
        scores = np.fromfile(job["probabilities"], dtype="<f8")
        if scores.shape != truth.shape or not np.isfinite(scores).all():
            sys.exit(f"{who}, {title}, {name}: {len(scores)} probabilities for {len(truth)} rows, or some not finite")
        found |= {"part": part, "set": name, "title": title, "who": who, "threads": job["threads"], "run": run,
                  "seed": job["params"]["seed"], "f1": f1_score(truth, scores >= 0.5), "auc": roc_auc_score(truth, scores)}
        self.keep("measurement", found)
        print(f"{part} {name} {title}: {who}, {threads} threads, seed {found['seed']}, run {run + 1}:"
              f" fit {found['fit_cpu']:.3f} s CPU", file=sys.stderr)

    def split(self, name, seed, folder):
        data = self.load(name)
        job, truth = trees_data.write_split(data, seed, folder)
        if name not in self.sets or seed == self.options.seeds[0]:
            self.keep("set", {"name": name, "about": data.about, "positive": float(data.y.mean()),
                              "train": job["train"]["rows"], "test": len(truth), "cols": job["train"]["cols"],
                              "predict": job["speed"]["rows"], "trees": data.trees})
        return data, job, truth

    def quality(self, name):
        for seed in self.options.seeds:
            with tempfile.TemporaryDirectory() as folder:
                data, job, truth = self.split(name, seed, folder)
                del job["speed"]
                for title, model, params, peers in self.comparisons():
                    params = params | {"trees": data.trees, "seed": seed}
                    asked = job | {"model": model, "params": params, "threads": max(self.options.threads)}
                    for who in self.sides([p for p in peers if p not in trees_models.SPEED_ONLY]):
                        self.measure("quality", name, title, who, asked, truth)

    def speed(self, name, runs):
        """Ours and theirs in turn, run by run."""
        with tempfile.TemporaryDirectory() as folder:
            data, job, truth = self.split(name, self.options.seeds[0], folder)
            for threads in self.options.threads:
                for title, model, params, peers in self.comparisons():
                    params = params | {"trees": data.trees, "seed": self.options.seeds[0]}
                    asked = job | {"model": model, "params": params, "threads": threads}
                    for run in range(min(runs, data.most_runs or runs)):
                        for who in self.sides(peers):
                            self.measure("speed", name, title, who, asked, truth, run)

    def shap(self, name):
        with tempfile.TemporaryDirectory() as folder:
            data, job, truth = self.split(name, self.options.seeds[0], folder)
            del job["speed"]
            for title, model, params, peers in self.comparisons():
                params = params | {"seed": self.options.seeds[0]}
                asked = job | {"model": model, "params": params, "threads": 1, "shap_rows": min(SHAP_ROWS, len(truth))}
                for run in range(self.options.runs):
                    for who in self.sides([p for p in peers if p in trees_models.EXPLAINING]):
                        self.measure("shap", name, title, who, asked, truth, run)


def command(started, load, note):
    # Of an absolute path only the last part, so that the page names no machine's folders; where things were kept matters
    # to nobody.
    kept = {"--ours", "--raw", "--output", "--note"}
    words = [pathlib.Path(word).name if word.startswith("/") else word
             for before, word in zip([""] + sys.argv[1:], sys.argv[1:]) if not {before, word} & kept]
    return {"words": words, "note": note, "date": str(datetime.date.today()), "minutes": (time.time() - started) / 60,
            "load": [load, os.getloadavg()[0]]}


def main():
    options = arguments()
    bench, started, load = Bench(options), time.time(), os.getloadavg()[0]
    if options.join:
        bench.join(options.join)
    else:
        found = versions()
        for name in options.sets:
            if "quality" in options.only and name in QUALITY_SETS:
                bench.quality(name)
            if {"speed", "memory"} & set(options.only) and name in SPEED_SETS:
                bench.speed(name, options.runs if "speed" in options.only else 1)
            if "shap" in options.only and name in SHAP_SETS:
                bench.shap(name)
        bench.keep("command", command(started, load, options.note) | {"versions": found})
    text = trees_report.report(bench.found, bench.sets, bench.commands, options)
    if options.output:
        pathlib.Path(options.output).write_text(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()

"""Compares nsec-tui with scikit-learn 1.7.2 on the UCI phishing data and prints Markdown tables.

For each seed it trains in a fresh workspace, takes the very rows of the run (`data_ingestion/ingested`) and the very
encoding (`data_transformation/preprocessor.json`), fits scikit-learn's LogisticRegression with the same penalty, and
compares the scores of the test rows. nsec-tui's scores come from `predict`, so the whole path is measured.

    python3 -m venv .bench-venv
    .bench-venv/bin/pip install scikit-learn==1.7.2 numpy==2.4.6 scipy==1.17.1
    cargo build --release
    .bench-venv/bin/python benches/peers/logistic_regression.py --data ../shared/data/uci_phishing_websites.csv

`--champion` also trains every family with the default search and prints what the champion reaches.
"""

import argparse
import csv
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score

PINNED = "1.7.2"
LABEL, MALICIOUS = "Result", "-1"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/nsec-tui")
    parser.add_argument("--data", required=True, help="the UCI phishing file, 31 columns")
    parser.add_argument("--schema", default="data_schema/schema.yaml")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--champion", action="store_true", help="also train every family with the default search")
    return parser.parse_args()


def check_version():
    if sklearn.__version__ != PINNED:
        sys.exit(f"scikit-learn {PINNED} is wanted, this is {sklearn.__version__}")


def run(options, workspace, *words, calibration="sigmoid", extra=""):
    """Runs the binary in its own workspace and answers its JSON."""
    settings = workspace / "nsec.yaml"
    settings.write_text(f"training:\n  calibration: {calibration}\n{extra}")
    words = [options.binary, "--workspace", workspace, "--config", settings, *words, "--json"]
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}\n{done.stderr}")
    return json.loads(done.stdout)


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def encode(rows, preprocessor):
    """The columns of preprocessor.json, one-hot: a 0/1 for each key, and one for any other value."""
    columns = []
    for column in preprocessor["columns"]:
        for step in column["steps"]:
            keys = step["category"]["keys"]["ints"]
            assert step["category"]["encoding"] == "one_hot", column["name"]
            values = np.array([int(row[column["name"]]) for row in rows])
            columns += [values == key for key in keys]
            columns.append(~np.isin(values, keys))
    return np.array(columns, dtype=np.float64).T


def scored(options, workspace, test, calibration):
    """nsec-tui's probability of malicious for each test row."""
    output = workspace / "scored.csv"
    run(options, workspace, "predict", test, "--output", output, calibration=calibration)
    return np.array([float(row["probability"]) for row in rows_of(output)])


def logistic_regression(options, seed):
    """One row of the comparison: raw scores against scikit-learn's, and the calibrated ones beside them."""
    result = {}
    for calibration in ["none", "sigmoid"]:
        with tempfile.TemporaryDirectory() as folder:
            workspace = pathlib.Path(folder)
            words = ["--data", options.data, "--schema", options.schema, "--models", "logistic_regression"]
            words += ["--search", "none", "--split", "grouped", "--seed", str(seed)]
            trained = run(options, workspace, "train", *words, calibration=calibration)
            folder = pathlib.Path(trained["run_dir"])
            train, test = (folder / "data_ingestion/ingested" / f"{side}.csv" for side in ["train", "test"])
            result[calibration] = scored(options, workspace, test, calibration)
            if calibration == "none":
                preprocessor = json.loads((folder / "data_transformation/preprocessor.json").read_text())
                peer = LogisticRegression(C=trained["champion"]["params"]["c"], tol=1e-6, max_iter=10_000)
                learn, judge = rows_of(train), rows_of(test)
                assert (len(learn), len(judge)) == (trained["split"]["train_rows"], trained["split"]["test_rows"])
                peer.fit(encode(learn, preprocessor), [row[LABEL] == MALICIOUS for row in learn])
                result["peer"] = peer.predict_proba(encode(judge, preprocessor))[:, 1]
                result["labels"] = np.array([row[LABEL] == MALICIOUS for row in judge])
                result["c"], result["rows"] = peer.C, len(learn)
    return result


def compare(options):
    print(f"scikit-learn {sklearn.__version__}, same rows, same one-hot features, same penalty\n")
    print("| seed | training / test rows | C | F1 at .5: ours | scikit-learn | difference | ROC-AUC: ours | scikit-learn"
          " | difference | largest difference of a probability | F1 at .5, calibrated |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    failed = False
    for seed in options.seeds:
        r = logistic_regression(options, seed)
        labels = r["labels"]
        ours, peer, calibrated = (f1_score(labels, r[k] >= 0.5) for k in ["none", "peer", "sigmoid"])
        auc, peer_auc = (roc_auc_score(labels, r[k]) for k in ["none", "peer"])
        furthest = np.abs(r["none"] - r["peer"]).max()
        print(f"| {seed} | {r['rows']:,} / {len(labels):,} | {r['c']:g} | {ours:.4f} | {peer:.4f} | {ours - peer:+.4f}"
              f" | {auc:.4f} | {peer_auc:.4f} | {auc - peer_auc:+.4f} | {furthest:.1e} | {calibrated:.4f} |", flush=True)
        failed |= abs(ours - peer) > 0.005 or abs(auc - peer_auc) > 0.003
    return failed


def champion(options):
    print("\nThe champion of all families, default search (test rows; threshold chosen on out-of-fold scores)\n")
    print("| seed | champion | cross-validated PR-AUC | threshold | F1 | F1 at .5 | ROC-AUC | PR-AUC | Brier | ECE | seconds |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    reached = []
    for seed in options.seeds:
        with tempfile.TemporaryDirectory() as folder:
            workspace = pathlib.Path(folder)
            words = ["--data", options.data, "--schema", options.schema, "--split", "grouped", "--seed", str(seed)]
            trained = run(options, workspace, "train", *words)
            test = pathlib.Path(trained["run_dir"]) / "data_ingestion/ingested/test.csv"
            half = scored(options, workspace, test, "sigmoid") >= 0.5
            labels = [row[LABEL] == MALICIOUS for row in rows_of(test)]
        m, best = trained["metrics"]["test"], trained["leaderboard"][0]
        chosen = trained["champion"]
        params = " ".join(f"{k}={v}" for k, v in chosen["params"].items())
        reached.append(m["f1"])
        print(f"| {seed} | {chosen['model']} ({params}) | {best['cv']['pr_auc']['mean']:.4f} | {chosen['threshold']:.4f}"
              f" | {m['f1']:.4f} | {f1_score(labels, half):.4f} | {m['roc_auc']:.4f} | {m['pr_auc']:.4f} | {m['brier']:.4f}"
              f" | {m.get('ece', float('nan')):.4f} | {trained['seconds']:.1f} |", flush=True)
    print(f"\nMean F1 {np.mean(reached):.4f}")
    return np.mean(reached) < 0.92


def main():
    options = arguments()
    check_version()
    failed = compare(options)
    if options.champion:
        failed |= champion(options)
    sys.exit("outside the bounds of the issue" if failed else 0)


if __name__ == "__main__":
    main()

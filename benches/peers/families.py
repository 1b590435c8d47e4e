"""Compares every family of nsec-tui with its counterpart in scikit-learn 1.7.2 and prints a Markdown table.

Same rows, same features, same parameters: the defaults of nsec-tui. Each family is trained by itself without search and
without calibration, on a sample of the UCI phishing data small enough for the support vector machine. Set-up as in
`logistic_regression.py`.

    .bench-venv/bin/python benches/peers/families.py --data ../shared/data/uci_phishing_websites.csv
    .bench-venv/bin/python benches/peers/families.py --rows 0 --leave-out support_vector --data ...
"""

import argparse
import csv
import json
import pathlib
import random
import tempfile

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from logistic_regression import LABEL, MALICIOUS, check_version, encode, rows_of, run


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/nsec-tui")
    parser.add_argument("--data", required=True, help="the UCI phishing file, 31 columns")
    parser.add_argument("--schema", default="data_schema/schema.yaml")
    parser.add_argument("--rows", type=int, default=1200, help="rows drawn from the data; 0 takes all")
    parser.add_argument("--leave-out", nargs="*", default=[], help="families to leave out, such as support_vector")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    return parser.parse_args()


def raw(rows, preprocessor):
    return np.array([[float(row[c["name"]]) for c in preprocessor["columns"]] for row in rows])


def codes(rows, preprocessor):
    """Position among the keys of preprocessor.json; any other value comes last."""
    keys = [c["steps"][0]["category"]["keys"]["ints"] for c in preprocessor["columns"]]
    names = [c["name"] for c in preprocessor["columns"]]
    place = lambda value, known: known.index(value) if value in known else len(known)
    return np.array([[place(int(row[n]), k) for n, k in zip(names, keys)] for row in rows])


def peers():
    """Family, class weight, its features and its counterpart at the same parameters."""
    return [
        ("logistic_regression", "none", encode, LogisticRegression(C=1.0, tol=1e-6, max_iter=10_000)),
        ("logistic_regression", "balanced", encode,
         LogisticRegression(C=1.0, tol=1e-6, max_iter=10_000, class_weight="balanced")),
        ("naive_bayes_categorical", "none", codes, CategoricalNB(alpha=1.0, force_alpha=True)),
        ("decision_tree", "none", raw, DecisionTreeClassifier(max_depth=24, min_samples_leaf=10, random_state=0)),
        ("k_nearest_neighbors", "none", encode, KNeighborsClassifier(weights="distance")),
        ("support_vector", "none", encode, SVC(C=1.0, gamma="scale")),
    ]


def compare(options, data, seed, family, weight, features, peer):
    with tempfile.TemporaryDirectory() as folder:
        workspace = pathlib.Path(folder)
        extra = f"transform:\n  class_weight: {weight}\n"
        words = ["--data", data, "--schema", options.schema, "--models", family, "--search", "none"]
        trained = run(options, workspace, "train", *words, "--seed", str(seed), calibration="none", extra=extra)
        at = pathlib.Path(trained["run_dir"])
        preprocessor = json.loads((at / "data_transformation/preprocessor.json").read_text())
        learn, judge = (rows_of(at / "data_ingestion/ingested" / f"{side}.csv") for side in ["train", "test"])
        output = workspace / "scored.csv"
        run(options, workspace, "predict", at / "data_ingestion/ingested/test.csv", "--output", output,
            calibration="none")
        ours = np.array([float(row["probability"]) for row in rows_of(output)])
        fit_seconds = trained["leaderboard"][0]["fit_seconds"]
    labels = lambda rows: np.array([row[LABEL] == MALICIOUS for row in rows])
    if family == "naive_bayes_categorical":
        # One code more than the keys: `other`, which training rows never have.
        keys = [len(c["steps"][0]["category"]["keys"]["ints"]) + 1 for c in preprocessor["columns"]]
        peer.set_params(min_categories=keys)
    if family == "k_nearest_neighbors":
        peer.set_params(n_neighbors=trained["champion"]["params"]["k"])
    peer.fit(features(learn, preprocessor), labels(learn))
    x = features(judge, preprocessor)
    if family == "support_vector":
        theirs = 1 / (1 + np.exp(-2 * peer.decision_function(x)))
    else:
        theirs = peer.predict_proba(x)[:, 1]
    truth = labels(judge)
    measure = lambda p: [f1_score(truth, p >= 0.5), roc_auc_score(truth, p), average_precision_score(truth, p)]
    return measure(ours), measure(theirs), fit_seconds, len(learn), len(judge)


def main():
    options = arguments()
    check_version()
    print(f"scikit-learn {sklearn.__version__}; means over seeds {options.seeds}; F1 at .5, uncalibrated\n")
    print("| family | class weight | training / test rows | F1: ours | scikit-learn | ROC-AUC: ours | scikit-learn"
          " | PR-AUC: ours | scikit-learn | our fit, s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(options.data)
        if options.rows:
            with open(options.data, newline="") as file:
                header, *rows = csv.reader(file)
            data = pathlib.Path(folder) / "sample.csv"
            with open(data, "w", newline="") as file:
                csv.writer(file).writerows([header, *random.Random(0).sample(rows, options.rows)])
        for family, weight, features, peer in peers():
            if family in options.leave_out:
                continue
            found = [compare(options, data, seed, family, weight, features, peer) for seed in options.seeds]
            ours, theirs = (np.mean([f[side] for f in found], axis=0) for side in [0, 1])
            pairs = " | ".join(f"{a:.4f} | {b:.4f}" for a, b in zip(ours, theirs))
            sizes = f"{found[0][3]:,} / {found[0][4]:,}"
            print(f"| {family} | {weight} | {sizes} | {pairs} | {np.mean([f[2] for f in found]):.3f} |", flush=True)


if __name__ == "__main__":
    main()

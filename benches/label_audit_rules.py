#!/usr/bin/env python3
"""Compares ways of ranking doubtful labels, with scikit-learn and LightGBM in place of the program's families: which
families' out-of-fold probabilities are averaged, and how many rows their word weighs as much as beside the labels of rows
with identical features. The program's rule was chosen by it; what the program itself finds, `label_audit.py` measures.

    pip install scikit-learn lightgbm pandas
    python3 benches/label_audit_rules.py --data uci_phishing_websites.csv [--seeds 20]
"""

import argparse
import itertools
import warnings

import lightgbm
import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold
from sklearn.neighbors import KNeighborsClassifier

ERRORS, QUEUE = 200, 400
PRIORS = (None, 0.25, 0.5, 1, 2, 4)
AVERAGED = (["forest"], ["extra"], ["boosting"], ["neighbours"], ["extra", "boosting"], ["forest", "boosting"],
            ["forest", "extra", "boosting"], ["forest", "extra", "boosting", "neighbours"])


def families(seed):
    return {
        "forest": RandomForestClassifier(200, random_state=seed),
        "extra": ExtraTreesClassifier(200, random_state=seed),
        "boosting": lightgbm.LGBMClassifier(n_estimators=300, learning_rate=0.05, num_leaves=31, n_jobs=1, random_state=seed,
                                            verbose=-1, subsample=0.8, subsample_freq=1, colsample_bytree=0.6),
        "neighbours": KNeighborsClassifier(15, weights="distance", metric="hamming", algorithm="brute"),
    }


def believed(probability, labels, groups, prior):
    """Probability of malicious once the other rows with the same features have been heard."""
    if prior is None:
        return probability
    rows = np.bincount(groups)
    malicious = np.bincount(groups, weights=labels)
    return (prior * probability + malicious[groups] - labels) / (prior + rows[groups] - 1)


def one_seed(x, y, groups, seed):
    rng = np.random.default_rng(seed)
    train, _ = next(GroupShuffleSplit(1, test_size=0.2, random_state=seed).split(x, y, groups))
    x, labels, groups = x[train], y[train].copy(), groups[train]
    wrong = rng.choice(len(train), ERRORS, replace=False)
    labels[wrong] ^= 1
    one_hot = np.concatenate([x == value for value in (-1, 0, 1)], axis=1).astype(np.float32)
    scores = {}
    for name, family in families(seed).items():
        seen = one_hot if name == "neighbours" else x
        scores[name] = np.zeros(len(train))
        for fit, held_out in StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(x, labels, groups):
            scores[name][held_out] = family.fit(seen[fit], labels[fit]).predict_proba(seen[held_out])[:, 1]
    planted = np.zeros(len(train), bool)
    planted[wrong] = True
    found = {}
    for names, prior in itertools.product(AVERAGED, PRIORS):
        malicious = believed(np.mean([scores[name] for name in names], axis=0), labels, groups, prior)
        doubt = np.where(labels == 1, 1 - malicious, malicious)
        queue = np.argsort(-doubt, kind="stable")[:QUEUE]
        found["+".join(names), prior] = planted[queue].sum() / ERRORS
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", required=True)
    arguments.add_argument("--seeds", type=int, default=20)
    given = arguments.parse_args()
    warnings.filterwarnings("ignore")
    table = pd.read_csv(given.data)
    x, y = table.drop(columns="Result").values, (table["Result"].values == -1).astype(int)
    groups = np.unique(x, axis=0, return_inverse=True)[1].ravel()
    results = [one_seed(x, y, groups, seed) for seed in range(given.seeds)]
    print("| averaged | " + " | ".join("no twins" if p is None else f"prior {p}" for p in PRIORS) + " |")
    print("|---" * (len(PRIORS) + 1) + "|")
    for names in AVERAGED:
        name = "+".join(names)
        cells = []
        for prior in PRIORS:
            values = [result[name, prior] for result in results]
            cells.append(f"{np.mean(values):.3f} ({np.std(values, ddof=1):.3f})")
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

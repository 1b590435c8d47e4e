"""What trees.py compares, at which settings, and, run by itself, the child process that measures one peer.

The child keeps to the interface of our own bench program (`examples/tree_engine`): one job file in, one line of JSON
out, so that both sides are measured in the same way. The settings of a peer are made from the same job. Only the peer's
own package is imported, late, for what the others bring would count as its memory.
"""

import ctypes
import dataclasses
import gc
import itertools
import json
import os
import sys
import time
from collections.abc import Callable

import numpy as np

LEAST_SECONDS = 0.3
WARM_UP_ROWS, WARM_UP_TREES = 500, 3

LIGHTGBM_LIKE = {
    "trees": 100, "learning_rate": 0.1, "growth": "leaf", "max_leaves": 31, "max_depth": 0, "min_rows_leaf": 20,
    "min_child_hessian": 1e-3, "lambda": 0.0, "max_bins": 255, "max_features": "all", "seed": 1,
}
XGBOOST_LIKE = {
    "trees": 100, "learning_rate": 0.3, "growth": "depth", "max_leaves": 0, "max_depth": 6, "min_rows_leaf": 1,
    "min_child_hessian": 1.0, "lambda": 1.0, "max_bins": 256, "max_features": "all", "seed": 1,
}
FOREST = {
    "trees": 100, "max_leaves": 0, "max_depth": 0, "min_rows_leaf": 1, "max_features": "sqrt", "bootstrap": True, "seed": 1,
}
EXTRA_TREES = FOREST | {"bootstrap": False}

# Title, model and parameters of a job, and the peers it is measured against.
COMPARISONS = [
    ("boosting, LightGBM-like", "boosting", LIGHTGBM_LIKE, ["LightGBM", "HistGradientBoosting"]),
    ("boosting, XGBoost-like", "boosting", XGBOOST_LIKE, ["XGBoost", "XGBoost (QuantileDMatrix)"]),
    ("random forest", "forest", FOREST, ["RandomForestClassifier"]),
    ("extra trees", "extra_trees", EXTRA_TREES, ["ExtraTreesClassifier"]),
]
# The same trees from another input route: nothing new in quality or explanations.
SPEED_ONLY = ["XGBoost (QuantileDMatrix)"]
EXPLAINING = ["LightGBM", "XGBoost"]


@dataclasses.dataclass
class Fitted:
    predict: Callable  # matrix -> probabilities of positive
    single_row: Callable | None = None  # matrix -> a function of a row's number, for timing only
    contributions: Callable | None = None  # matrix -> exact TreeSHAP


def lightgbm(x, y, job):
    import lightgbm

    p, threads = job["params"], job["threads"]
    params = {
        "objective": "binary", "learning_rate": p["learning_rate"], "num_leaves": p["max_leaves"],
        "min_data_in_leaf": p["min_rows_leaf"], "min_sum_hessian_in_leaf": p["min_child_hessian"],
        "lambda_l2": p["lambda"], "max_bin": p["max_bins"], "num_threads": threads, "verbosity": -1,
    }
    categorical = [column for column, _ in job["categorical"]]
    booster = lightgbm.train(params, lightgbm.Dataset(x, y, categorical_feature=categorical), p["trees"])

    def single_row(rows):
        """LightGBM's C function for one row at a time, without the checks of its Python package."""
        library, handle, length, answer = lightgbm.basic._LIB, ctypes.c_void_p(), ctypes.c_int64(), (ctypes.c_double * 1)()
        normal, float32 = ctypes.c_int(0), ctypes.c_int(0)
        status = library.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster._handle, normal, ctypes.c_int(0), ctypes.c_int(-1), float32, ctypes.c_int32(rows.shape[1]),
            f"num_threads={threads}".encode(), ctypes.byref(handle))
        assert status == 0
        places, length = [ctypes.c_void_p(row.ctypes.data) for row in rows], ctypes.byref(length)
        return lambda i: library.LGBM_BoosterPredictForMatSingleRowFast(handle, places[i], length, answer)

    predict = lambda rows, **more: booster.predict(rows, num_threads=threads, **more)
    return Fitted(predict, single_row, lambda rows: predict(rows, pred_contrib=True))


def xgboost(x, y, job, quantile=False):
    import xgboost

    p, threads = job["params"], job["threads"]
    params = {
        "objective": "binary:logistic", "tree_method": "hist", "learning_rate": p["learning_rate"],
        "max_depth": p["max_depth"], "min_child_weight": p["min_child_hessian"], "lambda": p["lambda"],
        "max_bin": p["max_bins"], "nthread": threads,
    }
    categorical = {column for column, _ in job["categorical"]}
    kinds = ["c" if column in categorical else "q" for column in range(x.shape[1])]
    about = {"feature_types": kinds, "enable_categorical": bool(categorical), "nthread": threads}
    if quantile:
        matrix = xgboost.QuantileDMatrix(x, y, max_bin=p["max_bins"], **about)
    else:
        matrix = xgboost.DMatrix(x, y, **about)
    booster = xgboost.train(params, matrix, p["trees"])

    def single_row(rows):
        """The C function behind `inplace_predict`, without the checks of the Python package."""
        library = xgboost.core._LIB
        shape, length, answer = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64(), ctypes.POINTER(ctypes.c_float)()
        found = [ctypes.byref(shape), ctypes.byref(length), ctypes.byref(answer)]
        array = {"shape": [1, rows.shape[1]], "typestr": "<f4", "version": 3}
        places = [json.dumps(array | {"data": [row.ctypes.data, True]}).encode() for row in rows]
        settings = {"type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0, "missing": float("nan"),
                    "strict_shape": False, "cache_id": 0}
        settings = json.dumps(settings).encode()
        return lambda i: library.XGBoosterPredictFromDense(booster.handle, places[i], settings, None, *found)

    contributions = lambda rows: booster.predict(xgboost.DMatrix(rows, **about), pred_contribs=True)
    return Fitted(booster.inplace_predict, single_row, contributions)


def hist_gradient_boosting(x, y, job):
    """Its number of threads is that of OpenMP, which the parent sets in the environment."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    p = job["params"]
    peer = HistGradientBoostingClassifier(
        max_iter=p["trees"], learning_rate=p["learning_rate"], max_leaf_nodes=p["max_leaves"], max_depth=None,
        min_samples_leaf=p["min_rows_leaf"], l2_regularization=p["lambda"], max_bins=p["max_bins"],
        categorical_features=[column for column, _ in job["categorical"]] or None, early_stopping=False,
        random_state=p["seed"])
    return of_sklearn(peer.fit(x, y))


def forest(x, y, job):
    """Categories are plain numbers to scikit-learn's forests: the codes are ordered."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    p = job["params"]
    kind = {"forest": RandomForestClassifier, "extra_trees": ExtraTreesClassifier}[job["model"]]
    peer = kind(n_estimators=p["trees"], criterion="gini", max_depth=None, min_samples_leaf=p["min_rows_leaf"],
                max_features=p["max_features"], bootstrap=p["bootstrap"], n_jobs=job["threads"], random_state=p["seed"])
    return of_sklearn(peer.fit(x, y))


def of_sklearn(peer):
    return Fitted(lambda rows: peer.predict_proba(rows)[:, 1])


PEERS = {
    "LightGBM": lightgbm,
    "HistGradientBoosting": hist_gradient_boosting,
    "XGBoost": xgboost,
    "XGBoost (QuantileDMatrix)": lambda x, y, job: xgboost(x, y, job, quantile=True),
    "RandomForestClassifier": forest,
    "ExtraTreesClassifier": forest,
}


def memory(field):
    """VmRSS or VmHWM in kB. Not ru_maxrss: that one starts from the memory of the process that started this one."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field))


def seconds(call):
    """CPU seconds of all threads and wall seconds of one call: the mean over as many as fill the time."""
    cpu, wall = time.process_time(), time.perf_counter()
    for times in itertools.count(1):
        call()
        took = time.perf_counter() - wall
        if took >= LEAST_SECONDS:
            return (time.process_time() - cpu) / times, took / times


def single_row_seconds(fitted, rows):
    """Wall seconds of scoring one row at a time, the mean over the first test rows."""
    rows = np.ascontiguousarray(rows[:1000])
    if fitted.single_row:
        one = fitted.single_row(rows)
        assert one(0) == 0, "the C function failed"
    else:
        one = lambda i: fitted.predict(rows[i : i + 1])
    return seconds(lambda: [one(i) for i in range(len(rows))])[1] / len(rows)


def read(part, cols):
    return np.fromfile(part["x"], dtype="<f4").reshape(part["rows"], cols)


def child(path):
    """Measures one peer. A part of the job that is missing (`speed`, `shap_rows`) is not measured."""
    with open(path) as file:
        job = json.load(file)
    fit, cols = PEERS[job["peer"]], job["train"]["cols"]
    x, y = read(job["train"], cols), np.fromfile(job["train"]["y"], dtype=np.uint8)
    every = max(1, len(x) // WARM_UP_ROWS)
    few = np.ascontiguousarray(x[::every])
    fit(few, y[::every], job | {"params": job["params"] | {"trees": WARM_UP_TREES}}).predict(few)
    del few
    gc.collect()

    found = {"rss_before_kb": memory("VmRSS")}
    cpu, wall = time.process_time(), time.perf_counter()
    fitted = fit(x, y, job)
    found |= {"fit_cpu": time.process_time() - cpu, "fit_wall": time.perf_counter() - wall}
    found["peak_rss_kb"] = memory("VmHWM")

    test = read(job["test"], cols)
    fitted.predict(test).astype("<f8").tofile(job["probabilities"])
    if "speed" in job:
        rows = read(job["speed"], cols)
        found["predict_cpu"], found["predict_wall"] = seconds(lambda: fitted.predict(rows))
        found["predict_rows"] = len(rows)
        if job["threads"] == 1:
            found["single_row_us"] = single_row_seconds(fitted, test) * 1e6
    if "shap_rows" in job and fitted.contributions:
        rows = test[: job["shap_rows"]]
        found["shap_us_per_row"] = seconds(lambda: fitted.contributions(rows))[0] / len(rows) * 1e6
    print(json.dumps(found))
    assert os.path.getsize(job["probabilities"]) == 8 * len(test)


if __name__ == "__main__":
    child(sys.argv[1])

"""The data of trees.py: where each set comes from, how it is split, and the raw files both sides read.

Two sets are real files, grouped by identical features before the split, so that no test row has a twin among the
training rows. Two are synthetic, with a fixed seed, and split at random; they are there for their shape, not their
scores. No set has missing values.
"""

import dataclasses
import pathlib

import numpy as np
import pandas as pd
from sklearn.datasets import make_classification

TEST_SHARE = 0.2
TILED_ROWS = 200_000


@dataclasses.dataclass
class Set:
    name: str
    about: str
    x: np.ndarray
    y: np.ndarray
    categorical: list  # [[column, number of categories], ...]
    grouped: bool
    trees: int = 100
    most_runs: int | None = None
    tile: int = 0  # prediction is timed on the test rows repeated up to this many; 0 takes them as they are


def uci(path, scale):
    frame = pd.read_csv(path)
    y = frame.pop("Result") == -1
    about = "UCI phishing websites, whole file; grouped split"
    return sample(Set("uci", about, floats(frame), labels(y), [], True, tile=int(TILED_ROWS * scale)), scale)


def nsl(path, scale):
    """Categories become codes in alphabetical order over the whole file; the code says nothing of the label."""
    frame = pd.read_csv(path)
    y = frame.pop("attack") != "normal"
    categorical = []
    for name in ["protocol_type", "service", "flag"]:
        column = frame[name].astype("category").cat
        frame[name] = column.codes
        categorical.append([frame.columns.get_loc(name), len(column.categories)])
    about = "NSL-KDD, 20 % training file, 3 of its columns categorical; grouped split"
    return sample(Set("nsl", about, floats(frame), labels(y), categorical, True), scale)


def wide(scale):
    """The shape of the phishing data of Vrbancic et al.: a third phishing, many columns of small counts and flags."""
    x, y = make_classification(int(88_647 * scale), 111, n_informative=24, n_redundant=24, n_clusters_per_class=4,
                               weights=[0.654], flip_y=0.02, class_sep=0.8, random_state=17)
    counts, flags = slice(0, 37), slice(37, 56)
    x[:, counts] = np.floor(np.clip(x[:, counts], 0, None) * 2)
    x[:, flags] = x[:, flags] > 0.5
    about = ("synthetic: make_classification, 24 informative, 24 redundant and 63 noise columns in random order, of which"
             " 37 are made counts and 19 flags, 2 % of the labels redrawn; random split")
    return Set("wide", about, floats(x), labels(y), [], False)


def long(scale):
    x, y = make_classification(int(1_000_000 * scale), 30, n_informative=12, n_redundant=6, n_clusters_per_class=4,
                               flip_y=0.05, random_state=18)
    about = "synthetic: make_classification, 12 informative, 6 redundant and 12 noise columns, 5 % of the labels redrawn; random split"
    return Set("long", about, floats(x), labels(y), [], False, trees=20, most_runs=2)


def load(name, options):
    if name in ["uci", "nsl"]:
        return {"uci": uci, "nsl": nsl}[name](getattr(options, name), options.scale)
    return {"wide": wide, "long": long}[name](options.scale)


def floats(table):
    return np.ascontiguousarray(table, dtype="<f4")


def labels(positive):
    return np.ascontiguousarray(positive, dtype=np.uint8)


def sample(data, scale):
    """Fewer rows, to try the script out."""
    if scale < 1:
        rows = np.sort(np.random.default_rng(0).permutation(len(data.y))[: int(len(data.y) * scale)])
        data.x, data.y = data.x[rows], data.y[rows]
    return data


def test_rows(data, seed):
    """A mask. Whole groups are drawn until a fifth of the rows is reached."""
    rows = len(data.y)
    group = np.unique(data.x, axis=0, return_inverse=True)[1].ravel() if data.grouped else np.arange(rows)
    sizes = np.bincount(group)
    order = np.random.default_rng(seed).permutation(len(sizes))
    drawn = order[np.cumsum(sizes[order]) <= rows * TEST_SHARE]
    return np.isin(group, drawn)


def write_split(data, seed, folder):
    """Writes one split as raw files and answers the part of a job that names them, and the labels of the test rows."""
    folder = pathlib.Path(folder)
    test = test_rows(data, seed)
    tested = data.x[test]
    files = {"train.f32": data.x[~test], "train.u8": data.y[~test], "test.f32": tested}
    speed = {"x": str(folder / "test.f32"), "rows": len(tested)}
    if data.tile:
        files["speed.f32"] = np.resize(tested, (data.tile, tested.shape[1]))
        speed = {"x": str(folder / "speed.f32"), "rows": data.tile}
    for name, array in files.items():
        array.tofile(folder / name)
    rows, cols = files["train.f32"].shape
    job = {
        "train": {"x": str(folder / "train.f32"), "y": str(folder / "train.u8"), "rows": rows, "cols": cols},
        "test": {"x": str(folder / "test.f32"), "rows": len(tested)},
        "categorical": data.categorical,
        "speed": speed,
        "probabilities": str(folder / "probabilities.f64"),
    }
    return job, data.y[test]

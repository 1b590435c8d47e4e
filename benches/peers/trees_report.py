"""The Markdown page of trees.py: what was measured and how, then the tables."""

import os
import shlex
import statistics

import trees_models

OURS = "ours"

NOTES = """\
A ratio is ours / theirs: below 1 ours needs less. The range behind it is the least and the most of the runs, each run of
ours against the run of theirs that followed it.

- Each measurement is a fresh process. It reads the rows into memory, fits 3 trees on about 500 of them to warm up, then
  does what is timed. CPU seconds are those of all threads of the process together; an OpenMP thread that spins while it
  waits counts, as it does in use. Ours and theirs take turns, run by run.
- Fit is everything from the float32 matrix in memory to the fitted model: binning, and `Dataset` or `DMatrix`, are in it.
  XGBoost is given a `DMatrix`, which was the faster one on one thread, and in a row of its own a `QuantileDMatrix`, which
  may need less memory. No early stopping, no evaluation set, no out-of-bag score.
- Prediction is probabilities of a row-major float32 matrix in memory, by the fastest public way found: `Booster.predict`
  of LightGBM, `Booster.inplace_predict` of XGBoost (faster than `XGBClassifier.predict_proba` and than `predict` of a
  new `DMatrix`), `predict_proba` of scikit-learn. It is repeated for at least .3 s and divided. On the UCI set it takes
  the test rows repeated up to the number given below, on the others the test rows as they are.
- LightGBM chooses by itself between row-wise and column-wise histograms and is left to (`force_col_wise` and
  `deterministic` not set). HistGradientBoosting works in float64 and converts the matrix, which is in its times.
- scikit-learn's forests look at every value as a split point, ours at bins of values.
- Memory is the resident set of the process before the fit (rows loaded, warmed up) and its peak until the fit has ended
  (`VmHWM`), nothing taken off: Python and its packages are in theirs.
- F1 is at .5; phishing or attack is positive. *Not below* means: the mean difference over the seeds, ours - theirs on
  the same split, is at least minus one standard error of it (sd / sqrt(n)). The splits share most of their rows, so
  that error is too small as one of new data.
"""

SETTINGS = {
    "trees": "trees", "learning_rate": "learning rate", "growth": "growth", "max_leaves": "most leaves",
    "max_depth": "most depth", "min_rows_leaf": "least rows a leaf", "min_child_hessian": "least hessian a leaf",
    "lambda": "lambda", "max_bins": "bins", "max_features": "features a split", "bootstrap": "bootstrap",
}


def report(found, sets, commands, options):
    parts = ["# Benchmarks of the tree engine\n", header(commands, options), NOTES, settings(), data(sets), quality(found)]
    for kind in ["cpu", "wall"]:
        parts.append(speed(found, kind))
    parts += [single_row(found), timed_quality(found), memory(found), shap(found)]
    return "\n".join(part for part in parts if part)


def header(commands, options):
    with open("/proc/cpuinfo") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")
    days = " to ".join(sorted({c["date"] for c in commands}))
    versions = ", ".join(f"{name} {version}" for name, version in commands[0]["versions"].items())
    lines = [f"{days}, {model}, {os.cpu_count()} cores. {versions}.\n"]
    for c in commands:
        lines.append(f"    python benches/peers/trees.py {shlex.join(c['words'])}")
        if c.get("note"):
            lines.append(f"    # {c['note']}")
        lines.append(f"    # {c['minutes']:.0f} min, load average {c['load'][0]:.1f} at the start, {c['load'][1]:.1f} at the end")
    lines.append("")
    if options.scale < 1:
        lines.insert(0, f"**A trial on {options.scale:g} of the rows; these are no results.**\n")
    if options.peers_only:
        lines.insert(0, "**Peers only.**\n")
    return "\n".join(lines)


def table(title, heads, rows):
    if not rows:
        return ""
    text = lambda cells: "| " + " | ".join(str(c) for c in cells) + " |"
    return "\n".join([f"## {title}\n", text(heads), "|" + "---|" * len(heads), *map(text, rows), ""])


def settings():
    rows = []
    for title, _, params, peers in trees_models.COMPARISONS:
        said = [f"{words} {value(key, params[key])}" for key, words in SETTINGS.items() if key in params]
        rows.append([title, ", ".join(said), ", ".join(peers)])
    return table("Settings", ["model", "ours and theirs", "peers"], rows)


def value(key, found):
    if isinstance(found, bool):
        return "yes" if found else "no"
    return "no bound" if found == 0 and key in ["max_leaves", "max_depth"] else found


def data(sets):
    rows = [[name, s["about"], f"{s['train']:,} / {s['test']:,}", s["cols"], f"{s['positive']:.1%}", f"{s['predict']:,}",
             s["trees"]] for name, s in sets.items()]
    heads = ["set", "what it is", "training / test rows (the first seed)", "columns", "positive", "rows timed in prediction",
             "trees"]
    return table("Data", heads, rows)


def pairs(found, part, keys=("set", "title", "threads")):
    """Every peer beside ours: the key, the peer, the measurements of ours, those of the peer. Without ours, an empty list.

    Ours alone, where no peer can do it, has the peer None.
    """
    groups = {}
    for m in found:
        if m["part"] == part:
            groups.setdefault(tuple(m[k] for k in keys), {}).setdefault(m["who"], []).append(m)
    for key, sides in groups.items():
        peers = [who for who in sides if who != OURS] or [None]
        for who in peers:
            yield key, who, sides.get(OURS, []), sides.get(who, [])


def three(number):
    """Three digits, no exponent."""
    if number is None:
        return "-"
    digits = 0 if number >= 100 else 1 if number >= 10 else 2 if number >= 1 else 3 if number >= 0.1 else 4
    return f"{number:,.{digits}f}"


def median(measured, field):
    return statistics.median(m[field] for m in measured) if measured else None


def against(ours, theirs, field):
    """Three cells: ours, theirs, ratio of the medians with its range over the runs."""
    a, b = median(ours, field), median(theirs, field)
    if a is None or b is None:
        return [three(a), three(b), "-"]
    each = [x[field] / y[field] for x, y in zip(ours, theirs)]
    return [three(a), three(b), f"{a / b:.2f} ({min(each):.2f}-{max(each):.2f})"]


def speed(found, kind):
    rows = []
    for (name, title, threads), who, ours, theirs in pairs(found, "speed"):
        cells = [against(ours, theirs, f"{what}_{kind}") for what in ["fit", "predict"]]
        rows.append([name, title, threads, who, *cells[0], *cells[1], max(len(ours), len(theirs))])
    heads = ["set", "model", "threads", "peer", "fit: ours, s", "theirs, s", "ratio", "predict: ours, s", "theirs, s", "ratio",
             "runs"]
    title = {"cpu": "CPU seconds (medians)", "wall": "Wall seconds (medians)"}[kind]
    return table(title, heads, rows)


def single_row(found):
    rows = []
    for (name, title, threads), who, ours, theirs in pairs(found, "speed"):
        if threads == 1 and who not in trees_models.SPEED_ONLY:
            rows.append([name, title, who, *against(ours, theirs, "single_row_us")])
    text = table("One row at a time, one thread", ["set", "model", "peer", "ours, us a row", "theirs, us a row", "ratio"], rows)
    note = ("\nWall time of scoring one row, the mean over the first 1,000 test rows. LightGBM and XGBoost through their C"
            " functions, called from Python; scikit-learn through `predict_proba`, most of which is the cost of a Python"
            " call.\n")
    return text and text + note


def memory(found):
    rows = []
    for (name, title, threads), who, ours, theirs in pairs(found, "speed"):
        mb = [median(side, field) for side in [ours, theirs] for field in ["rss_before_kb", "peak_rss_kb"]]
        cells = [f"{kb / 1024:,.0f}" if kb else "-" for kb in mb]
        ratio = f"{mb[1] / mb[3]:.2f}" if mb[1] and mb[3] else "-"
        rows.append([name, title, threads, who, *cells, ratio])
    heads = ["set", "model", "threads", "peer", "ours: before the fit, MiB", "peak, MiB", "theirs: before the fit, MiB",
             "peak, MiB", "ratio of the peaks"]
    return table("Memory of a fit (medians)", heads, rows)


def shap(found):
    rows = []
    for (name, title, _), who, ours, theirs in pairs(found, "shap"):
        rows.append([name, title, who or "none", *against(ours, theirs, "shap_us_per_row")])
    heads = ["set", "model", "peer", "ours, us CPU a row", "theirs, us CPU a row", "ratio"]
    note = ("\nOne thread, up to 200 test rows, repeated for at least .3 s. LightGBM: `predict(pred_contrib=True)`; XGBoost:"
            " `predict(pred_contribs=True)` of a new `DMatrix`; scikit-learn has none.\n")
    text = table("Exact TreeSHAP contributions (medians)", heads, rows)
    return text and text + note


def difference(ours, theirs, field):
    """Mean over the seeds of ours - theirs, its standard error, and whether ours is not below by more than that."""
    each = [a[field] - b[field] for a, b in zip(ours, theirs)]
    if not each:
        return ["-", "-"]
    mean = statistics.mean(each)
    if len(each) < 2:
        return [f"{mean:+.4f}", "-"]
    error = statistics.stdev(each) / len(each) ** 0.5
    return [f"{mean:+.4f} ± {error:.4f}", "yes" if mean >= -error else "no"]


def mean(measured, field):
    return f"{statistics.mean(m[field] for m in measured):.4f}" if measured else "-"


def quality(found):
    rows, seeds = [], {}
    for (name, title), who, ours, theirs in pairs(found, "quality", ("set", "title")):
        cells = []
        for field in ["f1", "auc"]:
            cells += [mean(ours, field), mean(theirs, field), *difference(ours, theirs, field)]
        rows.append([name, title, who, *cells])
        for side in [ours, theirs]:
            for m in side:
                seeds.setdefault((name, title, m["who"]), {})[m["seed"]] = m
    heads = ["set", "model", "peer", "F1: ours", "theirs", "difference", "not below", "ROC-AUC: ours", "theirs", "difference",
             "not below"]
    return "\n".join([table("Quality (means over the seeds)", heads, rows), by_seed(seeds)])


def by_seed(seeds):
    columns = sorted({seed for found in seeds.values() for seed in found})
    rows = []
    for key, found in seeds.items():
        rows.append([*key, *(f"{found[s]['f1']:.4f} / {found[s]['auc']:.4f}" if s in found else "-" for s in columns)])
    return table("Quality by seed: F1 / ROC-AUC", ["set", "model", "whose", *(f"seed {s}" for s in columns)], rows)


def timed_quality(found):
    """That a fast fit is not a poor one: the test rows scored by the very models that were timed."""
    rows = []
    for (name, title), who, ours, theirs in pairs(found, "speed", ("set", "title")):
        if who not in trees_models.SPEED_ONLY:
            rows.append([name, title, who, *(mean(side, field) for field in ["f1", "auc"] for side in [ours, theirs])])
    heads = ["set", "model", "peer", "F1: ours", "theirs", "ROC-AUC: ours", "theirs"]
    return table("Quality of the timed models (the first seed)", heads, rows)

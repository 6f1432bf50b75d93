"""Whole training runs beside FLAML's and LightGBM's defaults: make bench-automl.

    python bench_automl.py build/foretell ../shared/data --seconds 60 [--only adult] [--folds 5]

Row i is tested in fold i modulo 5. For each fold the other rows are written to a CSV file, which
Foretell (foretell train, then predict: a user's way) and FLAML get, one after the other, each
with all cores of the machine and the same time; LightGBM has its defaults and what time it
takes. Prints scores with standard errors over the folds, the mean time of a fold and, of Foretell,
the seconds that its cores worked. AutoGluon, which is large, is there if it is asked for (--sides
autogluon): run by the Python of --autogluon, which has requirements-autogluon.txt, with its preset
best_quality and without neural networks.

Foretell's budget is search.work: core-seconds as they are predicted, not as they pass, so that a
slower machine makes the same model. It is given WORK of the time of two cores; the rest is for
reading, choosing and the last fit. These folds part rows that equal each other (31 % of the wines
that are tested have a copy among the others), and Foretell is told so, as FLAML's own validation
parts them too.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

warnings.filterwarnings("ignore")
SETS = {  # file, target, task, metric, which FLAML calls the same
    "adult": ("adult-train", "income", "binary", "roc_auc"),
    "california-housing": ("california-housing", "median_house_value", "regression", "rmse"),
    "wine-quality-white": ("wine-quality-white", "quality", "regression", "rmse"),
    "wine-quality-white-class": ("wine-quality-white", "quality", "multiclass", "log_loss"),
}
FOLDS = 5
CORES = 2
WORK = 0.65
options = argparse.ArgumentParser()
options.add_argument("foretell")
options.add_argument("folder")
options.add_argument("--seconds", type=float, default=60)
options.add_argument("--only", default="")
options.add_argument("--folds", type=int, default=FOLDS, help="of the five, how many are tried")
options.add_argument("--first", type=int, default=0, help="the first fold that is tried")
options.add_argument("--sides", default="foretell,flaml,lightgbm", help="and autogluon")
options.add_argument("--autogluon", default="build/bench/autogluon/bin/python")
arguments = options.parse_args()


def read(name, target, task):
    """Rows as texts for files, and as numbers and categories for peers."""
    with open(f"{arguments.folder}/{name}.csv") as file:
        header, *rows = [[v.strip() for v in row] for row in csv.reader(file)]
    frame = pd.DataFrame([[None if v in ("?", "NA", "") else v for v in row] for row in rows], columns=header)
    if name == "wine-quality-white" and task == "multiclass":
        frame = frame[~frame[target].isin(["3", "9"])].reset_index(drop=True)  # 20 and 5 rows
    typed = frame.copy()
    for column in typed:
        try:
            typed[column] = pd.to_numeric(typed[column])
        except ValueError:
            typed[column] = typed[column].astype("category")
    return frame, typed


def score(metric, y, predicted, classes):
    if metric == "rmse":
        return root_mean_squared_error(y, predicted)
    if metric == "roc_auc":
        return roc_auc_score(y == classes[1], predicted[:, 1])
    return log_loss(y, predicted, labels=classes)


def foretell(frame, target, task, metric, train, test, classes):
    with tempfile.TemporaryDirectory() as folder:
        frame[train].to_csv(f"{folder}/train.csv", index=False)
        frame[test].drop(columns=target).to_csv(f"{folder}/test.csv", index=False)
        config = {
            "model": "bench", "data": {"source": f"{folder}/train.csv", "target": target, "task": task},
            "validation": {"test": 0, "copies_apart": True}, "metric": metric,  # the outer fold tests
            "search": {"strategy": "portfolio", "work": WORK * CORES * arguments.seconds},
        }
        with open(f"{folder}/config.json", "w") as file:
            json.dump(config, file)
        subprocess.run([arguments.foretell, "train", "--store", f"{folder}/store", f"{folder}/config.json"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        took = time.monotonic()
        out = subprocess.run([arguments.foretell, "predict", "--store", f"{folder}/store", "--model", "bench", f"{folder}/test.csv"],
                             check=True, capture_output=True, text=True).stdout
        rows = list(csv.DictReader(out.splitlines()))
    if task == "regression":
        return np.array([float(row[target]) for row in rows]), took
    return np.array([[float(row[f"p({c})"]) for c in classes] for row in rows]), took


def flaml(typed, target, task, metric, train, test, classes):
    from flaml import AutoML

    automl = AutoML()
    automl.fit(typed[train].drop(columns=target), typed[train][target], task="regression" if task == "regression" else "classification",
               metric=metric, time_budget=arguments.seconds, seed=1, n_jobs=os.cpu_count(), verbose=0)
    took = time.monotonic()
    x = typed[test].drop(columns=target)
    return (automl.predict(x) if task == "regression" else automl.predict_proba(x)), took


def autogluon(typed, target, task, metric, train, test):
    """In a process of its own, since it wants other versions of what FLAML wants too."""
    with tempfile.TemporaryDirectory() as folder:
        typed[train].to_csv(f"{folder}/train.csv", index=False)
        typed[test].drop(columns=target).to_csv(f"{folder}/test.csv", index=False)
        called = {"rmse": "root_mean_squared_error"}.get(metric, metric)
        subprocess.run([arguments.autogluon, f"{os.path.dirname(__file__)}/bench_autogluon.py", folder, target, task, called, str(arguments.seconds)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        out = np.load(f"{folder}/predicted.npz")
        return out["predicted"], out["seconds"].item()


def worked_by_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lightgbm(typed, target, task, train, test):
    import lightgbm as library

    model = (library.LGBMRegressor if task == "regression" else library.LGBMClassifier)(random_state=1, verbose=-1)
    model.fit(typed[train].drop(columns=target), typed[train][target])
    took = time.monotonic()
    x = typed[test].drop(columns=target)
    return (model.predict(x) if task == "regression" else model.predict_proba(x)), took


for name, (file, target, task, metric) in SETS.items():
    if arguments.only not in name:
        continue
    frame, typed = read(file, target, task)
    y = typed[target].astype(str if task == "binary" else float if task == "regression" else int).to_numpy()
    classes = [] if task == "regression" else sorted(set(y))
    fold = np.arange(len(y)) % FOLDS
    scores, times, worked = {}, {}, []
    for k in range(arguments.first, arguments.folds):
        test, train = fold == k, fold != k
        for side in arguments.sides.split(","):
            began, cores = time.monotonic(), worked_by_children()
            if side == "foretell":
                predicted, ended = foretell(frame, target, task, metric, train, test, classes)
            elif side == "flaml":
                predicted, ended = flaml(typed, target, task, metric, train, test, classes)
            elif side == "autogluon":
                predicted, seconds = autogluon(typed, target, task, metric, train, test)
                ended = began + seconds  # without the import of its libraries
            else:
                predicted, ended = lightgbm(typed, target, task, train, test)
            scores.setdefault(side, []).append(score(metric, y[test], predicted, classes))
            times.setdefault(side, []).append(ended - began)
            if side == "foretell":
                worked.append(worked_by_children() - cores)
                print(f"  {worked[-1]:.1f} s of cores", end="", file=sys.stderr)
            print(f"  {name} fold {k} {side}: {scores[side][-1]:.5f} in {times[side][-1]:.1f} s", file=sys.stderr, flush=True)
    line = f"bench automl/{name} {metric}"
    for side, values in scores.items():
        line += f" {side}={np.mean(values):.5f}"
        if len(values) > 1:
            line += f"±{np.std(values, ddof=1) / np.sqrt(len(values)):.2g}"
        line += f" in {np.mean(times[side]):.1f}s"
        if side == "foretell":
            line += f" ({np.mean(worked):.1f}s of cores)"
    print(line, flush=True)

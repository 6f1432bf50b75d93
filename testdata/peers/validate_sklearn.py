"""Folds of scikit-learn for pkg/validate: TimeSeriesSplit and PredefinedSplit, and how even those of
GroupKFold and StratifiedGroupKFold are.

    pip install -r requirements.txt && python validate_sklearn.py > ../golden/validate_sklearn.json
"""

import json
import platform

import numpy as np
import sklearn
from sklearn.model_selection import GroupKFold, PredefinedSplit, StratifiedGroupKFold, TimeSeriesSplit


def time_series():
    cases = []
    for n, folds, gap, sliding in [(6, 5, 0, False), (12, 3, 0, False), (17, 4, 0, True), (40, 5, 2, False), (41, 5, 3, True), (9, 2, 1, True), (100, 7, 0, True)]:
        first = n - folds * (n // (folds + 1))  # rows before the first test
        split = TimeSeriesSplit(folds, gap=gap, max_train_size=first if sliding else None)
        cases.append({"n": n, "folds": folds, "gap": gap, "sliding": sliding,
                      "train": [t.tolist() for t, _ in split.split(np.zeros(n))],
                      "test": [t.tolist() for _, t in split.split(np.zeros(n))]})
    return cases


def predefined():
    column = [0, 1, -1, 2, 2, 0, -1, 1, 0]
    split = PredefinedSplit(column)
    return {"column": column, "train": [t.tolist() for t, _ in split.split()], "test": [t.tolist() for _, t in split.split()]}


def unevenness(folds, classes):
    """Standard deviation over the folds of the share of each class, mean over the classes; and that of rows."""
    counts = np.array([np.bincount(classes[test], minlength=classes.max() + 1) for test in folds])
    rows = counts.sum(axis=1)
    return float(np.std(counts / counts.sum(axis=0), axis=0).mean()), float(np.std(rows / rows.sum()))


def groups():
    cases = []
    for seed in range(12):
        r = np.random.default_rng(seed)
        n, k, many = int(r.integers(60, 400)), int(r.integers(2, 8)), int(r.integers(12, 60))
        sizes = r.dirichlet(np.full(many, r.choice([0.5, 2.0, 20.0])))
        group = np.unique(r.choice(many, n, p=sizes), return_inverse=True)[1]
        lean = r.beta(1, 2, group.max() + 1)  # groups lean to classes
        classes = (r.random(n) < lean[group]).astype(int) + (r.random(n) < 0.15)
        stratified = StratifiedGroupKFold(k, shuffle=True, random_state=seed)
        plain = GroupKFold(k)
        by_class, by_rows = unevenness([t for _, t in stratified.split(classes, classes, group)], classes)
        _, plain_rows = unevenness([t for _, t in plain.split(classes, classes, group)], classes)
        cases.append({"folds": k, "groups": group.tolist(), "classes": classes.tolist(), "class_unevenness": by_class,
                      "row_unevenness": by_rows, "plain_row_unevenness": plain_rows})
    return cases


print(json.dumps({"python": platform.python_version(), "scikit-learn": sklearn.__version__, "time_series": time_series(),
                  "predefined": predefined(), "groups": groups()}))

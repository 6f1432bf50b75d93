"""Data sets of make bench-other, which the defaults were not fitted to: some that come with scikit-learn,
and some that it generates.

    python other_data.py FOLDER    # a CSV file each, with the target in column "target"

Package: scikit-learn (requirements.txt)
"""

import pathlib
import sys

import numpy as np
import pandas as pd
from sklearn import datasets

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def write(name, x, y, classes=False):
    frame = x if isinstance(x, pd.DataFrame) else pd.DataFrame(x, columns=[f"x{j}" for j in range(x.shape[1])])
    frame = frame.assign(target=[f"c{v}" for v in y] if classes else y)
    frame.to_csv(folder / (name + ".csv"), index=False)


def categories(rows):
    """Effects of categories of many levels, and of two of them together."""
    r = np.random.default_rng(21)
    sizes = [4, 12, 40, 150]
    codes = [r.integers(0, k, rows) for k in sizes]
    effects = [r.normal(0, 1, k) for k in sizes]
    pair = r.normal(0, 1, (4, 12))
    x = pd.DataFrame(r.normal(0, 1, (rows, 3)), columns=["x0", "x1", "x2"])
    y = sum(e[c] for e, c in zip(effects, codes)) + pair[codes[0], codes[1]] + x["x0"] + r.normal(0, 1, rows)
    for k, c in zip(sizes, codes):
        x[f"of{k}"] = [f"v{i}" for i in c]
    return x, y


for name, load, classes in [("digits", datasets.load_digits, True), ("breast-cancer", datasets.load_breast_cancer, True),
                            ("wine", datasets.load_wine, True), ("iris", datasets.load_iris, True), ("diabetes", datasets.load_diabetes, False)]:
    write(name, *load(return_X_y=True), classes)
write("friedman1", *datasets.make_friedman1(1000, noise=1, random_state=11))
write("friedman2", *datasets.make_friedman2(1000, noise=125, random_state=12))
write("few-informative", *datasets.make_classification(5000, 50, n_informative=5, n_redundant=5, flip_y=0.05, random_state=13), True)
write("imbalanced", *datasets.make_classification(10_000, 20, n_informative=6, weights=[0.99], flip_y=0.002, random_state=14), True)
write("categories", *categories(3000))

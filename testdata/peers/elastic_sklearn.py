"""Coefficients with l1 that pkg/model's linear and logistic learners must agree with, and
ridge regression by leave-one-out error.

    python elastic_sklearn.py > ../golden/elastic_sklearn.json

Run in this folder, with the packages of requirements.txt. The data are those of
linear_sklearn.py: white wine, standardized. l1 and l2 are Foretell's, turned into
scikit-learn's as the documentation of the learners says. Solvers are set to tolerances at
which nothing moves any more.
"""

import csv
import json
import platform
import sys

import numpy as np
import sklearn
from sklearn.linear_model import ElasticNet, LogisticRegression, RidgeCV

with open("../wine-quality-white.csv") as file:
    rows = list(csv.reader(file))
table = np.array(rows[1:], float)
raw, quality = table[:, :-1], table[:, -1]
standard = (raw - raw.mean(axis=0)) / raw.std(axis=0)
n = len(raw)
weights = (np.arange(n) % 5).astype(float)
good = (quality >= 7).astype(int)
grade = np.select([quality <= 4, quality <= 5, quality <= 6, quality <= 7], [0, 1, 2, 3], 4)

cases = []


def add(name, model, y, l1, l2, sample_weight=None, balanced=False):
    model.fit(standard, y, sample_weight=sample_weight)
    cases.append({
        "name": name, "x": "standard", "l1": l1, "l2": l2, "weighted": sample_weight is not None, "balanced": balanced,
        "coefficients": np.atleast_2d(model.coef_).tolist(), "intercepts": np.atleast_1d(model.intercept_).tolist(),
    })
    print(name, l1, l2, model.n_iter_, file=sys.stderr)


for l1, l2 in ((50.0, 0.0), (800.0, 0.0), (300.0, 200.0), (1.0, 5000.0), (3000.0, 10.0)):
    for w in (None, weights):
        total = n if w is None else w.sum()
        alpha = l1 / (2 * total) + l2 / total
        add("elastic", ElasticNet(alpha=alpha, l1_ratio=l1 / (2 * total) / alpha, tol=1e-15, max_iter=1_000_000), quality, l1, l2, w)

for l1, l2 in ((5.0, 0.0), (60.0, 0.0), (10.0, 20.0)):
    for name, y in (("binary", good), ("multiclass", grade)):
        for w, balanced in ((None, False), (weights, False), (None, True)):
            if balanced and l2 == 0:
                continue
            model = LogisticRegression(C=1 / (l1 + l2), l1_ratio=l1 / (l1 + l2), solver="saga", tol=1e-13, max_iter=200_000,
                                       random_state=0, class_weight="balanced" if balanced else None)
            add(name, model, y, l1, l2, w, balanced)

alphas = np.logspace(-2, 5, 15)
ridge = {"l2": alphas.tolist()}
for key, w in (("errors", None), ("errors_weighted", weights[weights > 0])):
    keep = slice(None) if w is None else weights > 0
    cv = RidgeCV(alphas=alphas, store_cv_results=True).fit(standard[keep], quality[keep], sample_weight=w)
    errors = cv.cv_results_.reshape(-1, len(alphas))
    # Squared errors come times the weight; their weighted mean is what alphas are compared by.
    ridge[key] = (errors.sum(axis=0) / (len(errors) if w is None else w.sum())).tolist()

json.dump({
    "made_by": "elastic_sklearn.py",
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "cases": cases, "ridge": ridge,
}, sys.stdout, indent=1)
print()

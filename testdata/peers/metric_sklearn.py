"""Scores that pkg/metric must agree with, by scikit-learn.

    pip install scikit-learn && python metric_sklearn.py > ../golden/metric_sklearn.json
"""

import json
import platform
import sys

import numpy as np
import sklearn
from sklearn import metrics

random = np.random.default_rng(20240501)
cases = []


def add(name, y, predicted, weights, outputs, scores):
    cases.append({
        "name": name, "outputs": outputs,
        "y": np.asarray(y, float).tolist(),
        "predicted": np.asarray(predicted, float).ravel().tolist(),
        "weights": None if weights is None else np.asarray(weights, float).tolist(),
        "scores": {metric: float(score) for metric, score in scores.items()},
    })


def regression(name, y, predicted, weights=None):
    w = {"sample_weight": weights}
    add(name, y, predicted, weights, 1, {
        "rmse": metrics.root_mean_squared_error(y, predicted, **w),
        "mae": metrics.mean_absolute_error(y, predicted, **w),
        "r2": metrics.r2_score(y, predicted, **w),
    })


def binary(name, y, positive, weights=None):
    positive = np.asarray(positive, float)
    p = np.column_stack([1 - positive, positive])
    w = {"sample_weight": weights}
    add(name, y, p, weights, 2, {
        "roc_auc": metrics.roc_auc_score(y, positive, **w),
        "log_loss": metrics.log_loss(y, p, labels=[0, 1], **w),
        "accuracy": metrics.accuracy_score(y, p.argmax(axis=1), **w),
        "brier": metrics.brier_score_loss(y, positive, **w),
    })


def multiclass(name, y, p, weights=None):
    classes = p.shape[1]
    w = {"sample_weight": weights}
    add(name, y, p, weights, classes, {
        "log_loss": metrics.log_loss(y, p, labels=list(range(classes)), **w),
        "accuracy": metrics.accuracy_score(y, p.argmax(axis=1), **w),
        "macro_f1": metrics.f1_score(y, p.argmax(axis=1), average="macro", zero_division=0, **w),
    })


n = 120
y = random.normal(size=n)
predicted = y + random.normal(scale=0.5, size=n)
weights = random.exponential(size=n)
regression("unweighted", y, predicted)
regression("weighted", y, predicted, weights)
regression("worse than the mean", y, -predicted)
regression("far from zero", 1e6 + y, 1e6 + predicted, weights)
regression("two rows", [1, 2], [1.5, 1.75])
regression("perfect", [1, 2, 4], [1, 2, 4])
regression("huge", 1e150 * y, 1e150 * predicted, weights)

y = random.integers(0, 2, size=n)
p = random.uniform(size=n)
binary("no ties", y, p)
binary("no ties, weighted", y, p, weights)
tied = np.round(0.6 * p + 0.4 * y, 1)
binary("many ties", y, tied)
binary("many ties, weighted", y, tied, weights)
binary("all tied", y, np.full(n, 0.25), weights)
binary("a tie of the two classes", [0, 1, 1], [0.5, 0.5, 0.75])
binary("rare class", [1] + [0] * (n - 1), tied)
binary("perfect", [0, 0, 1, 1], [0.125, 0.25, 0.5625, 1])
binary("certain and wrong", [0, 1, 1], [1, 0, 1])
binary("nearly certain", [0, 1], [1e-17, 1 - 1e-16])

classes = 4
y = random.integers(0, classes, size=n)
logits = random.normal(size=(n, classes)) + 1.5 * np.eye(classes)[y]
p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
multiclass("four classes", y, p)
multiclass("four classes, weighted", y, p, weights)
absent = np.where(y == 2, 0, y)
without = p.copy()
without[:, 2] = 0
without /= without.sum(axis=1, keepdims=True)
multiclass("class absent, never predicted", absent, without, weights)
multiclass("class absent, predicted", absent, p, weights)
multiclass("class present, never predicted", y, without)
multiclass("one class only", [1, 1, 1], p[:3])
multiclass("ties of probability", [0, 1, 2, 3], np.full((4, 4), 0.25))
multiclass("certain and wrong", [0, 1, 2], np.eye(3)[[1, 1, 0]])

versions = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "scikit-learn": sklearn.__version__,
}
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
sys.stdout.write(f'{{"versions":{json.dumps(versions)},"cases":[\n{lines}\n]}}\n')

"""Calibrations and thresholds that pkg/calibration must agree with, by scikit-learn (isotonic
regression), statsmodels (Platt's line as a binomial GLM of his targets), scipy (the root of the
derivative of the log loss by 1/temperature) and trying every threshold.

    pip install -r requirements.txt && python calibration_sklearn.py > ../golden/calibration_sklearn.json
"""

import json
import platform
import sys

import numpy as np
import scipy
import sklearn
import statsmodels
import statsmodels.api as sm
from scipy.optimize import brentq
from scipy.special import expit, logit, softmax
from sklearn import metrics
from sklearn.isotonic import IsotonicRegression

random = np.random.default_rng(20261126)
CERTAIN = 2.0**-52


def isotonic(p, is_class, weights, at):
    fitted = IsotonicRegression(out_of_bounds="clip").fit(p, is_class, weights)
    off = 0.5 / (1 + np.sum(weights))
    return np.clip(fitted.predict(at), off, 1 - off)


def platt(p, is_class, weights, at):
    positive, negative = np.sum(weights * is_class), np.sum(weights * (1 - is_class))
    target = np.where(is_class == 1, (positive + 1) / (positive + 2), 1 / (negative + 2))
    odds = lambda v: sm.add_constant(logit(np.clip(v, CERTAIN, 1 - CERTAIN)), has_constant="add")
    fitted = sm.GLM(target, odds(p), sm.families.Binomial(), var_weights=weights).fit(tol=1e-15, maxiter=200)
    return expit(odds(at) @ fitted.params)


def temperature(p, y, weights, at):
    z = np.log(np.maximum(p, CERTAIN))

    def slope(power):
        q = softmax(power * z, axis=1)
        return np.sum(weights * (np.sum(q * z, axis=1) - z[np.arange(len(y)), y]))

    power = brentq(slope, 1e-3, 1e3, xtol=1e-15, rtol=1e-14)
    return softmax(power * np.log(np.maximum(at, CERTAIN)), axis=1), power


def one_by_one(fit, p, y, weights, at):
    if p.shape[1] == 2:
        positive = fit(p[:, 1], (y == 1).astype(float), weights, at[:, 1])
        return np.column_stack([1 - positive, positive])
    columns = [fit(p[:, k], (y == k).astype(float), weights, at[:, k]) for k in range(p.shape[1])]
    raw = np.column_stack(columns)
    return raw / raw.sum(axis=1, keepdims=True)


cases = []
for classes in [2, 4]:
    for weighted in [False, True]:
        for rounded in [False, True]:
            n = 300
            true = softmax(random.normal(size=(n, classes)) * 1.5, axis=1)
            y = np.array([random.choice(classes, p=row) for row in true])
            p = softmax(2.5 * np.log(true) + 0.3 * random.normal(size=(n, classes)), axis=1)  # too bold
            if rounded:
                p = (1 + np.array([random.multinomial(10, row) for row in p])) / (10 + classes)  # many ties
            weights = random.exponential(size=n) if weighted else np.ones(n)
            at = np.vstack([softmax(3 * random.normal(size=(20, classes)), axis=1), np.eye(classes)])
            tempered, power = temperature(p, y, weights, at)
            cases.append({
                "name": f"{classes} classes, weighted {weighted}, rounded {rounded}", "outputs": classes,
                "y": y.tolist(), "p": p.ravel().tolist(), "weights": weights.tolist() if weighted else None,
                "at": at.ravel().tolist(), "inverse": power,
                "calibrated": {
                    "temperature": tempered.ravel().tolist(),
                    "platt": one_by_one(platt, p, y, weights, at).ravel().tolist(),
                    "isotonic": one_by_one(isotonic, p, y, weights, at).ravel().tolist(),
                },
            })

thresholds = []
for weighted in [False, True]:
    n = 150
    p = np.round(random.uniform(size=n), 2)
    y = (random.uniform(size=n) < 0.2 + 0.5 * p).astype(int)
    weights = random.exponential(size=n) if weighted else np.ones(n)
    costs = [[0, 1], [5, -1]]

    def scores(t):
        chosen = (p >= t).astype(int)
        c = metrics.confusion_matrix(y, chosen, sample_weight=weights, labels=[0, 1])
        return {
            "accuracy": metrics.accuracy_score(y, chosen, sample_weight=weights),
            "f1": metrics.f1_score(y, chosen, sample_weight=weights, zero_division=0),
            "balanced_accuracy": metrics.balanced_accuracy_score(y, chosen, sample_weight=weights),
            "cost": -float(np.sum(c * np.array(costs))),
        }

    tried = [scores(t) for t in np.append(np.unique(p), 1.5)]
    thresholds.append({
        "y": y.tolist(), "p": p.tolist(), "weights": weights.tolist() if weighted else None, "costs": costs,
        "best": {name: max(s[name] for s in tried) for name in tried[0]},
    })

versions = {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__,
            "scipy": scipy.__version__, "statsmodels": statsmodels.__version__}
json.dump({"versions": versions, "cases": cases, "thresholds": thresholds}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")

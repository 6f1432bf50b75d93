"""Scores and intervals that pkg/metric must agree with, by scikit-learn, scipy and statsmodels.

    pip install -r requirements.txt && python metric_sklearn.py > ../golden/metric_sklearn.json

What no library has is written out from its definition here: calibration error by bins,
DeLong's variance by comparing every row of one class with every row of the other.
"""

import json
import platform
import sys
import warnings

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn import calibration, metrics
from statsmodels.stats.proportion import proportion_confint

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
    scores = {
        "rmse": metrics.root_mean_squared_error(y, predicted, **w),
        "mae": metrics.mean_absolute_error(y, predicted, **w),
        "r2": metrics.r2_score(y, predicted, **w),
        "mse": metrics.mean_squared_error(y, predicted, **w),
        "median_absolute_error": metrics.median_absolute_error(y, predicted, **w),
        "mape": metrics.mean_absolute_percentage_error(y, predicted, **w),
        "max_error": metrics.max_error(y, predicted),
        "explained_variance": metrics.explained_variance_score(y, predicted, **w),
        "pinball_0.5": metrics.mean_pinball_loss(y, predicted, alpha=0.5, **w),
        "pinball_0.9": metrics.mean_pinball_loss(y, predicted, alpha=0.9, **w),
    }
    # Deviances of predictions that are nearly right are what cancels, there too.
    apart = np.max(np.abs(np.subtract(y, predicted))) > 1e-3 * np.max(np.abs(y))
    if apart and np.min(y) > 0 and np.min(predicted) > 0:
        scores |= {
            "rmsle": metrics.root_mean_squared_log_error(y, predicted, **w),
            "gamma_deviance": metrics.mean_gamma_deviance(y, predicted, **w),
        }
    if apart and np.min(y) >= 0 and np.min(predicted) > 0:
        scores |= {
            "poisson_deviance": metrics.mean_poisson_deviance(y, predicted, **w),
            "tweedie_deviance_1.5": metrics.mean_tweedie_deviance(y, predicted, power=1.5, **w),
        }
    if np.min(np.abs(y)) == 0:
        del scores["mape"]
    add(name, y, predicted, weights, 1, scores)


def binary(name, y, positive, weights=None):
    positive = np.asarray(positive, float)
    p = np.column_stack([1 - positive, positive])
    w = {"sample_weight": weights}
    chosen = p.argmax(axis=1)
    scores = {
        "roc_auc": metrics.roc_auc_score(y, positive, **w),
        "log_loss": metrics.log_loss(y, p, labels=[0, 1], **w),
        "accuracy": metrics.accuracy_score(y, chosen, **w),
        "brier": metrics.brier_score_loss(y, positive, **w),
        "average_precision": metrics.average_precision_score(y, positive, **w),
        "f1": metrics.f1_score(y, chosen, **w),
        "recall": metrics.recall_score(y, chosen, **w),
        "specificity": metrics.recall_score(y, chosen, pos_label=0, **w),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, chosen, **w),
        "cohen_kappa": metrics.cohen_kappa_score(y, chosen, **w),
        "calibration_error": calibration_error(np.equal(y, 1), positive, weights),
    }
    if len(set(chosen)) == 2:  # else the one is not defined, and the other 0 by convention
        scores |= {
            "precision": metrics.precision_score(y, chosen, **w),
            "mcc": metrics.matthews_corrcoef(y, chosen, **w),
        }
    add(name, y, p, weights, 2, scores)


def calibration_error(right, p, weights, bins=15):
    weights = np.ones(len(p)) if weights is None else weights
    of = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], p)
    gaps = [abs(np.sum((weights * (right - p))[of == b])) for b in range(bins)]
    if np.all(weights == 1):  # scikit-learn has the parts, but takes no weights
        share, mean = calibration.calibration_curve(right, p, n_bins=bins)
        counts = np.bincount(of, minlength=bins)
        assert np.isclose(np.sum(gaps), np.sum(counts[counts > 0] * np.abs(share - mean)), rtol=1e-12)
    return np.sum(gaps) / np.sum(weights)


def multiclass(name, y, p, weights=None):
    classes = p.shape[1]
    w = {"sample_weight": weights}
    chosen = p.argmax(axis=1)
    labels = list(range(classes))
    scores = {
        "log_loss": metrics.log_loss(y, p, labels=labels, **w),
        "accuracy": metrics.accuracy_score(y, chosen, **w),
        "brier": metrics.brier_score_loss(y, p, labels=labels, **w),
        "cohen_kappa": metrics.cohen_kappa_score(y, chosen, **w),
        "calibration_error": calibration_error(np.equal(y, chosen), p.max(axis=1), weights),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes that are predicted and do not occur
        scores["balanced_accuracy"] = metrics.balanced_accuracy_score(y, chosen, **w)
    for average in ["macro", "weighted"]:
        scores |= {
            f"{average}_f1": metrics.f1_score(y, chosen, average=average, zero_division=0, **w),
            f"{average}_precision": metrics.precision_score(y, chosen, average=average, zero_division=0, **w),
        }
    scores["macro_recall"] = metrics.recall_score(y, chosen, average="macro", zero_division=0, **w)
    if len(set(chosen)) > 1 and len(set(y)) > 1:
        scores["mcc"] = metrics.matthews_corrcoef(y, chosen, **w)
    if metrics.cohen_kappa_score(y, chosen, **w) != metrics.cohen_kappa_score(y, chosen, **w):
        del scores["cohen_kappa"]
    if len(set(y)) == classes:
        scores["roc_auc_ovr"] = metrics.roc_auc_score(y, p, multi_class="ovr", labels=labels, **w)
        if weights is None:  # which scikit-learn does not take here
            scores["roc_auc_ovo"] = metrics.roc_auc_score(y, p, multi_class="ovo", labels=labels)
        if len(np.unique(p)) == p.size:  # ties go the other way there
            scores["top_2_accuracy"] = metrics.top_k_accuracy_score(y, p, k=2, labels=labels, **w)
    add(name, y, p, weights, classes, scores)


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
amounts = random.gamma(2, 3, size=n)
regression("positive", amounts, amounts * random.uniform(0.5, 2, size=n))
regression("positive, weighted", amounts, amounts * random.uniform(0.5, 2, size=n), weights)
counts = random.poisson(1.5, size=n)
regression("counts", counts, 1 + 0.5 * counts)
regression("counts, weighted", counts, 1 + 0.5 * counts, weights)

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


# Intervals, with 95 and 80 % confidence.
intervals = []


def interval(metric, outputs, y, predicted, weights, confidence, low, high):
    intervals.append({
        "metric": metric, "outputs": outputs, "y": np.asarray(y, float).tolist(),
        "predicted": np.asarray(predicted, float).ravel().tolist(),
        "weights": None if weights is None else np.asarray(weights, float).tolist(),
        "confidence": confidence, "low": float(low), "high": float(high),
    })


def of_mean(losses, weights, confidence):
    """By scipy without weights; with them from the definition: one row is one observation."""
    if weights is None:
        return stats.t.interval(confidence, len(losses) - 1, np.mean(losses), stats.sem(losses))
    n, mean = len(losses), np.average(losses, weights=weights)
    error = np.sqrt(n / (n - 1) * np.sum((weights * (losses - mean)) ** 2)) / np.sum(weights)
    return stats.t.interval(confidence, n - 1, mean, error)


def de_long(y, p, weights, confidence):
    """Every row of class 1 with every row of class 0, as in the paper; weights in the means."""
    a, b = np.asarray(p)[np.equal(y, 1)], np.asarray(p)[np.equal(y, 0)]
    weights = np.ones(len(y)) if weights is None else weights
    u, v = weights[np.equal(y, 1)], weights[np.equal(y, 0)]
    wins = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
    area = u @ wins @ v / u.sum() / v.sum()
    assert np.isclose(area, metrics.roc_auc_score(y, p, sample_weight=weights), rtol=1e-12)
    variance = 0
    for placements, w in [(wins @ v / v.sum(), u), (u @ wins / u.sum(), v)]:
        m = len(w)
        variance += m / (m - 1) * np.sum((w * (placements - area)) ** 2) / np.sum(w) ** 2
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    return max(0, area - half), min(1, area + half)


y = random.normal(size=n)
predicted = y + random.normal(scale=0.5, size=n)
z = random.integers(0, 2, size=n)
p = np.round(0.6 * random.uniform(size=n) + 0.4 * z, 2)
both = np.column_stack([1 - p, p])
for confidence in [0.95, 0.8]:
    for w in [None, weights]:
        interval("mae", 1, y, predicted, w, confidence, *of_mean(np.abs(y - predicted), w, confidence))
        low, high = of_mean((y - predicted) ** 2, w, confidence)
        interval("mse", 1, y, predicted, w, confidence, low, high)
        interval("rmse", 1, y, predicted, w, confidence, np.sqrt(max(0, low)), np.sqrt(high))
        interval("brier", 2, z, both, w, confidence, *of_mean((z - p) ** 2, w, confidence))
        chosen = np.clip(np.where(z == 1, p, 1 - p), 2.0**-52, 1 - 2.0**-52)
        interval("log_loss", 2, z, both, w, confidence, *of_mean(-np.log(chosen), w, confidence))
        interval("roc_auc", 2, z, both, w, confidence, *de_long(z, p, w, confidence))
        right = both.argmax(axis=1) == z
        size = n if w is None else w.sum() ** 2 / (w**2).sum()  # Kish
        share = np.average(right, weights=w)
        interval("accuracy", 2, z, both, w, confidence, *proportion_confint(share * size, size, 1 - confidence, "wilson"))

# The continuous ranked probability score by its definition over all pairs of draws.
crps = []
for width in [1, 2, 9]:
    draws = random.normal(size=(7, width))
    targets = random.normal(size=7)
    score = np.mean(np.abs(draws - targets[:, None]).mean(axis=1)
                    - 0.5 * np.abs(draws[:, :, None] - draws[:, None, :]).mean(axis=(1, 2)))
    crps.append({"width": width, "y": targets.tolist(), "forecasts": draws.ravel().tolist(), "score": float(score)})

versions = {
    "python": platform.python_version(),
    "numpy": np.__version__,
    "scikit-learn": sklearn.__version__,
    "scipy": scipy.__version__,
    "statsmodels": statsmodels.__version__,
}


def lines(items):
    return ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)


sys.stdout.write(f'{{"versions":{json.dumps(versions)},"cases":[\n{lines(cases)}\n],')
sys.stdout.write(f'"intervals":[\n{lines(intervals)}\n],"crps":[\n{lines(crps)}\n]}}\n')

"""Paired comparisons of two models on the same rows, for pkg/metric's Compare and CompareFolds.

Student's t is scipy's, the covariance of areas is the kernel of DeLong, DeLong and Clarke-Pearson
(1988) over all pairs, the corrected t is the formula of Nadeau and Bengio (2003).

    pip install -r requirements.txt && python metric_compare.py > ../golden/metric_compare.json
"""

import json
import platform

import numpy as np
import scipy
from scipy import stats

random = np.random.default_rng(11)
cases, folds = [], []
n = 60


def case(metric, outputs, y, predicted, other, weights, confidence, gain, low, high):
    cases.append({
        "metric": metric, "outputs": outputs, "y": np.asarray(y, float).tolist(),
        "predicted": np.asarray(predicted, float).ravel().tolist(),
        "other": np.asarray(other, float).ravel().tolist(),
        "weights": None if weights is None else np.asarray(weights, float).tolist(),
        "confidence": confidence, "gain": float(gain), "low": float(low), "high": float(high),
    })


def paired_t(gains, weights, confidence):
    if weights is None:
        test = stats.ttest_1samp(gains, 0)
        interval = test.confidence_interval(confidence)
        return np.mean(gains), interval.low, interval.high
    m, mean = len(gains), np.average(gains, weights=weights)
    error = np.sqrt(m / (m - 1) * np.sum((weights * (gains - mean)) ** 2)) / np.sum(weights)
    return mean, *stats.t.interval(confidence, m - 1, mean, error)


def areas(y, p, q, confidence):
    """The paper's S10 and S01 matrices over all pairs of a positive and a negative row."""
    placements, values = [], []
    for scores in [p, q]:
        a, b = scores[y == 1], scores[y == 0]
        wins = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
        placements.append((wins.mean(axis=1), wins.mean(axis=0)))
        values.append(wins.mean())
    s10 = np.cov(placements[0][0], placements[1][0])
    s01 = np.cov(placements[0][1], placements[1][1])
    contrast = np.array([1, -1])
    variance = contrast @ (s10 / np.sum(y == 1) + s01 / np.sum(y == 0)) @ contrast
    gain = values[0] - values[1]
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(variance)
    return gain, gain - half, gain + half


y = random.normal(size=n)
first = y + random.normal(scale=0.5, size=n)
second = y + random.normal(scale=0.7, size=n)
z = random.integers(0, 2, size=n)
p = np.round(0.6 * random.uniform(size=n) + 0.4 * z, 2)
q = np.round(np.clip(p + random.normal(scale=0.15, size=n), 0, 1), 2)
both, others = np.column_stack([1 - p, p]), np.column_stack([1 - q, q])
weights = random.uniform(0.1, 3, size=n)
for confidence in [0.95, 0.8]:
    for w in [None, weights]:
        case("mae", 1, y, first, second, w, confidence,
             *paired_t(np.abs(y - second) - np.abs(y - first), w, confidence))
        case("mse", 1, y, first, second, w, confidence,
             *paired_t((y - second) ** 2 - (y - first) ** 2, w, confidence))
        case("brier", 2, z, both, others, w, confidence, *paired_t((z - q) ** 2 - (z - p) ** 2, w, confidence))
        right = (both.argmax(axis=1) == z) * 1.0 - (others.argmax(axis=1) == z) * 1.0
        case("accuracy", 2, z, both, others, w, confidence, *paired_t(right, w, confidence))
    case("roc_auc", 2, z, both, others, None, confidence, *areas(z, p, q, confidence))

for k, train, test in [(5, 800, 200), (10, 90, 10), (2, 50, 50)]:
    a, b = random.normal(0.9, 0.01, size=k), random.normal(0.89, 0.01, size=k)
    for confidence in [0.95, 0.8]:
        gains = a - b
        error = np.sqrt((1 / k + test / train) * np.var(gains, ddof=1))
        low, high = stats.t.interval(confidence, k - 1, np.mean(gains), error)
        folds.append({"scores": a.tolist(), "others": b.tolist(), "train": train, "test": test,
                      "confidence": confidence, "gain": float(np.mean(gains)), "low": low, "high": high})

versions = {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__}


def lines(items):
    return ",\n".join(json.dumps(item, separators=(",", ":")) for item in items)


print(f'{{"versions":{json.dumps(versions)},"cases":[\n{lines(cases)}\n],"folds":[\n{lines(folds)}\n]}}')

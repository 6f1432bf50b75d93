"""Curves that the report of a run draws, by scikit-learn and scipy.

    pip install -r requirements.txt && python curves_sklearn.py > ../golden/curves_sklearn.json
"""

import json
import platform
import sys

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import calibration, metrics
from statsmodels.stats.proportion import proportion_confint

random = np.random.default_rng(20240502)
cases = []
for name, rows, ties, weighted in [("few", 12, True, False), ("ties", 200, True, False), ("distinct", 150, False, True)]:
    y = (random.random(rows) < 0.35).astype(float)
    y[0], y[1] = 0, 1
    p = np.clip(0.35 * y + 0.2 + 0.25 * random.standard_normal(rows), 0.001, 0.999)
    if ties:
        p = np.round(p, 1)
    w = np.round(random.random(rows) + 0.5, 2) if weighted else None
    false, true, at = metrics.roc_curve(y, p, sample_weight=w, drop_intermediate=False)
    precision, recall, _ = metrics.precision_recall_curve(y, p, sample_weight=w)
    f1 = [metrics.f1_score(y, p >= t, sample_weight=w) for t in at[1:]]
    seen, said = calibration.calibration_curve(y, p, n_bins=10)
    bins = np.searchsorted(np.linspace(0, 1, 11)[1:-1], p)
    counts = np.bincount(bins, minlength=10)
    hits = np.bincount(bins, weights=y, minlength=10)
    filled = counts > 0
    low, high = proportion_confint(hits[filled], counts[filled], alpha=0.05, method="wilson")
    cases.append({
        "name": name, "y": y.tolist(), "p": p.tolist(), "weights": None if w is None else w.tolist(),
        "false_rate": false.tolist(), "recall": true.tolist(), "thresholds": at[1:].tolist(), "f1": f1,
        # From the last, which takes no row, to the first; at equal thresholds as ROC.
        "precision": precision[::-1].tolist(), "precision_recall": recall[::-1].tolist(),
        "said": said.tolist(), "seen": seen.tolist(), "low": low.tolist(), "high": high.tolist(), "rows": counts[filled].tolist(),
    })

y = random.integers(0, 4, 60)
decided = np.where(random.random(60) < 0.6, y, random.integers(0, 4, 60))
precision, recall, f1, support = metrics.precision_recall_fscore_support(y, decided)
json.dump({
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__},
    "cases": cases,
    "confusion": {"y": y.tolist(), "decided": decided.tolist(), "counts": metrics.confusion_matrix(y, decided).ravel().tolist(),
                  "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist()},
    "normal": {str(n): stats.probplot(np.arange(n, dtype=float), fit=False)[0].tolist() for n in (1, 2, 5, 30)},
}, sys.stdout, separators=(",", ":"))
print()

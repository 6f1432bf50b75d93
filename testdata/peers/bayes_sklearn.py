"""Probabilities that pkg/model's bayes must agree with: scikit-learn's GaussianNB of numbers,
CategoricalNB of categories, and of both the product of their likelihoods.

    pip install -r requirements.txt && python bayes_sklearn.py > ../golden/bayes_sklearn.json
"""

import json
import platform
import sys

import numpy as np
import sklearn
from scipy.special import log_softmax
from sklearn.naive_bayes import CategoricalNB, GaussianNB

random = np.random.default_rng(20261126)
n, classes = 200, 3
y = random.integers(0, classes, size=n)
numbers = random.normal(size=(n, 3)) * (1 + y[:, None]) + y[:, None] * [1, -0.5, 0] + [0, 100, -3]
levels = [2, 5, 4]
codes = np.column_stack([(random.integers(0, k, size=n) + y * (k > 2)) % k for k in levels])
weights = random.exponential(size=n)
cases = []
for weighted in [False, True]:
    w = weights if weighted else np.ones(n)
    # A share of the class's variance is added to each; scikit-learn takes it of the widest
    # column, so that only a share of 0 is the same.
    normal = GaussianNB(var_smoothing=0).fit(numbers, y, w)
    counted = CategoricalNB(alpha=0.5, min_categories=levels).fit(codes, y, w)
    prior = np.log(np.array([w[y == k].sum() for k in range(classes)]) / w.sum())
    both = normal.predict_joint_log_proba(numbers) + counted.predict_joint_log_proba(codes) - prior
    cases.append({
        "weights": w.tolist() if weighted else None,
        "numbers": normal.predict_proba(numbers).ravel().tolist(),
        "categories": counted.predict_proba(codes).ravel().tolist(),
        "both": np.exp(log_softmax(both, axis=1)).ravel().tolist(),
    })

versions = {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__}
json.dump({"versions": versions, "classes": classes, "y": y.tolist(), "numbers": numbers.T.tolist(), "codes": codes.T.tolist(),
           "levels": levels, "smoothing": 0.5, "cases": cases}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")

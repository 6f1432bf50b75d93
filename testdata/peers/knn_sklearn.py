"""Predictions that pkg/model's knn must agree with: scikit-learn's nearest neighbours, of new
rows and of rows of the training data; weights are repeats.

    pip install -r requirements.txt && python knn_sklearn.py > ../golden/knn_sklearn.json
"""

import json
import platform
import sys

import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

random = np.random.default_rng(20261126)
n, classes = 150, 3
x = random.normal(size=(n, 5)) * [1, 2, 0.5, 1, 30]
value = x[:, 0] - x[:, 1] ** 2 + random.normal(size=n)
label = np.digitize(value, [-4, 0])
repeats = random.integers(1, 4, size=n)
queries = np.concatenate([random.normal(size=(40, 5)) * [1, 2, 0.5, 1, 30], x[:10]])
cases = []
for k in [1, 4, 11, 1000]:
    for weights in ["uniform", "distance"]:
        for repeated in [False, True]:
            rows = np.repeat(np.arange(n), repeats if repeated else 1)
            # The tree has distances from differences; brute force, from products, loses digits.
            args = dict(n_neighbors=min(k, len(rows)), weights=weights, algorithm="kd_tree")
            cases.append({
                "k": k, "weights": weights, "repeated": repeated,
                "values": KNeighborsRegressor(**args).fit(x[rows], value[rows]).predict(queries).tolist(),
                "probabilities": KNeighborsClassifier(**args).fit(x[rows], label[rows]).predict_proba(queries).ravel().tolist(),
            })

versions = {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__}
json.dump({"versions": versions, "classes": classes, "x": x.T.tolist(), "value": value.tolist(), "label": label.tolist(),
           "repeats": repeats.tolist(), "queries": queries.T.tolist(), "cases": cases}, sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")

"""Coefficients and predictions that pkg/model's linear and logistic learners must agree with.

    pip install -r requirements.txt && python linear_sklearn.py > ../golden/linear_sklearn.json

Run in this folder. Columns are used raw, or standardized by the formula below, which the Go
test repeats. Solvers are set to their tightest tolerance, so that what remains is rounding.
"""

import csv
import json
import platform
import sys
from fractions import Fraction

import numpy as np
import sklearn
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

with open("../wine-quality-white.csv") as file:
    rows = list(csv.reader(file))
table = np.array(rows[1:], float)
raw, quality = table[:, :-1], table[:, -1]
standard = (raw - raw.mean(axis=0)) / raw.std(axis=0)
n = len(raw)
weights = (np.arange(n) % 5).astype(float)  # every fifth row has weight 0
good = (quality >= 7).astype(int)  # two classes
grade = np.select([quality <= 4, quality <= 5, quality <= 6, quality <= 7], [0, 1, 2, 3], 4)  # five
every = slice(0, n, 400)  # rows whose predictions are kept

cases = []


def add(name, x, model, y, sample_weight=None, l2=0.0, predict=None):
    data = {"raw": raw, "standard": standard}.get(x, x)
    model.fit(data, y, sample_weight=sample_weight)
    predict = predict or model.predict_proba
    cases.append({
        "name": name, "x": x, "l2": l2, "weighted": sample_weight is not None,
        "coefficients": np.atleast_2d(model.coef_).tolist(),
        "intercepts": np.atleast_1d(model.intercept_).tolist(),
        "predictions": predict(data[every]).ravel().tolist(),
    })


def logistic(l2):
    return LogisticRegression(C=1 / l2 if l2 else np.inf, solver="newton-cholesky", tol=1e-13, max_iter=1000)


for x in ("raw", "standard"):
    ols = LinearRegression()
    add("ols", x, ols, quality, predict=ols.predict)
    ols = LinearRegression()
    add("ols", x, ols, quality, weights, predict=ols.predict)
    for l2 in (0.1, 100.0):
        ridge = Ridge(alpha=l2, solver="svd")
        add("ridge", x, ridge, quality, l2=l2, predict=ridge.predict)
        ridge = Ridge(alpha=l2, solver="svd")
        add("ridge", x, ridge, quality, weights, l2=l2, predict=ridge.predict)
for l2 in (0.0, 1.0, 50.0):
    add("binary", "standard", logistic(l2), good, l2=l2)
    add("binary", "standard", logistic(l2), good, weights, l2=l2)
    if l2:  # without a penalty the classes' coefficients are not unique
        add("multiclass", "standard", logistic(l2), grade, l2=l2)
        add("multiclass", "standard", logistic(l2), grade, weights, l2=l2)
add("binary", "raw", logistic(1.0), good, l2=1.0)

# Dependent columns: the first four, their sum, the first again, and a constant. The least
# squares solution of least norm, in rational arithmetic would be overkill: LinearRegression
# takes it from an SVD.
dependent = np.column_stack([standard[:, :4], standard[:, :4].sum(axis=1), standard[:, 0], np.full(n, 3.0)])
ols = LinearRegression().fit(dependent, quality)
cases.append({
    "name": "ols", "x": "dependent", "l2": 0.0, "weighted": False,
    "coefficients": [ols.coef_.tolist()], "intercepts": [float(ols.intercept_)],
    "predictions": ols.predict(dependent[every]).tolist(),
})


def exact_filip():
    """Filip's polynomial by rational arithmetic on the powers as float64 holds them: what a
    solver can reach that is given x, x², … x¹⁰ rounded to 16 digits."""
    with open("../nist/linear.json") as file:
        filip = next(s for s in json.load(file) if s["name"] == "filip")
    powers = []
    for (text,) in filip["x"]:
        x, power, row = float(text), 1.0, [Fraction(1)]
        for _ in range(10):
            power *= x
            row.append(Fraction(power))
        powers.append(row)
    y = [Fraction(float(v)) for v in filip["y"]]
    size = len(powers[0])
    system = [[sum(r[i] * r[j] for r in powers) for j in range(size)]
              + [sum(r[i] * v for r, v in zip(powers, y))] for i in range(size)]
    for i in range(size):
        for k in range(i + 1, size):
            factor = system[k][i] / system[i][i]
            system[k] = [a - factor * b for a, b in zip(system[k], system[i])]
    solution = [Fraction(0)] * size
    for i in reversed(range(size)):
        rest = system[i][size] - sum(system[i][j] * solution[j] for j in range(i + 1, size))
        solution[i] = rest / system[i][i]
    return [float(v) for v in solution]


json.dump({
    "made_by": "linear_sklearn.py",
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scikit-learn": sklearn.__version__},
    "cases": cases,
    "filip_float64": exact_filip(),
}, sys.stdout, indent=1)
print()

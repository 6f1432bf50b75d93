"""Losses that pkg/model's boosting must reach with each objective, out of fold.

    pip install lightgbm==4.6.0 scikit-learn==1.9.1 numpy==2.4.6
    python boosting_objectives.py > ../golden/boosting_objectives.json

Run in this folder. Row i is tested in fold i modulo 5. A loss is the mean of a fold, by the
formula in losses; its standard error is that of the five. Medians, quantiles, Huber's loss and
means on a log scale are fitted by LightGBM and, where it has the loss, scikit-learn.
"""

import csv
import json
import sys
import warnings

import lightgbm
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingRegressor

warnings.filterwarnings("ignore")
FOLDS, ROUNDS, ALPHA, HUBER, POWER = 5, 60, 0.9, 0.5, 1.5


def read(name, target, step):
    with open(f"../{name}.csv") as file:
        header, *rows = list(csv.reader(file))
    x = np.array([[float(v) if v else np.nan for v in row] for row in rows[::step]])
    t = header.index(target)
    return np.delete(x, t, axis=1), x[:, t]


def pinball(y, p, a):
    return np.mean(np.where(y > p, a * (y - p), (1 - a) * (p - y)))


def huber(y, p):
    r = np.abs(y - p)
    return np.mean(np.where(r <= HUBER, r * r / 2, HUBER * (r - HUBER / 2)))


def deviance(y, p, power):
    if power == 1:
        return np.mean(p - y * np.log(p))
    if power == 2:
        return np.mean(y / p + np.log(p))
    return np.mean(p ** (2 - power) / (2 - power) - y * p ** (1 - power) / (1 - power))


CASES = {
    "absolute_error": ({"objective": "regression_l1"}, {"loss": "absolute_error"}, lambda y, p: np.mean(np.abs(y - p)) / 2),
    "quantile": ({"objective": "quantile", "alpha": ALPHA}, {"loss": "quantile", "quantile": ALPHA}, lambda y, p: pinball(y, p, ALPHA)),
    "huber": ({"objective": "huber", "alpha": HUBER}, None, huber),
    "poisson": ({"objective": "poisson"}, {"loss": "poisson"}, lambda y, p: deviance(y, p, 1)),
    "gamma": ({"objective": "gamma"}, {"loss": "gamma"}, lambda y, p: deviance(y, p, 2)),
    "tweedie": ({"objective": "tweedie", "tweedie_variance_power": POWER}, None, lambda y, p: deviance(y, p, POWER)),
}


def score(x, y, fit, loss):
    losses = []
    fold = np.arange(len(y)) % FOLDS
    for f in range(FOLDS):
        model = fit(x[fold != f], y[fold != f])
        losses.append(float(loss(y[fold == f], model.predict(x[fold == f]))))
    return {"loss": np.mean(losses), "standard_error": np.std(losses, ddof=1) / np.sqrt(FOLDS)}


out = []
for name, target, step in (("wine-quality-white", "residual_sugar", 1), ("california", "median_income", 4)):
    x, y = read(name, target, step)
    for objective, (lgb, hgb, loss) in CASES.items():
        case = {"data": name, "target": target, "step": step, "objective": objective, "peers": {}}
        params = dict(n_estimators=ROUNDS, learning_rate=0.1, num_leaves=31, min_child_samples=20, min_child_weight=1e-3,
                      max_bin=255, min_data_in_bin=1, n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1)
        case["peers"]["lightgbm"] = score(x, y, lambda a, b: lightgbm.LGBMRegressor(**params, **lgb).fit(a, b), loss)
        if hgb:
            case["peers"]["scikit-learn"] = score(x, y, lambda a, b: HistGradientBoostingRegressor(
                max_iter=ROUNDS, learning_rate=0.1, max_leaf_nodes=31, min_samples_leaf=20, early_stopping=False, **hgb).fit(a, b), loss)
        out.append(case)

json.dump({"versions": {"lightgbm": lightgbm.__version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__},
           "folds": FOLDS, "rounds": ROUNDS, "alpha": ALPHA, "huber": HUBER, "power": POWER, "cases": out}, sys.stdout, indent=1)
print()

"""Scores that pkg/model's boosting must reach: LightGBM's, with equal parameters, out of fold.

    pip install -r requirements.txt
    python boosting_lightgbm.py > ../golden/boosting_lightgbm.json

Run in this folder. Everybody sees the same matrix: numbers as they are, texts as their index
in the sorted list of texts, missing values as NaN. Row i is tested in fold i modulo 5. The
scores of scikit-learn's histogram boosting stand beside LightGBM's: how far the two are apart
is how far two sound implementations may be. Cases with categories tell everybody which columns were texts.
"""

import csv
import json
import sys
import warnings

import lightgbm
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import log_loss, roc_auc_score, root_mean_squared_error

warnings.filterwarnings("ignore")
FOLDS = 5


def read(name, target):
    with open(f"../{name}.csv") as file:
        header, *rows = [[v.strip() for v in row] for row in csv.reader(file)]
    columns, texts = [], []
    for j, values in enumerate(zip(*rows)):
        known = [v for v in values if v not in ("?", "NA")]
        try:
            column = {v: float(v) for v in known}
        except ValueError:
            column = {v: float(i) for i, v in enumerate(sorted(set(known)))}
            texts.append(header[j])
        columns.append([column.get(v, np.nan) for v in values])
    x = np.array(columns).T
    t = header.index(target)
    names = [n for n in header if n != target]
    return np.delete(x, t, axis=1), x[:, t], names, [names.index(n) for n in texts if n != target]


def columns_of(p, names):
    """The rules that name columns, by their index."""
    monotone = [p.get("monotone", {}).get(n, 0) for n in names]
    interactions = [[names.index(n) for n in group] for group in p.get("interactions", [])]
    return monotone, interactions


def lgb(task, classes, p, names, texts):
    monotone, interactions = columns_of(p, names)
    rules = {}
    if any(monotone):
        rules["monotone_constraints"] = monotone
    if interactions:
        rules["interaction_constraints"] = interactions
    if "top_share" in p:
        rules |= dict(data_sample_strategy="goss", top_rate=p["top_share"], other_rate=p["other_share"])
    params = dict(
        n_estimators=p["rounds"], learning_rate=p["learning_rate"], num_leaves=p["leaves"],
        max_depth=p["max_depth"] or -1, min_child_samples=p["min_leaf_rows"],
        min_child_weight=p["min_leaf_hessian"], reg_lambda=p["l2"], min_split_gain=0.0,
        max_bin=255, min_data_in_bin=1, feature_pre_filter=False, enable_bundle=False,
        deterministic=True, force_row_wise=True, n_jobs=1, random_state=1, verbose=-1,
        reg_alpha=p.get("l1", 0.0), max_delta_step=p.get("max_delta", 0.0), colsample_bynode=p.get("node_column_share", 1.0), **rules,
    )
    if p.get("categories"):
        params["categorical_feature"] = texts
    return lightgbm.LGBMRegressor(**params) if task == "regression" else lightgbm.LGBMClassifier(**params)


def hgb(task, classes, p, names, texts):
    monotone, interactions = columns_of(p, names)
    params = dict(
        max_iter=p["rounds"], learning_rate=p["learning_rate"], max_leaf_nodes=p["leaves"],
        max_depth=p["max_depth"] or None, min_samples_leaf=p["min_leaf_rows"],
        l2_regularization=p["l2"], max_bins=255, early_stopping=False, random_state=1,
        monotonic_cst=monotone if any(monotone) else None, interaction_cst=interactions or None, categorical_features=texts if p.get("categories") else None,
        max_features=p.get("node_column_share", 1.0),
    )
    return HistGradientBoostingRegressor(**params) if task == "regression" else HistGradientBoostingClassifier(**params)


def score(task, classes, y, predicted):
    if task == "regression":
        return {"rmse": root_mean_squared_error(y, predicted)}
    scores = {"log_loss": log_loss(y, predicted, labels=range(classes))}
    if task == "binary":
        scores["roc_auc"] = roc_auc_score(y, predicted[:, 1])
    return scores


def out_of_fold(make, task, classes, p, x, y, names, texts):
    """The mean over the folds of each score."""
    folds = []
    for k in range(FOLDS):
        test = np.arange(len(y)) % FOLDS == k
        model = make(task, classes, p, names, texts).fit(x[~test], y[~test])
        predicted = model.predict(x[test]) if task == "regression" else model.predict_proba(x[test])
        folds.append(score(task, classes, y[test], predicted))
    return {name: float(np.mean([f[name] for f in folds])) for name in folds[0]}


DEFAULTS = {"rounds": 100, "learning_rate": 0.1, "leaves": 31, "max_depth": 0, "min_leaf_rows": 20,
            "min_leaf_hessian": 1e-3, "l2": 0.0}
VARIANTS = [
    {},
    {"leaves": 15, "min_leaf_rows": 5, "l2": 1.0, "learning_rate": 0.05},
    {"max_depth": 4, "rounds": 60, "learning_rate": 0.2},
]
quality = read("wine-quality-white", "quality")
grade = np.select([quality[1] <= 4, quality[1] <= 5, quality[1] <= 6, quality[1] <= 7], [0, 1, 2, 3], 4)
SETS = [
    ("adult", "income", "binary", 2, read("adult", "income")),
    ("wine-quality-white", "quality", "regression", 0, quality),
    ("wine-quality-white", "grade", "multiclass", 5, (quality[0], grade, *quality[2:])),
    ("penguins", "species", "multiclass", 3, read("penguins", "species")),
]
cases = []
RULES = {
    ("adult", "income"): [
        {"categories": True},
        {"categories": True, "leaves": 15, "learning_rate": 0.05, "rounds": 200},
        {"monotone": {"age": 1, "education_num": 1}},
        {"interactions": [["age", "education_num"], ["capital_gain", "capital_loss", "hours_per_week"]]},
        {"top_share": 0.2, "other_share": 0.2},
        {"node_column_share": 0.5},
    ],
    ("wine-quality-white", "quality"): [
        {"monotone": {"alcohol": 1, "volatile_acidity": -1}},
        {"l1": 5.0},
        {"max_delta": 0.05},
        {"top_share": 0.3, "other_share": 0.2},
        {"node_column_share": 0.5},
    ],
}
for data, target, task, classes, (x, y, names, texts) in SETS:
    for variant in VARIANTS + RULES.get((data, target), []):
        params = DEFAULTS | variant
        case = {"data": data, "target": target, "task": task, "classes": classes, "params": params}
        for name, make in (("lightgbm", lgb), ("scikit_learn", hgb)):
            case[name] = out_of_fold(make, task, classes, params, x, y, names, texts)
        cases.append(case)
json.dump({
    "made_by": "testdata/peers/boosting_lightgbm.py", "folds": FOLDS,
    "versions": {"lightgbm": lightgbm.__version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "cases": cases,
}, sys.stdout, indent=1)
print()

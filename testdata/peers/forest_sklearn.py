"""Scores that pkg/model's forest must reach: scikit-learn's, with equal parameters, by fold.

    pip install -r requirements.txt
    python forest_sklearn.py > ../golden/forest_sklearn.json

Run in this folder. Both see the same matrix: numbers as they are, texts as their index in the
sorted list of texts, missing values as NaN. Row i is tested in fold i modulo 5. Scores are by
fold, so that the standard error of their mean is known. Log loss is not among them: leaves of
one row have probabilities of 0 and 1, whose logarithm says more of clipping than of forests.

Single trees on all columns of few rows hold the splits themselves: both see every value, so
predictions of the rows fitted must be equal.

With class_weight="balanced" there are no other weights: scikit-learn balances the rows of classes,
Foretell their weights.

Stumps count the extremely randomized trees that are a single leaf, on columns of which the first has one
value or none: where the missing ones go is tossed, and if that leaves no row on one side, the column has
been drawn for nothing.

Scores out of bag are those of five seeds on wine-quality-white, all of it.
"""

import csv
import json
import sys

import numpy as np
import sklearn
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import roc_auc_score, root_mean_squared_error
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

FOLDS = 5


def read(name, target):
    with open(f"../{name}.csv") as file:
        header, *rows = [[v.strip() for v in row] for row in csv.reader(file)]
    columns = []
    for values in zip(*rows):
        known = [v for v in values if v not in ("?", "NA", "")]
        try:
            column = {v: float(v) for v in known}
        except ValueError:
            column = {v: float(i) for i, v in enumerate(sorted(set(known)))}
        columns.append([column.get(v, np.nan) for v in values])
    x = np.array(columns).T
    t = header.index(target)
    return np.delete(x, t, axis=1), x[:, t]


def make(task, p, seed):
    kind = {
        ("regression", False): RandomForestRegressor, ("regression", True): ExtraTreesRegressor,
    }.get((task, p["extra"]), ExtraTreesClassifier if p["extra"] else RandomForestClassifier)
    share = p.get("column_share", 1.0 if task == "regression" else "sqrt")
    return kind(n_estimators=p["trees"], max_features=share, min_samples_leaf=p["min_leaf_rows"],
                bootstrap=p["bootstrap"], n_jobs=1, random_state=seed)


def score(task, classes, y, predicted):
    if task == "regression":
        return {"rmse": root_mean_squared_error(y, predicted)}
    scores = {
        "brier": np.mean(np.sum((predicted - np.eye(classes)[y.astype(int)]) ** 2, axis=1)),
        "error": np.mean(np.argmax(predicted, axis=1) != y),
    }
    if task == "binary":
        scores["roc_auc"] = roc_auc_score(y, predicted[:, 1])
    return scores


def by_fold(task, classes, p, x, y, seeds):
    """Each fold's score, the mean over the seeds."""
    folds = []
    for k in range(FOLDS):
        test = np.arange(len(y)) % FOLDS == k
        for seed in range(1, seeds + 1):
            model = make(task, p, seed).fit(x[~test], y[~test])
            predicted = model.predict(x[test]) if task == "regression" else model.predict_proba(x[test])
            folds.append(score(task, classes, y[test], predicted))
    return {name: [float(np.mean([f[name] for f in folds[k * seeds:(k + 1) * seeds]])) for k in range(FOLDS)] for name in folds[0]}


def out_of_bag(x, y, task, classes):
    """The score out of bag: R² or the share of classes that are right."""
    kind = RandomForestRegressor if task == "regression" else RandomForestClassifier
    share = 0.5 if task == "regression" else "sqrt"
    scores = [kind(n_estimators=100, max_features=share, oob_score=True, random_state=seed).fit(x, y).oob_score_ for seed in range(1, 6)]
    return {"task": task, "classes": classes, "scores": scores}


def single(x, y, task, classes, depth, leaf, weighted, balanced=False):
    """A tree on the first 200 rows, in which no column has more than 255 values."""
    rows = 200
    kind = DecisionTreeRegressor if task == "regression" else DecisionTreeClassifier
    model = kind(max_depth=depth, min_samples_leaf=leaf, random_state=1, **({"class_weight": "balanced"} if balanced else {}))
    weights = 1.0 + np.arange(rows) % 3 / 2 if weighted else None
    model.fit(x[:rows], y[:rows], sample_weight=weights)
    predicted = model.predict(x[:rows])[:, None] if task == "regression" else model.predict_proba(x[:rows])
    return {"task": task, "classes": classes, "depth": depth, "min_leaf_rows": leaf, "weighted": weighted, "balanced": balanced,
            "predicted": predicted.tolist(), "importances": model.feature_importances_.tolist()}


def stumps(others):
    """How many trees of 20,000 do not part 40 rows of such a column, and others that part all, one drawn."""
    rows, trees = 40, 20_000
    x = np.column_stack([np.where(np.arange(rows) % 2 == 0, 1.0, np.nan)] + [np.arange(rows) * (j + 1.0) for j in range(others)])
    y = (np.arange(rows) % 4 < 2).astype(float)
    model = ExtraTreesRegressor(trees, max_features=1, max_depth=1, n_jobs=1, random_state=1).fit(x, y)
    single = sum(tree.tree_.node_count == 1 for tree in model.estimators_)
    return {"x": [[None if np.isnan(v) else v for v in column] for column in x.T], "y": y.tolist(), "trees": trees, "leaves": single}


def main():
    quality = read("wine-quality-white", "quality")
    grade = np.select([quality[1] <= 4, quality[1] <= 5, quality[1] <= 6, quality[1] <= 7], [0, 1, 2, 3], 4)
    sets = [
        ("adult", "income", "binary", 2, read("adult", "income")),
        ("california-housing", "median_house_value", "regression", 0, read("california-housing", "median_house_value")),
        ("wine-quality-white", "quality", "regression", 0, quality),
        ("wine-quality-white", "grade", "multiclass", 5, (quality[0], grade)),
    ]
    cases = []
    for data, target, task, classes, (x, y) in sets:
        variants = [{}, {"extra": True, "bootstrap": False}]
        if data == "california-housing":
            variants = [{}, {"column_share": 0.33}, {"column_share": 0.33, "extra": True, "bootstrap": False}]
        if data == "adult":
            variants.append({"min_leaf_rows": 5})
        for variant in variants:
            params = {"trees": 100, "extra": False, "bootstrap": True, "min_leaf_rows": 1} | variant
            # Grades differ less by fold than by seed.
            seeds = 5 if target == "grade" else 1
            case = {"data": data, "target": target, "task": task, "classes": classes, "params": params, "seeds": seeds,
                    "scores": by_fold(task, classes, params, x, y, seeds)}
            cases.append(case)
            print(data, target, variant, {k: round(float(np.mean(v)), 5) for k, v in case["scores"].items()}, file=sys.stderr)
    singles = []
    for depth, leaf, weighted in ((2, 1, False), (3, 1, True), (4, 8, False)):
        singles.append(single(*quality, "regression", 0, depth, leaf, weighted) | {"target": "quality"})
        singles.append(single(quality[0], grade, "multiclass", 5, depth, leaf, weighted) | {"target": "grade"})
        singles.append(single(quality[0], quality[1] > 5, "binary", 2, depth, leaf, weighted) | {"target": "good"})
    # Of two classes fewer splits: deeper, two columns part these rows alike.
    singles.append(single(quality[0], grade, "multiclass", 5, 2, 1, False, True) | {"target": "grade"})
    singles.append(single(quality[0], grade, "multiclass", 5, 4, 8, False, True) | {"target": "grade"})
    singles.append(single(quality[0], quality[1] > 5, "binary", 2, 1, 1, False, True) | {"target": "good"})
    singles.append(single(quality[0], quality[1] > 5, "binary", 2, 2, 8, False, True) | {"target": "good"})
    unseen = [out_of_bag(*quality, "regression", 0) | {"target": "quality"}, out_of_bag(quality[0], grade, "multiclass", 5) | {"target": "grade"}]
    single_leaves = [stumps(others) for others in (0, 1, 3)]
    json.dump({
        "made_by": "testdata/peers/forest_sklearn.py", "folds": FOLDS,
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "cases": cases, "singles": singles, "out_of_bag": unseen, "stumps": single_leaves,
    }, sys.stdout, indent=1)
    print()


main()

"""Trees of LightGBM, and what LightGBM and shap say each column adds to their scores.

    pip install lightgbm==4.6.0 shap==0.51.0 numpy==2.4.6
    python explain_shap.py > ../golden/explain_shap.json

Path-dependent contributions are LightGBM's pred_contrib, interventional ones those of shap's
TreeExplainer against the rows of background. Trees are flat: of a split, feature, threshold
(or the categories that go left), default_left and children; of all nodes, the count of rows.
"""

import json
import sys

import lightgbm
import numpy as np
import shap

random = np.random.default_rng(5)
ROWS, COLUMNS, EXPLAINED, BACKGROUND = 600, 6, 12, 15


def table(categories):
    x = random.normal(size=(ROWS, COLUMNS)).round(3)
    if categories:
        x[:, 5] = random.integers(0, 12, size=ROWS)
        x[random.random(ROWS) < 0.1, 5] = np.nan
    x[random.random(ROWS) < 0.2, 1] = np.nan
    x[random.random(ROWS) < 0.3, 2] = np.nan
    return x


def signal(x, categories):
    z = np.nan_to_num(x, nan=1.5)
    s = 2 * z[:, 0] + z[:, 1] * z[:, 2] + np.sin(3 * z[:, 3]) + 0.3 * z[:, 4]
    return s + (np.array([3, -2, 0, 1, 4, -1, 2, -3, 0, 1, -4, 2])[z[:, 5].astype(int)] if categories else 0)


def flat(tree):
    nodes = []

    def add(n):
        at = len(nodes)
        nodes.append(None)
        if "leaf_value" in n:
            nodes[at] = {"feature": -1, "value": n["leaf_value"], "count": n.get("leaf_count", ROWS)}
            return at
        node = {"feature": n["split_feature"], "count": n["internal_count"], "default_left": n["default_left"]}
        if n["decision_type"] == "==":
            node["categories"] = [int(c) for c in n["threshold"].split("||")]
            node["default_left"] = False
        else:
            node["threshold"] = n["threshold"]
        node["left"], node["right"] = add(n["left_child"]), add(n["right_child"])
        nodes[at] = node
        return at

    add(tree["tree_structure"])
    return nodes


def plain(x):
    return [[None if np.isnan(v) else float(v) for v in row] for row in x]


def case(name, objective, classes, categories=False, leaves=12):
    x = table(categories)
    s = signal(x, categories) + random.normal(size=ROWS) * 0.5
    y = s if classes == 0 else np.digitize(s, np.quantile(s, np.arange(1, classes) / classes))
    params = dict(objective=objective, num_leaves=leaves, learning_rate=0.3, min_data_in_leaf=5, verbose=-1,
                  num_threads=1, deterministic=True, boost_from_average=False, max_cat_to_onehot=2, cat_smooth=1,
                  min_data_per_group=5)
    if classes > 2:
        params["num_class"] = classes
    data = lightgbm.Dataset(x, y, categorical_feature=[5] if categories else [])
    model = lightgbm.train(params, data, num_boost_round=6)
    explained, background = x[:EXPLAINED], x[100:100 + BACKGROUND]
    scores = max(1, classes if classes > 2 else 1)
    out = {
        "name": name, "scores": scores, "columns": COLUMNS, "categories": 12 if categories else 0,
        "trees": [flat(t) for t in model.dump_model()["tree_info"]],
        "rows": plain(explained), "background": plain(background),
        "raw": model.predict(explained, raw_score=True).reshape(EXPLAINED, scores).tolist(),
        # Row by row, score by score: contributions of the columns, then the base.
        "path_dependent": model.predict(explained, pred_contrib=True).reshape(EXPLAINED, scores, COLUMNS + 1).tolist(),
    }
    if not categories and scores == 1:  # shap does neither categorical splits nor LightGBM's classes
        e = shap.TreeExplainer(model, data=background, feature_perturbation="interventional")
        values = np.asarray(e.shap_values(explained, check_additivity=True)).reshape(EXPLAINED, 1, COLUMNS)
        base = np.full((EXPLAINED, 1, 1), np.ravel(e.expected_value)[0])
        out["interventional"] = np.concatenate([values, base], axis=2).tolist()
    return out


json.dump({
    "versions": {"lightgbm": lightgbm.__version__, "shap": shap.__version__, "numpy": np.__version__},
    "cases": [
        case("regression", "regression", 0, leaves=31),
        case("binary", "binary", 2),
        case("multiclass", "multiclass", 3, leaves=8),
        case("categories", "regression", 0, categories=True, leaves=20),
    ],
}, sys.stdout)
print()

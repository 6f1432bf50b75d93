"""One case of make bench-accuracy or bench-other, done by a peer: prints the peer's version and a score
per fold.

    python bench_accuracy.py lightgbm ../shared/data adult roc_auc     # peer, folder, case, metric

Row i is tested in fold i modulo 5. Of adult-published the training file is fitted once, and the
folds are those of the test file. Texts are their index in the sorted list of texts, missing
values NaN. Boosting has 100 rounds, a learning rate of 0.1, 31 leaves and no early stopping,
forests 100 trees, perceptrons 500 epochs at most; the rest is the peer's default. Each is given categories as it takes them:
LightGBM, XGBoost and scikit-learn's histogram boosting as categories; its forests as codes, or
with -onehot a column each; its linear models, neighbours and perceptrons as a column each, numbers imputed
and standardized. With
-same linear models have the columns of numbers that no row misses, standardized, and nothing else,
and iterate until they stand still: Foretell must score the same.
"""

import csv
import os
import sys
import warnings

os.environ["OMP_NUM_THREADS"] = "1"  # scores only: threads that wait for each other help nobody

import numpy as np
import sklearn
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score, root_mean_squared_error

warnings.filterwarnings("ignore")
FOLDS = 5
CASES = {  # file, target, task
    "adult": ("adult-train", "income", "binary"),
    "adult-published": ("adult-train", "income", "binary"),
    "california-housing": ("california-housing", "median_house_value", "regression"),
    "wine-quality-white": ("wine-quality-white", "quality", "regression"),
    "wine-quality-white-grade": ("wine-quality-white", "quality", "multiclass"),
}
for other, task in {"digits": "multiclass", "breast-cancer": "binary", "wine": "multiclass", "iris": "multiclass", "diabetes": "regression",
                    "friedman1": "regression", "friedman2": "regression", "few-informative": "binary", "imbalanced": "binary",
                    "categories": "regression"}.items():  # of other_data.py
    CASES[other] = (other, "target", task)
peer, folder, case, metric = sys.argv[1:5]
kind = peer.removesuffix("-onehot")
same = peer.endswith("-same")
kind = kind.removesuffix("-same")
onehot = peer.endswith("-onehot") or kind in ("linear", "ridge", "logistic", "neighbours", "perceptron")


def rows_of(name):
    with open(f"{folder}/{name}.csv") as file:
        header, *rows = [[v.strip() for v in row] for row in csv.reader(file)]
    return header, rows


def matrix(name, target, task):
    """Training rows, then those of the published test file; and which columns are texts."""
    header, rows = rows_of(name)
    n = len(rows)
    if case == "adult-published":
        rows += rows_of("adult-test")[1]
    columns, texts = [], []
    for j, values in enumerate(zip(*rows)):
        known = [v for v in values if v not in ("?", "NA", "")]
        try:
            column = {v: float(v) for v in known}
        except ValueError:
            column = {v: float(i) for i, v in enumerate(sorted(set(known)))}
            texts.append(header[j])
        columns.append([column.get(v, np.nan) for v in values])
    t = header.index(target)
    y = np.array(columns.pop(t))
    if case == "wine-quality-white-grade":
        y = np.clip(y - 4, 0, 4)  # up to 4, 5, 6, 7, above
    names = [v for v in header if v != target]
    return np.array(columns).T, y, [names.index(v) for v in texts if v != target], n


def prepared(model, texts, width):
    """The model after the usual encoding for it, fitted with it."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    split = [("categories", OneHotEncoder(handle_unknown="ignore"), texts),
             ("numbers", numbers, [j for j in range(width) if j not in texts])]
    return make_pipeline(ColumnTransformer(split, sparse_threshold=0), model)


def make(task, texts, width):
    regression = task == "regression"
    if kind == "lightgbm":
        import lightgbm as library

        p = dict(n_estimators=100, learning_rate=0.1, num_leaves=31, n_jobs=1, random_state=1, verbose=-1)
        if texts:
            p["categorical_feature"] = texts
        return (library.LGBMRegressor if regression else library.LGBMClassifier)(**p), library.__version__
    if kind == "xgboost":
        import xgboost as library

        p = dict(n_estimators=100, learning_rate=0.1, max_leaves=31, max_depth=0, grow_policy="lossguide",
                 tree_method="hist", n_jobs=1, random_state=1, enable_categorical=True,
                 feature_types=["c" if j in texts else "q" for j in range(width)])
        return (library.XGBRegressor if regression else library.XGBClassifier)(**p), library.__version__
    if kind == "hist-gradient":
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        p = dict(max_iter=100, learning_rate=0.1, max_leaf_nodes=31, early_stopping=False, random_state=1,
                 categorical_features=texts or None)
        model = (HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier)(**p)
    elif kind in ("random-forest", "extra-trees"):
        from sklearn import ensemble

        name = {"random-forest": "RandomForest", "extra-trees": "ExtraTrees"}[kind] + ("Regressor" if regression else "Classifier")
        model = getattr(ensemble, name)(n_estimators=100, n_jobs=1, random_state=1)
    elif kind == "neighbours":
        from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

        model = (KNeighborsRegressor if regression else KNeighborsClassifier)()
    elif kind == "perceptron":
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        model = (MLPRegressor if regression else MLPClassifier)(max_iter=500, random_state=1)
    else:
        from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

        until = dict(max_iter=10000, tol=1e-10) if same else dict(max_iter=1000)
        model = {"linear": LinearRegression(), "ridge": Ridge(), "logistic": LogisticRegression(**until)}[kind]
        if same:
            from sklearn.pipeline import make_pipeline
            from sklearn.preprocessing import StandardScaler

            return make_pipeline(StandardScaler(), model), sklearn.__version__
    return (prepared(model, texts, width) if onehot else model), sklearn.__version__


def score(y, model, x):
    if metric == "rmse":
        return root_mean_squared_error(y, model.predict(x))
    p = model.predict_proba(x)
    if metric == "roc_auc":
        return roc_auc_score(y, p[:, 1])
    labels = range(p.shape[1])
    return log_loss(y, p, labels=labels) if metric == "log_loss" else brier_score_loss(y, p, labels=labels)


name, target, task = CASES[case]
x, y, texts, n = matrix(name, target, task)
if same:
    x = x[:, [j for j in range(x.shape[1]) if j not in texts and not np.isnan(x[:, j]).any()]]
    texts = []
fold = np.arange(len(y)) % FOLDS
scores, model = [], None
for k in range(FOLDS):
    if case == "adult-published":
        test = (np.arange(len(y)) >= n) & ((np.arange(len(y)) - n) % FOLDS == k)
        train = np.arange(len(y)) < n
    else:
        test, train = fold == k, fold != k
    if model is None or case != "adult-published":
        model, version = make(task, texts, x.shape[1])
        model.fit(x[train], y[train])
    scores.append(score(y[test], model, x[test]))
print(version, *scores)

"""Encodings that pkg/feature must agree with, on columns of the data sets of this repository.

    pip install -r requirements.txt && python feature_sklearn.py > ../golden/feature_sklearn.json

Run in this folder. Numbers are kept of every 97th row. Texts are of a vocabulary of words and
pairs of words, which the Go test hashes itself.
"""

import json
import platform
import sys

import numpy as np
import pandas as pd
import scipy
import sklearn
from scipy.stats import kurtosis, skew
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (OneHotEncoder, PowerTransformer, QuantileTransformer, RobustScaler, StandardScaler,
                                   TargetEncoder)

adult = pd.read_csv("../adult.csv", skipinitialspace=True, na_values="?", keep_default_na=False)
wine = pd.read_csv("../wine-quality-white.csv")
penguins = pd.read_csv("../penguins.csv")
STRIDE = 97
SMOOTH = 10.0


def every(values):
    return np.asarray(values, float).ravel()[::STRIDE].tolist()


def number(file, table, column):
    x = table[[column]].to_numpy(float)
    x = x[~np.isnan(x[:, 0])]
    standard = StandardScaler().fit_transform(x)
    power = PowerTransformer().fit(standard)
    bent = power.transform(standard)
    rank = QuantileTransformer(n_quantiles=100, output_distribution="normal", subsample=None).fit(x)
    even = QuantileTransformer(n_quantiles=100, output_distribution="uniform", subsample=None)
    spread = np.subtract(*np.percentile(x, [75, 25]))
    return {
        "file": file, "column": column,
        "skewness": float(skew(x[:, 0])), "excess": float(kurtosis(x[:, 0])),
        "standard": every(standard),
        "robust": every(RobustScaler().fit_transform(x)) if spread > 0 else None,
        "lambda": float(power.lambdas_[0]), "power": every(bent),
        "quantile": every(StandardScaler().fit_transform(rank.transform(x))),
        "uniform": every(even.fit_transform(x)),
    }


def imputed(column):
    both = SimpleImputer(strategy="median", add_indicator=True).fit_transform(penguins[[column]])
    return {"column": column, "values": every(both[:, 0]), "missing": both[:, 1].tolist()}


def one_hot(column, most, least):
    x = adult[[column]].dropna()
    encoder = OneHotEncoder(max_categories=most + 1, min_frequency=least, handle_unknown="infrequent_if_exist",
                            sparse_output=False).fit(x)
    other = encoder.infrequent_categories_[0]
    other = [] if other is None else other.tolist()
    return {"column": column, "most": most, "rows": len(x),
            "levels": sorted(set(x[column]) - set(other)), "other": sorted(other)}


def target_mean(file, table, column, target, task):
    x = table[[column]].fillna("(none)").to_numpy()
    kind = {"regression": "continuous", "binary": "binary", "multiclass": "multiclass"}[task]
    y = table[target].to_numpy(float) if task == "regression" else pd.factorize(table[target], sort=True)[0]
    whole = TargetEncoder(target_type=kind, smooth=SMOOTH).fit(x, y)
    parts = []
    for fold in range(5):  # of the rows fold, fold + 5, ...
        test = np.arange(len(y)) % 5 == fold
        parts.append((test, TargetEncoder(target_type=kind, smooth=SMOOTH).fit(x[~test], y[~test]).transform(x[test])))
    out_of_fold = np.zeros((len(y), parts[0][1].shape[1]))
    for test, part in parts:
        out_of_fold[test] = part
    return {
        "file": file, "column": column, "target": target, "classes": 0 if task == "regression" else len(set(y)),
        "levels": whole.categories_[0].tolist(), "means": [e.tolist() for e in whole.encodings_],
        "out_of_fold": [every(out_of_fold[:, k]) for k in range(out_of_fold.shape[1])],
    }


def weighted_mean(file, table, column, target, weight):
    """By its definition: scikit-learn's has no weights. They are scaled to a mean of 1."""
    w = table[weight].to_numpy(float)
    w /= w.mean()
    y = pd.factorize(table[target], sort=True)[0].astype(float)
    levels, at = np.unique(table[column].fillna("(none)").to_numpy(str), return_inverse=True)

    def means(rows):
        prior = np.average(y[rows], weights=w[rows])
        total = np.bincount(at[rows], w[rows] * y[rows], len(levels)) + SMOOTH * prior
        return total / (np.bincount(at[rows], w[rows], len(levels)) + SMOOTH)

    fold = np.arange(len(y)) % 5
    out_of_fold = np.zeros(len(y))
    for f in range(5):
        out_of_fold[fold == f] = means(fold != f)[at[fold == f]]
    return {"file": file, "column": column, "target": target, "weight": weight, "levels": levels.tolist(),
            "means": means(fold >= 0).tolist(), "out_of_fold": every(out_of_fold)}


def tfidf():
    texts = [" ".join(str(v) for v in row) for row in
             adult[["occupation", "education", "marital_status", "relationship"]].fillna("none").head(300).to_numpy()]
    texts = [t + " " + t.split("-")[0] if i % 3 == 0 else t for i, t in enumerate(texts)]  # words that repeat
    count = CountVectorizer(ngram_range=(1, 2), token_pattern=r"[^\W_]+")
    counts = count.fit_transform(texts)
    rows = np.asarray((counts > 0).sum(0)).ravel()
    names = count.get_feature_names_out()
    common = sorted(range(len(rows)), key=lambda j: (-rows[j], names[j]))
    common = [j for j in common if 2 * rows[j] <= len(texts)][:20]
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(counts[:, common]).toarray()
    return {"texts": texts, "terms": [names[j] for j in common], "rows": [int(rows[j]) for j in common],
            "weights": weighted[::7].tolist(), "stride": 7}


json.dump({
    "made_by": "feature_sklearn.py",
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__,
                 "scikit-learn": sklearn.__version__},
    "stride": STRIDE, "smooth": SMOOTH,
    "numbers": [number("adult.csv", adult, c) for c in ("age", "fnlwgt", "capital_gain", "capital_loss")]
    + [number("wine-quality-white.csv", wine, c) for c in ("volatile_acidity", "chlorides", "residual_sugar", "density")],
    "imputed": [imputed("bill_length_mm")],
    "one_hot": [one_hot("native_country", 10, 20), one_hot("native_country", 50, 5), one_hot("education", 50, 6)],
    "target_means": [target_mean("adult.csv", adult, "native_country", "income", "binary"),
                     target_mean("adult.csv", adult, "occupation", "hours_per_week", "regression"),
                     target_mean("penguins.csv", penguins, "island", "species", "multiclass")],
    "weighted_mean": weighted_mean("adult.csv", adult, "native_country", "income", "fnlwgt"),
    "tfidf": tfidf(),
}, sys.stdout)
print()

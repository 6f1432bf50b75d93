"""One case of make bench-learners, done once by a peer: prints the seconds it took, import and
reading aside, the peer's version, and the area under the ROC curve on the rows to test.

    python bench_learners.py lightgbm learners-1.npy 31 100 2    # peer, file, leaves, trees, threads
    python bench_learners.py forest learners-1.npy 100000 100 2  # file, rows, trees, threads

No trees: the seconds are those of binning alone. All have LightGBM's defaults: 255 bins, a
learning rate of 0.1, 20 rows or a hessian of 0.001 in a leaf, no penalty. Forests (forest, extra-trees) are scikit-learn's, with its defaults.
"""

import importlib.metadata
import os
import sys
import time

peer, path = sys.argv[1:3]
leaves, trees, threads = map(int, sys.argv[3:])
os.environ["OMP_NUM_THREADS"] = str(threads)

import numpy as np

columns = np.load(path)
x, y = np.ascontiguousarray(columns[:-1].T), columns[-1]
del columns
n = len(y) * 4 // 5
forest = peer in ("forest", "extra-trees")
fitted = leaves if forest else n
train, target, test = x[:fitted], y[:fitted], x[n:]

if peer == "lightgbm":
    import lightgbm

    params = dict(objective="binary", num_leaves=max(2, leaves), learning_rate=0.1, max_bin=255, min_data_in_leaf=20,
                  num_threads=threads, verbose=-1)

    def fit():
        return lightgbm.train(params, lightgbm.Dataset(train, target), trees) if trees else lightgbm.Dataset(train, target, params=params).construct()

elif peer == "xgboost":
    import xgboost

    params = dict(objective="binary:logistic", tree_method="hist", grow_policy="lossguide", max_leaves=leaves, max_depth=0,
                  eta=0.1, max_bin=255, reg_lambda=0, min_child_weight=1e-3, nthread=threads)

    def fit():
        data = xgboost.QuantileDMatrix(train, target, max_bin=255, nthread=threads)
        return xgboost.train(params, data, trees) if trees else None

elif peer == "scikit-learn":
    from sklearn.ensemble import HistGradientBoostingClassifier

    def fit():
        return HistGradientBoostingClassifier(max_iter=trees, max_leaf_nodes=leaves, learning_rate=0.1, max_bins=255,
                                              min_samples_leaf=20, early_stopping=False).fit(train, target)

elif forest:
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    def fit():
        kind = RandomForestClassifier if peer == "forest" else ExtraTreesClassifier
        return kind(n_estimators=trees, n_jobs=threads, random_state=1).fit(train, target)

else:
    sys.exit(f"unknown peer {peer!r}")

begin = time.perf_counter()
model = fit()
seconds = time.perf_counter() - begin
auc = 0.0
if trees:
    score = {"lightgbm": lambda: model.predict(test), "xgboost": lambda: model.predict(xgboost.DMatrix(test)),
             "scikit-learn": lambda: model.predict_proba(test)[:, 1]}["scikit-learn" if forest else peer]()
    # The mean rank of the positive rows says it (Mann & Whitney 1947), ties halved.
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positive = y[n:] == 1
    p = positive.sum()
    auc = (rank[positive].sum() - p * (p + 1) / 2) / (p * (len(rank) - p))
print(seconds, importlib.metadata.version("scikit-learn" if forest else peer), auc)

"""One case of make bench-learners, done once by scikit-learn: prints the seconds it took to fit
and to predict, import and reading aside, the version, and the area under the ROC curve; or,
without that, the seconds to find the 20 nearest among independent normal columns by a way of its own.

    python bench_near.py knn generated-1.npy 100000 2000 2    # learner, file, rows, queries, threads
    python bench_near.py kd_tree 4 100000 2000 1              # search, columns, rows, queries, threads
"""

import os
import sys
import time

name, path = sys.argv[1:3]
rows, queries, threads = map(int, sys.argv[3:])
for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]:
    os.environ[variable] = str(threads)

import numpy as np
import sklearn
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier

if name in ("kd_tree", "ball_tree", "brute"):
    random = np.random.default_rng(18)
    x, asked = random.standard_normal((rows, int(path))), random.standard_normal((queries, int(path)))
    model = KNeighborsRegressor(20, weights="distance", algorithm=name, n_jobs=threads)
    begin = time.perf_counter()
    model.fit(x, x[:, 0]).predict(asked)
    print(time.perf_counter() - begin, sklearn.__version__)
    sys.exit()

columns = np.load(path).astype(np.float64)
x, y = columns[:-1].T, columns[-1]
x = np.ascontiguousarray((x - x.mean(axis=0)) / x.std(axis=0))
model = {
    "knn": KNeighborsClassifier(5, algorithm="brute"),
    "mlp": MLPClassifier((64,), batch_size=200, learning_rate_init=0.001, max_iter=10, random_state=1),
}[name]
begin = time.perf_counter()
probabilities = model.fit(x[:rows], y[:rows]).predict_proba(x[-queries:])
seconds = time.perf_counter() - begin
print(seconds, sklearn.__version__, roc_auc_score(y[-queries:], probabilities[:, 1]))

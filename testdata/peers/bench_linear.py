"""One case of make bench-learners of the linear family or of naive Bayes, done once by scikit-learn: prints the
seconds it took, import and reading aside, and scikit-learn's version.

    python bench_linear.py logistic generated-1.npy 100000 2    # learner, file, rows, threads
"""

import os
import sys
import time

learner, path = sys.argv[1:3]
rows, threads = map(int, sys.argv[3:])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = str(threads)

import numpy as np
import sklearn
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB

columns = np.load(path)[:, :rows].astype(float)
x, y = columns[:-1].T, columns[-1]
x = np.ascontiguousarray((x - x.mean(axis=0)) / x.std(axis=0))
if learner not in ("logistic", "bayes"):
    y, x = x[:, -1].copy(), np.ascontiguousarray(x[:, :-1])
if learner == "multinomial":
    y = np.clip(np.floor(2 * y + 2.5), 0, 4)
model = {"linear": LinearRegression(), "lasso": Lasso(alpha=0.01), "logistic": LogisticRegression(max_iter=1000),
         "multinomial": LogisticRegression(max_iter=1000), "bayes": GaussianNB()}[learner]
begin = time.perf_counter()
model.fit(x, y)
print(time.perf_counter() - begin, sklearn.__version__)

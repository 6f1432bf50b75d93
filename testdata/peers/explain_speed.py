"""How long LightGBM's pred_contrib takes per row; pkg/model's BenchmarkExplain is of the same size.

    pip install lightgbm==4.6.0 numpy==2.4.6
    python explain_speed.py
"""

import time

import lightgbm
import numpy as np

random = np.random.default_rng(1)
x = random.random((10000, 28))
y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4] + random.normal(size=10000)
y = (y > 14.5).astype(int)
model = lightgbm.train(dict(objective="binary", num_leaves=31, verbose=-1), lightgbm.Dataset(x, y), num_boost_round=100)
for rows in (1, 1000):
    for threads in (1, 2):
        best = np.inf
        for _ in range(20 if rows > 1 else 300):
            begin = time.perf_counter()
            model.predict(x[:rows], pred_contrib=True, num_threads=threads)
            best = min(best, time.perf_counter() - begin)
        print(f"rows={rows} threads={threads}: {best / rows * 1e6:.1f} µs/row")

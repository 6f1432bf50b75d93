"""How many times 1.4826 times the median absolute deviation of n normal values one more is from
their median, once in 100: what pkg/profile takes for usual in a history.

    pip install numpy==2.4.6 && python history_mad.py > ../golden/history_mad.json
"""

import json

import numpy as np

random = np.random.default_rng(1)
trials, block = 4_000_000, 250_000
out = {}
for n in (4, 6, 8, 10, 12, 15, 20, 30, 60):
    times = []
    for _ in range(trials // block):
        before, now = random.normal(size=(block, n)), random.normal(size=block)
        center = np.median(before, axis=1)
        spread = 1.4826 * np.median(np.abs(before - center[:, None]), axis=1)
        times.append(np.abs(now - center) / spread)
    out[n] = round(float(np.quantile(np.concatenate(times), 0.99)), 2)
print(json.dumps(out))

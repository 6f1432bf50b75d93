"""Moments, quantiles and histograms that pkg/profile must agree with.

Mean and deviation are exact: the statistics module computes in rational numbers and rounds
once. Quantiles and histograms are numpy's.

    pip install numpy && python profile_numpy.py > ../golden/profile_numpy.json
"""

import json
import platform
import statistics
import sys

import numpy as np

random = np.random.default_rng(20240502)
shares = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}

columns = {
    "one value": [3.5],
    "two values": [1.0, 2.0],
    "constant": [0.1] * 7,
    "normal": random.normal(size=250),
    "few whole numbers": random.integers(3, 10, size=200),
    "whole numbers with a gap": [1, 1, 2, 9],
    "skewed": np.round(random.lognormal(sigma=2, size=200), 3),
    "twenty values": np.arange(20),
    "twenty-one values": np.arange(21),
    "far from zero": 1e9 + np.round(random.normal(size=200), 2),
    "negative": -random.exponential(size=50),
    "huge": 1e300 * random.normal(size=50),
    "tiny": 1e-300 * random.normal(size=50),
    "huge and tiny": [1e300, 1, 1e-300, -1e300],
    "on the edges": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
}


def describe(name, values):
    x = np.asarray(values, float)
    counts, edges = np.histogram(x, bins=min(20, len(set(x.tolist()))))
    exact = [float(v) for v in x]
    return {
        "name": name,
        "values": exact,
        "min": x.min(), "max": x.max(),
        "mean": statistics.mean(exact),
        "sd": statistics.stdev(exact) if len(exact) > 1 else None,
        "quantiles": {p: float(np.quantile(x, q)) for p, q in shares.items()},
        # numpy widens the bin of a constant column by 0.5 either side; we do not.
        "edges": edges.tolist() if x.min() < x.max() else None,
        "counts": counts.tolist(),
    }


versions = {"python": platform.python_version(), "numpy": np.__version__}
lines = ",\n".join(
    json.dumps(describe(name, values), separators=(",", ":")) for name, values in columns.items())
sys.stdout.write(f'{{"versions":{json.dumps(versions)},"columns":[\n{lines}\n]}}\n')

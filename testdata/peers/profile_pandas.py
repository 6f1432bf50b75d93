"""Statistics of the data sets of testdata that pkg/profile must agree with, by pandas.

    pip install pandas && python profile_pandas.py > ../golden/profile_pandas.json
"""

import json
import pathlib
import platform
import sys

import numpy as np
import pandas as pd

shares = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
root = pathlib.Path(__file__).parent.parent


def top(column):
    """The ten most frequent values, ties by value."""
    counts = sorted(column.value_counts().items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"value": value, "count": int(count)} for value, count in counts[:10]]


def describe(column):
    described = {
        "name": column.name,
        "count": int(column.count()),
        "missing": int(column.isna().sum()),
        "distinct": int(column.nunique()),
        "top": top(column),
    }
    if pd.api.types.is_numeric_dtype(column):
        x = column.dropna().astype(float)
        counts, edges = np.histogram(x, bins=min(20, x.nunique()))
        described["numeric"] = {
            "min": x.min(), "max": x.max(), "mean": x.mean(), "sd": x.std(),
            "quantiles": {p: x.quantile(q) for p, q in shares.items()},
            "histogram": {"edges": edges.tolist(), "counts": counts.tolist()},
        }
    return described


sets = {}
for name in ["penguins", "adult", "wine-quality-white"]:
    table = pd.read_csv(root / f"{name}.csv", skipinitialspace=True, na_values=["?"])
    sets[name] = {"rows": len(table), "columns": [describe(table[c]) for c in table.columns]}

versions = {"python": platform.python_version(), "numpy": np.__version__, "pandas": pd.__version__}
lines = ",\n".join(f"{json.dumps(k)}:{json.dumps(v, separators=(',', ':'))}" for k, v in sets.items())
sys.stdout.write(f'{{"versions":{json.dumps(versions)},"sets":{{\n{lines}\n}}}}\n')

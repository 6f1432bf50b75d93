"""How columns go with each other and with a target, as pkg/profile must agree with it.

Correlations come from scipy, Cramér's V from its contingency tables by Bergsma's formula (2013),
the correlation ratio from its F test by Kelley's (1935), and mutual information from
scikit-learn on bins that are made here by the rule of information.go, less Miller and Madow's
bias.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 && python profile_pairs.py > ../golden/profile_pairs.json
"""

import itertools
import json
import math
import sys

import numpy as np
from scipy import stats
from sklearn.metrics import mutual_info_score

r = np.random.default_rng(11)
rows = 400
hidden = r.normal(size=rows)


def gaps(values, share):
    return [None if r.random() < share else v for v in values]


def number(name, values):
    return {"name": name, "values": [v if v is None or math.isfinite(v) else ("inf" if v > 0 else "-inf") for v in values]}


def category(name, codes, levels):
    return {"name": name, "codes": [-1 if c is None else int(c) for c in codes], "levels": levels}


infinite = [float(v) for v in np.round(hidden + r.normal(size=rows), 3)]
infinite[3], infinite[9], infinite[77] = math.inf, -math.inf, math.inf
columns = [
    number("hidden", [float(v) for v in np.round(hidden, 6)]),
    number("far", [float(v) for v in 1e9 + np.round(hidden * 2 + r.normal(size=rows), 3)]),
    number("ties", [float(v) for v in np.round(hidden * 1.5)]),
    number("bent", [float(v) for v in np.round(np.exp(3 * hidden), 9)]),
    number("noise", [float(v) for v in np.round(r.normal(size=rows), 5)]),
    number("gaps", gaps([float(v) for v in np.round(-hidden + r.normal(size=rows), 3)], 0.3)),
    number("gaps and ties", gaps([float(v) for v in np.round(hidden + 0.5 * r.normal(size=rows))], 0.2)),
    number("infinite", infinite),
    number("huge", [float(v) for v in 1e300 * np.round(hidden, 2)]),
    number("few", [float(v) if i < 20 else None for i, v in enumerate(np.round(hidden, 3))]),
    number("constant", [4.0] * rows),
    category("thirds", np.digitize(hidden, [-0.4, 0.4]), 3),
    category("noisy thirds", gaps(np.digitize(hidden + r.normal(size=rows), [-0.4, 0.4]), 0.1), 5),
    category("by chance", r.integers(0, 40, rows), 40),
    category("yes", hidden + 0.3 * r.normal(size=rows) > 0.5, 2),
    category("names", range(rows), rows),
    category("rare", gaps(np.minimum(r.geometric(0.3, rows) + (hidden > 1) * 2, 30), 0.1), 31),
    category("filled for some", [c if h > 0.2 else None for c, h in zip(r.integers(0, 3, rows), hidden)], 3),
]


def floats(c):
    return np.array([math.nan if v is None else float(v) for v in c["values"]])


def power(x):
    """A power of two about as large as the values: dividing by it rounds nothing."""
    return 2.0 ** math.frexp(np.abs(x).max())[1]


def correlation_ratio(codes, x):
    keep = (codes >= 0) & np.isfinite(x)
    codes, x = codes[keep], x[keep]
    groups = [x[codes == c] for c in np.unique(codes)]
    k, n = len(groups), len(x)
    if k < 2 or n == k:
        return None
    scale = power(x)  # F does not depend on it, and its squares stay finite
    f = stats.f_oneway(*(g / scale for g in groups)).statistic
    eta2 = (k - 1) * f / ((k - 1) * f + n - k)
    return math.sqrt(max(0, 1 - (1 - eta2) * (n - 1) / (n - k)))


def cramers_v(a, b):
    keep = (a >= 0) & (b >= 0)
    table = stats.contingency.crosstab(a[keep], b[keep]).count
    if min(table.shape) < 2:
        return None
    n = table.sum()
    phi2 = stats.chi2_contingency(table, correction=False).statistic / n
    rr, c = table.shape
    phi2 = max(0, phi2 - (rr - 1) * (c - 1) / (n - 1))
    rr, c = rr - (rr - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    return math.sqrt(phi2 / min(rr - 1, c - 1))


def compare(a, b):
    out = {"a": a["name"], "b": b["name"]}
    numbers = [c for c in (a, b) if "values" in c]
    codes = [np.array(c["codes"]) for c in (a, b) if "codes" in c]
    present = [~np.isnan(floats(c)) if "values" in c else np.array(c["codes"]) >= 0 for c in (a, b)]
    both = present[0] & present[1]
    out["rows"] = int(both.sum())
    if out["rows"] < 30:
        return out
    if len(numbers) == 2:
        x, y = (floats(c) for c in numbers)
        finite = np.isfinite(x) & np.isfinite(y)
        scale = [power(v[finite]) for v in (x, y)]
        out["pearson"] = stats.pearsonr(x[finite] / scale[0], y[finite] / scale[1]).statistic
        out["spearman"] = stats.spearmanr(x[both], y[both]).statistic
    elif len(numbers) == 1:
        out["correlation_ratio"] = correlation_ratio(codes[0], floats(numbers[0]))
    else:
        out["cramers_v"] = cramers_v(*codes)
    return {k: v for k, v in out.items() if v is not None}


def bins(c, keep, limit):
    """A bin for each row, -1 where keep is false or the value missing: by information.go's rule."""
    limit = max(2, int(limit))
    if "values" in c:
        x = floats(c)
        keep = keep & ~np.isnan(x)
        limit = min(limit, 20)
        out = np.full(rows, -1)
        out[keep] = np.floor((stats.rankdata(x[keep]) - 1) * limit / keep.sum())
        return out
    codes = np.array(c["codes"])
    keep = keep & (codes >= 0)
    values, counts = np.unique(codes[keep], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    frequent = [values[i] for i in order if counts[i] >= 5]
    pooled = len(frequent) < len(values)
    if len(frequent) + pooled > limit:
        frequent = frequent[: limit - 1]
    return np.where(keep, np.where(np.isin(codes, frequent), codes, 10**6), -1)


def entropy(labels):
    return stats.entropy(np.unique(labels, return_counts=True)[1])


def information(x, y):
    keep = (x >= 0) & (y >= 0)
    x, y = x[keep], y[keep]
    kx, ky, kxy = len(set(x)), len(set(y)), len(set(zip(x, y)))
    if kx < 2 or ky < 2:
        return 0.0, 0.0
    nats = max(0, mutual_info_score(x, y) + (kx + ky - kxy - 1) / (2 * keep.sum()))
    return nats, min(1, nats / (entropy(y) + (ky - 1) / (2 * keep.sum())))


def target(y):
    here = ~np.isnan(floats(y)) if "values" in y else np.array(y["codes"]) >= 0
    classes = bins(y, here, math.sqrt(here.sum() / 5))
    k = len(set(classes[classes >= 0]))
    relations = []
    for c in columns:
        if c is y:
            continue
        x = bins(c, here, here.sum() / (5 * k))
        nats, share = information(x, classes)
        relation = {"column": c["name"], "mutual_information": nats, "share": share}
        if (filled := x[here] >= 0).any() and not filled.all():
            relation["missing_share"] = information(np.where(here, x >= 0, -1).astype(int), classes)[1]
        relations.append(relation)
    return {"target": y["name"], "classes": k, "relations": relations}


left_out = {"constant", "names"}
json.dump({
    "columns": columns,
    "left_out": sorted(left_out),
    "pairs": [compare(a, b) for a, b in itertools.combinations([c for c in columns if c["name"] not in left_out], 2)],
    "targets": [target(c) for c in columns if c["name"] in ("thirds", "gaps", "yes", "hidden", "rare")],
}, sys.stdout)
print()

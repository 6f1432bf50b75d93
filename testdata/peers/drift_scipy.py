"""Measures of drift and tails of distributions that pkg/profile must agree with.

Kolmogorov-Smirnov, Wasserstein, Jensen-Shannon and chi-squared are scipy's, PSI is numpy's on
bins that are made here as the documentation of profile.PSI says.

    pip install scipy==1.17.1 && python drift_scipy.py > ../golden/drift_scipy.json
"""

import json
import sys

import numpy as np
import scipy.integrate
import scipy.spatial.distance
import scipy.special
import scipy.stats

random = np.random.default_rng(20261124)
inf = np.inf

numbers = {
    "same": (random.normal(size=400), random.normal(size=300)),
    "shifted": (random.normal(size=400), random.normal(0.5, 1, size=250)),
    "wider": (random.normal(size=200), random.normal(0, 2, size=300)),
    "skewed": (random.lognormal(sigma=2, size=300), random.lognormal(0.3, 2, size=300)),
    "few whole numbers": (random.integers(0, 5, size=200), random.integers(1, 7, size=150)),
    "zeros and a tail": (np.where(random.random(300) < 0.6, 0, random.exponential(size=300)),
                         np.where(random.random(300) < 0.4, 0, random.exponential(size=300))),
    "nothing in common": (random.uniform(size=100), random.uniform(5, 6, size=100)),
    "constant and not": (np.full(100, 5.0), random.normal(5, 1, size=100)),
    "an outlier": (random.normal(size=350), np.append(random.normal(size=349), 1e9)),
    "infinities": (np.append(random.normal(size=300), [inf] * 20 + [-inf] * 5), np.append(random.normal(size=300), [inf] * 60)),
    "few rows": (random.normal(size=30), random.normal(size=24)),
}


def bins(a, b):
    """Shares of both in bins of a: deciles, frequent values of their own, few rows joined."""
    a, b = np.sort(a), np.sort(b)
    rows = min(len(a), len(b))
    n = max(2, min(10, rows // 10))
    cuts = []  # (x, through): the bin ends below x, or with it
    for i in range(1, n):
        x = a[int(np.ceil(np.round(i * len(a) / n, 9))) - 1]  # the least with that share up to it
        if cuts and cuts[-1][0] == x:
            continue
        if np.mean(a == x) >= 1 / n:
            cuts.append((x, False))
        cuts.append((x, True))
    ends = [[np.searchsorted(v, x, "right" if through else "left") for x, through in cuts] + [len(v)] for v in (a, b)]
    p, q = [], []
    for x, y in zip(*(np.diff(e, prepend=0) / len(v) for e, v in zip(ends, (a, b)))):
        few = lambda x, y: rows * (x + y) / 2 < 5 - 1e-9
        if p and (few(x, y) or few(p[-1], q[-1])):
            p[-1] += x
            q[-1] += y
        else:
            p.append(x)
            q.append(y)
    return np.array(p), np.array(q)


def shares(p, q, n, m):
    smooth = lambda s, rows: (s * rows + 0.5) / (rows + 0.5 * len(s))
    u, v = smooth(p, n), smooth(q, m)
    return {"bins": len(p), "psi": float(np.sum((v - u) * np.log(v / u))),
            "jensen_shannon": float(scipy.spatial.distance.jensenshannon(p, q, base=2))}


def compare(name, a, b):
    a, b = np.asarray(a, float), np.asarray(b, float)
    p, q = bins(a, b)
    fa, fb = a[np.isfinite(a)], b[np.isfinite(b)]
    sd = np.std(fa, ddof=1)
    out = {"name": name, "baseline": [str(v) for v in a.tolist()], "current": [str(v) for v in b.tolist()]}
    if len(p) > 1:
        out.update(shares(p, q, len(a), len(b)))
    out["kolmogorov_smirnov"] = float(scipy.stats.ks_2samp(a, b).statistic)
    if sd > 0:
        distance = scipy.stats.wasserstein_distance(fa, fb)
        out.update(wasserstein=float(distance / sd), distance=float(distance))
    return out


tables = {
    "same": [[50, 30, 20], [52, 29, 19]],
    "other sizes": [[5000, 3000, 2000], [20, 40, 40]],
    "one gone": [[500, 300, 200], [600, 400, 0]],
    "two": [[900, 100], [800, 200]],
    "many": [random.integers(20, 200, size=40).tolist(), random.integers(20, 200, size=40).tolist()],
}


def categories(name, table):
    t = np.array(table)
    n, m = t.sum(1)
    a, b = t / t.sum(1, keepdims=True)
    rows = 2 * n * m / (n + m)
    statistic, p, freedom, _ = scipy.stats.chi2_contingency(np.array([a, b]) * rows, correction=False)
    if n == m:
        assert np.isclose(statistic, scipy.stats.chi2_contingency(t, correction=False).statistic, rtol=1e-12)
    effect = np.sqrt(statistic / (2 * rows))
    if n == m:
        assert np.isclose(effect, scipy.stats.contingency.association(t), rtol=1e-12)
    return {"name": name, "table": t.tolist(), "statistic": statistic, "p": p, "degrees_of_freedom": int(freedom),
            "effect": effect, **shares(a, b, *t.sum(1))}


def proportions(a, n, b, m):
    expected = min(a + b, n + m - a - b) / (n + m) * min(n, m)
    if expected >= 10:
        p = scipy.stats.chi2_contingency([[a, n - a], [b, m - b]], correction=False).pvalue
    else:
        side = "less" if b / m >= a / n else "greater"
        p = min(1, 2 * scipy.stats.fisher_exact([[a, n - a], [b, m - b]], side).pvalue)
    return {"a": a, "n": n, "b": b, "m": m, "p": float(p)}


def floors(shift):
    p, q = scipy.stats.norm.pdf, lambda x: scipy.stats.norm.pdf(x - shift)
    area = lambda f: scipy.integrate.quad(f, -12, 12, epsabs=1e-13, limit=200)[0]
    half = lambda p, q: lambda x: p(x) * np.log2(2 * p(x) / (p(x) + q(x)))
    return {"shift": shift, "kolmogorov_smirnov": 2 * scipy.stats.norm.cdf(shift / 2) - 1,
            "psi": area(lambda x: (p(x) - q(x)) * (np.log(p(x)) - np.log(q(x)))),
            "jensen_shannon": area(lambda x: (half(p, q)(x) + half(q, p)(x)) / 2) ** 0.5,
            "cramers_v": area(lambda x: (p(x) - q(x)) ** 2 / (p(x) + q(x)) / 2) ** 0.5}


zs = [0, 1e-8, 0.5, 1, 1.96, 3, 5, 8, 20]
dfs = [1, 2, 3, 9, 50, 999, 9999]
out = {
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__},
    "normal": [[z, 2 * scipy.stats.norm.sf(z)] for z in zs],
    "chi_squared": [[x * df, df, scipy.special.chdtrc(df, x * df)] for df in dfs for x in (1e-6, 0.5, 0.9, 1, 1.01, 1.1, 1.5, 3, 10)
                    if scipy.special.chdtrc(df, x * df) > 1e-100],
    "kolmogorov": [[x, scipy.special.kolmogorov(x)] for x in (0.01, 0.2, 0.5, 0.8, 0.99, 1, 1.01, 1.36, 2, 3, 5, 10)],
    "hypergeometric": [[k, m, marked, n, scipy.stats.hypergeom.sf(k - 1, n + m, marked, m)]
                       for k, m, marked, n in ((0, 5, 3, 9), (1, 20, 1000, 100000), (3, 20, 30, 50), (20, 20, 30, 50), (5, 100, 12, 300),
                                               (40, 100, 60, 100), (10, 1000, 60, 1000), (2, 50, 3, 1000))],
    "proportions": [proportions(*c) for c in ((0, 100, 10, 100), (100, 1000, 150, 1000), (1000, 1000000, 1, 20), (30, 100, 1, 50),
                                              (0, 50, 0, 50), (50, 50, 50, 50), (990, 1000, 400, 500), (0, 1000, 3, 1000))],
    "floors": [floors(s) for s in (np.sqrt(0.1), 0.5)],
    "numbers": [compare(name, *pair) for name, pair in numbers.items()],
    "categories": [categories(name, t) for name, t in tables.items()],
}
lines = ",\n".join(f'"{k}":' + (json.dumps(v) if isinstance(v, dict) else "[\n" + ",\n".join(json.dumps(r) for r in v) + "\n]") for k, v in out.items())
sys.stdout.write("{" + lines + "}\n")

"""Skewness, kurtosis, autocorrelation and counts that pkg/profile must agree with.

They are computed in rational numbers from the columns of profile_numpy.json and rounded once;
scipy must agree where its own float64 arithmetic can.

    pip install scipy==1.17.1 && python profile_shape.py > ../golden/profile_shape.json
"""

import json
import sys
from decimal import Decimal, getcontext
from fractions import Fraction

import scipy.stats

getcontext().prec = 60
easy = {"two values", "normal", "few whole numbers", "whole numbers with a gap", "skewed", "twenty values",
        "twenty-one values", "negative", "on the edges"}


def decimal(f):
    return Decimal(f.numerator) / Decimal(f.denominator)


def describe(column):
    x = [Fraction(v) for v in column["values"]]
    n, mean = len(x), sum(x) / len(x)
    d = [v - mean for v in x]
    m2, m3, m4 = (sum(v**k for v in d) / n for k in (2, 3, 4))
    out = {"name": column["name"], "zeros": sum(v == 0 for v in x), "negatives": sum(v < 0 for v in x),
           "integers": sum(v.denominator == 1 for v in x)}
    if m2:
        root = decimal(m2).sqrt()
        out["skewness"] = float(decimal(m3) / (decimal(m2) * root))
        out["kurtosis"] = float(m4 / m2**2 - 3)
        out["autocorrelation"] = float(sum(a * b for a, b in zip(d, d[1:])) / (m2 * n))
        if column["name"] in easy:
            assert abs(scipy.stats.skew(column["values"]) - out["skewness"]) < 1e-9, column["name"]
            assert abs(scipy.stats.kurtosis(column["values"]) - out["kurtosis"]) < 1e-9, column["name"]
    return out


columns = json.load(open("../golden/profile_numpy.json"))["columns"]
lines = ",\n".join(json.dumps(describe(c), separators=(",", ":")) for c in columns)
sys.stdout.write(f'{{"versions":{{"scipy":"{scipy.__version__}"}},"columns":[\n{lines}\n]}}\n')

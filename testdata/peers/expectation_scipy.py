"""How many of n rows may have what k of n other rows have: the limits of pkg/profile/expectation.

Of two samples of n rows in random order with s rows of a kind in both together, the number
in the first is hypergeometric. The limit that the test compares with is the greatest j for
which k or fewer in the first, given k + j in both, are no less probable than 1 in 10,000.

    pip install scipy==1.17.1 && python expectation_scipy.py > ../golden/expectation_scipy.json
"""

import json

import scipy
from scipy.stats import hypergeom

RISK = 1e-4

cases = []
for n in [20, 100, 344, 1000, 6000, 100_000]:
    for k in sorted({0, 1, 2, 5, 13, 50, n // 20, n // 4, n // 2, 9 * n // 10, n - 1, n}):
        if k > n:
            continue
        low, high = k, n  # bisect: the probability falls with j
        while low < high:
            j = (low + high + 1) // 2
            if hypergeom.cdf(k, 2 * n, k + j, n) >= RISK:
                low = j
            else:
                high = j - 1
        cases.append({"k": k, "n": n, "limit": low})
print(json.dumps({"scipy": scipy.__version__, "cases": cases}, indent=1))

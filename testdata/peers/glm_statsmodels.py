"""Coefficients and deviances that pkg/model's glm must agree with, and the inference that its
linear must, by statsmodels.

    python glm_statsmodels.py > ../golden/glm_statsmodels.json

Run in this folder, with the packages of requirements.txt. The data are white wine: ten
standardized measurements; the target is residual sugar as a cost (gamma), the part of it
above 5 (Tweedie, with zeros), and free sulfur dioxide per exposure as a count (Poisson).
"""

import csv
import json
import platform
import sys

import numpy as np
import statsmodels
import statsmodels.api as sm

with open("../wine-quality-white.csv") as file:
    rows = list(csv.reader(file))
names = rows[0]
table = np.array(rows[1:], float)
n = len(table)
weights = (np.arange(n) % 5).astype(float)
kept = weights > 0
exposure = 0.5 + (np.arange(n) % 7) / 2.0


def standardized(columns):
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


free, sugar = names.index("free_sulfur_dioxide"), names.index("residual_sugar")
families = {
    1.0: (sm.families.Poisson(), free, np.rint(table[:, free])),
    1.5: (sm.families.Tweedie(var_power=1.5, link=sm.families.links.Log()), sugar, np.maximum(table[:, sugar] - 5, 0)),
    2.0: (sm.families.Gamma(link=sm.families.links.Log()), sugar, table[:, sugar]),
}
cases = []
for power, (family, target, y) in families.items():
    x = standardized(np.delete(table[:, :-1], target, axis=1))
    design = sm.add_constant(x)
    for weighted in (False, True):
        for offset in (False, True):
            keep = kept if weighted else np.ones(n, bool)
            model = sm.GLM(y[keep], design[keep], family=family,
                           freq_weights=weights[keep] if weighted else None,
                           offset=np.log(exposure[keep]) if offset else None)
            fit = model.fit(tol=1e-15, maxiter=1000, tol_criterion="params")
            cases.append({
                "power": power, "target": names[target], "weighted": weighted, "offset": offset,
                "coefficients": fit.params[1:].tolist(), "intercept": float(fit.params[0]), "deviance": float(fit.deviance),
            })

ols = []
quality = table[:, -1]
x = standardized(table[:, :-1])
for constant in (True, False):
    fit = sm.OLS(quality, sm.add_constant(x) if constant else x).fit()
    interval = fit.conf_int(alpha=0.1)
    ols.append({
        "intercept": constant, "values": fit.params.tolist(), "errors": fit.bse.tolist(), "t": fit.tvalues.tolist(),
        "p": fit.pvalues.tolist(), "low": interval[:, 0].tolist(), "high": interval[:, 1].tolist(),
        "residual_sd": float(np.sqrt(fit.scale)), "r_squared": float(fit.rsquared), "degrees_of_freedom": float(fit.df_resid),
    })

json.dump({
    "made_by": "glm_statsmodels.py",
    "versions": {"python": platform.python_version(), "numpy": np.__version__, "statsmodels": statsmodels.__version__},
    "cases": cases, "ols": ols,
}, sys.stdout, indent=1)
print()

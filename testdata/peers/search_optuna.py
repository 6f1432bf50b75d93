"""Regrets of Optuna's samplers on the functions of pkg/search/tpe_test.go, in the mean over seeds.

Usage: search_optuna.py > testdata/golden/search_optuna.json
Packages: optuna 4.5.0, numpy 2.4.6. TPESampler is joint (multivariate, group) and proposes 5 trials
at once (constant_liar), as pkg/search does by default; with batch 1, one at a time.
"""

import json
import math
import sys
import warnings

import numpy
import optuna

SEEDS = 30
AT = [30, 60, 100]


def branin(t):
    x, y = t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15)
    inner = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return inner * inner + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10


A = numpy.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
P = numpy.array([[0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
                 [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381]])


def hartmann6(t):
    x = numpy.array([t.suggest_float(name, 0, 1) for name in "abcdef"])
    return -float(numpy.array([1, 1.2, 3, 3.2]) @ numpy.exp(-(A * (x - P) ** 2).sum(axis=1)))


def mixed(t):
    space = t.suggest_categorical("space", [0, 1, 2])
    if space == 0:
        return 0.5 + math.log10(t.suggest_float("rate0", 0.001, 10, log=True) / 0.1) ** 2
    if space == 1:
        rate, leaves = t.suggest_float("rate1", 0.001, 1, log=True), t.suggest_int("leaves", 2, 255)
        kind, share = t.suggest_categorical("kind", list("abcd")), t.suggest_float("share", 0.2, 1)
        return (math.log10(rate / 0.05) ** 2 + 0.1 * math.log2(leaves / 31) ** 2 + (share - 0.8) ** 2
                + {"a": 0.3, "b": 0, "c": 0.6, "d": 1}[kind])
    return 2.0


def regrets(function, least, sampler, batch):
    sums = numpy.zeros(len(AT))
    for seed in range(SEEDS):
        study = optuna.create_study(sampler=sampler(seed))
        lows, low = [], math.inf
        while len(lows) < AT[-1]:
            n = 10 if not lows else batch
            trials = [study.ask() for _ in range(min(n, AT[-1] - len(lows)))]
            for t in trials:
                value = function(t)
                # What was asked for is only known once the function has suggested: so trials of
                # a batch are suggested before any of them is told.
                t.set_user_attr("value", value)
            for t in trials:
                value = t.user_attrs["value"]
                study.tell(t, value)
                low = min(low, value)
                lows.append(low)
        sums += [lows[n - 1] - least for n in AT]
    return [float(f"{v:.4g}") for v in sums / SEEDS]


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    tpe = lambda liar: lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True, constant_liar=liar)
    out = {"optuna": optuna.__version__, "seeds": SEEDS, "trials": AT, "regret": {}}
    for function, least in [(branin, 0.397887), (hartmann6, -3.32237), (mixed, 0.0)]:
        out["regret"][function.__name__] = {
            "tpe": regrets(function, least, tpe(True), 5),
            "tpe one at a time": regrets(function, least, tpe(False), 1),
            "random": regrets(function, least, lambda seed: optuna.samplers.RandomSampler(seed=seed), 5),
        }
    json.dump(out, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()

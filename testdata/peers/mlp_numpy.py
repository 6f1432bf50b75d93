"""Steps of training that pkg/model's mlp must agree with: forward, backward and Adam, written
plainly in NumPy, from given weights on given batches. Gradients of the first step are checked
here against differences of the loss.

    pip install -r requirements.txt && python mlp_numpy.py > ../golden/mlp_numpy.json
"""

import json
import platform
import sys

import numpy as np

random = np.random.default_rng(20261126)
units, rows = [3, 10, 9], 70
rate, decay = 0.05, 0.3


def forward(params, x):
    values = [x]
    for l, (w, b) in enumerate(params):
        z = values[-1] @ w + b
        values.append(np.maximum(z, 0) if l < len(params) - 1 else z)
    return values


def loss(params, x, y, weights, classes):
    out = forward(params, x)[-1]
    if not classes:
        return np.mean(weights * 0.5 * (out[:, 0] - y) ** 2)
    shifted = out - out.max(axis=1, keepdims=True)
    return np.mean(weights * (np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(y)), y.astype(int)]))


def gradients(params, x, y, weights, classes):
    values = forward(params, x)
    out = values[-1]
    if classes:
        p = np.exp(out - out.max(axis=1, keepdims=True))
        slope = p / p.sum(axis=1, keepdims=True)
        slope[np.arange(len(y)), y.astype(int)] -= 1
    else:
        slope = out - y[:, None]
    slope = slope * weights[:, None] / len(y)
    found = []
    for l in reversed(range(len(params))):
        found.append([values[l].T @ slope, slope.sum(axis=0)])
        slope = (slope @ params[l][0].T) * (values[l] > 0)
    return found[::-1]


cases = []
for classes in [0, 3]:
    x = random.normal(size=(rows, units[0]))
    y = random.integers(0, classes, size=rows).astype(float) if classes else random.normal(size=rows)
    weights = random.exponential(size=rows)
    widths = units + [classes or 1]
    params = [[random.normal(size=(a, b)) / np.sqrt(a), random.normal(size=b) / 10] for a, b in zip(widths, widths[1:])]
    for l, layer in enumerate(gradients(params, x, y, weights, classes)):
        for k, g in enumerate(layer):
            for at in [tuple(random.integers(0, n) for n in g.shape) for _ in range(5)]:
                ends = []
                for step in [1e-6, -1e-6]:
                    params[l][k][at] += step
                    ends.append(loss(params, x, y, weights, classes))
                    params[l][k][at] -= step
                assert abs((ends[0] - ends[1]) / 2e-6 - g[at]) < 1e-7, (classes, l, k, at)
    case = {"classes": classes, "x": x.tolist(), "y": y.tolist(), "weights": weights.tolist(), "units": widths,
            "before": [[w.tolist(), b.tolist()] for w, b in params], "loss": loss(params, x, y, weights, classes) * rows}
    first = [[0 * w, 0 * b] for w, b in params]
    second = [[0 * w, 0 * b] for w, b in params]
    for step in range(1, 4):
        batch = slice(0, rows) if step < 3 else slice(0, 5)
        for l, layer in enumerate(gradients(params, x[batch], y[batch], weights[batch], classes)):
            for k, g in enumerate(layer):
                first[l][k] = 0.9 * first[l][k] + 0.1 * g
                second[l][k] = 0.999 * second[l][k] + 0.001 * g**2
                m, v = first[l][k] / (1 - 0.9**step), second[l][k] / (1 - 0.999**step)
                params[l][k] = params[l][k] - rate * decay * params[l][k] - rate * m / (np.sqrt(v) + 1e-8)
    case["after"] = [[w.tolist(), b.tolist()] for w, b in params]
    cases.append(case)

json.dump({"versions": {"python": platform.python_version(), "numpy": np.__version__}, "rate": rate, "decay": decay, "cases": cases},
          sys.stdout, separators=(",", ":"))
sys.stdout.write("\n")

"""A table for make bench-learners: the same bytes each time.

    python learners_data.py generated learners-1.npy 1        # 1,000,000 rows to fit, 250,000 to test; seed 1
    python learners_data.py flights flights-3m.parquet flights.npy

Both write one float32 array of columns, features first, the target (0 or 1) last, rows to test
after those to fit: a fifth of all.

The generated set has 28 features, like HIGGS (Baldi, Sadowski & Whiteson 2014): 21 that are
measured, skewed as momenta are or uniform as angles, one of few values, and 7 derived from
them; the class depends on products and differences, much of it on noise.

Flights have hour, month, day of the week, distance, and airports and carriers as the index of
their name; the target is a delay of more than 15 minutes.
"""

import sys

import numpy as np


def generated(path, seed):
    rows = 1_250_000
    random = np.random.default_rng(int(seed))
    momenta = random.gamma(2.0, 0.5, (8, rows))
    angles = random.uniform(-np.pi, np.pi, (8, rows))
    tags = random.choice([0.0, 1.087, 2.173], (1, rows), p=[0.5, 0.3, 0.2])
    plain = random.normal(size=(4, rows))
    derived = np.stack([
        np.sqrt(2 * momenta[0] * momenta[1] * (1.0001 - np.cos(angles[0] - angles[1]))),
        np.sqrt(2 * momenta[2] * momenta[3] * (1.0001 - np.cos(angles[2] - angles[3]))),
        momenta[:4].sum(axis=0) + 0.1 * random.normal(size=rows),
        np.hypot(momenta[4] * np.cos(angles[4]) + momenta[5] * np.cos(angles[5]),
                 momenta[4] * np.sin(angles[4]) + momenta[5] * np.sin(angles[5])),
        momenta[6] / (0.1 + momenta[7]),
        plain[0] * plain[1],
        np.abs(plain[2] + plain[3]),
    ])
    score = (1.2 * np.exp(-(((derived[0] - 1.0) / 0.35) ** 2)) + 0.8 * np.exp(-(((derived[1] - 1.2) / 0.5) ** 2))
             - 0.35 * derived[2] + 0.5 * np.sin(2 * angles[4]) * momenta[4] + 0.4 * plain[0] * plain[1]
             + 0.3 * np.tanh(plain[2] * momenta[5]) + 0.5 * (tags[0] > 1) * plain[3] + 0.2 * np.cos(angles[6] - angles[7]) * derived[4].clip(0, 5)
             + 0.7)
    target = random.random(rows) < 1 / (1 + np.exp(-1.5 * score))
    np.save(path, np.concatenate([momenta, angles, tags, plain, derived, target[None]]).astype(np.float32))


def flights(source, path):
    import polars as pl

    frame = pl.read_parquet(source).drop_nulls()
    text = [name for name, kind in frame.schema.items() if kind == pl.String]
    late = next(name for name in frame.columns if "delay" in name.lower())
    columns = []
    for name, kind in frame.schema.items():
        if name in text:
            columns.append(frame[name].rank("dense").cast(pl.Float32) - 1)
        elif kind.is_temporal():
            columns += [frame[name].dt.month(), frame[name].dt.weekday(), frame[name].dt.hour() + frame[name].dt.minute() / 60]
        elif name != late:
            columns.append(frame[name])
    columns.append(frame[late] > 15)
    order = np.random.default_rng(1).permutation(frame.height)
    np.save(path, np.stack([c.cast(pl.Float32).to_numpy()[order] for c in columns]))


{"generated": generated, "flights": flights}[sys.argv[1]](*sys.argv[2:])

"""Answers of Apache DataSketches that pkg/sketch must agree with.

It reads the sketches that pkg/sketch wrote into ../golden/sketch (go test ./pkg/sketch -update)
and says what they hold; and it writes sketches of its own, or those of pkg/sketch after adding
to them and merging them, which differ from run to run, with what they hold.

    pip install datasketches numpy && python sketch_datasketches.py > ../golden/sketch_datasketches.json
"""

import base64
import importlib.metadata
import json
import pathlib
import platform
import sys

import datasketches as ds
import numpy as np

folder = pathlib.Path(__file__).parent.parent / "golden" / "sketch"
random = np.random.default_rng(7)
RANKS = [0, 1e-9, 0.001, 0.01, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]


def encode(data):
    return base64.b64encode(data).decode()


def quantiles(s):
    if s.is_empty():
        return {"N": 0, "Exact": True}
    values = [s.get_quantile(r, True) for r in RANKS]
    points = sorted({p for v in values for p in (v, np.nextafter(v, -np.inf), np.nextafter(v, np.inf), v / 2) if np.isfinite(p)})
    finite = np.isfinite(s.get_min_value()) and np.isfinite(s.get_max_value())
    return {
        "N": s.n,
        "Exact": not s.is_estimation_mode(),
        "rank_error": s.normalized_rank_error(False),
        **({"Min": s.get_min_value(), "Max": s.get_max_value()} if finite else {}),
        "Quantiles": [[r, v] for r, v in zip(RANKS, values) if np.isfinite(v)],
        "Ranks": [[p, s.get_rank(p, True)] for p in points],
    }


def distinct(s):
    return {"Estimate": s.get_estimate()}


def frequent(s):
    rows = s.get_frequent_items(ds.frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
    rows = [{"Item": item, "N": low} for item, _, low, _ in rows]
    # The largest error is in no accessor of Python: any item that is not there has it.
    return {
        "N": s.total_weight,
        "Offset": s.get_upper_bound("this item is in none of the sketches"),
        "Items": sorted(rows, key=lambda row: row["Item"].encode()),
    }


KINDS = {
    "quantiles": (ds.kll_doubles_sketch, quantiles),
    "distinct": (ds.hll_sketch, distinct),
    "texts": (ds.frequent_strings_sketch, frequent),
    "numbers": (ds.frequent_strings_sketch, frequent),
}


def read():
    out = {}
    for file in sorted(folder.glob("*.bin")):
        kind, describe = KINDS[file.stem.split("-")[0]]
        out[file.stem] = describe(kind.deserialize(file.read_bytes()))
    return out


def written():
    out = []

    def add(kind, name, s):
        data = s.serialize_compact() if kind == "distinct" else s.serialize()
        out.append({"Name": f"{kind} {name}", "Kind": kind, "Bytes": encode(data), "Answers": KINDS[kind][1](s)})

    def kll(k, values):
        s = ds.kll_doubles_sketch(k)
        s.update(np.asarray(values, float))
        return s

    add("quantiles", "empty", kll(200, []))
    add("quantiles", "one", kll(200, [3]))
    add("quantiles", "exact", kll(200, random.normal(size=200)))
    add("quantiles", "normal", kll(64, random.normal(size=100_000)))
    merged = kll(100, random.integers(0, 50, size=3000))
    merged.merge(kll(50, random.normal(size=7000)))
    add("quantiles", "merged", merged)
    for name in ["skewed", "shards", "one-by-one", "smaller-k", "exact", "infinite"]:
        data = (folder / f"quantiles-{name}.bin").read_bytes()
        s = ds.kll_doubles_sketch.deserialize(data)
        s.update(random.normal(size=20_000))
        s.merge(ds.kll_doubles_sketch.deserialize(data))
        own = kll(120, random.normal(size=20_000))
        own.merge(s)
        add("quantiles", f"of ours, {name}, that went on", own)

    def union(lg, n):
        u = ds.hll_union(lg)
        half = ds.hll_sketch(lg, ds.tgt_hll_type.HLL_8), ds.hll_sketch(lg, ds.tgt_hll_type.HLL_8)
        for i in range(n):
            half[i % 2].update(float(i))
        u.update(half[0])
        u.update(half[1])
        return u.get_result(ds.tgt_hll_type.HLL_8)

    add("distinct", "empty", ds.hll_sketch(12, ds.tgt_hll_type.HLL_8))
    add("distinct", "many", union(8, 10_000))
    add("distinct", "thousand", union(7, 1000))

    def strings(lg, items):
        s = ds.frequent_strings_sketch(lg)
        for item in items:
            s.update(item)
        return s

    add("texts", "empty", strings(5, []))
    add("texts", "exact", strings(5, ["größer", "", "a", "a", "日本語"]))
    add("texts", "offset", strings(4, [f"w{int(100 * x**3)}" for x in random.random(500)]))
    add("numbers", "exact", strings(5, ["-1.5", "0", "0", "1e+21", "5e-324", "0.000001", "1e-07"]))
    add("numbers", "empty", strings(5, []))
    add("numbers", "offset", strings(4, [str(int(100 * x**3)) for x in random.random(500)]))
    return out


def estimates():
    """Sketches of i·0.37, or texts with i in them, through a union, which forgets the order."""
    out = []
    for lg in range(4, 22):
        for n in [1, 2, 10, 100, 1000, 3 << min(lg, 16), 20_000] + ([1_000_000] if lg == 12 else []):
            for kind in ["float", "text"] if n <= 1000 else ["float"]:
                halves = [ds.hll_sketch(lg, ds.tgt_hll_type.HLL_8, True) for _ in range(2)]  # no list mode
                for i in range(n):
                    value = i * 0.37 if kind == "float" else f"Zeile {i} — größer"
                    halves[i % 2].update(value)
                    if i == 0:
                        halves[1].update(value)  # a union of one sketch would know its order
                union = ds.hll_union(lg)
                for half in halves:
                    union.update(half)
                # Both are registers, so this is too, and out of order.
                s = union.get_result(ds.tgt_hll_type.HLL_8)
                row = {"LgK": lg, "N": n, "Kind": kind, "Estimate": s.get_estimate()}
                if lg <= 6:
                    row["Bytes"] = encode(s.serialize_compact())
                out.append(row)
    return out


json.dump(
    {
        "made_by": f"Python {platform.python_version()}, datasketches {importlib.metadata.version('datasketches')}, numpy {np.__version__}",
        "Read": read(),
        "Written": written(),
        "Distinct": estimates(),
    },
    sys.stdout,
    indent=1,
    ensure_ascii=False,
)
print()

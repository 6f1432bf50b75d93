"""A CSV file of many kinds of columns, to measure reading with: the same bytes each time. Or the same
as Parquet, compressed by snappy, if the name ends so.

    python mixed_csv.py mixed.csv 1500000        # 214 MB
    python mixed_csv.py mixed.parquet 3500000    # 225 MB
"""

import sys

import numpy as np
import polars as pl

path, rows = sys.argv[1], int(sys.argv[2])
random = np.random.default_rng(1)
cities = np.array(["north", "south", "east", "west", "central", "upper east", "lower west"])

columns = {}
for i in range(4):  # whole numbers up to 100 … 100,000
    columns[f"i{i}"] = random.integers(0, 10 ** (i + 2), rows)
for i in range(8):  # measurements of 2 to 6 decimals
    columns[f"f{i}"] = np.round(random.normal(50, 20, rows), 2 + i % 5)
columns["city"] = random.choice(cities, rows)
columns["code"] = np.char.add("C", random.integers(0, 300, rows).astype(str))
columns["user"] = np.char.add("u", random.integers(0, rows, rows).astype(str))
columns["day"] = (np.datetime64("2020-01-01") + random.integers(0, 1500, rows).astype("timedelta64[D]")).astype(str)
columns["at"] = (np.datetime64("2024-01-01T00:00:00") + np.arange(rows).astype("timedelta64[s]")).astype(str)
columns["flag"] = random.choice(np.array(["true", "false"]), rows)
amounts = np.round(random.lognormal(3, 1, rows), 3).astype(str)
amounts[random.random(rows) < 0.1] = ""
columns["m"] = amounts
columns["k"] = random.integers(0, 2, rows)

frame = pl.DataFrame(columns)
if path.endswith(".parquet"):
    frame = frame.with_columns(
        pl.col("day").str.to_date(), pl.col("at").str.to_datetime(time_unit="us"), pl.col("flag") == "true",
        pl.col("m").cast(pl.Float64, strict=False),
    )
    # By Arrow's own writer, whose row groups and pages are those of most files.
    frame.write_parquet(path, compression="snappy", use_pyarrow=True)
else:
    frame.write_csv(path)

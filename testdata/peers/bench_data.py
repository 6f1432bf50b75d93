"""One case of make bench-data, done once by a peer: prints the seconds it took, import aside,
and the peer's version.

    python bench_data.py polars-table mixed.csv 2    # case, file, threads
"""

import importlib.metadata
import os
import sys
import time

case, path, threads = sys.argv[1:4]
os.environ["POLARS_MAX_THREADS"] = threads

peer, job = case.split("-", 1)
if peer == "polars":
    import polars as pl

    def run():
        # Dates are parsed, as Foretell does; nulls are what both take for missing.
        frame = pl.read_csv(path, try_parse_dates=True, infer_schema_length=10_000)
        if job == "profile":
            frame.describe()
            frame.select(pl.all().n_unique())
            frame.select(pl.all().null_count())
        return frame.height

elif peer == "duckdb":
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"SET threads TO {threads}")
    connection.execute("SET enable_progress_bar = false")

    def run():
        source = f"read_csv('{path}')" if path.endswith(".csv") else f"read_parquet('{path}')"
        if job == "profile":
            return connection.execute(f"SUMMARIZE SELECT * FROM {source}").fetchall()[0][-2]
        columns = "*"
        if job == "floats":
            types = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            columns = ", ".join(f'"{name}"' for name, kind, *_ in types if kind in ("DOUBLE", "FLOAT", "BIGINT", "INTEGER", "SMALLINT"))
        if job == "mixed-floats":
            columns = ", ".join(f"f{i}" for i in range(8))
        # Materialized: every value is read and put somewhere.
        connection.execute(f"CREATE OR REPLACE TEMP TABLE t AS SELECT {columns} FROM {source}")
        return connection.execute("SELECT count(*) FROM t").fetchone()[0]

else:
    sys.exit(f"unknown peer {peer!r}")

begin = time.perf_counter()
rows = run()
print(time.perf_counter() - begin, importlib.metadata.version(peer), rows)

"""Writes testdata/parquet/*.parquet and what pyarrow reads from them: testdata/golden/parquet_pyarrow.json.

Run from the root of the repository: python testdata/peers/parquet_pyarrow.py (pyarrow, numpy, pandas, duckdb, polars).
"""
import datetime as dt, decimal, json, os
import duckdb, polars
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

os.makedirs("testdata/parquet", exist_ok=True)
n = 40
hole = lambda values, every: pa.array([None if i % every == 2 else v for i, v in enumerate(values)])
when = [dt.datetime(2020, 1, 31, 12, 0, 0) + dt.timedelta(seconds=i * 7919, milliseconds=i) for i in range(n)]
before = [dt.datetime(1931, 5, 6, 7, 8, 9, 123000) - dt.timedelta(days=i) for i in range(n)]
D = decimal.Decimal
columns = {
    "flag": hole([i % 3 == 0 for i in range(n)], 5),
    "int8": pa.array([i - 20 for i in range(n)], pa.int8()),
    "uint16": pa.array([65535 - i for i in range(n)], pa.uint16()),
    "uint32": pa.array([4294967295 - i for i in range(n)], pa.uint32()),
    "int64": hole([i * 10**12 for i in range(n)], 7),
    "half": pa.array(np.array([i / 8 - 2 for i in range(n)], np.float16)),
    "float": pa.array(np.arange(n, dtype=np.float32) / np.float32(3)),
    "double": hole([i / 7 for i in range(n)], 4),
    "date": pa.array([d.date() for d in when], pa.date32()),
    "millis": pa.array(when, pa.timestamp("ms")),
    "micros": pa.array(before, pa.timestamp("us", tz="UTC")),
    "nanos": pa.array(before, pa.timestamp("ns")),
    "cents": pa.array([D(i * 37 - 500) / 100 for i in range(n)], pa.decimal128(7, 2)),
    "large": pa.array([D("123456789012345678901234.5678") + i for i in range(n)], pa.decimal128(38, 4)),
    "color": hole(["red", "green", "blue"] * 13 + ["red"], 6),
    "zip": pa.array(["%05d" % (2134 + i % 4) for i in range(n)]),
    "nothing": pa.nulls(n),
}
table = pa.table(columns)
files = {}
for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    for page in ["1.0", "2.0"]:
        for dictionary in [True, False]:
            name = f"{codec}-v{page[0]}-{'dictionary' if dictionary else 'plain'}.parquet"
            files[name] = dict(compression=codec, data_page_version=page, use_dictionary=dictionary)
delta = {"int64": "DELTA_BINARY_PACKED", "color": "DELTA_BYTE_ARRAY", "zip": "DELTA_LENGTH_BYTE_ARRAY", "float": "BYTE_STREAM_SPLIT"}
files["delta.parquet"] = dict(use_dictionary=False, column_encoding=delta)
for name, options in files.items():
    pq.write_table(table, "testdata/parquet/" + name, row_group_size=17, **options)
pq.write_table(table.select(["micros", "nanos"]), "testdata/parquet/int96.parquet", use_deprecated_int96_timestamps=True)
pq.write_table(pa.table({"id": [2**53 + 1, 5, None]}), "testdata/parquet/wide.parquet")
pq.write_table(pa.table({"id": [2**53 + 1, 5, None]}), "testdata/parquet/wide-silent.parquet", write_statistics=False)
pq.write_table(pa.table({"a": [1, 2], "list": [[1], [2, 3]]}), "testdata/parquet/nested.parquet")
pq.write_table(pa.table({"b": pa.array([b"ok", b"\xff\xfe"])}), "testdata/parquet/binary.parquet")
pq.write_table(table.select(["int8"]).slice(0, 0), "testdata/parquet/empty.parquet")

# What pkg/source's tests have as CSV and JSON Lines, too.
same = {
    "id": pa.array([1, 2.5, None]),
    "city": ["Ulm", None, " Bad Tölz, Süd "],
    "when": pa.array([dt.date(2024, 2, 28), dt.date(2024, 2, 29), None]),
    "ok": pa.array([True, False, None]),
    "zip": pa.array(["02134", "10115", None]),
}
pq.write_table(pa.table(same), "testdata/parquet/same.parquet")
pq.write_table(pa.table({"a": [14], "b": ["x"]}), "testdata/parquet/fourteen.parquet")
# And what is in testdata as CSV: read as texts where pandas' rules would differ from ours.
for name, codec in [("penguins", "zstd"), ("adult", "snappy")]:
    columns = pacsv.read_csv(f"testdata/{name}.csv", convert_options=pacsv.ConvertOptions(strings_can_be_null=True, null_values=["", "?", "NA"]))
    pq.write_table(columns, f"testdata/parquet/{name}.parquet", compression=codec, row_group_size=10_000, data_page_size=8 << 10)

# What several writers make of the same rows, in many pages, dictionaries that overflow among
# them; the rows are in a CSV file, too.
rng = np.random.default_rng(7)
rows = 3000
some = lambda values, share: pa.array(values, mask=rng.random(rows) < share)
level = np.array([f"level {k} é" for k in range(400)])
many = pa.table({
    "double": some(rng.normal(size=rows), 0.1),
    "runs": np.repeat(rng.normal(size=rows // 100), 100),
    "whole": some(rng.integers(-5, 2**40, rows), 0.3),
    "flag": some(rng.random(rows) < 0.5, 0.2),
    "level": some(level[rng.integers(0, 400, rows)], 0.25),
    "unique": [f"id{k * 7919}x" for k in range(rows)],
    "rare": some(level[rng.integers(0, 3, rows)], 0.99),
    "when": pa.array(rng.integers(0, 2**50, rows), pa.timestamp("us")),
    "sorted": np.arange(rows) // 17,
})
pq.write_table(many, "testdata/parquet/writers-pyarrow.parquet", row_group_size=1700, data_page_size=1 << 10, dictionary_pagesize_limit=1 << 11)
polars.from_arrow(many).write_parquet("testdata/parquet/writers-polars.parquet", compression="lz4", row_group_size=1000, data_page_size=1 << 10)
for version in ["V1", "V2"]:
    duckdb.sql(f"COPY many TO 'testdata/parquet/writers-duckdb-{version}.parquet' (FORMAT parquet, PARQUET_VERSION {version})")
pandas = many.to_pandas()
pandas["flag"] = pandas["flag"].map({True: "true", False: "false"})
pandas["whole"] = many["whole"].to_pandas(integer_object_nulls=True)
pandas["when"] = [v.isoformat() for v in pandas["when"]]
pandas.to_csv("testdata/parquet/writers.csv", index=False)


def value(v):
    if v is None or v != v:
        return None
    if isinstance(v, bool):
        return int(v)
    if isinstance(v, (str, int)):
        return v
    if hasattr(v, "to_pydatetime"):
        v = v.to_pydatetime()
    if isinstance(v, dt.datetime):
        return (v.replace(tzinfo=None) - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)
    if isinstance(v, dt.date):
        return (v - dt.date(1970, 1, 1)).days * 86400 * 10**6
    return float(v)


read = pq.read_table("testdata/parquet/snappy-v1-dictionary.parquet")
golden = {"files": sorted(files), "columns": {name: [value(v) for v in read[name].to_pylist()] for name in read.column_names}}
with open("testdata/golden/parquet_pyarrow.json", "w") as f:
    json.dump(golden, f, indent=1)
    f.write("\n")

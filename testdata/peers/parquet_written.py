"""Reads testdata/parquet/written.parquet, which Foretell's writer wrote, by pyarrow, DuckDB and polars, and writes what each of
them finds in it: testdata/golden/parquet_written.json. Numbers are the 64 bits of a double, in hex.

Run from the root of the repository: python testdata/peers/parquet_written.py (pyarrow, numpy, duckdb, polars), after
go test ./pkg/dataset/parquet -run WriterByPeers -update has written the file anew.
"""
import json
import duckdb, polars
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

path = "testdata/parquet/written.parquet"
bits = lambda values: ["%016x" % v for v in np.asarray(values, np.float64).view(np.uint64)]

table = pq.read_table(path)
by = {"pyarrow": [
    {"name": f.name, "type": str(f.type), "values": bits(table[f.name].to_numpy()) if pa.types.is_float64(f.type) else table[f.name].to_pylist()}
    for f in table.schema
]}
relation = duckdb.connect().from_parquet(path)
found = relation.fetchall()
by["duckdb"] = [
    {"name": name, "type": str(kind), "values": bits([row[i] for row in found]) if str(kind) == "DOUBLE" else [row[i] for row in found]}
    for i, (name, kind) in enumerate(zip(relation.columns, relation.types))
]
frame = polars.read_parquet(path)
by["polars"] = [
    {"name": c.name, "type": str(c.dtype), "values": bits(c.to_numpy()) if c.dtype == polars.Float64 else c.to_list()}
    for c in frame.get_columns()
]
meta = pq.ParquetFile(path).metadata
golden = {
    "versions": {"pyarrow": pa.__version__, "duckdb": duckdb.__version__, "polars": polars.__version__, "numpy": np.__version__},
    "groups": [meta.row_group(i).num_rows for i in range(meta.num_row_groups)],
    "compression": sorted({meta.row_group(i).column(j).compression for i in range(meta.num_row_groups) for j in range(meta.num_columns)}),
    "readers": by,
}
with open("testdata/golden/parquet_written.json", "w") as f:
    json.dump(golden, f, indent=1, ensure_ascii=False)
    f.write("\n")

"""What pandas finds in the data sets of testdata: read by TestPandas in pkg/dataset.

    pip install pandas==2.3.3
    python dataset_pandas.py > ../golden/dataset_pandas.json
"""

import json
import math
import pathlib

import pandas as pd

FILES = ["adult.csv", "penguins.csv", "wine-quality-white.csv"]


def column(s):
    present = s.dropna()
    found = {
        "name": s.name,
        "kind": "text" if s.dtype == object else "boolean" if s.dtype == bool else "numeric",
        "missing": int(s.isna().sum()),
        "distinct": int(s.nunique()),
    }
    if found["kind"] == "text":
        found["counts"] = {k: int(n) for k, n in sorted(present.value_counts().items())}
    else:
        found["min"] = float(present.min())
        found["max"] = float(present.max())
        found["sum"] = math.fsum(float(v) for v in present)  # correctly rounded
    return found


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent
    out = []
    for name in FILES:
        # pandas reads numbers to within one unit in the last place unless told otherwise.
        frame = pd.read_csv(
            folder / name, skipinitialspace=True, na_values=["?"], float_precision="round_trip"
        )
        out.append(
            {"file": name, "rows": len(frame), "columns": [column(frame[c]) for c in frame]}
        )
    print(json.dumps({"pandas": pd.__version__, "files": out}, indent=1))


if __name__ == "__main__":
    main()

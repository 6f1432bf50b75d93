"""Makes the data sets of testdata again from their origins, and checks every byte.

    python datasets.py WHEEL ADULT WINE HOUSING OUT

WHEEL  palmerpenguins-0.1.6-py3-none-any.whl (pip download palmerpenguins==0.1.6 --no-deps)
ADULT  adult.data, UCI Machine Learning Repository, https://doi.org/10.24432/C5XW20
WINE   winequality-white.csv, same place, https://doi.org/10.24432/C56S3T
HOUSING  california-housing.csv, the census of 1990 by blocks (Pace and Barry 1997) with the
       column ocean_proximity
OUT    the folder to write to

Standard library only.
"""

import csv
import hashlib
import itertools
import pathlib
import sys
import zipfile

ADULT_NAMES = (
    "age workclass fnlwgt education education_num marital_status occupation relationship "
    "race sex capital_gain capital_loss hours_per_week native_country income"
).split()

SHA256 = {
    "penguins.csv": "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93",
    "adult.csv": "fbc3e1224062b36c089b058114a306cb41461413f287f5f2667a5e74a105df6c",
    "california-housing.csv": "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e",
    "california.csv": "5cce2f931cfb7b8be0631d93a0b28b08e46e5af649392f8876e9367109e6e162",
    "wine-quality-white.csv": "c7ed3ff314ae7472f10f384cd5a6515793fdfaaf723d00385d513853ff3b52c3",
}


def penguins(wheel):
    return zipfile.ZipFile(wheel).read("palmerpenguins/data/penguins.csv")


def adult(path, rows=6000):
    with open(path, encoding="ascii") as lines:
        head = "".join(itertools.islice(lines, rows))
    return (",".join(ADULT_NAMES) + "\n" + head).encode()


def wine(path):
    with open(path, encoding="ascii", newline="") as lines:
        header, *rows = csv.reader(lines, delimiter=";")
    header = [name.lower().replace(" ", "_") for name in header]
    return "\n".join(",".join(row) for row in [header, *rows]).encode()


def california(path):
    names = ["housing_median_age", "median_income", "median_house_value"]
    with open(path, encoding="ascii", newline="") as lines:
        rows = [",".join(row[name] for name in names) for row in csv.DictReader(lines)]
    return "\n".join([",".join(names), *rows, ""]).encode()


def main(wheel, adult_path, wine_path, housing_path, out):
    files = {
        "penguins.csv": penguins(wheel),
        "adult.csv": adult(adult_path),
        "california-housing.csv": pathlib.Path(housing_path).read_bytes(),
        "california.csv": california(housing_path),
        "wine-quality-white.csv": wine(wine_path),
    }
    for name, content in files.items():
        digest = hashlib.sha256(content).hexdigest()
        if digest != SHA256[name]:
            sys.exit(f"{name}: sha256 is {digest}, want {SHA256[name]}")
        pathlib.Path(out, name).write_bytes(content)
        print(name, digest)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])

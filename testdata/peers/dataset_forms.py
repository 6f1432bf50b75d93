"""What pandas reads from CSV in rare forms: read by TestPandasForms in pkg/dataset.

    pip install pandas==2.3.3
    python dataset_forms.py > ../golden/dataset_forms.json
"""

import io
import json

import pandas as pd

CASES = [
    dict(text="a;b;c\n1,5;x;1.234,25\n-0,25;y;12.345.678\n;z;7\n", delimiter=";", decimal=",", thousands="."),
    dict(text="a,b\n1,'x, y'\n2,'it''s'\n3,plain\n4,'two\nlines'\n", quote="'"),
    dict(text="# made by hand\na,b\n1,x\n# 2,y\n3,z\n", comment="#"),
    dict(text="n\tm\n1'234.5\tx\n12'345\ty\n7\tx\n", delimiter="\t", thousands="'"),
    dict(text="%% export\n'p q';'r'\n'1,5';'a;b'\n'2,25';'c'\n%% end\n", delimiter=";", quote="'", comment="%", decimal=","),
    # Columns without a name: row numbers as pandas writes them, once and again; delimiters at the end.
    dict(text=",a\n0,x\n1,y\n"),
    dict(text=",Unnamed: 0,a\n0,0,x\n1,1,y\n"),
    dict(text=",Unnamed: 0,Unnamed: 0.1,a\n0,1,2,x\n"),
    dict(text="a,b,\n1,x,\n2,y,\n"),
    dict(text="Unnamed: 1,,c\n1,2,3\n"),
]


def value(v):
    return None if pd.isna(v) else v if isinstance(v, str) else float(v)


def main():
    out = []
    for c in CASES:
        frame = pd.read_csv(
            io.StringIO(c["text"]), sep=c.get("delimiter", ","), quotechar=c.get("quote", '"'), comment=c.get("comment"),
            decimal=c.get("decimal", "."), thousands=c.get("thousands"), float_precision=None if "decimal" in c or "thousands" in c else "round_trip",
        )
        out.append({**c, "columns": {name: [value(v) for v in frame[name]] for name in frame}})
    print(json.dumps({"pandas": pd.__version__, "cases": out}, indent=1))


if __name__ == "__main__":
    main()

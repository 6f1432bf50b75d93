"""Models to predict with, for make bench-serving, and one case of it done once by a peer.

    python bench_serving.py fit learners-1.npy 31 100 FOLDER   # leaves, trees: what all sides read
    python bench_serving.py lightgbm FOLDER 1                  # peer, rows at a time: 1 or 10000

A case prints the seconds per row on one thread, the peer's version, and the area under the ROC
curve of its predictions. All sides but XGBoost, which fits its own of the same size, predict with
the same trees: LightGBM's text, ONNX made of it by onnxmltools, C of nested ifs, and what treelite reads of it, which
predicts by itself and as C by tl2cgen. Single rows go to LightGBM through its fastest function (SingleRowFast) from a
loop in C, as those of both sorts of C do, whose files of many rows are the same loop. Contributions of
columns are LightGBM's (explain-lightgbm), and shap's against a background of 100 rows (explain-shap).
"""

import ctypes
import importlib.metadata
import os
import subprocess
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

ROWS = 10_000
LEAST = 1.0  # seconds that a case predicts for


def fit(path, leaves, trees, folder):
    import lightgbm
    import xgboost
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    os.makedirs(folder, exist_ok=True)
    columns = np.load(path, mmap_mode="r")
    x, y = np.ascontiguousarray(columns[:-1, :100_000].T), np.array(columns[-1, :100_000])
    np.ascontiguousarray(columns[:-1, -ROWS:].T).astype("<f8").tofile(f"{folder}/rows.f64")
    np.array(columns[-1, -ROWS:]).astype("<f8").tofile(f"{folder}/labels.f64")
    params = dict(objective="binary", num_leaves=leaves, learning_rate=0.1, max_bin=255, num_threads=2, verbose=-1)
    model = lightgbm.train(params, lightgbm.Dataset(x, y), trees)
    text = model.model_to_string().replace("version=v4", "version=v3")  # leaves knows no other, and the trees are the same
    with open(f"{folder}/model.txt", "w") as f:
        f.write(text)
    onnx = convert_lightgbm(model, initial_types=[("x", FloatTensorType([None, x.shape[1]]))], zipmap=False)
    with open(f"{folder}/model.onnx", "wb") as f:
        f.write(onnx.SerializeToString())
    contributions = model.predict(np.ascontiguousarray(columns[:-1, -ROWS:][:, :100].T), pred_contrib=True)
    contributions.astype("<f8").tofile(f"{folder}/contributions.f64")
    params = dict(objective="binary:logistic", tree_method="hist", grow_policy="lossguide", max_leaves=leaves, max_depth=0,
                  eta=0.1, max_bin=255, nthread=2)
    xgboost.train(params, xgboost.QuantileDMatrix(x, y, max_bin=255), trees).save_model(f"{folder}/model.ubj")
    with open(f"{folder}/single.c", "w") as f:
        f.write(SINGLE)
    compile_c([f"{folder}/single.c"], f"{folder}/single.so")
    compile_c(write_ifs(model.dump_model(), folder), f"{folder}/ifs.so")
    compile_tl2cgen(model, max(1, trees // PER_FILE), f"{folder}/tl2cgen.so")


def compile_c(sources, target):
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", target, *sources, "-lm"], check=True)


def compile_tl2cgen(model, files, path):
    import tl2cgen
    import treelite

    tl2cgen.export_lib(treelite.frontend.from_lightgbm(model), "gcc", path, {"parallel_comp": files} if files > 1 else {}, nthread=2)


# Loops over rows, so that what Python takes to call is not counted once per row. Of tl2cgen's C an
# entry is a number, or -1 as an int where one is missing, which no number of these rows looks like.
SINGLE = """
int rows(int (*call)(void*, const void*, long*, double*), void *fast, const double *x, int n, int features, double *out, int outputs) {
  for (int i = 0; i < n; i++) { long len = 0; int e = call(fast, x + (long)i * features, &len, out + (long)i * outputs); if (e) return e; }
  return 0;
}

void entries(void (*predict)(const double*, int, double*), const double *x, int n, int features, double *out) {
  for (int i = 0; i < n; i++) { out[i] = 0; predict(x + (long)i * features, 0, out + i); }
}
"""

PER_FILE = 100  # trees in a file of C: with more, gcc takes many minutes


def write_ifs(model, folder):
    """Writes the trees of a small model as functions that gcc puts into the loop over rows, and those of a large one
    into files of their own, as functions that the loop calls."""
    def node(n):
        if "leaf_value" in n:
            return f"s += {n['leaf_value']!r};"
        missing = "" if n["missing_type"] != "NaN" or not n["default_left"] else f" || isnan(x[{n['split_feature']}])"
        return f"if (x[{n['split_feature']}] <= {n['threshold']!r}{missing}) {{{node(n['left_child'])}}} else {{{node(n['right_child'])}}}"

    trees = [node(t["tree_structure"]) for t in model["tree_info"]]
    one = len(trees) <= PER_FILE
    functions = [f"double tree{i}(const double *x) {{ double s = 0; {t} return s; }}\n" for i, t in enumerate(trees)]
    paths = [f"{folder}/ifs.c"]
    for i in range(0, 0 if one else len(trees), PER_FILE):
        paths.append(f"{folder}/ifs-{i}.c")
        with open(paths[-1], "w") as f:
            f.write("#include <math.h>\n" + "".join(functions[i : i + PER_FILE]))
    with open(paths[0], "w") as f:
        f.write("#include <math.h>\n")
        f.writelines("static " + t if one else f"double tree{i}(const double *x);\n" for i, t in enumerate(functions))
        f.write("void rows(const double *x, int n, int features, double *out) {\n for (int i = 0; i < n; i++, x += features) {\n  double s = 0;\n")
        f.writelines(f"  s += tree{i}(x);\n" for i in range(len(trees)))
        f.write("  out[i] = 1 / (1 + exp(-s));\n }\n}\n")
    return paths


def single_rows(model, folder, x, out, kind):
    """Has LightGBM predict a row at a time, from a loop in C."""
    import lightgbm

    lib, fast = lightgbm.basic._LIB, ctypes.c_void_p()
    wrong = lib.LGBM_BoosterPredictForMatSingleRowFastInit(model._handle, kind, 0, -1, 1, x.shape[1], b"num_threads=1", ctypes.byref(fast))
    assert wrong == 0
    single = ctypes.CDLL(f"{os.path.abspath(folder)}/single.so").rows

    def predict():
        wrong = single(lib.LGBM_BoosterPredictForMatSingleRowFast, fast, x.ctypes.data_as(ctypes.c_void_p), len(x), x.shape[1],
                       out.ctypes.data_as(ctypes.c_void_p), out.size // len(x))
        assert wrong == 0
        return out

    predict.keeps = model  # which the handle is of
    return predict


def explain(peer, folder, rows):
    """Like case, of contributions of columns, whose area is that of their sums."""
    import lightgbm

    n = 20 if rows == 1 else rows
    x = np.fromfile(f"{folder}/rows.f64").reshape(ROWS, -1)
    y, background, x = np.fromfile(f"{folder}/labels.f64")[:n], x[-100:], np.ascontiguousarray(x[:n])
    model = lightgbm.Booster(model_file=f"{folder}/model.txt")
    name = "lightgbm"
    if peer == "explain-shap":
        import shap

        name = "shap"
        explainer = shap.TreeExplainer(model, data=background, feature_perturbation="interventional")

        def predict():
            return np.asarray(explainer.shap_values(x, check_additivity=False))

    elif rows == 1:
        predict = single_rows(model, folder, x, np.empty((n, x.shape[1] + 1)), 3)  # C_API_PREDICT_CONTRIB
    else:

        def predict():
            return model.predict(x, pred_contrib=True, num_threads=1)

    report(name, predict, n, y, lambda values: values.sum(axis=1))


def case(peer, folder, rows):
    y = np.fromfile(f"{folder}/labels.f64")
    x = np.fromfile(f"{folder}/rows.f64").reshape(ROWS, -1)
    out = np.empty(ROWS)
    version = ""
    if peer == "ifs-in-C":
        f = ctypes.CDLL(f"{os.path.abspath(folder)}/ifs.so").rows
        version = subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True).stdout.strip()

        def predict():  # one row at a time, whatever is asked for
            f(x.ctypes.data_as(ctypes.c_void_p), ROWS, x.shape[1], out.ctypes.data_as(ctypes.c_void_p))
            return out

    elif peer == "tl2cgen":
        entries = ctypes.CDLL(f"{os.path.abspath(folder)}/single.so").entries
        f = ctypes.CDLL(f"{os.path.abspath(folder)}/tl2cgen.so").predict

        def predict():  # one row at a time, as its own Predictor does, which copies rows besides
            entries(f, x.ctypes.data_as(ctypes.c_void_p), ROWS, x.shape[1], out.ctypes.data_as(ctypes.c_void_p))
            return out

    elif peer == "treelite":
        import treelite

        model = treelite.frontend.load_lightgbm_model(f"{folder}/model.txt")

        def predict():
            if rows == 1:
                return np.concatenate([treelite.gtil.predict(model, x[i : i + 1], nthread=1).ravel() for i in range(ROWS)])
            return treelite.gtil.predict(model, x, nthread=1).ravel()

    elif peer == "lightgbm" and rows == 1:
        import lightgbm

        predict = single_rows(lightgbm.Booster(model_file=f"{folder}/model.txt"), folder, x, out, 0)

    elif peer == "lightgbm":
        import lightgbm

        model = lightgbm.Booster(model_file=f"{folder}/model.txt")

        def predict():
            return model.predict(x, num_threads=1)

    elif peer == "xgboost":
        import xgboost

        model = xgboost.Booster(model_file=f"{folder}/model.ubj")
        model.set_param({"nthread": 1})
        x = x.astype(np.float32)

        def predict():
            if rows == 1:
                return np.concatenate([model.inplace_predict(x[i : i + 1]) for i in range(ROWS)])
            return model.inplace_predict(x)

    elif peer == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
        name, x = session.get_outputs()[1].name, x.astype(np.float32)

        def predict():
            if rows == 1:
                return np.concatenate([session.run([name], {"x": x[i : i + 1]})[0][:, 1] for i in range(ROWS)])
            return session.run([name], {"x": x})[0][:, 1]

    report(peer, predict, ROWS, y, version=version)


def report(peer, predict, rows, y, score=lambda values: values, version=""):
    predicted = score(predict())
    times, begin = [], time.perf_counter()
    while not times or time.perf_counter() - begin < LEAST:
        start = time.perf_counter()
        predict()
        times.append((time.perf_counter() - start) / rows)
    print(sorted(times)[len(times) // 2], version or importlib.metadata.version(peer), area(predicted, y))


def area(predicted, y):
    _, rank, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    mean = np.cumsum(counts) - (counts - 1) / 2
    ones = y == 1
    n = ones.sum()
    return (mean[rank][ones].sum() - n * (n + 1) / 2) / (n * (len(y) - n))


if __name__ == "__main__":
    if sys.argv[1] == "fit":
        fit(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    else:
        (explain if sys.argv[1].startswith("explain") else case)(sys.argv[1], sys.argv[2], int(sys.argv[3]))

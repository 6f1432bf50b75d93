"""Peers of make bench-host: scikit-learn's model behind FastAPI, and behind MLServer.

    python bench_host.py fit FOLDER              # FOLDER/train.csv: numbers, the target last -> FOLDER/sklearn
    python bench_host.py fastapi FOLDER PORT 2   # serve it by so many workers until killed
    python bench_host.py mlserver FOLDER PORT 2
    python bench_host.py version fastapi

The model is a HistGradientBoostingRegressor of 100 trees of 31 leaves. FastAPI is used as its users do
who care for speed: bodies are parsed and checked by pydantic straight from their bytes, answers written by
orjson, uvicorn has uvloop and httptools, and the handler runs on the event loop rather than in a
thread. MLServer is its scikit-learn runtime as it comes, with requests of the Open Inference Protocol.
Predictions use one thread each: OpenMP would share two cores with the workers.
"""

import importlib.metadata
import json
import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["OPENBLAS_NUM_THREADS"] = "1"
HERE = os.path.dirname(os.path.abspath(__file__))


def fit(folder):
    import joblib
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingRegressor

    rows = np.loadtxt(f"{folder}/train.csv", delimiter=",", skiprows=1)
    model = HistGradientBoostingRegressor(max_iter=100, max_leaf_nodes=31, learning_rate=0.1, early_stopping=False)
    model.fit(rows[:, :-1], rows[:, -1])
    os.makedirs(f"{folder}/sklearn", exist_ok=True)
    joblib.dump(model, f"{folder}/sklearn/model.joblib")


def app():
    import joblib
    import numpy as np
    from fastapi import FastAPI, Request
    from fastapi.responses import ORJSONResponse
    from pydantic import BaseModel, ValidationError

    class Rows(BaseModel):
        instances: list[list[float]]

    model = joblib.load(os.environ["BENCH_HOST_FOLDER"] + "/sklearn/model.joblib")
    api = FastAPI()

    @api.post("/v1/models/host/predict")
    async def predict(request: Request):
        try:
            rows = Rows.model_validate_json(await request.body())
        except ValidationError as e:
            return ORJSONResponse({"detail": str(e)}, status_code=422)
        return ORJSONResponse({"predictions": model.predict(np.array(rows.instances)).tolist()})

    return api


def fastapi(folder, port, workers):
    import uvicorn

    os.environ["BENCH_HOST_FOLDER"] = folder
    sys.path.insert(0, HERE)
    uvicorn.run("bench_host:app", factory=True, host="127.0.0.1", port=port, workers=workers, loop="uvloop", http="httptools",
                log_level="warning", access_log=False, app_dir=HERE)


def mlserver(folder, port, workers):
    settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": port + 1, "metrics_port": port + 2, "parallel_workers": workers,
                "debug": False}
    model = {"name": "host", "implementation": "mlserver_sklearn.SKLearnModel", "parameters": {"uri": "./model.joblib"}}
    for name, value in (("settings", settings), ("model-settings", model)):
        with open(f"{folder}/sklearn/{name}.json", "w") as f:
            json.dump(value, f)
    program = os.path.join(os.path.dirname(os.path.abspath(sys.executable)), "mlserver")
    os.chdir(f"{folder}/sklearn")  # where it leaves files of its own
    os.execv(program, [program, "start", "."])


if __name__ == "__main__":
    what, args = sys.argv[1], sys.argv[2:]
    if what == "fit":
        fit(args[0])
    elif what == "version":
        print(importlib.metadata.version(args[0]))
    else:
        {"fastapi": fastapi, "mlserver": mlserver}[what](args[0], int(args[1]), int(args[2]))

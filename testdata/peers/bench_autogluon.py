"""AutoGluon-tabular's side of bench_automl.py, which starts it:

    python bench_autogluon.py FOLDER TARGET TASK METRIC SECONDS

Learns from FOLDER/train.csv and writes FOLDER/predicted.npz: what it predicts for test.csv (values,
or probabilities by class in sorted order), and the seconds that it took to learn.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd
from autogluon.tabular import TabularPredictor

warnings.filterwarnings("ignore")
folder, target, task, metric, seconds = sys.argv[1:]
train, test = pd.read_csv(f"{folder}/train.csv"), pd.read_csv(f"{folder}/test.csv")
began = time.monotonic()
predictor = TabularPredictor(target, problem_type=task, eval_metric=metric, path=f"{folder}/models", verbosity=0)
# Neural networks want PyTorch, and dynamic stacking, which spends part of the time to see whether to
# stack, wants Ray: requirements-autogluon.txt has neither.
predictor.fit(train, presets="best_quality", time_limit=float(seconds), num_cpus=2, excluded_model_types=["NN_TORCH", "FASTAI"], dynamic_stacking=False)
took = time.monotonic() - began
if task == "regression":
    predicted = predictor.predict(test).to_numpy()
else:
    probabilities = predictor.predict_proba(test)
    predicted = probabilities[sorted(probabilities.columns)].to_numpy()
np.savez(f"{folder}/predicted.npz", predicted=predicted, seconds=took)

"""A model of MLflow's, saved as code: `array` answers rows, `table` one column for each class.

Run by MLflow's Python as `mlflow_model.py <folder>`, it saves both.
"""

import os
import sys
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec

from tests.blackbox.real.served import posteriors

ORDER = {"cat": 2, "ant": 0, "bee": 1}


class Array(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return posteriors(np.asarray(model_input), 1)


class Table(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        ordered = model_input[[f"pixel {number}" for number in range(16)]].to_numpy()
        found = posteriors(ordered, 2)
        return pd.DataFrame({name: found[:, place] for name, place in ORDER.items()})


SIGNATURES = {
    "array": Schema([TensorSpec(np.dtype("uint8"), (-1, 16))]),
    "table": Schema([ColSpec("double", f"pixel {number}") for number in range(16)]),
}
KIND = "ULK_TF_TEST_MODEL"

if __name__ == "__main__":
    for kind, schema in SIGNATURES.items():
        os.environ[KIND] = kind
        mlflow.pyfunc.save_model(
            Path(sys.argv[1]) / kind,
            python_model=__file__,
            signature=ModelSignature(schema),
            pip_requirements=[],
        )
else:
    mlflow.models.set_model({"array": Array, "table": Table}[os.environ[KIND]]())

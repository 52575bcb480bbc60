"""Updates-Leak in TensorFlow: what the update of a classifier gives away to those who query it.

The names below are the whole of it for a script or a notebook; each is imported when it is first
used, so that `import ulk_tf` takes no TensorFlow.

| name | what it does |
|---|---|
| `run` | trains an attack, scores it beside its baselines, exports it |
| `probe` | records a target's answers to the probing set of an attack |
| `audit` | says what an update of a target gave away |
| `gate`, `Limit` | holds results against an owner's limits: held, broken or undecided |
| `load_attack` | loads an exported attack, which then predicts like a scikit-learn classifier |
| `load_dataset` | loads digits, a TFDS data set, a .npz or arrays |
| `Experiment` | all settings of a run |
| `Dataset` | samples and labels |
| `Result` | what a run left: metrics, baselines, gains with intervals |
| `Procedure`, `Change`, `Samples` | the protocol of a classifier in any framework, and its data |
| `TorchProcedure`, `SklearnProcedure` | the same for a PyTorch module, for `partial_fit` |
| `defences` | what may stand between a classifier and its clients |
| `UserError` | a mistake of the user's: expected, received, what to do |

The folders are the steps that the data walks through; each imports only from those before it:
`data` -> `classifiers` -> `corpus` -> `attacks` -> `evaluation`, then `blackbox`, `serving` and
`auditing`.
"""

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ulk_tf import defences
    from ulk_tf.api import load_dataset, run
    from ulk_tf.classifiers.procedure import Change, Procedure, Samples
    from ulk_tf.classifiers.sklearn_procedure import SklearnProcedure
    from ulk_tf.classifiers.torch_procedure import TorchProcedure as TorchProcedure
    from ulk_tf.data.datasets import Dataset
    from ulk_tf.errors import UserError
    from ulk_tf.gating import gate
    from ulk_tf.limits import Limit
    from ulk_tf.result import Result
    from ulk_tf.served import audit, load_attack, probe
    from ulk_tf.settings.experiment import Experiment

# On processors without AVX512 TensorFlow leaves oneDNN's convolutions off unless told otherwise,
# and trains base models at half the speed, updates sets of 100 at half. It reads this when it is
# imported; workers inherit it, so that they answer the same bytes as this process.
if "tensorflow" not in sys.modules:
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

__version__ = "0.1.0"
# Without TorchProcedure: PyTorch is an extra, and `import *` would need it.
__all__ = [
    "Change",
    "Dataset",
    "Experiment",
    "Limit",
    "Procedure",
    "Result",
    "Samples",
    "SklearnProcedure",
    "UserError",
    "audit",
    "defences",
    "gate",
    "load_attack",
    "load_dataset",
    "probe",
    "run",
]
_HOMES = {
    "gate": "ulk_tf.gating",
    "Limit": "ulk_tf.limits",
    "Dataset": "ulk_tf.data.datasets",
    "Experiment": "ulk_tf.settings.experiment",
    **dict.fromkeys(("Change", "Procedure", "Samples"), "ulk_tf.classifiers.procedure"),
    "SklearnProcedure": "ulk_tf.classifiers.sklearn_procedure",
    "TorchProcedure": "ulk_tf.classifiers.torch_procedure",
    "Result": "ulk_tf.result",
    "UserError": "ulk_tf.errors",
    **dict.fromkeys(("load_dataset", "run"), "ulk_tf.api"),
    **dict.fromkeys(("audit", "load_attack", "probe"), "ulk_tf.served"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name == "defences":
        return importlib.import_module("ulk_tf.defences")
    if name not in _HOMES:
        raise AttributeError(f"module 'ulk_tf' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, for completion."""
    return sorted([*__all__, "TorchProcedure", "__version__"])

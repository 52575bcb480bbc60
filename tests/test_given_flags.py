"""Objects of Python in flags become names that settings can hold."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import SGDClassifier

import ulk_tf
from ulk_tf.classifiers import base_file
from ulk_tf.errors import UserError
from ulk_tf.given_flags import compute_inline, give_bases, give_procedures


class Linear(ulk_tf.SklearnProcedure):
    def estimator(self) -> Any:
        return SGDClassifier(loss="log_loss", learning_rate="constant", eta0=0.1)


def test_classes_become_names(capsys: pytest.CaptureFixture[str]) -> None:
    class Here(Linear):
        pass

    flags: dict[str, Any] = {"procedure": Here, "shadow_procedure": Linear}
    give_procedures(flags)
    assert flags["procedure"].startswith("given:Here-") and flags["executor"] == "inline"
    assert flags["shadow_procedure"] == f"{__name__}:Linear"
    assert "Here cannot be sent to worker processes" in capsys.readouterr().err
    with pytest.raises(UserError, match=r"Here in a module that worker.*executor='inline'"):
        give_procedures({"procedure": Here, "executor": "processes"})


def test_base_models_and_their_samples_become_names() -> None:
    weights = [np.ones((3, 2), np.float32)]
    flags: dict[str, Any] = {
        "base_model": Path("own.keras"),
        "shadow_base_model": weights,
        "base_samples": np.array([4, 7]),
        "shadow_base_samples": "seen.npz",
    }
    give_bases(flags)
    assert flags["base_model"] == "own.keras" and flags["shadow_base_samples"] == "seen.npz"
    assert flags["shadow_base_model"].startswith(base_file.PREFIX)
    assert isinstance(flags["base_samples"], str)
    assert set(flags) == {
        f"{side}base_{what}" for side in ("", "shadow_") for what in ("model", "samples")
    }


def test_what_workers_cannot_build_is_computed_here(capsys: pytest.CaptureFixture[str]) -> None:
    flags: dict[str, Any] = {}
    compute_inline(flags, "given:own")
    assert flags == {"executor": "inline"}
    assert "given:own cannot be sent to worker processes" in capsys.readouterr().err
    told = {"executor": "processes"}
    compute_inline(told, "given:own")
    assert told == {"executor": "processes"}

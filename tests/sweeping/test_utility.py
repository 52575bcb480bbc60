"""Utility of answers, by hand."""

from pathlib import Path

import numpy as np
import pytest

from tests.corpus.settings import digits, tiny
from ulk_tf.sweeping.utility import calibration_error, utility


def test_calibration_error_by_hand() -> None:
    answers = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.35, 0.65]])
    labels = np.array([0, 1, 1, 1])
    # Bins of a fifteenth: 0.9 twice, 0.6 and 0.65 in one of their own each.
    expected = (abs(1.8 - 1) + abs(0.6 - 1) + abs(0.65 - 1)) / 4
    assert calibration_error(answers, labels) == pytest.approx(expected)


def test_utility_of_labels_is_the_accuracy_of_posteriors(tmp_path: Path) -> None:
    small = {"target_updates": 3, "training_updates": 1}
    exact, labels = (
        utility(tiny(tmp_path, defence=defence, **small), digits()) for defence in (None, "label")
    )
    assert labels["accuracy"] == exact["accuracy"]
    assert exact["change"].mean == 0 < labels["change"].mean
    wrong = 1 - labels["accuracy"].mean
    assert labels["calibration_error"].mean == pytest.approx(wrong)

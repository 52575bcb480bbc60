"""Utility of answers, by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus.settings import digits, tiny
from ulk_tf.evaluation.intervals import Estimate
from ulk_tf.sweeping.utility import asked_of, calibration_error, utility


def test_calibration_error_by_hand() -> None:
    answers = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.35, 0.65]])
    labels = np.array([0, 1, 1, 1])
    # Bins of a fifteenth: 0.9 twice, 0.6 and 0.65 in one of their own each.
    expected = (abs(1.8 - 1) + abs(0.6 - 1) + abs(0.65 - 1)) / 4
    assert calibration_error(answers, labels) == pytest.approx(expected)


@pytest.mark.parametrize(("labels", "samples"), [(10_000, 1000), (9_999, 6)])
@pytest.mark.parametrize(("made", "asked"), [(20, 20), (500, 50)])
def test_what_a_service_is_asked(
    tmp_path: Path, labels: int, samples: int, made: int, asked: int
) -> None:
    """A thousand samples, where a tenth of the data is as many, and fifty updates at most."""
    few = digits()
    rows = np.resize(np.arange(len(few.labels)), labels)
    many = replace(few, samples=few.samples[rows], labels=few.labels[rows])
    found = asked_of(tiny(tmp_path, target_updates=made, repeat=3), many)
    assert (found.probing.n_probes, found.probing.repeat) == (samples, 3)
    assert found.counts.target_updates == asked


def utility_of(runs: Path, **flags: Any) -> dict[str, Estimate]:
    plain, own = (tiny(runs, target_updates=3, training_updates=1, **one) for one in ({}, flags))
    return utility(own, plain, digits())


def test_utility_of_labels_is_the_accuracy_of_posteriors(tmp_path: Path) -> None:
    exact, labels = (utility_of(tmp_path, defence=defence) for defence in (None, "label"))
    assert labels["accuracy"] == exact["accuracy"]
    assert exact["change"].mean == 0 < labels["change"].mean
    wrong = 1 - labels["accuracy"].mean
    assert labels["calibration_error"].mean == pytest.approx(wrong)


@pytest.mark.slow
def test_a_defence_of_updates_changes_the_answers(tmp_path: Path) -> None:
    noisy, noisier = (
        utility_of(tmp_path, dp_noise_multiplier=multiplier) for multiplier in (0.3, 30.0)
    )
    assert 0 < noisy["change"].mean < noisier["change"].mean < 1
    # The distance is to the undefended service, not to exact answers after the same noisy update.
    both = utility_of(tmp_path, dp_noise_multiplier=30.0, defence="round:6")
    assert both["change"].mean == pytest.approx(noisier["change"].mean, rel=1e-3)

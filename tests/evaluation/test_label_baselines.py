"""The baselines of A_LI and A_LDE, against answers known beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation import fakes
from ulk_tf.corpus.build import Updates
from ulk_tf.evaluation import label_baselines
from ulk_tf.evaluation.asked import Asked
from ulk_tf.evaluation.label_baselines import risen_class
from ulk_tf.evaluation.label_scores import score_li

# Posteriors [base models, probes, classes] and [updates, probes, classes].
BEFORE = [[[0.8, 0.1, 0.1], [0.6, 0.2, 0.2]], [[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]]
AFTER = [
    # Class 2 rises by 0.1 on the mean; class 1 by 0.05, and most of all on a single probe.
    [[0.8, 0.0, 0.2], [0.3, 0.4, 0.3]],
    # The same answers rise by 0.4 in class 0, beside the other base model.
    [[0.8, 0.0, 0.2], [0.3, 0.4, 0.3]],
    # Class 1 rises a little and is far from the likeliest before and after.
    [[0.78, 0.12, 0.1], [0.58, 0.22, 0.2]],
    # Nothing moves.
    BEFORE[1],
]
BASE = [0, 1, 0, 1]
RANKED = [[2, 1, 0], [0, 2, 1], [1, 2, 0]]


def _asked(updates: Updates) -> Asked:
    corpus = fakes.corpus()
    corpus = replace(corpus, updates={**corpus.updates, "target": updates})
    return Asked(fakes.label_attack(), corpus, 0, "label_probabilities")


def _updates() -> Updates:
    before, after = (np.array(given, np.float32) for given in (BEFORE, AFTER))
    return Updates(np.array(BASE, np.int32), before, after, np.zeros((4, 1), np.int32))


@pytest.mark.parametrize("together", [1, 3, 256])
def test_the_class_that_rose_most_on_the_mean_is_named(
    together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_baselines, "TOGETHER", together)
    answers = risen_class(_asked(_updates()))
    np.testing.assert_array_equal(np.argsort(-answers[:3], -1), RANKED)
    np.testing.assert_allclose(answers[3], 1 / 3)
    np.testing.assert_allclose(answers.sum(-1), 1)
    # Rises of the first update: -0.15, 0.05 and 0.1.
    np.testing.assert_allclose(np.log(answers[0, 2] / answers[0]), [0.25, 0.05, 0], atol=1e-6)


def test_it_sees_the_answers_of_each_update_where_a_defence_is_random() -> None:
    plain = _updates()
    # The answers before each update are those after another one, the same for the first two.
    own = replace(plain, before=plain.after[[1, 0, 3, 2]], by_update=True)
    answers = risen_class(_asked(own))
    raised = np.exp((own.after - own.before).mean(1))
    np.testing.assert_allclose(answers, raised / raised.sum(-1, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(answers[:2], 1 / 3)


@pytest.mark.parametrize(("told", "right"), [(1.0, True), (0.0, False)])
def test_it_is_right_where_the_update_tells_and_not_where_it_does_not(
    told: float, right: bool
) -> None:
    # The made-up attack follows the same rule, without training.
    scores = score_li(fakes.label_attack(), fakes.corpus(told, updates=200), 0)
    baseline, gain = (part["accuracy:risen_class"] for part in (scores.baselines, scores.gains))
    assert baseline == scores.metrics["accuracy"] and gain.mean == 0
    assert (baseline.mean > 0.9) == right and (baseline.mean < 0.5) != right

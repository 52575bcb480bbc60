"""Sets that A_MSR makes: each made once, by any number of threads, and lent to the ablation."""

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation import fakes
from ulk_tf.attacks.signature import Trained, TrainedAttack, pair_specs
from ulk_tf.evaluation import set_baselines
from ulk_tf.evaluation.predictions import others, predictions
from ulk_tf.evaluation.set_baselines import KINDS, AskedForSets, shuffled


def _attack() -> TrainedAttack:
    """Makes sets of two samples that say which posteriors and which seed they are of."""

    def made(before: tf.Tensor, after: tf.Tensor, seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        told = tf.reduce_sum(after[:, 0] - before[:, 0] * [0.0, 0.5, 1.0], -1)
        answer = tf.stack([told, tf.cast(seeds[:, 1], tf.float32)], -1)[..., None]
        return {"samples": answer, "centroids": answer + 1.0}

    specs = pair_specs(fakes.PROBES, fakes.CLASSES)
    specs["seeds"] = tf.TensorSpec((None, 2), tf.int32)
    return TrainedAttack.of("msr", made, specs)


@pytest.mark.parametrize("batch", [3, 40])
def test_answers_and_their_order_are_the_same_for_any_number_of_threads(batch: int) -> None:
    updates, rows = fakes.corpus().updates["target"], np.arange(40)
    one, many = (
        predictions(_attack(), updates, rows, seed=2, batch=batch, at_once=threads)
        for threads in (1, 4)
    )
    for kind in KINDS:
        np.testing.assert_array_equal(one[kind], many[kind])
    np.testing.assert_array_equal(one["samples"][:, 1, 0], rows)


def test_the_ablation_is_lent_the_set_of_the_other_update(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = AskedForSets(Trained(_attack(), {}), fakes.corpus(), 0, "samples")
    calls: list[int] = []

    def counted(*args: object, **named: object) -> dict[str, np.ndarray]:
        calls.append(1)
        return predictions(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(set_baselines, "predictions", counted)
    other, lent = others(asked.updates), shuffled(asked)
    for row in range(len(asked.updates)):
        assert asked.updates.base[other[row]] == asked.updates.base[row] and other[row] != row
        for kind in KINDS:
            np.testing.assert_array_equal(lent(row)[kind], asked.own(other[row])[kind])
            assert not np.array_equal(lent(row)[kind], asked.own(row)[kind])
    assert len(calls) == 1

"""Finished sets: clusters by label where that comes nearer to sets of held-out shadow bases."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.attacks.bm_gan import deal_labels
from ulk_tf.attacks.reconstruction import labels_pay, reconstruct_sets, to_be_clustered

PAIR = {name: tf.zeros((3, 2, 2)) for name in ("before", "after")}
SEEDS = tf.constant([[0, 1], [0, 2], [0, 3]])
# Two samples of the label that spreads over a line, two of the one that keeps to a corner.
SETS = tf.constant([[[-2.0, 0], [2, 0], [9, 9.3], [9, 9.5]]] * 3)


def stand_in(shares: list[float]) -> Any:
    """A stand-in for BM-GAN that draws each label's samples, and estimates `shares`."""

    def generate(
        pair: Any, samples: int, seeds: tf.Tensor, shares: tf.Tensor | None = None
    ) -> tf.Tensor:
        given = estimate(pair) if shares is None else shares
        label = tf.argmax(deal_labels(given, samples, seeds), -1)[..., None]
        drawn = tf.random.stateless_uniform((1, samples, 2), seeds[0])
        line = (drawn * 8 - 4) * [1, 0]
        return tf.where(label == 0, line, [9.0, 9.0] + drawn * [0, 0.8])

    def estimate(pair: Any, training: bool = False) -> tf.Tensor:
        return tf.constant([shares] * pair["before"].shape[0])

    generator = SimpleNamespace(output_shape=(None, 2))
    return SimpleNamespace(
        labels=estimate, generate=generate, generator=generator, by_label=True, seed=1
    )


def test_clusters_are_dealt_out_to_the_estimated_labels() -> None:
    for shares, corner in (([0.5, 0.5], 2), ([0.3, 0.7], 3), ([1.0, 0.0], 0)):
        answer = reconstruct_sets(stand_in(shares), PAIR, SEEDS, 4, 400, (2,))
        for centroids, samples in zip(answer["centroids"], answer["samples"], strict=True):
            assert (centroids.numpy()[:, 0] > 8).sum() == corner
            assert (samples.numpy()[:, 0] > 8).sum() == corner


def test_samples_of_each_label_are_as_many_as_its_clusters_need() -> None:
    one = {name: value[:1] for name, value in PAIR.items()}
    generated, found = to_be_clustered(stand_in([0.7, 0.3]), one, SEEDS[:1], 4, 2400)
    assert found is not None
    labels, clusters = (part.numpy() for part in found)
    np.testing.assert_array_equal(labels == 1, generated.numpy()[:, 0] > 8)
    np.testing.assert_array_equal(np.bincount(clusters), [3, 1])
    assert np.bincount(labels) == pytest.approx([1800, 600], abs=2)


# All of the label that spreads: two clusters in the corner are two too many.
LINES = tf.constant([[[-3.0, 0], [-1, 0], [1, 0], [3, 0]]] * 3)


@pytest.mark.parametrize(("sets", "pay"), [(SETS, True), (LINES, False)])
def test_labels_pay_where_sets_have_the_estimated_labels(sets: tf.Tensor, pay: bool) -> None:
    gan = stand_in([0.5, 0.5])
    assert labels_pay(gan, PAIR, sets, 400, None) == pay
    assert gan.by_label

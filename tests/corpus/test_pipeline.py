"""Pipelines: every update once an epoch, beside its own truth."""

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import tensorflow as tf

from ulk_tf.corpus import pipeline
from ulk_tf.corpus.build import Corpus, Updates

UPDATES = Updates(
    base=np.array([0] * 7 + [1] * 6, np.int32),
    before=np.stack([np.full((2, 3), value, np.float32) for value in (10, 20)]),
    after=np.arange(13, dtype=np.float32)[:, None, None] + np.zeros((13, 2, 3), np.float32),
    indices=np.arange(26, dtype=np.int32).reshape(13, 2),
)


def seen(batches: object) -> list[list[int]]:
    """The updates of each batch, once everything about them is as it should be."""
    rows = []
    for pair, truth in batches:
        after = np.asarray(pair["after"])
        numbers = after[:, 0, 0].astype(int)
        np.testing.assert_array_equal(after, UPDATES.after[numbers])
        np.testing.assert_array_equal(pair["before"], UPDATES.before[(numbers >= 7).astype(int)])
        np.testing.assert_array_equal(truth, UPDATES.indices[numbers])
        rows.append(numbers.tolist())
    return rows


def test_batches_in_the_order_of_the_plan() -> None:
    batches = pipeline.in_order(UPDATES, pipeline.table(UPDATES.indices), 5)
    assert seen(batches) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11, 12]]
    assert seen(batches) == seen(batches)


def shuffled(count: int, seed: int = 1, taken: int = 0, **kwargs: bool) -> list[list[int]]:
    truth = pipeline.table(UPDATES.indices)
    return seen(pipeline.shuffled(UPDATES, truth, 5, seed, taken=taken, **kwargs).take(count))


def test_a_last_smaller_batch_is_left_out() -> None:
    assert [len(rows) for rows in shuffled(5, drop_remainder=True)] == [5] * 5
    # XLA and several GPUs need to know it beforehand.
    truth = pipeline.table(UPDATES.indices)
    for batches in (
        pipeline.shuffled(UPDATES, truth, 5, 0, drop_remainder=True),
        pipeline.in_order(UPDATES, truth, 5, drop_remainder=True),
    ):
        assert batches.element_spec[0]["after"].shape == (5, 2, 3)


def test_another_order_each_pass_by_the_seed() -> None:
    def orders(seed: int) -> list[list[int]]:
        batches = shuffled(9, seed)
        assert [len(rows) for rows in batches] == [5, 5, 3] * 3
        return [list(chain.from_iterable(batches[n : n + 3])) for n in (0, 3, 6)]

    first = orders(1)
    for order in first:
        assert sorted(order) == list(range(13))
    assert len({tuple(order) for order in first}) == 3
    assert orders(1) == first
    assert orders(2)[0] != first[0]


@pytest.mark.parametrize("taken", [1, 3, 7])
def test_a_training_that_goes_on_sees_the_batches_that_follow(taken: int) -> None:
    assert shuffled(4, taken=taken) == shuffled(4 + taken)[taken:]


def test_an_epoch_takes_every_update_once_of_all_its_drawings_in_turn() -> None:
    def drawn(number: int) -> Updates:
        moved = np.float32(100 * number)
        return replace(UPDATES, before=UPDATES.before + moved, after=UPDATES.after + moved)

    updates = replace(drawn(0), redrawn=(drawn(1), drawn(2)))
    batches = pipeline.shuffled(updates, pipeline.table(UPDATES.indices), 5, seed=1).take(9)
    epochs = [list(batches)[first : first + 3] for first in (0, 3, 6)]
    taken: list[dict[int, int]] = []
    for epoch in epochs:
        found = {}
        for pair, truth in epoch:
            values = np.asarray(pair["after"])[:, 0, 0].astype(int)
            numbers, rows = values // 100, values % 100
            np.testing.assert_array_equal(truth, UPDATES.indices[rows])
            own = UPDATES.before[(rows >= 7).astype(int)] + 100 * numbers[:, None, None]
            np.testing.assert_array_equal(pair["before"], own)
            found |= dict(zip(rows.tolist(), numbers.tolist(), strict=True))
        assert sorted(found) == list(range(13))
        assert set(found.values()) == {0, 1, 2}
        taken.append(found)
    for row in range(13):
        assert {epoch[row] for epoch in taken} == {0, 1, 2}


def test_rows_of_several_arrays_are_numbered_one_after_the_other() -> None:
    parts = [np.arange(4.0)[:, None], 10 + np.arange(3.0)[:, None]]
    read = pipeline.stored(*parts)
    rows = np.array([6, 0, 3, 4, 0], np.int32)
    np.testing.assert_array_equal(read(tf.constant(rows)), np.concatenate(parts)[rows])


def test_attacks_learn_from_shadow_and_stop_by_validation(set_corpus: Corpus) -> None:
    dataset, updates = set_corpus.dataset, set_corpus.updates
    learning = pipeline.learning_batches(
        set_corpus, lambda side: pipeline.table(side.indices), 64, seed=0
    )
    one_pass = learning.shadow(0).take(learning.steps)
    for batches, side in ((one_pass, "shadow"), (learning.validation, "validation")):
        answers, indices = (
            np.concatenate(parts)
            for parts in zip(*((pair["after"], truth) for pair, truth in batches), strict=True)
        )
        own = {row.tobytes(): number for number, row in enumerate(updates[side].indices)}
        numbers = [own[row.tobytes()] for row in indices]
        assert sorted(numbers) == list(range(len(updates[side])))
        assert (numbers == sorted(numbers)) == (side == "validation")
        np.testing.assert_array_equal(answers, updates[side].after[numbers])
    assert dataset.classes == updates["shadow"].after.shape[-1]


def test_a_batch_larger_than_a_side_is_the_whole_side(set_corpus: Corpus) -> None:
    learning = pipeline.learning_batches(
        set_corpus, lambda side: pipeline.table(side.indices), 10**6, seed=0, drop_remainder=True
    )
    sides = (set_corpus.updates[side] for side in ("shadow", "validation"))
    first = (next(iter(part)) for part in (learning.shadow(0), learning.validation))
    assert [len(truth) for _, truth in first] == [len(side) for side in sides]
    assert learning.steps == 1


def test_label_distributions_of_sets(set_corpus: Corpus) -> None:
    updates = set_corpus.updates["target"]
    found = pipeline.label_distributions(set_corpus.dataset, updates)
    assert found.dtype == np.float32
    labels = set_corpus.dataset.labels[updates.indices]
    for own, distribution in zip(labels, found, strict=True):
        np.testing.assert_allclose(distribution, np.bincount(own, minlength=10) / 10, atol=1e-6)


def test_labels_of_single_samples(single_corpus: Corpus) -> None:
    updates = single_corpus.updates["target"]
    found = pipeline.single_labels(single_corpus.dataset, updates)
    for label, (index,) in zip(found, updates.indices, strict=True):
        assert label == single_corpus.dataset.labels[index]


def test_updating_sets_in_the_scale_of_reconstructions(set_corpus: Corpus) -> None:
    updates = set_corpus.updates["target"]
    sets = np.asarray(pipeline.updating_sets(set_corpus.dataset, updates)(np.array([4, 1])))
    assert sets.shape == (2, 10, 64) and sets.dtype == np.float32
    for row, own in zip((4, 1), sets, strict=True):
        expected = set_corpus.dataset.scaled(updates.indices[row]).reshape(10, 64)
        np.testing.assert_allclose(own, expected, atol=1e-6)
    assert sets.min() >= 0 and sets.max() == pytest.approx(1, abs=0.01)

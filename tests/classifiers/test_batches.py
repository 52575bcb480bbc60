"""Batches: every sample once in each epoch, set by set."""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.classifiers.batches import batches, rows_of
from ulk_tf.settings.update_config import UpdateConfig

SMALL = st.integers(1, 4)


@given(SMALL, SMALL, st.integers(1, 5), st.integers(1, 9))
def test_each_epoch_takes_every_sample_of_its_set_once(
    between: int, epochs: int, batch: int, size: int
) -> None:
    config = UpdateConfig(updates_between=between, update_epochs=epochs, update_batch=batch)
    seed = tf.constant([3, 5])
    taken: dict[tuple[int, int], list[int]] = {}
    for one in batches(config, size):
        assert one.renews == (one.epoch == 0 and one.start == 0)
        taken.setdefault((one.part, one.epoch), []).extend(rows_of(one, config, size, seed).numpy())
    assert list(taken) == [(p, e) for p in range(between) for e in range(epochs)]
    for (part, epoch), rows in taken.items():
        own = np.arange(part * size, (part + 1) * size)
        assert sorted(rows) == own.tolist()
        if epoch == 0:
            np.testing.assert_array_equal(rows, own)

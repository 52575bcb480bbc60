"""The printed table estimates a run as the stored rates do."""

import pytest

from benchmarks.rates import measured
from ulk_tf.estimating.rates import REFERENCE, TABLE, Rates


def test_kinds_that_ran_have_their_own_factor_and_others_the_machines() -> None:
    rows = measured(Rates({"set/a": 2.0, "set/b": 8.0}), 3 * REFERENCE)
    assert rows["set"] == pytest.approx([4 * value for value in TABLE["set"]])
    assert rows["gan step"] == pytest.approx([3 * value for value in TABLE["gan step"]])
    assert set(rows) == set(TABLE)

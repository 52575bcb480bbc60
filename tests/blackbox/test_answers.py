"""What answers are, told apart on realistic posteriors."""

import numpy as np
import pytest

from ulk_tf.blackbox.answers import interpret
from ulk_tf.blackbox.outputs import pick
from ulk_tf.errors import UserError

RANDOM = np.random.default_rng(0)


def posteriors(sharpness, rows=50, classes=10):
    logits = RANDOM.normal(size=(rows, classes)) * sharpness
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return (raised / raised.sum(1, keepdims=True)).astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("sharpness", [0.01, 1, 10, 30])
def test_plain_posteriors_stay_bit_for_bit(sharpness):
    values = posteriors(sharpness)
    found = interpret(values)
    assert found.kind == "posteriors"
    assert found.notes == ()
    np.testing.assert_array_equal(found.posteriors, values)


def test_zeros_of_a_saturated_model_are_no_cut():
    values = posteriors(60)
    assert (values == 0).any()
    assert interpret(values).kind == "posteriors"


@pytest.mark.parametrize("decimals", [1, 2, 3, 4, 5])
def test_rounded(decimals):
    values = posteriors(1).round(decimals)
    found = interpret(values)
    assert found.kind == "rounded"
    assert f"to {decimals} decimal" in found.notes[0]
    np.testing.assert_array_equal(found.posteriors, values.astype(np.float32))


@pytest.mark.parametrize("kept", [1, 3, 9])
def test_top_k_spreads_what_is_missing(kept):
    values = posteriors(1)
    cut = np.where(values >= np.sort(values)[:, -kept][:, None], values, 0)
    found = interpret(cut)
    assert found.kind == "top-k"
    np.testing.assert_allclose(found.posteriors.sum(1), 1, atol=1e-6)
    assert (found.posteriors > 0).all()


def test_logits_log_posteriors_and_labels():
    values = posteriors(2)
    for logits in (np.log(values), np.log(values) + 3):
        found = interpret(logits)
        assert found.kind == "logits"
        np.testing.assert_allclose(found.posteriors, values, rtol=1e-5)
    assert interpret(np.eye(10)[RANDOM.integers(0, 10, 50)]).kind == "labels"


@pytest.mark.parametrize(
    "values", [posteriors(1) * 1.7, posteriors(1) + 0.01, np.ones((5, 3)), np.sqrt(posteriors(1))]
)
def test_no_posteriors(values):
    with pytest.raises(UserError, match="sum to 1"):
        interpret(values)


def test_pick():
    assert pick({"x": 1}, None) == 1
    assert pick({"a": 1, "probabilities": 2, "output_0": 3}, None) == 2
    assert pick({"a": 1, "b": 2}, "b") == 2
    for wanted in (None, "c"):
        with pytest.raises(UserError, match="a, b"):
            pick({"a": 1, "b": 2}, wanted)

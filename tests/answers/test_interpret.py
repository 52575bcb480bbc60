"""Forms of answers, told apart on realistic posteriors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.samples import dirichlet
from ulk_tf.answers.interpret import interpret, interpret_both
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


SEEDS = st.integers(0, 10**6)


@given(SEEDS, st.integers(1, 7), st.sampled_from([0.3, 1.0, 5.0]))
def test_rounded_posteriors_are_kept_as_they_are(seed, decimals, alpha):
    values = dirichlet(seed, alpha, 40).round(decimals)
    found = interpret(values)
    np.testing.assert_array_equal(found.posteriors, values.astype(np.float32))
    assert found.step == 10.0**-decimals
    assert found.kind == "rounded"


@given(SEEDS, st.floats(0.7, 20), st.floats(-100, 100))
def test_logits_of_any_shift_are_softmaxed(seed, scale, shift):
    random = np.random.default_rng(seed)
    logits = random.normal(0, scale, (20, 10)) + shift
    found = interpret(logits)
    assert found.kind == "logits"
    raised = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(found.posteriors, raised / raised.sum(1, keepdims=True), atol=1e-6)
    assert found.step == 0


def test_rounded_logits_have_a_step_of_posteriors():
    logits = np.random.default_rng(0).normal(0, 3, (40, 10))
    found = interpret(logits.round(2))
    exact = interpret(logits)
    assert found.step == 0.005
    assert np.abs(found.posteriors - exact.posteriors).max() <= found.step


@pytest.mark.parametrize("kept", [1, 3])
def test_top_few_rounded_to_zero(kept):
    values = dirichlet(0, 0.05, 60)
    cut = np.where(values >= np.sort(values)[:, -kept][:, None], values, 0).round(4)
    assert kept == 1 or len({*(cut > 0).sum(1)}) > 1
    found = interpret(cut)
    assert found.kind == "top-k"
    assert found.step == 1e-4
    assert found.posteriors.min() >= 0
    np.testing.assert_allclose(found.posteriors.sum(1), 1, atol=2e-4)
    stays = cut.sum(1) <= 0.999
    np.testing.assert_array_equal(
        found.posteriors[stays][cut[stays] > 0], cut[stays][cut[stays] > 0].astype(np.float32)
    )


def test_answers_below_a_threshold_are_missing():
    values = dirichlet(0, 1.0, 30)
    found = interpret(np.where(values < 0.05, 0, values))
    assert found.kind == "top-k"
    assert "top 4 to 8 of 10" in found.notes[0] or "of 10 classes" in found.notes[0]
    np.testing.assert_allclose(found.posteriors.sum(1), 1, atol=1e-6)
    assert np.abs(found.posteriors - values).max() < 0.05


def test_a_sample_that_is_answered_with_nothing_but_zeros():
    values = dirichlet(9, 1.0, 30)
    values[4] = 0
    with pytest.raises(UserError, match=r"nothing but 0 in 1 of 30 answers\. Ask for these"):
        interpret(values)


@pytest.mark.filterwarnings("error")
def test_numbers_as_small_as_there_are():
    logits = np.random.default_rng(11).normal(0, 3000, (30, 10))
    values = np.exp(logits - logits.max(1, keepdims=True))
    values[0] = [1, 5e-324, *[0] * 8]
    assert "saturated" in interpret(values).notes[0]


def test_one_sigmoid_unit_is_two_classes():
    values = np.random.default_rng(0).random((20, 1)).astype(np.float32).astype(np.float64)
    for classes in (2, None):
        found = interpret(values, classes)
        assert found.kind == "posteriors"
        np.testing.assert_array_equal(found.posteriors[:, 1:], values.astype(np.float32))
        np.testing.assert_array_equal(found.posteriors[:, 0], (1 - values[:, 0]).astype("f4"))
        assert "sigmoid" in found.notes[0]
    rounded = interpret(values.round(3), 2)
    assert (rounded.kind, rounded.step) == ("rounded", 0.001)
    logits = interpret(np.log(values / (1 - values)), 2)
    assert logits.kind == "logits"
    np.testing.assert_allclose(logits.posteriors[:, 1:], values, rtol=1e-5)
    with pytest.raises(UserError, match="3 classes"):
        interpret(values, 3)
    with pytest.raises(UserError, match="labels only"):
        interpret(np.array([[0.0], [3.0]]), 2)


def test_both_versions_are_read_alike():
    random = np.random.default_rng(0)
    before, after = random.normal(0, 3, (2, 20, 5))
    # No value of the second version happens to lie below 0, and it is no posterior either.
    low = np.abs(after) / np.abs(after).max()
    kinds = [one.kind for one in interpret_both(before, low)]
    assert kinds == ["logits", "logits"]
    assert [one.kind for one in interpret_both(low, before)] == kinds
    exact = dirichlet(0, 1.0, 20, 5)
    assert [o.kind for o in interpret_both(exact, before)] == ["posteriors", "logits"]
    with pytest.raises(UserError, match="sum to"):
        interpret_both(exact, low)


def test_repeats_are_averaged_and_their_spread_is_known():
    exact = dirichlet(0, 1.0, 20)
    noise = np.random.default_rng(1).normal(0, 0.01, (8, *exact.shape))
    found = interpret(exact + noise)
    np.testing.assert_allclose(found.posteriors, exact, atol=0.02)
    assert found.spread == pytest.approx(np.ptp(noise, axis=0).max() / 2, rel=1e-3)
    assert interpret(np.stack([exact] * 3)).spread == 0
    logits = interpret(np.log(exact) + noise)
    np.testing.assert_allclose(logits.posteriors, exact, atol=0.02)
    assert logits.kind == "logits"


def test_a_class_that_was_cut_has_less_than_any_that_was_kept():
    # Float32 numbers leave to 1 what is known to 1e-7 at best.
    rng = np.random.default_rng(5)
    logits = rng.normal(0, 12, (40, 10))
    values = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).astype(np.float32)
    kept = np.argsort(np.argsort(-values, 1), 1) < 3
    found = interpret(np.where(kept, values, 0).astype(np.float64))
    assert found.kind == "top-k"
    np.testing.assert_array_equal(found.posteriors[kept], values[kept])
    least = np.where(kept, values, 1).min(1)
    assert least.min() < 1e-8
    assert (np.where(kept, 0, found.posteriors).max(1) < least).all()

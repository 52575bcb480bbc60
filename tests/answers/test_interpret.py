"""Forms of answers, told apart on realistic posteriors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.answers.interpret import interpret, interpret_both
from ulk_tf.answers.readings import are_logits, noise_of
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


def dirichlet(seed, alpha=1.0, rows=20, classes=10):
    return np.random.default_rng(seed).dirichlet(np.full(classes, alpha), rows)


@given(SEEDS, st.integers(1, 7), st.sampled_from([0.3, 1.0, 5.0]))
def test_rounded_posteriors_are_kept_as_they_are(seed, decimals, alpha):
    values = dirichlet(seed, alpha, 40).round(decimals)
    found = interpret(values)
    np.testing.assert_array_equal(found.posteriors, values.astype(np.float32))
    assert found.step == 10.0**-decimals
    assert found.kind == "rounded"


@given(SEEDS, st.sampled_from([1e-4, 1e-3, 1e-2, 0.03]), st.sampled_from([0.1, 0.5, 1.0]))
def test_noise_is_left_and_not_taken_for_logits(seed, deviation, alpha):
    exact = dirichlet(seed, alpha)
    exact[:, 0] = 0
    exact /= exact.sum(1, keepdims=True)
    values = exact + np.random.default_rng(seed + 1).normal(0, deviation, exact.shape)
    assert values.min() < 0
    found = interpret(values)
    assert found.kind == "noisy"
    np.testing.assert_array_equal(found.posteriors, values.astype(np.float32))
    assert deviation / 3 < found.noise < 3 * deviation


@pytest.mark.parametrize("deviation", [0.001, 0.05])
@pytest.mark.parametrize("decimals", [None, 4])
def test_noise_that_was_clipped_or_made_to_sum_to_1_or_rounded(deviation, decimals):
    exact = dirichlet(0, 0.1, 50)
    noisy = exact + np.random.default_rng(1).normal(0, deviation, exact.shape)
    for values in (noisy.clip(0, 1), noisy / noisy.sum(1, keepdims=True)):
        given_values = values if decimals is None else values.round(decimals)
        found = interpret(given_values)
        assert found.kind == "noisy"
        assert found.step == (0 if decimals is None else 1e-4)
        np.testing.assert_array_equal(found.posteriors, given_values.astype(np.float32))


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


SCALES = {
    "percent": (lambda p: p * 100, 0.0),
    "percent with a decimal": (lambda p: (p * 100).round(1), 0.001),
    "whole percent": (lambda p: np.rint(p * 100), 0.01),
    "bytes": (lambda p: np.rint(p * 255), 1 / 255),
    "quantized": (lambda p: np.rint(p * 256).clip(0, 255), 1 / 256),
    "quantized and signed": (lambda p: np.rint(p * 256).clip(0, 255) - 128, 1 / 256),
    "per mille": (lambda p: np.rint(p * 1000), 0.001),
}


@pytest.mark.parametrize("form", SCALES)
def test_other_units(form):
    change, step = SCALES[form]
    values = dirichlet(4, 1.0, 50)
    found = interpret(change(values))
    assert found.step == pytest.approx(step)
    assert np.abs(found.posteriors - values).max() <= step / 2 + 1e-6
    assert "turned into 0 to 1" in found.notes[0]
    assert found.posteriors.dtype == np.float32


@pytest.mark.parametrize("parts", [100, 255, 1000])
@pytest.mark.parametrize("cut", [np.floor, np.ceil])
def test_last_digits_that_are_cut_off(parts, cut):
    values = dirichlet(6, 0.5, 60)
    found = interpret(cut(values * parts) / parts)
    assert (found.kind, found.step) == ("rounded", pytest.approx(1 / parts))
    assert np.abs(found.posteriors - values).max() <= found.step + 1e-6
    if cut is np.floor and parts < 1000:
        whole = interpret(np.floor(values * parts))
        np.testing.assert_allclose(whole.posteriors, found.posteriors, atol=1e-6)


LOGARITHMS = {
    "to base 2": np.log2,
    "to base 10": np.log10,
    "negative logarithms;": lambda p: -np.log(p),
    "negative logarithms to base 2": lambda p: -np.log2(p),
    "negative logarithms to base 10": lambda p: -np.log10(p),
    "odds": lambda p: p / (1 - p),
}


@pytest.mark.parametrize("form", LOGARITHMS)
def test_logarithms_and_odds(form):
    values = dirichlet(7, 1.0, 30)
    found = interpret(LOGARITHMS[form](values))
    np.testing.assert_allclose(found.posteriors, values, atol=1e-6)
    assert form in found.notes[0]
    rounded = interpret(LOGARITHMS[form](values).round(4))
    np.testing.assert_allclose(rounded.posteriors, values, atol=3e-4)
    assert rounded.step > 0


@pytest.mark.parametrize("parts", [30, 10**6, 32767])
def test_counts_share_out_a_whole(parts):
    random = np.random.default_rng(8)
    counts = random.multinomial(parts, dirichlet(8, 0.3, 40)).astype(float)
    found = interpret(counts)
    np.testing.assert_allclose(found.posteriors, counts / parts, atol=1e-6)
    assert f"parts of {parts:g}" in found.notes[0]


def test_a_sample_that_is_answered_with_nothing_but_zeros():
    values = dirichlet(9, 1.0, 30)
    values[4] = 0
    with pytest.raises(UserError, match=r"nothing but 0 in 1 of 30 answers\. Ask for these"):
        interpret(values)


def test_a_target_that_answers_every_sample_alike_is_said():
    found = interpret(np.tile(dirichlet(10, 1.0, 1), (20, 1)))
    assert "All 20 answers are the same, whatever the sample" in found.notes[0]


def test_one_sigmoid_unit_in_percent():
    values = np.random.default_rng(1).random((20, 1)) * 100
    found = interpret(values, 2)
    np.testing.assert_allclose(found.posteriors[:, 1:], values / 100, rtol=1e-6)
    assert "percent" in found.notes[0] and "sigmoid" in found.notes[1]
    with pytest.raises(UserError, match="Where they are percent, let the target answer a hund"):
        interpret(values / 4, 2)


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


def test_saturated_answers_name_the_scale():
    values = np.full((100, 10), 1e-32)
    values[:, 3] = 1
    found = interpret(values)
    assert found.kind == "posteriors"
    assert "All 100 answers are saturated" in found.notes[0]
    assert "--scale=" in found.notes[0]
    assert "saturated" in " ".join(interpret(np.eye(10)).notes)
    values[0, :4] = [1 / 30000, 1e-9, 1e-9, 1 - 1 / 30000]
    assert interpret(values).notes == ()


def test_answers_in_order_of_size_are_said():
    values = -np.sort(-dirichlet(0, 1.0, 20), axis=1)
    assert "order of size" in interpret(values).notes[0]
    assert interpret(values[:5]).notes == ()


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


@pytest.mark.parametrize("draws", [1500, pytest.param(20_000, marks=pytest.mark.slow)])
def test_noise_and_logits_by_brute_force(draws):
    """Any number of rows and classes, any sharpness, noise up to 0.05, logits of any width."""
    random, wrong = np.random.default_rng(draws), {"noise": 0, "logits": 0}
    for _ in range(draws):
        rows, classes = random.choice([6, 20, 100]), random.choice([2, 3, 10, 100])
        exact = random.dirichlet(np.full(classes, random.choice([0.01, 0.1, 1, 5])), rows)
        noise = random.choice([0.003, 0.01, 0.03, 0.05])
        values = exact + random.normal(0, noise, exact.shape)
        wrong["noise"] += noise_of(values) is None and are_logits(values, 0)
        scores = random.normal(0, random.choice([0.3, 1, 3, 10]), exact.shape)
        if random.random() < 0.5:
            scores = np.log(np.maximum(exact, 1e-30)) + random.choice([0, 1, -3])
        wrong["logits"] += noise_of(scores) is not None
    assert wrong["noise"] <= draws / 10_000
    assert wrong["logits"] <= draws / 1000


def test_noise_in_one_version_that_looks_like_logits_is_noise_in_both(monkeypatch):
    random = np.random.default_rng(3)
    exact = dirichlet(3, 0.1, 6)
    before, after = (exact + random.normal(0, 0.02, exact.shape) for _ in range(2))
    doubted = interpret(np.log(exact + 1e-3))  # what one version alone might be taken for
    monkeypatch.setattr(
        "ulk_tf.answers.interpret.interpret",
        lambda values, classes=None: doubted if values is after else interpret(values, classes),
    )
    first, second = interpret_both(before, after)
    assert (first.kind, second.kind) == ("noisy", "noisy")
    np.testing.assert_array_equal(first.posteriors, before.astype(np.float32))
    np.testing.assert_array_equal(second.posteriors, after.astype(np.float32))


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

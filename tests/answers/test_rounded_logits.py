"""Posteriors of rounded logits are known from exact ones, and named with a defence that fits."""

import keras
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.samples import dirichlet
from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import interpret, interpret_both
from ulk_tf.answers.rounded_logits import find_rounded_logits
from ulk_tf.chance import Chance
from ulk_tf.defences import parse

HALVES = {"bfloat16": ml_dtypes.bfloat16, "float16": np.float16}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Posteriors of a service that computes softmax in float32."""
    logits = logits.astype(np.float32)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (raised / raised.sum(axis=1, keepdims=True)).astype(np.float64)


def logits(seed: int, classes: int, spread: float, offset: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.normal(0, spread, (60, classes)) + offset


CASES = (st.integers(0, 10**6), st.sampled_from([2, 3, 10, 100]), st.sampled_from([1.0, 3.0, 6.0]))


@given(*CASES, st.sampled_from([0.0, 5.0, 20.0]), st.sampled_from(sorted(HALVES)))
def test_half_precision_is_known(seed, classes, spread, offset, half):
    rounded = logits(seed, classes, spread, offset).astype(HALVES[half])
    found = find_rounded_logits(softmax(rounded))
    if found is None and classes == 2 and half == "float16":
        return  # what a sigmoid leaves to 1 hides its fine steps in some sets of answers
    assert found is not None
    if found.digits == 0:
        # Numbers of one size have one step.
        assert np.log2(found.step) == pytest.approx(round(np.log2(found.step)), abs=1e-4)
    elif offset == 0:
        # Bits follow from the finer step of each pair; chance finds some steps of twice its size.
        assert abs(found.digits - {"bfloat16": 8, "float16": 11}[half]) <= 1
    else:
        assert 2 <= found.digits <= 11


@given(*CASES, st.sampled_from([0.0, 5.0]), st.integers(0, 3))
def test_decimals_are_known(seed, classes, spread, offset, decimals):
    found = find_rounded_logits(softmax(logits(seed, classes, spread, offset).round(decimals)))
    if classes == 2 and decimals < 2:
        return  # some twenty different answers are the fewest that tell
    if decimals:
        assert found.words == f"to {decimals} decimal" + "s" * (decimals > 1)
        assert (found.step, found.digits) == (10.0**-decimals, 0)
    else:
        # Whole numbers are numbers of half precision, too.
        assert found.step >= 1


@given(*CASES, st.integers(2, 40), st.booleans())
def test_exact_logits_are_never_taken_for_rounded(seed, classes, spread, rows, short):
    exact = softmax(logits(seed, classes, spread)[:rows])
    assert find_rounded_logits(exact) is None
    values = dirichlet(seed, 0.3, rows, classes)
    assert find_rounded_logits(values.astype(np.float32 if short else np.float64)) is None


@pytest.mark.parametrize(
    "text", ["logit_bits:8", "logit_bits:11", "round_logits:1", "round_logits:2"]
)
def test_an_attack_that_is_trained_for_the_named_defence_fits(text):
    exact = softmax(logits(3, 10, 4.0))
    told = parse(text)(exact, Chance(0)).astype(np.float32).astype(np.float64)
    form = Form.of((interpret(told),), (told,))
    assert form.kind == "rounded logits" and not Form().reads(form)
    assert form.floor == 0
    again = parse(form.defence)(softmax(logits(4, 10, 4.0)), Chance(0))
    trained = Form.of((interpret(again),), (again,))
    assert trained.matches(form)


def test_a_service_that_answers_the_logits_themselves_has_the_same_form():
    rounded = logits(5, 10, 4.0, 2.0).astype(ml_dtypes.bfloat16).astype(np.float64)
    forms = [Form.of((interpret(one),), (one,)) for one in (rounded, softmax(rounded))]
    assert forms[0] == forms[1] and forms[0].defence.startswith("logit_bits:")


@pytest.mark.parametrize("text", ["logit_bits:3", "round_logits:0"])
def test_equal_logits_of_many_classes_are_no_least_posterior(text):
    told = parse(text)(softmax(logits(3, 100, 2.0)), Chance(0))
    form = Form.of((interpret(told),), (told,))
    assert form.kind == "rounded logits"
    again = parse(form.defence)(softmax(logits(4, 100, 2.0)), Chance(0))
    assert Form.of((interpret(again),), (again,)).reads(form)


BFLOATS = logits(8, 10, 4.0).astype(ml_dtypes.bfloat16).astype(np.float64)
# The same logits as other services tell them.
TOLD = {
    "log softmax": np.log(softmax(BFLOATS)),
    "logits beside an offset": BFLOATS + np.random.default_rng(0).normal(0, 3, (60, 1)),
    "six digits": np.array([[float(f"{one:.6g}") for one in row] for row in softmax(BFLOATS)]),
    "seven decimals": softmax(BFLOATS).round(7),
    "double precision": softmax(BFLOATS).astype(np.float64),
}


@pytest.mark.parametrize("way", TOLD)
def test_rounded_logits_are_known_however_they_are_told(way):
    values = TOLD[way]
    form = Form.of((interpret(values),), (values,))
    assert form.kind == "rounded logits" and not Form().reads(form)
    alike = Form.of((interpret(softmax(BFLOATS)),), (softmax(BFLOATS),))
    assert form.matches(alike)


@pytest.mark.parametrize("digits", ["{:.6g}", "{:.7f}"])
def test_exact_answers_as_text_are_no_rounded_logits(digits):
    exact = softmax(logits(9, 10, 4.0))
    values = np.array([[float(digits.format(one)) for one in row] for row in exact])
    assert interpret(values).kind == "rounded"


@pytest.mark.parametrize("step", [0.0987654, 0.137, 1 / 1.3 / 64])
def test_steps_of_quantised_logits_are_found(step):
    rounded = softmax(np.rint(logits(10, 10, 3.0) / step) * step)
    form = Form.of((interpret(rounded),), (rounded,))
    assert 2 * form.step == pytest.approx(step, rel=1e-3)
    trained = parse(form.defence)(softmax(logits(11, 10, 3.0)), Chance(0))
    assert Form.of((interpret(trained),), (trained,)).reads(form)


@pytest.mark.parametrize("spread", [1.0, 3.0, 4.0])
def test_a_sigmoid_in_half_precision_is_known(spread):
    for seed in range(8):
        logit = logits(seed, 1, spread).astype(ml_dtypes.bfloat16).astype(np.float32)
        told = (1 / (1 + np.exp(-logit))).astype(np.float64)
        assert interpret(told, 2).kind == "rounded logits"
        exact = (1 / (1 + np.exp(-logits(seed, 1, spread)))).astype(np.float32)
        assert interpret(exact.astype(np.float64), 2).kind == "posteriors"


def test_few_telling_rows_among_many_are_enough():
    """Saturated sigmoids tell nothing, wherever they stand."""
    logit = logits(2, 1, 3.0).astype(ml_dtypes.bfloat16).astype(np.float32)
    told = 1 / (1 + np.exp(-np.concatenate([logit, np.full((60, 1), 20.0, np.float32)])))
    mixed = np.random.default_rng(0).permutation(told.astype(np.float64))
    assert interpret(mixed, 2).kind == "rounded logits"


def test_masked_classes_leave_the_bits_as_they_are():
    masked = BFLOATS.copy()
    masked[:, 5:] = -1e9
    assert find_rounded_logits(softmax(masked)).digits in (7, 8, 9)


def test_versions_of_which_one_alone_tells_too_little_are_read_alike():
    rounded = logits(12, 2, 2.0).astype(ml_dtypes.bfloat16)
    some, few = softmax(rounded), softmax(rounded)
    few[15:] = [0.5, 0.5]
    assert [interpret(one).kind for one in (some, few)] == ["rounded logits", "posteriors"]
    for pair in ((some, few), (few, some)):
        assert [one.kind for one in interpret_both(*pair)] == ["rounded logits"] * 2


def test_roundings_that_flip_are_no_noise():
    form = Form("rounded logits", step=0.0078, noise=0.0006, digits=8)
    assert form.defence == "logit_bits:8"
    assert Form("rounded logits", step=0.0078, digits=8).reads(form)


def test_few_answers_tell_no_rounding():
    rounded = softmax(logits(7, 4, 3.0).astype(np.float16))
    assert find_rounded_logits(rounded[:6]) is None
    assert find_rounded_logits(np.repeat(rounded[:6], 10, axis=0)) is None


def test_the_note_says_so():
    found = interpret(softmax(logits(6, 10, 4.0).round(2)))
    assert found.kind == "rounded logits" and found.step == pytest.approx(0.005)
    assert any("logits that are rounded to 2 decimals" in note for note in found.notes)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_a_keras_model_in_half_precision_is_known(policy):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((8,)),
            keras.layers.Dense(32, "relu", dtype=policy),
            keras.layers.Dense(10, kernel_initializer="glorot_normal", dtype=policy),
            keras.layers.Softmax(dtype="float32"),
        ]
    )
    samples = np.random.default_rng(0).normal(0, 3, (100, 8)).astype(np.float32)
    answers = model.predict(samples, verbose=0).astype(np.float64)
    found = interpret(answers)
    assert found.kind == ("posteriors" if policy == "float32" else "rounded logits")
    assert Form().reads(Form.of((found,), (answers,))) == (policy == "float32")

"""Posteriors of rounded logits are known from exact ones, and named with a defence that fits."""

import keras
import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.answers.samples import dirichlet
from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import interpret
from ulk_tf.answers.rounded_logits import find_rounded_logits
from ulk_tf.defences import Chance, parse

HALVES = {"bfloat16": ml_dtypes.bfloat16, "float16": np.float16}


def softmax(logits: np.ndarray) -> np.ndarray:
    """What a service computes in float32."""
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
    assert found is not None and "as half precision does" in found.words
    if offset == 0:
        # Of the number with the finer step in each pair; chance finds some of twice or half of it.
        assert abs(found.digits - {"bfloat16": 8, "float16": 11}[half]) <= 1
    else:
        assert 2 <= found.digits <= 11


@given(*CASES, st.sampled_from([0.0, 5.0]), st.integers(0, 3))
def test_decimals_are_known(seed, classes, spread, offset, decimals):
    found = find_rounded_logits(softmax(logits(seed, classes, spread, offset).round(decimals)))
    if decimals == 0 and classes == 2:
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

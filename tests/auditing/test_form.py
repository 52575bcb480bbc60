"""Answers of another form than an attack was trained on: nothing is claimed, a remedy is named."""

import numpy as np
import pytest

from ulk_tf.answers.interpret import interpret_both
from ulk_tf.auditing.form import Form, check_form
from ulk_tf.defences import Chance, parse

RNG = np.random.default_rng(0)
BEFORE = RNG.dirichlet(np.ones(10), 100)
AFTER = np.clip(BEFORE + RNG.normal(0, 0.01, BEFORE.shape), 1e-9, None)
AFTER /= AFTER.sum(1, keepdims=True)
EXACT = {"config": {"anything": 1}}


def form_of(defence: str | None) -> Form:
    pair = BEFORE, AFTER
    if defence:
        chances = Chance(1, (0,)), Chance(1, (1,))
        pair = tuple(parse(defence)(one, c) for one, c in zip(pair, chances, strict=True))
    else:
        pair = tuple(one.astype(np.float32).astype(float) for one in pair)
    return Form.of(interpret_both(*pair), pair)


def test_exact_answers_fit_an_attack_that_was_trained_on_them() -> None:
    assert form_of(None).kind == "posteriors"
    assert check_form("li", EXACT, form_of(None)) is None
    # A finer answer than it was trained for is read, too.
    coarse = {"answers": {"kind": "rounded", "step": 1e-2}}
    assert check_form("li", coarse, form_of(None)) is None
    assert check_form("li", coarse, form_of("round:4")) is None


@pytest.mark.parametrize(
    ("defence", "words"),
    [
        ("round:6", "rounded to steps of 1e-06"),
        ("round:4", "rounded to steps of 0.0001"),
        ("round:2", "rounded to steps of 0.01"),
        ("top_k:3", "the likeliest 3 classes only"),
        ("label", "labels only"),
    ],
)
def test_other_answers_do_not_and_the_command_makes_them(defence: str, words: str) -> None:
    form = form_of(defence)
    fit = check_form("li", EXACT, form)
    assert fit is not None and not fit.fits
    assert words in fit.sentence and "trained on exact posteriors" in fit.sentence
    assert f"python -m ulk_tf train li --defence={defence}" in fit.sentence
    trained = {"answers": {"kind": form.kind, "step": form.step}}
    assert check_form("li", trained, form) is None


def test_coarser_answers_than_those_it_was_trained_on() -> None:
    fine = {"answers": {"kind": "rounded", "step": 1e-4}}
    fit = check_form("li", fine, form_of("round:2"))
    assert fit is not None and "trained on posteriors rounded to steps of 0.0001" in fit.sentence


@pytest.mark.parametrize("known", [None, 3, {}, {"kind": 7, "step": "x"}, {"step": float("nan")}])
def test_what_a_stranger_s_export_says(known: object) -> None:
    assert check_form("li", {"answers": known}, form_of(None)) is None
    assert check_form("li", {"answers": known}, form_of("round:3")) is not None

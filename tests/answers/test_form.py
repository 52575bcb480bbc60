"""The form of answers: what an attack that was trained on one reads of another."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from ulk_tf.answers.form import Form
from ulk_tf.answers.interpret import interpret

KINDS = ("posteriors", "rounded", "digits", "float16", "top-k", "noisy", "labels")
FORMS = st.builds(
    Form, st.sampled_from(KINDS), st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 10)
)


@given(FORMS)
def test_a_form_survives_its_json_and_matches_itself(form: Form) -> None:
    assert Form.from_json(form.as_json()) == form
    assert form.matches(form)
    assert form.reads(Form())


@pytest.mark.parametrize(
    ("trained", "answered", "reads"),
    [
        (Form("rounded", step=0.01), Form("rounded", step=0.03), True),
        (Form("rounded", step=0.01), Form("rounded", step=0.04), False),
        (Form("noisy", noise=0.01), Form("noisy", noise=0.03), True),
        (Form("noisy", noise=0.01), Form("noisy", noise=0.1), False),
        (Form("noisy"), Form("noisy", noise=0.1), True),
        (Form("top-k", kept=3), Form("top-k", kept=1), False),
        (Form("top-k"), Form("top-k", kept=1), True),
        (Form("top-k", kept=3), Form("labels"), False),
        (Form(), Form("rounded", step=1e-2), False),
    ],
)
def test_what_it_reads(trained: Form, answered: Form, reads: bool) -> None:
    assert trained.reads(answered) is reads


@pytest.mark.parametrize(
    ("form", "floor"),
    [
        (Form(), 0.0),
        (Form("rounded", step=1e-4), 1e-4),
        (Form("posteriors", noise=1e-3), 1e-3),
        (Form("noisy", step=1e-2, noise=1e-3), 1e-2),
        (Form("top-k", kept=3), 8 * 2.0**-24),
        (Form("top-k", step=1e-3, kept=3), 1e-3),
        (Form("labels"), 1.0),
    ],
)
def test_below_which_value_a_posterior_tells_nothing(form: Form, floor: float) -> None:
    assert form.floor == floor


def test_what_has_noise_is_noisy_though_it_looks_exact() -> None:
    trained = Form("posteriors", noise=0.01)
    assert trained.kind == "noisy" and "noise of 0.01" in trained.words
    assert trained.reads(Form("noisy", noise=0.01)) and trained.reads(Form())
    # The export that was trained on exact answers fits these better.
    assert not trained.matches(Form())


@pytest.mark.parametrize(("decimals", "kind"), [(1, "rounded logits"), (5, "posteriors")])
def test_logits_that_are_rounded_coarsely_are_a_form_of_their_own(decimals, kind) -> None:
    logits = np.random.default_rng(0).normal(0, 3, (60, 5)).round(decimals)
    form = Form.of((interpret(logits),), (logits,))
    assert form.kind == kind
    assert Form().reads(form) == (kind == "posteriors")
    if kind == "rounded logits":
        assert form.defence == f"round_logits:{decimals}" and "logits" in form.words


def test_a_class_that_no_sample_has_is_no_cut() -> None:
    exact = np.random.default_rng(0).dirichlet(np.ones(4), 60)
    unused = np.insert(exact, 2, 0.0, axis=1)
    assert interpret(unused).kind == "posteriors"
    cut = np.where(exact == exact.min(1, keepdims=True), 0, exact)
    assert interpret(cut).kind == "top-k"
    # Nor is one that always falls out among the top three unused.
    lowest = np.sort(exact)
    assert interpret(np.insert(lowest[:, 1:], 0, 0.0, axis=1)).kind == "top-k"


@pytest.mark.parametrize(
    ("stored", "form"),
    [
        (lambda p: p.astype(ml_dtypes.bfloat16), Form("digits", digits=3)),
        (lambda p: p.astype(np.float16), Form("float16")),
        (lambda p: [[float(f"{one:.3g}") for one in row] for row in p], Form("digits", digits=3)),
        (lambda p: [[float(f"{one:.6g}") for one in row] for row in p], Form()),
    ],
    ids=["bfloat16", "float16", "3 digits", "6 digits"],
)
def test_small_posteriors_that_are_told_as_well_as_large_ones(stored, form) -> None:
    exact = softmax(np.random.default_rng(0).normal(0, 2, (60, 5)), axis=1).astype(np.float32)
    values = np.asarray(stored(exact), np.float64)
    assert Form.of((interpret(values),), (values,)) == form
    assert form.floor == (2.0**-24 if form.kind == "float16" else 0)
    assert Form().reads(form) == (form == Form())
    assert Form.from_json(form.as_json()) == form


def test_fewer_digits_than_it_was_trained_on_are_not_read() -> None:
    assert Form("digits", digits=2).reads(Form("digits", digits=3))
    assert not Form("digits", digits=3).reads(Form("digits", digits=2))
    assert not Form("digits", digits=3).reads(Form("rounded", step=1e-3))
    assert not Form("float16").reads(Form("digits", digits=3))


def test_the_coarser_of_two_versions_counts() -> None:
    exact = np.random.default_rng(0).dirichlet(np.full(5, 0.5), 60).astype(np.float32)
    half = exact.astype(np.float16).astype(np.float64)
    digits = np.array([[float(f"{one:.6g}") for one in row] for row in exact])
    logits = np.log(exact.astype(np.float64).clip(1e-9)).round(1)

    def form(*pair):
        return Form.of(tuple(map(interpret, pair)), pair)

    assert form(half, digits) == form(digits, half) == Form("float16")
    assert form(digits, logits).kind != "posteriors"
    assert form(digits, digits) == Form()


def test_an_attack_reads_the_noise_and_rounding_that_it_was_trained_on() -> None:
    trained = Form("rounded", step=1e-3, noise=0.01)
    # Noise that keeps sums is not seen.
    assert trained.reads(Form("rounded", step=1e-3))


@pytest.mark.parametrize(
    ("form", "defence", "words"),
    [
        (Form("rounded", 1e-4, 0.01), "noise:0.01,round:4", "steps of 0.0001 with noise of 0.01"),
        (Form("top-k", noise=0.01, kept=3), "noise:0.01,top_k:3", "3 classes only with noise of"),
        (Form("noisy", noise=0.01), "noise:0.01", "posteriors with noise of 0.01"),
    ],
)
def test_noise_beside_another_form(form: Form, defence: str, words: str) -> None:
    """An attack that was trained without noise does not read what has more than a step of it."""
    assert form.defence == defence
    assert words in form.words
    quiet = Form(form.kind, form.step, kept=form.kept)
    assert form.reads(quiet)
    assert quiet.reads(form) == (form.kind == "noisy")
    assert Form("rounded", 0.01).reads(Form("rounded", 0.01, 0.002))
    assert not Form("rounded", 0.01).reads(Form("rounded", 0.01, 0.01))


def test_an_attack_that_is_trained_by_the_advice_reads_the_answers() -> None:
    """The noise of labels is told in labels, and trained in posteriors."""
    for form in (
        Form("rounded", 1e-3, 2e-3),
        Form("digits", noise=1e-3, digits=3),
        Form("noisy", step=5e-5, noise=4.7e-3),
        Form("top-k", noise=0.01, kept=3),
        Form("labels", 0.0, 0.1),
    ):
        told = dict(one.split(":") for one in form.defence.split(",") if ":" in one)
        noise, step = float(told["noise"]), 10.0 ** -int(told["round"]) if "round" in told else 0.0
        digits, kept = int(told.get("digits", 0)), int(told.get("top_k", 0))
        assert Form(form.kind, step, noise, kept, digits).reads(form), form
    assert not Form("labels").reads(Form("labels", 0.0, 0.1))


@pytest.mark.parametrize("decimals", range(7, 13))
@pytest.mark.parametrize("cast", [np.float32, np.float64])
def test_many_decimals_are_few_for_small_posteriors(decimals, cast) -> None:
    """An attack on exact answers would take what rounds to 0 for a jump of its logarithm."""
    values = softmax(np.random.default_rng(0).normal(0, 6, (100, 10)), axis=1).astype(cast)
    told = np.round(values, decimals).astype(np.float64)
    form = Form.of((interpret(told),), (told,))
    assert (form.kind, form.defence) == ("rounded", f"round:{decimals}")
    assert form.floor == pytest.approx(10.0**-decimals)
    assert not Form().reads(form)
    coarser = Form("rounded", step=10.0 ** (1 - decimals))
    assert coarser.reads(form) and not form.reads(coarser)


@pytest.mark.parametrize("decimals", [8, 9, 10])
@pytest.mark.parametrize("rows", [20, 100])
@pytest.mark.parametrize("cast", [np.float32, np.float64])
def test_decimals_of_a_sure_classifier_are_no_significant_digits(decimals, rows, cast) -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 3, (rows, 10))
    logits[np.arange(rows), random.integers(10, size=rows)] += 18
    told = np.round(softmax(logits, axis=1).astype(cast), decimals).astype(np.float64)
    assert Form.of((interpret(told),), (told,)).defence == f"round:{decimals}"


def test_decimals_that_every_posterior_has_enough_of_are_exact() -> None:
    values = np.round(np.random.default_rng(0).dirichlet(np.full(10, 50.0), 100), 8)
    assert Form.of((interpret(values),), (values,)) == Form()


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_what_small_posteriors_are_raised_to_is_no_step(classes) -> None:
    """Keras clips at 1e-7 what it takes logarithms of, and some services do."""
    values = softmax(np.random.default_rng(0).normal(0, 6, (100, classes)), axis=1)
    told = np.round(values, 4).clip(1e-7, 1 - 1e-7)
    form = Form.of((interpret(told),), (told,))
    assert (form.kind, form.step) == ("rounded", 1e-4)


@pytest.mark.parametrize("voters", [4, 5])
def test_few_votes_are_no_decimals_that_were_clipped(voters) -> None:
    random = np.random.default_rng(0)
    for rows in (4, 10, 30):
        told = random.multinomial(voters, random.dirichlet(np.ones(3), rows)) / voters
        assert interpret(told).step == pytest.approx(1 / voters)

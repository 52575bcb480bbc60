"""The form of answers: what an attack that was trained on one reads of another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.answers.form import Form

KINDS = ("posteriors", "rounded", "top-k", "noisy", "labels")
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

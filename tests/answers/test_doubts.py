"""Posteriors that are read as they are, and doubted."""

import numpy as np

from tests.answers.samples import dirichlet
from ulk_tf.answers.interpret import interpret


def test_a_target_that_answers_every_sample_alike_is_said():
    found = interpret(np.tile(dirichlet(10, 1.0, 1), (20, 1)))
    assert "All 20 answers are the same, whatever the sample" in found.notes[0]


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

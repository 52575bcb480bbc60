"""How A_MSR is trained: as much in a step whatever the size of a set."""

import dataclasses

import pytest

from ulk_tf.attacks.fit import at_once
from ulk_tf.attacks.msr import sets_in_step
from ulk_tf.corpus.build import Corpus
from ulk_tf.settings.attack_configs import MsrConfig


@pytest.mark.parametrize(
    ("set_size", "given", "sets"),
    [(100, None, 4), (10, None, 40), (1, None, 64), (1000, None, 1), (10, 3, 3)],
)
def test_sets_in_a_step(set_corpus: Corpus, set_size: int, given: int | None, sets: int) -> None:
    shadow = set_corpus.updates["shadow"]
    sized = dataclasses.replace(shadow, indices=shadow.indices[:, :1].repeat(set_size, 1))
    corpus = dataclasses.replace(set_corpus, updates={"shadow": sized})
    assert sets_in_step(MsrConfig(sets_per_step=given), corpus) == sets


@pytest.mark.parametrize(("steps", "in_call"), [(1000, 25), (96, 32), (7, 7), (33, 11), (359, 1)])
def test_calls_of_the_graph_fill_an_epoch_and_no_more(steps: int, in_call: int) -> None:
    assert at_once(steps) == in_call

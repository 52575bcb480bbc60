"""How A_MSR is trained: as much in a step whatever the size of a set."""

import dataclasses

import numpy as np
import pytest

from ulk_tf.attacks import msr
from ulk_tf.attacks.fit import at_once
from ulk_tf.attacks.msr import sets_in_step, some_held_out
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


@pytest.mark.parametrize(
    ("steps", "in_call"), [(1000, 25), (96, 32), (7, 7), (33, 11), (62, 31), (79, 79), (359, 1)]
)
def test_calls_of_the_graph_fill_an_epoch_and_no_more(steps: int, in_call: int) -> None:
    assert at_once(steps) == in_call


def test_an_epoch_is_judged_on_held_out_updates_of_every_base(
    set_corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_out = set_corpus.updates["validation"]
    assert len(some_held_out(set_corpus).updates["validation"]) == len(held_out)
    two = dataclasses.replace(
        held_out, base=np.arange(len(held_out), dtype=np.int32) * 2 // len(held_out)
    )
    corpus = dataclasses.replace(set_corpus, updates={**set_corpus.updates, "validation": two})
    monkeypatch.setattr(msr, "VALIDATED", 4)
    kept = some_held_out(corpus).updates["validation"]
    np.testing.assert_array_equal(kept.base, [0, 0, 1, 1])
    assert len(np.unique(kept.after.reshape(4, -1), axis=0)) == 4
    assert some_held_out(corpus).updates["shadow"] is corpus.updates["shadow"]

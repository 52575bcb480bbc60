"""What an export says of the updates it was made for, measured on held-out shadow updates."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit

from tests.evaluation import fakes
from ulk_tf.evaluation.movement import mean_movement as movement
from ulk_tf.evaluation.seen import as_target, seen
from ulk_tf.evaluation.seen_ranges import fit_range
from ulk_tf.settings.attack_table import ATTACKS


def test_scores_rise_with_movement_where_the_attack_reads_it() -> None:
    corpus = fakes.corpus(told=0.05, updates=400)
    known = seen(ATTACKS["li"], fakes.label_attack(), corpus, 0)
    tenths = known["score_by_tenth"]
    assert tenths["metric"] == "accuracy"
    assert 0 <= tenths["chance"] <= 0.6
    held_out = corpus.updates["validation"]
    moved = movement(held_out.before[held_out.base], held_out.after)
    assert tenths["edges"] == pytest.approx(list(np.quantile(moved, np.linspace(0, 1, 11))))
    assert len(tenths["values"]) == 10 and all(0 <= value <= 1 for value in tenths["values"])
    for value, (low, high) in zip(tenths["values"], tenths["intervals"], strict=True):
        assert 0 <= low <= value <= high <= 1
        # Hits of so few updates are known to a tenth or so.
        assert 0.05 < high - low < 0.6
    assert known["movement"]["low"] <= np.median(moved) <= known["movement"]["high"]
    assert 0 < known["confidence"]["low"] <= known["confidence"]["high"] <= 1


def test_updates_that_all_move_alike_leave_tenths_empty() -> None:
    corpus = fakes.corpus()
    still = dataclasses.replace(
        corpus.updates["validation"],
        after=corpus.updates["validation"].before[corpus.updates["validation"].base],
    )
    alike = dataclasses.replace(corpus, updates=corpus.updates | {"validation": still})
    found = seen(ATTACKS["li"], fakes.label_attack(), alike, 0)["score_by_tenth"]
    for told in (found["values"], found["intervals"]):
        assert told[:9] == [None] * 9 and told[9] is not None


@pytest.mark.parametrize(("most", "found"), [(7, 7), (1000, 40)])
def test_held_out_updates_are_taken_from_every_base(most: int, found: int) -> None:
    corpus = fakes.corpus()
    taken = as_target(corpus, most).updates["target"]
    assert len(taken) == found
    assert set(taken.base) == {0, 1}
    assert set(taken.indices.ravel()) <= set(corpus.splits.validation)


def test_a_range_covers_one_more_base_model_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    for bases in (3, 9):
        outside = 0
        for _ in range(2000):
            drawn = rng.normal(-3, 0.4, bases + 1)
            known = fit_range(expit(drawn[:-1]), expit(drawn[:-1]))
            assert known is not None
            outside += not known["low"] <= expit(drawn[-1]) <= known["high"]
        assert 0.01 < outside / 2000 < 0.03
    assert fit_range([0.5], [0.6]) is None


def test_a_range_of_two_base_models_does_not_hold_anything() -> None:
    known = fit_range([0.01, 0.1], [0.2, 0.5])
    assert known is not None
    assert known["high"] == pytest.approx(5 / 6)  # odds of 1, times 5
    assert known["low"] == pytest.approx(1 / (1 + 99 * 5))


def test_the_likeliest_classes_of_shadow_models_are_known() -> None:
    corpus = fakes.corpus()
    known = seen(ATTACKS["li"], fakes.label_attack(), corpus, 0)
    bases = np.concatenate([corpus.updates[role].before for role in ("shadow", "validation")])
    np.testing.assert_array_equal(known["likeliest"], bases.mean(axis=0).argmax(axis=1))
    assert 0 < known["agreement"]["low"] < 1 == known["agreement"]["high"]
    # Models of other images do not know the classes of these.
    other = dataclasses.replace(corpus.shadow_dataset, name="other")
    elsewhere = dataclasses.replace(corpus, shadow_dataset=other)
    assert "agreement" not in seen(ATTACKS["li"], fakes.label_attack(), elsewhere, 0)


def test_figures_at_their_bounds_stay_there() -> None:
    """Labels have a confidence of 1, and a movement of 0 where none changed."""
    sure = fit_range([1.0] * 4, [1.0] * 4)
    assert sure is not None and sure["low"] > 1 - 1e-11 and sure["high"] == 1.0
    found = fit_range([0.0] * 4, [0.1, 0.2, 0.1, 0.2])
    assert found is not None and found["low"] == 0.0

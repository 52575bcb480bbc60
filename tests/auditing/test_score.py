"""The score of updates that moved as much, its interval and chance."""

import pytest

from tests.auditing.seen import SEEN, scored, target
from ulk_tf.auditing.fit import check_fit
from ulk_tf.auditing.remedy import Export


@pytest.mark.parametrize(
    ("movement", "percent"), [(0.01, "18%"), (0.0199, "18%"), (0.02, "26%"), (0.5, "58%")]
)
def test_the_score_of_such_updates_is_quoted(movement, percent):
    fit = check_fit(Export("li", {"seen": SEEN}), target(0.7, movement))
    assert fit.fits
    assert f"moved as much: right in {percent}, chance 10%" in fit.sentence
    assert fit.as_json()["score_of_such_updates"]["metric"] == "accuracy"


def test_other_scores_are_numbers():
    told = SEEN | {"score_by_tenth": SEEN["score_by_tenth"] | {"metric": "mse", "chance": 0.07}}
    fit = check_fit(Export("ssr", {"seen": told}), target(0.7, 0.5))
    assert "Mean squared error 0.58, chance 0.07" in fit.sentence


def test_a_score_is_that_of_updates_of_the_size_that_is_assumed():
    told = {"seen": SEEN, "config": {"adversary": {"update": {"set_size": 10}}}}
    fit = check_fit(Export("li", told), target(0.7, 0.1))
    assert "updates of 10 samples that moved as much: right in" in fit.sentence


def test_a_score_that_may_be_chance_is_said_to_be_no_more():
    told = {"seen": scored({"intervals": [[0.05, 0.31]] * 5 + [[0.4, 0.76]] * 5})}
    fit = check_fit(Export("li", told), target(0.7, 0.015))
    assert "right in 18% [5%, 31%], chance 10%. That is not shown to be better" in fit.sentence
    assert fit.as_json()["score_of_such_updates"]["interval"] == (0.05, 0.31)
    fit = check_fit(Export("li", told), target(0.7, 0.5))
    assert fit.sentence.endswith("right in 58% [40%, 76%], chance 10%.")


def test_a_percent_that_would_look_like_chance_has_a_decimal():
    told = {"values": [0.104] * 10, "intervals": [[0.1004, 0.11]] * 10}
    fit = check_fit(Export("li", {"seen": scored(told)}), target(0.7, 0.5))
    assert fit.sentence.endswith("right in 10.4% [10.0%, 11.0%], chance 10.0%.")


@pytest.mark.parametrize(("high", "words"), [(0.069, "chance 0.07."), (0.071, "not shown")])
def test_an_error_is_better_where_it_is_less(high, words):
    values = {"metric": "mse", "chance": 0.07, "values": [0.06] * 10}
    told = SEEN | {"score_by_tenth": SEEN["score_by_tenth"] | values}
    told["score_by_tenth"]["intervals"] = [[0.05, high]] * 10
    fit = check_fit(Export("ssr", {"seen": told}), target(0.7, 0.5))
    assert words in fit.sentence and ("better than a guess" in fit.sentence) == (high > 0.07)


@pytest.mark.parametrize(
    "told",
    [
        None,
        [1, 2],
        [["x", 1]] * 10,
        [[0.1]] * 10,
        "0123456789",
        [[0.9, 0.1]] * 10,
        [[0.8, 0.9]] * 10,
    ],
)
def test_an_interval_that_is_not_told_is_not_said(told):
    fit = check_fit(Export("li", {"seen": scored({"intervals": told})}), target(0.7, 0.5))
    assert fit.sentence.endswith("right in 58%, chance 10%.")


def test_chance_is_that_of_the_same_tenth():
    chances = [0.1] * 5 + [0.95] * 5
    told = {"seen": scored({"chances": chances})}
    assert "right in 18%, chance 10%." in check_fit(Export("li", told), target(0.7, 0.015)).sentence
    fit = check_fit(Export("li", told), target(0.7, 0.5))
    assert "chance 95%. That is no better than a guess on such updates." in fit.sentence


@pytest.mark.parametrize(
    ("movement", "words"), [(0.4, "so much (at most 0.3)"), (0.02, "so little (at least 0.05)")]
)
def test_the_score_of_other_updates_is_not_quoted(movement, words):
    edges = [0.05 + 0.025 * i for i in range(11)]
    fit = check_fit(Export("li", {"seen": scored({"edges": edges})}), target(0.7, movement))
    assert fit.fits and fit.score is None
    assert f"no held-out update moved the probes {words}" in fit.sentence


def test_a_tenth_without_updates_hides_no_other_one():
    values = [*SEEN["score_by_tenth"]["values"][:2], None, *[0.9] * 7]
    told = {"seen": scored({"values": values})}
    assert check_fit(Export("li", told), target(0.7, 0.03)).sentence == ""
    assert "right in 18%" in check_fit(Export("li", told), target(0.7, 0.015)).sentence

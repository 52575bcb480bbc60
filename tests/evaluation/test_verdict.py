"""Verdicts: shown, not shown or undecided, from gains over what sees nothing of the update."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ulk_tf.evaluation.verdict import NARROW, combined, state_of, verdict


def gain(low: float, high: float) -> dict[str, float]:
    return {"mean": (low + high) / 2, "low": low, "high": high, "n": 60}


SHOWN, LOST, OPEN = gain(0.1, 0.3), gain(-0.3, -0.1), gain(-0.1, 0.3)


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (0.001, 0.002, "shown"),
        (0.0, 0.5, "undecided"),
        (-0.3, 0.5, "undecided"),
        (-0.3, -0.1, "not shown"),
        (-0.019, 0.019, "not shown"),
        (-0.5, 0.019, "not shown"),
        (-0.01, NARROW, "undecided"),
        (float("nan"), float("nan"), "undecided"),
    ],
)
def test_the_state_of_a_gain(low: float, high: float, state: str) -> None:
    assert state_of(gain(low, high)) == state


@given(st.lists(st.sampled_from(["shown", "not shown", "undecided"])))
def test_several_are_shown_only_together(states) -> None:
    found = combined(states)
    assert (found == "shown") == (bool(states) and set(states) == {"shown"})
    assert ("not shown" in states) == (found == "not shown")


def results(attack: str = "lde", **gains: dict[str, float]) -> dict[str, object]:
    metric = {"lde": "kl", "msr": "matched_mse_centroids"}.get(attack, "odd")
    return {
        "attack": attack,
        "metrics": {metric: gain(0, 1)},
        "gains": {f"{metric}:{name}": value for name, value in gains.items()},
    }


@pytest.mark.parametrize(
    ("gains", "state", "words"),
    [
        ({"prior": SHOWN, "shuffled": SHOWN}, "shown", "give away how the labels"),
        ({"prior": SHOWN, "shuffled": OPEN}, "undecided", "is undecided"),
        ({"prior": LOST, "shuffled": SHOWN}, "not shown", "are not shown to give away"),
        ({}, "undecided", "is undecided"),
    ],
)
def test_every_guess_has_to_be_beaten(gains, state, words) -> None:
    found = verdict(results(**gains))
    assert found.state == state
    assert words in found.sentence and found.sentence.endswith(".")
    # Figures come after the verdict.
    assert not [sign for sign in found.sentence if sign.isdigit()]


def test_an_oracle_decides_only_what_lies_beyond() -> None:
    found = verdict(results("msr", matched_shadow=SHOWN, matched_oracle=LOST))
    assert found.state == "shown"
    assert found.sentence.endswith("; more of them than their labels: not shown.")
    more = verdict(results("msr", matched_shadow=LOST, matched_oracle=SHOWN))
    assert more.state == "not shown"


def test_another_metric_decides_nothing() -> None:
    told = results(prior=SHOWN)
    told["gains"] |= {"most_frequent_accuracy:prior": LOST}
    assert verdict(told).state == "shown"


def test_a_stranger_s_attack_and_baseline_conclude_nothing() -> None:
    found = verdict(results("unheard", own_baseline=SHOWN))
    assert found.state == "undecided"
    assert verdict({"attack": "unheard"}).state == "undecided"
    assert verdict(results("unheard", prior=SHOWN)).state == "shown"


def test_a_run_that_measured_nothing_shows_nothing_to_be_safe() -> None:
    doubt = {"doubts": ["9 of 9 base models have learned nothing."]}
    for gains in ({"prior": LOST, "shuffled": LOST}, {"prior": OPEN, "shuffled": LOST}):
        found = verdict(results(**gains) | doubt)
        assert found.state == "undecided"
        assert found.sentence.endswith("is undecided: 9 of 9 base models have learned nothing.")
    # A leak that was measured is told, whatever the doubt.
    assert verdict(results(prior=SHOWN, shuffled=SHOWN) | doubt).state == "shown"
    tenths = {"chance": 0.1, "values": [0.1] * 10}
    weak = results(prior=LOST, shuffled=LOST) | {"held_out": {"score_by_tenth": tenths}}
    assert "too weak" in verdict(weak).sentence

"""Results of sweeps: a share only of a gain that is there."""

from typing import Any

import pytest

from ulk_tf.sweeping.results import result_of
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import UPDATES
from ulk_tf.sweeping.table import table


def entry(low: float) -> dict[str, Any]:
    gain = {"mean": 0.2, "low": low, "high": 0.4, "n": 9}
    value = {"mean": 0.3, "low": 0.2, "high": 0.4, "n": 9}
    return {
        "metrics": {"accuracy": value},
        "gains": {"accuracy:most_frequent_label": gain, "accuracy:shuffled": gain},
    }


def test_no_share_of_a_gain_that_is_not_there() -> None:
    for low, shown in ((0.1, "100% [50%, 200%]"), (-0.1, "not above zero")):
        entries = dict.fromkeys(("plain", "plain, seed 1"), entry(low))
        assert shown in table(result_of("li", (), entries))


def test_the_spread_is_told_where_other_seeds_were_measured() -> None:
    plain = {"plain": entry(0.1)}
    both = table(result_of("li", (), plain | {"plain, seed 1": entry(0.1)}))
    assert "with a standard deviation of 0 over 2 training seeds." in both
    # A sweep measures them last.
    alone = table(result_of("li", (), plain))
    assert "without any setting. Leak is" in alone and "deviation" not in alone


def of_samples(over_mean: float, over_labels: float) -> dict[str, Any]:
    def estimate(mean: float) -> dict[str, float]:
        return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "n": 9}

    gains = {
        "mse:autoencoder": estimate(-0.5),
        "mse:class_mean_of_true_label": estimate(over_labels),
        "mse:mean_sample": estimate(over_mean),
    }
    return {"metrics": {"mse": estimate(0.05)}, "gains": gains}


def test_what_is_told_beyond_labels_stands_beside_the_leak() -> None:
    entries = {"plain": of_samples(0.4, 0.1), "round:4": of_samples(0.2, -0.15)}
    found = result_of("ssr", (Setting("round:4"),), entries)
    assert (found.baseline, found.oracle) == ("mean_sample", "class_mean_of_true_label")
    told = table(found)
    assert "gains over class mean, true label tells more of it than its label." in " ".join(
        told.split()
    )
    lines = told.splitlines()
    assert "| setting | Mean squared error | leak | over class mean, true label |" in lines
    assert "| plain | 0.05 [0.04, 0.06] | 100% [98%, 102%] | 10% [9%, 11%] |" in lines
    assert "| round:4 | 0.05 [0.04, 0.06] | 50% [48%, 52%] | -15% [-16%, -14%] |" in lines
    assert result_of("li", (), {"plain": entry(0.1)}).oracle is None


def test_to_beat_a_worse_guess_than_the_plain_adversary_s_is_no_leak() -> None:
    """Class means of clothes are far from digits: what comes nearer than those tells nothing."""

    def with_guesses(mean: float, labels: float, error: float) -> dict[str, Any]:
        guesses = {
            "mse:mean_sample": {"mean": mean},
            "mse:class_mean_of_true_label": {"mean": labels},
        }
        score = {"mean": error, "low": error - 0.01, "high": error + 0.01, "n": 9}
        gains = of_samples(1 - error / mean, 1 - error / labels)["gains"]
        return {"metrics": {"mse": score}, "baselines": guesses, "gains": gains}

    plain, other = with_guesses(0.08, 0.06, 0.04), with_guesses(0.12, 0.10, 0.09)
    few = with_guesses(0.0804, 0.06, 0.06)
    entries = {"plain": plain, "other data": other, "few": few}
    found = result_of("ssr", (Setting("other data"), Setting("few")), entries)
    gain = found.gain(other)
    assert gain["mean"] == pytest.approx(1 - 0.09 / 0.08)
    assert gain["low"] == pytest.approx(1 - 0.10 / 0.08)
    assert gain["high"] == pytest.approx(1 - 0.08 / 0.08)
    assert found.gain(other, found.oracle)["mean"] == pytest.approx(1 - 0.09 / 0.06)
    # Half a percent is chance, and the paired gain is the better estimate.
    assert found.gain(few) == few["gains"]["mse:mean_sample"]
    # Other updates are guessed otherwise.
    (update,) = [one for one in UPDATES if one.name == "Adam"]
    of_updates = result_of("ssr", (update,), {"plain": plain, "Adam": other})
    assert of_updates.gain(other) == other["gains"]["mse:mean_sample"]

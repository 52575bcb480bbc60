"""Results of sweeps: a share only of a gain that is there."""

from typing import Any

from ulk_tf.sweeping.results import result_of
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

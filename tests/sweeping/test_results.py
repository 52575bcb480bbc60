"""Results of sweeps: a share only of a gain that is there."""

from typing import Any

from ulk_tf.sweeping.results import result_of
from ulk_tf.sweeping.table import table


def test_no_share_of_a_gain_that_is_not_there() -> None:
    def entry(low: float) -> dict[str, Any]:
        gain = {"mean": 0.2, "low": low, "high": 0.4, "n": 9}
        value = {"mean": 0.3, "low": 0.2, "high": 0.4, "n": 9}
        return {
            "metrics": {"accuracy": value},
            "gains": {"accuracy:most_frequent_label": gain, "accuracy:shuffled": gain},
        }

    for low, shown in ((0.1, "100% [50%, 200%]"), (-0.1, "not above zero")):
        entries = dict.fromkeys(("plain", "plain, seed 1"), entry(low))
        assert shown in table(result_of("li", (), entries))

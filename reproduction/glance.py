"""Recorded sweeps at a glance: one table of what chosen settings leave, for all attacks."""

from collections.abc import Mapping

from ulk_tf.settings.attack_table import ATTACKS
from ulk_tf.sweeping.results import Sweep

# Columns: what each attack is after.
AFTER = {
    "li": "a label",
    "ssr": "a sample",
    "lde": "a label distribution",
    "msr": "samples of a set",
}
# Settings that an owner or a reader asks for first, in words.
GLANCES: Mapping[str, Mapping[str, str]] = {
    "defences": {
        "round:4": "rounding to 4 decimals",
        "round:2": "rounding to 2 decimals",
        "top_k:3": "the top 3 classes only",
        "top_k:1": "the top class only",
        "temperature:4": "temperature 4",
        "noise:0.001": "new noise of 0.001",
        "noise:0.01": "new noise of 0.01",
        "sticky_noise:0.01": "noise of 0.01, the same for a sample",
        "label": "labels alone",
        "dp_noise:1": "DP-SGD, multiplier 1",
        "dp_noise:3": "DP-SGD, multiplier 3",
    },
    "adversaries": {
        "architecture": "another architecture",
        "rate": "another learning rate of the update",
        "optimizer": "Adam instead of SGD",
        "a tenth of the samples": "a tenth of the samples",
        "half the classes": "samples of half the classes",
        "other data": "other images",
        "no label skew": "sets drawn at random instead of skewed ones",
        "10 probes": "10 probes instead of 100",
        "noise as probes": "noise as probes",
        "1000 queries": "only the target's answers to 1,000 queries",
    },
}
NOTHING, UNCLEAR = "nothing shown", "unclear"
# An interval that holds zero and more than this share tells neither one nor the other.
MUCH = 0.25


def glance(sweep: str, found: Mapping[tuple[str, str, str], Sweep]) -> str:
    """Format what chosen settings leave of each attack.

    Args:
        sweep: a name of `GLANCES`.
        found: results by data set, attack and sizes, see `sweeps.recorded`.

    Returns:
        A table of shares of the plain gain. The whole tables have their intervals: where one
        reaches zero, `NOTHING` stands here, or `UNCLEAR` if it is wide. What was not measured is
        empty.
    """
    mine = {key: one for key, one in found.items() if not key[2]}
    columns = [key for attack in ATTACKS for key in mine if key[1] == attack and _leaks(mine[key])]
    heads = [f"{AFTER.get(attack, attack)}, {dataset}" for dataset, attack, _ in columns]
    lines = [["", *heads], ["---"] * (len(heads) + 1)]
    for name, words in GLANCES[sweep].items():
        lines.append([words, *(_cell(mine[key], name) for key in columns)])
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _leaks(found: Sweep) -> bool:
    return found.share(found.plain.adaptive) is not None


def _cell(found: Sweep, name: str) -> str:
    row = found.row(name)
    share = row and found.share(row.adaptive)
    if not share:
        return ""
    if share["low"] > 0:
        return f"{share['mean']:.0%}"
    return UNCLEAR if share["high"] > MUCH else NOTHING

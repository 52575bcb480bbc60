"""The verdict of a run in plain words, from gains over baselines that do not see the update.

The state of a gain follows from its 95% interval alone:

| state | interval |
|---|---|
| shown | lies above 0 |
| not shown | ends below `NARROW`: whatever the gain is, it is below 2% (or 0.02) or a loss |
| undecided | anything else: it holds 0, and gains that would matter |

The gain is relative where less is better (1 - own / other), a difference of shares elsewhere. An
attack shows something only where it beats every baseline that is told nothing of the update.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.outputs import OUTPUTS
from ulk_tf.settings.attack_table import ATTACKS

State = Literal["shown", "not shown", "undecided"]
NARROW = 0.02


@dataclass(frozen=True)
class Verdict:
    """A verdict.

    Attributes:
        state: whether such updates are shown to give something away.
        sentence: the same for people, without figures.
    """

    state: State
    sentence: str


def state_of(gain: Mapping[str, float]) -> State:
    """The state of one gain.

    Args:
        gain: an estimate with `low` and `high`.
    """
    if gain["low"] > 0:
        return "shown"
    return "not shown" if gain["high"] < NARROW else "undecided"


def combined(states: Iterable[State]) -> State:
    """The state of several that all have to hold: shown only where each is."""
    found = set(states)
    if not found or ("undecided" in found and "not shown" not in found):
        return "undecided"
    return "not shown" if "not shown" in found else "shown"


def verdict(results: Mapping[str, Any]) -> Verdict:
    """The verdict on the headline metric of a run, an export or an audit.

    Args:
        results: with `attack`, `metrics` and `gains`; the first metric counts where the attack is
            not registered here.
    """
    row = ATTACKS.get(str(results.get("attack")))
    gains = results.get("gains") or {}
    metric = row.headline if row else next(iter(results.get("metrics") or {}), "")
    found = {
        key.partition(":")[2]: state_of(gain)
        for key, gain in gains.items()
        if key.partition(":")[0] == metric
    }
    state = combined(s for name, s in found.items() if baseline(name).uninformed)
    output = OUTPUTS.get(row.output) if row else None
    what = output.gives_away if output else f"{row.infers if row else 'what was asked'}"
    beyond = [f"{baseline(name).beyond}: {s}" for name, s in found.items() if baseline(name).beyond]
    return Verdict(state, "; ".join([SENTENCES[state].format(what=what), *beyond]) + ".")


SENTENCES: dict[State, str] = {
    "shown": "Updates like these give away {what}: the attack comes nearer than anything that the "
    "adversary could have guessed",
    "not shown": "Updates like these are not shown to give away {what}: the attack comes no "
    "nearer than a guess that sees nothing of the update",
    "undecided": "Whether updates like these give away {what} is undecided: the measured updates "
    "are too few to tell the attack from a guess",
}

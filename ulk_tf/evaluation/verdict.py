"""The verdict of a run in plain words, from gains over baselines that do not see the update.

The state of a gain follows from its 95% interval alone:

| state | interval |
|---|---|
| shown | lies above 0 |
| not shown | ends below `NARROW`: whatever the gain is, it is below 2% (or 0.02) or a loss |
| undecided | anything else: it holds 0, and gains that would matter |

The gain is relative where less is better (1 - own / other), a difference of shares elsewhere. An
attack shows something only where it beats every baseline that is told nothing of the update. A gain
that is not shown proves nothing where the run itself measured nothing: it is undecided then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import by_baseline
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
        beyond: whether more is shown than an oracle knows, a phrase each; also in the sentence.
    """

    state: State
    sentence: str
    beyond: tuple[str, ...] = ()


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


def verdict(results: Mapping[str, Any], metric: str = "") -> Verdict:
    """The verdict on one metric of a run, an export or an audit.

    Args:
        results: with `attack`, `metrics` and `gains`.
        metric: name of the metric; the headline of the attack when empty, or the first metric
            where the attack is not registered here.
    """
    row = ATTACKS.get(str(results.get("attack")))
    gains = results.get("gains") or {}
    metric = metric or (row.headline if row else next(iter(results.get("metrics") or {}), ""))
    found = {name: state_of(gain) for name, gain in by_baseline(gains, metric).items()}
    states = [s for name, s in found.items() if baseline(name).uninformed]
    state = combined(states)
    reason = "" if state == "shown" else unmeasured(results)
    if not (states or reason):
        reason = NO_GUESS
    output = OUTPUTS.get(row.output) if row else None
    what = output.gives_away if output else f"{row.infers if row else 'what was asked'}"
    # An attack that reads nothing tells no more than labels, whatever oracle it comes under.
    beyond = [
        f"{baseline(name).beyond}: {s if state == 'shown' else combined((s, state))}"
        for name, s in found.items()
        if baseline(name).beyond
    ]
    if reason:
        return Verdict("undecided", f"{UNDECIDED.format(what=what)}: {reason.rstrip('.')}.")
    sentence = "; ".join([SENTENCES[state].format(what=what), *beyond]) + "."
    return Verdict(state, sentence, tuple(beyond))


def unmeasured(results: Mapping[str, Any]) -> str:
    """Return why a run without a leak proves nothing, as a phrase; empty if it is valid.

    Args:
        results: as `verdict` takes them; `doubts` and `held_out` (of an export: `seen`) count where
            they are told.
    """
    if doubts := results.get("doubts"):
        return str(doubts[0])
    tenths = (results.get("held_out") or results.get("seen") or {}).get("score_by_tenth") or {}
    values = [value for value in tenths.get("values", ()) if value is not None]
    chance = tenths.get("chance")
    if not values or chance is None:
        return ""
    mean, less = sum(values) / len(values), bool(tenths.get("less_is_better"))
    if (mean >= chance) if less else (mean <= chance):
        return "the attack reads nothing from held-out shadow bases, so it is too weak"
    return ""


NO_GUESS = "the attack was compared with no guess"
UNDECIDED = "Whether updates like these give away {what} is undecided"
SENTENCES: dict[State, str] = {
    "shown": "Updates like these give away {what}: the attack comes nearer than anything that the "
    "adversary could have guessed",
    "not shown": "Updates like these are not shown to give away {what}: the attack comes no "
    "nearer than a guess that sees nothing of the update",
    "undecided": f"{UNDECIDED}: the measured updates are too few to tell the attack from a guess",
}

"""How far to trust an attack's answer: what it assumes, how well it did, and whether it guesses."""

from collections.abc import Mapping
from typing import Any

from ulk_tf.auditing.assumed import assumed
from ulk_tf.evaluation import report
from ulk_tf.evaluation.baselines_table import baseline, uninformed
from ulk_tf.evaluation.compared import by_baseline
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.evaluation.outputs import OUTPUTS
from ulk_tf.evaluation.verdict import NO_GUESS, unmeasured, verdict


def caution(metadata: Mapping[str, Any], known: Mapping[str, Any], output: str) -> str:
    """Say what an attack assumes, how well it did, and whether a guess does as well.

    Args:
        metadata: of the export.
        known: what it says of its scores, see `auditing.measured`.
        output: name of the answer that is told.
    """
    judges = OUTPUTS[output].judged_by if output in OUTPUTS else ()
    names = [name for name in judges if name in known["metrics"]] or list(known["metrics"])[:1]
    said = [_guessed(known, names[0] if names else ""), assumed(metadata).sentence]
    if names:
        said.append(f"On targets that it had not seen: {report.headline(known, names)}")
    else:
        said.append("How well it does is not told.")
    return " ".join(one for one in said if one)


def _guessed(known: Mapping[str, Any], name: str) -> str:
    """Say where an answer is no more than a guess, or no more than labels; empty if it is more."""
    found = verdict(known, name)
    if found.state == "shown":
        return " ".join(f"{one[0].upper()}{one[1:]}." for one in found.beyond)
    why = unmeasured(known)
    if not why and uninformed().intersection(by_baseline(known["gains"], name)):
        why = f"{found.sentence[0].lower()}{found.sentence[1:]}"
    why = why or _by_means(known, name)
    return why and f"Take this answer for a guess: {why.rstrip('.')}."


def _by_means(known: Mapping[str, Any], name: str) -> str:
    """Why an answer is a guess, by an export that tells no gains; empty if it is none."""
    if not name:
        return ""
    others = by_baseline(known["baselines"], name)
    guesses = sorted(uninformed().intersection(others))
    if not guesses:
        return NO_GUESS
    own, sign = known["metrics"][name]["mean"], -1 if metric(name).less_is_better else 1
    beaten_by = [
        baseline(one).title.lower() for one in guesses if sign * own <= sign * others[one]["mean"]
    ]
    if not beaten_by:
        return ""
    return f"it is no better than {', '.join(beaten_by)}, which read nothing from the update"

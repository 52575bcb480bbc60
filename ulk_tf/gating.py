"""Gate: compares the gains of attacks with an owner's limits, for a CI job to pass or fail.

The gate needs neither TensorFlow nor Keras: a CI job that only gates installs NumPy alone.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from xml.sax.saxutils import quoteattr

from ulk_tf.errors import UserError
from ulk_tf.evaluation.compared import key_of, parts_of
from ulk_tf.evaluation.verdict import unmeasured
from ulk_tf.limits import Limit, load_limits
from ulk_tf.progress import say
from ulk_tf.result import Result
from ulk_tf.settings.keys import SILENT

State = Literal["held", "broken", "undecided"]


@dataclass(frozen=True)
class Check:
    """Outcome of comparing a result with a limit, or a gain with an earlier one.

    Attributes:
        name: attack, metric and baseline.
        state: held, broken or undecided.
        sentence: the reason.
    """

    name: str
    state: State
    sentence: str


def gate(
    results: "Result | Sequence[Result]",
    limits: "str | Path | Sequence[Limit]",
    against: "Result | Sequence[Result]" = (),
) -> list[Check]:
    """Compare results with limits, and with earlier results.

    Args:
        results: results of one run or of several.
        limits: path of a TOML file, or the limits.
        against: earlier results with the same settings; a gain that rose by more than the joint
            95% interval counts as broken.

    Returns:
        One check for each limit and result, then one for each gain and earlier result. Results
        that nothing checks are said on standard error.

    Raises:
        UserError: a limit names a metric or baseline that no result has, or an earlier result
            has other settings.

    Example:
        >>> import ulk_tf
        >>> limit = ulk_tf.Limit("accuracy", "most_frequent_label", at_most=0.1)
        >>> checks = ulk_tf.gate(trained, [limit])
        >>> checks[0].name, checks[0].state
        ('li accuracy over most_frequent_label', 'broken')
    """
    new, old = _listed(results), _listed(against)
    known = load_limits(Path(limits)) if isinstance(limits, str | Path) else list(limits)
    if not known and not old:
        raise UserError("at least one limit", "none", "Write a table [[limit]].")
    pairs = [(limit, result) for limit in known for result in _of(limit, new)]
    alike = [(earlier, _same_settings(earlier, new)) for earlier in old]
    checked = {id(result) for _, result in (*pairs, *alike)}
    for one in new:
        if id(one) not in checked:
            who = f"{one.attack_name} in {one.folder}"
            say(f"{who} is held against nothing: no limit and no --against fits it.")
    checks = [_held(limit, result) for limit, result in pairs]
    for earlier, result in alike:
        checks += _against(earlier, result)
    return checks


def passed(checks: Sequence[Check], undecided: Literal["broken", "held"] = "broken") -> bool:
    """Return True if every limit is held.

    Args:
        checks: the checks of `gate`.
        undecided: state that an undecided check counts as.
    """
    return all(
        check.state == "held" or (check.state == "undecided" and undecided == "held")
        for check in checks
    )


def markdown(checks: Sequence[Check]) -> str:
    """Format checks as a Markdown table, for a pull request."""
    marks = {"held": "✅ held", "broken": "❌ broken", "undecided": "❔ undecided"}
    rows = [f"| {one.name} | {marks[one.state]} | {one.sentence} |" for one in checks]
    return "\n".join(["| limit | | |", "|---|---|---|", *rows]) + "\n"


def junit(checks: Sequence[Check], undecided: Literal["broken", "held"] = "broken") -> str:
    """Format checks as JUnit XML, which CI systems display; arguments as in `passed`."""
    cases = []
    for one in checks:
        good = passed([one], undecided)
        inner = "" if good else f"<failure message={quoteattr(one.sentence)}/>"
        cases.append(
            f"<testcase classname='ulk_tf.gate' name={quoteattr(one.name)}>{inner}</testcase>"
        )
    failures = sum(not passed([one], undecided) for one in checks)
    head = f"<testsuite name='ulk_tf gate' tests='{len(checks)}' failures='{failures}'>"
    return (
        "\n".join(["<?xml version='1.0' encoding='utf-8'?>", head, *cases, "</testsuite>"]) + "\n"
    )


def _held(limit: Limit, result: Result) -> Check:
    gain = result.gains[key_of(limit.metric, limit.baseline)]
    name = f"{result.attack_name} {limit.metric} over {limit.baseline}"
    sentence = f"gain {_shown(gain)}, at most {limit.at_most:g}"
    reason = unmeasured(result.results)
    if gain["low"] > limit.at_most:
        return Check(name, "broken", sentence)
    if reason:
        return Check(name, "undecided", f"not measured: {reason}")
    if gain["high"] < limit.at_most:
        return Check(name, "held", sentence)
    return Check(
        name,
        "undecided",
        f"{sentence}: the interval contains the limit; use more target bases or updates",
    )


def _same_settings(earlier: Result, results: Sequence[Result]) -> Result:
    """Find the result that an earlier one is compared with."""
    same = [one for one in results if one.attack_name == earlier.attack_name]
    if not same:
        raise UserError(f"a result of {earlier.attack_name}, as --against has", "none")
    before = _figures(earlier.results["config"])
    # Of an outsider and an insider beside each other, each is held against its own kind.
    alike = [one for one in same if _figures(one.results["config"]) == before]
    if not alike:
        changed = ", ".join(sorted(_differing(_figures(same[0].results["config"]), before)))
        raise UserError("--against of the same settings", f"others: {changed}")
    return alike[0]


def _against(earlier: Result, new: Result) -> list[Check]:
    shared = [key for key in new.gains if key in earlier.gains]
    if not shared:
        raise UserError(
            f"gains that both results of {earlier.attack_name} have",
            f"{', '.join(new.gains) or 'none'} and {', '.join(earlier.gains) or 'none'}",
        )
    return [_risen(key, new, earlier) for key in shared]


def _risen(key: str, new: Result, earlier: Result) -> Check:
    gain, old = new.gains[key], earlier.gains[key]
    joint = math.hypot(gain["high"] - gain["mean"], old["high"] - old["mean"])
    metric, baseline = parts_of(key)
    name = f"{earlier.attack_name} {metric} over {baseline}, against before"
    if gain["mean"] - old["mean"] > joint:
        return Check(name, "broken", f"gain {_shown(gain)}, before {_shown(old)}")
    if reason := unmeasured(new.results):
        return Check(name, "undecided", f"not measured: {reason}")
    return Check(name, "held", f"gain {_shown(gain)}, before {_shown(old)}")


def _of(limit: Limit, results: Sequence[Result]) -> list[Result]:
    key = key_of(limit.metric, limit.baseline)
    found = [one for one in results if limit.attack in ("", one.attack_name) and key in one.gains]
    if not found:
        have = ", ".join(f"{one.attack_name} {gain}" for one in results for gain in one.gains)
        raise UserError(f"limits on {have}", f"{limit.attack} {key}".strip())
    return found


def _figures(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in SILENT}


def _differing(one: Any, other: Any, prefix: str = "") -> set[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = set(one) | set(other)
        return set().union(*(_differing(one.get(n), other.get(n), f"{prefix}{n}.") for n in names))
    return set() if one == other else {prefix.rstrip(".")}


def _listed(results: "Result | Sequence[Result]") -> list[Result]:
    return [results] if isinstance(results, Result) else list(results)


def _shown(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:.3f} [{estimate['low']:.3f}, {estimate['high']:.3f}]"

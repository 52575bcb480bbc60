"""Limits of an owner on what attacks may gain, from a TOML file.

A limit in such a file:

    [[limit]]
    metric = "accuracy"
    baseline = "most_frequent_label"
    at_most = 0.1
"""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ulk_tf.errors import UserError

MAX_BYTES = 2**20


@dataclass(frozen=True)
class Limit:
    """Limit on the gain of an attack over a baseline.

    Attributes:
        metric: name of a metric, such as accuracy.
        baseline: name of a baseline, such as most_frequent_label.
        at_most: the largest gain allowed: a difference for metrics where more is better, a share
            of the baseline where less is better.
        attack: name of the attack; when empty, every result with that metric is checked.

    Example:
        >>> Limit("accuracy", "most_frequent_label", at_most=0.1, attack="li").at_most
        0.1
    """

    metric: str
    baseline: str
    at_most: float
    attack: str = ""


def load_limits(path: Path) -> list[Limit]:
    """Read limits from a TOML file.

    Raises:
        UserError: the file is missing or not TOML, or a table in it is not a limit.
    """
    wanted = "a TOML file with tables [[limit]] of metric, baseline and at_most"
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"limits of at most {MAX_BYTES} bytes", str(path))
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(wanted, f"{path} ({error})") from error
    tables = content.get("limit")
    if not isinstance(tables, list) or not tables or set(content) != {"limit"}:
        raise UserError(wanted, f"{', '.join(content) or 'nothing'} in {path}")
    return [_limit(table, path) for table in tables]


def _limit(table: Any, path: Path) -> Limit:
    kinds: dict[str, type | tuple[type, ...]] = {
        "metric": str,
        "baseline": str,
        "at_most": (int, float),
        "attack": str,
    }
    fine = isinstance(table, dict) and set(table) <= set(kinds)
    fine = fine and {"metric", "baseline", "at_most"} <= set(table)
    fine = fine and all(isinstance(v, kinds[k]) and v is not True for k, v in table.items())
    if not fine or not math.isfinite(table["at_most"]):
        raise UserError(
            'a limit such as metric = "accuracy", baseline = "prior", at_most = 0.1',
            f"{table} in {path}",
        )
    return Limit(**table)

"""Rates: seconds for a unit of work, measured by earlier runs on this machine, or assumed.

What is stored is a factor for each key: how much longer work took than `TABLE` says. A key that
has none takes the mean of its kind; a kind that has none, how fast this machine multiplies.
"""

import math
import os
import platform
import statistics
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from ulk_tf import __version__
from ulk_tf.errors import UserError
from ulk_tf.estimating.work import Work
from ulk_tf.files import digest, read_json, write_json
from ulk_tf.machine import cores

# Seconds for a unit, and for a billion multiplications in it, on the machine on which
# `multiplying` takes REFERENCE. `python -m benchmarks.rates` measures all of them again.
TABLE: Mapping[str, tuple[float, float]] = {
    "corpus start": (6.0, 0.0),
    "chosen probe": (0.0, 0.3),
    "base model": (1.5, 0.0),
    "base model step": (0.001, 0.063),
    "query": (0.0, 0.063),
    "update: chain": (0.0002, 0.035),
    "update: general": (0.001, 0.07),
    "update: fit": (0.02, 0.1),
    "training start": (2.5, 0.0),
    "attack step": (0.010, 0.03),
    "autoencoder step": (0.008, 0.03),
    "gan step": (0.02, 0.03),
    "other attack": (10.0, 0.0),
    "scoring start": (0.3, 0.0),
    "question": (0.0005, 0.0),
    "set": (0.2, 0.024),
    "held-out question": (0.0005, 0.0),
    "held-out set": (0.05, 0.012),
    "export: question": (1.5, 0.0),
    "export: set": (4.5, 0.35),
}
OTHER = (0.02, 0.1)
REFERENCE = 0.00253
SIDE, PRODUCTS = 512, 25
SCHEMA, LIMIT, MOST_KEYS = 1, 2**20, 500
# A recent run counts as much as all before it.
RECENT = 0.5
LOWEST, HIGHEST = 0.01, 100.0


class Rates:
    """Rates of one machine.

    Args:
        factors: measured factors by key, oldest first.
        speed: factor of kinds without any; measured when it is first needed if None.
    """

    def __init__(
        self, factors: Mapping[str, float] | None = None, speed: float | None = None
    ) -> None:
        self.factors = dict(factors or {})
        self._speed = speed

    @classmethod
    def stored(cls) -> "Rates":
        """Read the rates of this machine; a missing or damaged file holds none."""
        try:
            found = read_json(path(), LIMIT)
            if found["schema"] != SCHEMA or found["version"] != __version__:
                return cls()
            pairs = {str(key): float(value) for key, value in found["factors"].items()}
        except (UserError, KeyError, TypeError, ValueError, AttributeError, OverflowError):
            return cls()
        return cls({key: one for key, one in pairs.items() if LOWEST <= one <= HIGHEST})

    def seconds(self, work: Work) -> float:
        """Estimate the seconds of some work."""
        return assumed(work) * self.factor(work)

    def factor(self, work: Work) -> float:
        """Return how much longer work takes here than `TABLE` says."""
        if work.key in self.factors:
            return self.factors[work.key]
        kin = [v for key, v in self.factors.items() if key.partition("/")[0] == work.kind]
        if kin:
            return statistics.geometric_mean(kin)
        if self._speed is None:
            self._speed = min(max(multiplying() / REFERENCE, 0.3), 3.0)
        return self._speed

    def learn(self, works: Iterable[Work], measured: Mapping[str, float]) -> None:
        """Learn from a run what its works took.

        A part of several works moves their factors in proportion to their shares of it, so that
        the same works would be estimated right.

        Args:
            works: the run's.
            measured: seconds by part.
        """
        by_part: dict[str, list[Work]] = {}
        for work in works:
            if assumed(work) > 0:
                by_part.setdefault(work.part, []).append(work)
        for part, own in by_part.items():
            took = measured.get(part, 0.0)
            seconds = [self.seconds(work) for work in own]
            shares = [one / sum(seconds) for one in seconds]
            if took <= 0:
                continue
            off = math.log(took / sum(seconds))
            moved = {}
            for work, share in zip(own, shares, strict=True):
                step = off * share / sum(one * one for one in shares)
                recent = RECENT if work.key in self.factors else 1.0
                factor = self.factor(work) * math.exp(min(max(recent * step, -3.0), 3.0))
                moved[work.key] = min(max(factor, LOWEST), HIGHEST)
            for key, factor in moved.items():
                self.factors.pop(key, None)
                self.factors[key] = factor

    def store(self) -> None:
        """Write them for later runs, the latest `MOST_KEYS`; without a word if they cannot be."""
        latest = list(self.factors.items())[-MOST_KEYS:]
        try:
            write_json(path(), {"schema": SCHEMA, "version": __version__, "factors": dict(latest)})
        except OSError:
            return


def assumed(work: Work) -> float:
    """Seconds of some work by `TABLE`."""
    fixed, by_size = TABLE.get(work.kind, OTHER)
    return work.count * (fixed + by_size * work.size) / work.at_once


def path() -> Path:
    """Return the file of this machine's rates, in $XDG_STATE_HOME/ulk_tf or ~/.local/state."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    machine = digest(platform.node(), platform.machine(), cores())[:8]
    return Path(state) / "ulk_tf" / f"rates-{machine}.json"


def multiplying() -> float:
    """Measure the seconds of one product of matrices on one thread: the shortest of some.

    Threads of a product wait for each other where other programs run; one thread that is not
    interrupted for a millisecond shows what the processor can.
    """
    matrix = np.ones((SIDE, SIDE), np.float32)
    times = []
    with threadpool_limits(1):
        for _ in range(PRODUCTS):
            start = time.perf_counter()
            matrix @ matrix
            times.append(time.perf_counter() - start)
    return min(times)

"""Result of a sweep: its rows, and what each setting leaves of the plain gain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ulk_tf.evaluation.baselines_table import baseline
from ulk_tf.evaluation.compared import by_baseline, key_of, parts_of
from ulk_tf.evaluation.metrics_table import metric
from ulk_tf.settings.attack_table import attack_row
from ulk_tf.sweeping.ledger import Entry
from ulk_tf.sweeping.setting import Setting
from ulk_tf.sweeping.settings import UPDATES

# The sweep's own experiment, without any setting; also trained at other seeds, for its spread.
PLAIN = Setting("plain")
OTHER_SEEDS = (1, 2)
# A guess differs by chance by up to so much of itself, where the adversary has fewer samples.
BY_CHANCE = 0.01


@dataclass(frozen=True)
class Row:
    """Measured setting.

    Attributes:
        setting: the setting.
        adaptive: what an adversary gains who trained for it.
        naive: what an adversary gains who does not know of it; None where that was not asked.
        utility: estimates of `utility.utility` by name; empty where that was not asked.
    """

    setting: Setting
    adaptive: Entry
    naive: Entry | None
    utility: Mapping[str, Any]


@dataclass(frozen=True)
class Sweep:
    """Measured sweep of one attack.

    Attributes:
        attack: a name of the table of attacks.
        plain: results of the sweep's own experiment; its utility is that of an undefended service.
        spread: gains of the same attack trained at other seeds.
        rows: the settings, in order.
        one_owner: False where settings change the owner's updates, and with them what any guess
            scores.
    """

    attack: str
    plain: Row
    spread: tuple[float, ...]
    rows: tuple[Row, ...]
    one_owner: bool = True

    @property
    def baseline(self) -> str:
        """Name of the guess that comes nearest to the plain attack, which gains are over."""
        headline = attack_row(self.attack).headline
        gains = {
            name: gain["mean"]
            for name, gain in by_baseline(self.plain.adaptive["gains"], headline).items()
            if baseline(name).uninformed
        }
        return min(gains, key=lambda name: gains[name])

    def row(self, name: str) -> Row | None:
        """Return the row of a setting; None where it was not measured.

        Args:
            name: name of the setting.
        """
        return next((row for row in self.rows if row.setting.name == name), None)

    @property
    def oracle(self) -> str | None:
        """Name of the baseline that knows all labels; what beats it tells more than labels."""
        names = (parts_of(key)[1] for key in self.plain.adaptive["gains"])
        return next((name for name in names if baseline(name).beyond), None)

    def score(self, entry: Entry) -> dict[str, float]:
        """Return the attack's headline figure, an estimate."""
        found: dict[str, float] = entry["metrics"][attack_row(self.attack).headline]
        return found

    def gain(self, entry: Entry, over: str | None = None) -> Mapping[str, float]:
        """Return the gain of an attack, an estimate.

        Args:
            entry: what was measured.
            over: name of a baseline; None: `baseline`.

        Returns:
            The gain over what the adversary guesses. Who has other data or another prior than the
            owner guesses worse, and to beat that is no leak: it is the gain over the guess of the
            plain adversary then. The attack that is fed another update is no guess in this sense:
            how it does depends on the attack.
        """
        headline, name = attack_row(self.attack).headline, over or self.baseline
        key = key_of(headline, name)
        own: Mapping[str, float] = entry["gains"][key]
        plain, hers = (
            one.get("baselines", {}).get(key, {}).get("mean")
            for one in (self.plain.adaptive, entry)
        )
        if not self.one_owner or not plain or hers is None or baseline(name).runs_attack:
            return own
        less = metric(headline).less_is_better
        if (hers - plain if less else plain - hers) <= BY_CHANCE * plain:
            return own
        score = entry["metrics"][headline]
        ends = ("mean", "high", "low") if less else ("mean", "low", "high")
        found = {
            own_end: 1 - score[end] / plain if less else score[end] - plain
            for own_end, end in zip(("mean", "low", "high"), ends, strict=True)
        }
        return found | {"n": score["n"]}

    def share(self, entry: Entry) -> dict[str, float] | None:
        """Return a gain as a share of the plain one's mean; None unless that is above zero."""
        plain = self.gain(self.plain.adaptive)
        if plain["low"] <= 0:
            return None
        own = self.gain(entry)
        return {end: own[end] / plain["mean"] for end in ("mean", "low", "high")}


def naive_of(setting: Setting) -> str:
    """Name of the entry of an adversary who does not know of a setting."""
    return f"{setting.name}, naive"


def utility_of(setting: Setting) -> str:
    """Name of the entry of the utility of answers under a setting."""
    return f"{setting.name}, utility"


def at_seed(seed: int) -> str:
    """Name of the entry of the plain attack trained at another seed."""
    return f"{PLAIN.name}, seed {seed}"


def result_of(attack: str, settings: Sequence[Setting], entries: Mapping[str, Entry]) -> Sweep:
    """Put the entries of a sweep together; settings without an entry are left out.

    Args:
        attack: a name of the table of attacks.
        settings: settings of the sweep.
        entries: what was measured, by the names above; the plain one is among them.
    """

    def row(setting: Setting) -> Row:
        own = entries.get(utility_of(setting), {})
        utility = {name: value for name, value in own.items() if name != "key"}
        return Row(setting, entries[setting.name], entries.get(naive_of(setting)), utility)

    rows = tuple(row(one) for one in settings if one.name in entries)
    found = Sweep(attack, row(PLAIN), (), rows, not any(one in UPDATES for one in settings))
    seeds = [entries[name] for seed in OTHER_SEEDS if (name := at_seed(seed)) in entries]
    means = tuple(found.gain(entry)["mean"] for entry in (found.plain.adaptive, *seeds))
    return replace(found, spread=means)

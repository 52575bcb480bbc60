"""Setting of a sweep: flags that differ from the sweep's own, and the data that it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ulk_tf.errors import UserError
from ulk_tf.settings.attack_table import listed
from ulk_tf.settings.config import DataConfig
from ulk_tf.settings.presets import SHADOW
from ulk_tf.settings.update_config import UpdateConfig

Flags = Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """One setting of a sweep.

    Attributes:
        name: name in tables and in the sweep's file.
        flags: flags that it sets, by name.
        attacks: attacks that it is measured for; all if empty.
        note: what it stands for, in tables; empty if the name says it.
        on: further flags by data set; it is measured on these data sets only, on all if empty.
        follows: flags that take the value of another, which must be given; by name.
        shares: flags that count samples, as shares of the adversary's samples; by name.
        factors: flags of the update that are so many times those of the sweep's own; by name.
        usual: what a flag is without the setting, by name; None where that is nothing.
    """

    name: str
    flags: Flags = field(default_factory=dict)
    attacks: tuple[str, ...] = ()
    note: str = ""
    on: Mapping[str, Flags] = field(default_factory=dict)
    follows: Mapping[str, str] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    usual: Flags = field(default_factory=dict)

    @property
    def naive(self) -> dict[str, Any]:
        """Flags of an adversary who does not know of the owner's flags."""
        return {**self.flags, **{SHADOW + name: self.usual.get(name) for name in self.flags}}

    def beside(self, given: Flags) -> "Setting":
        """Return the setting with the flags that follow from given ones.

        Args:
            given: flags of the command line, by name.

        Raises:
            UserError: it is for other data sets, or a flag that it follows is not given.
        """
        name = given.get("dataset") or DataConfig.dataset
        if self.on and name not in self.on:
            raise UserError(f"--dataset of {listed(self.on)}", name)
        for own, other in self.follows.items():
            if given.get(other) is None:
                raise UserError(f"--{other}", "none")
            if given.get(own) is not None:
                raise UserError(f"no --{own}", f"--{own}={given[own]}, which is every setting's")
        values = {own: given[other] for own, other in self.follows.items()}
        return replace(self, flags={**self.flags, **self.on.get(name, {}), **values})

    def scaled(self, update: UpdateConfig) -> "Setting":
        """Return the setting with its multiples of the sweep's own update.

        Args:
            update: the owner's update without it.
        """
        own = {name: getattr(update, name) for name in self.factors}
        scaled = {name: type(value)(self.factors[name] * value) for name, value in own.items()}
        return replace(self, flags={**self.flags, **scaled}, usual={**self.usual, **own})

    def sized(self, samples: int) -> "Setting":
        """Return the setting with its counts of samples.

        Args:
            samples: number of the adversary's samples without it.
        """
        counts = {name: max(int(share * samples), 1) for name, share in self.shares.items()}
        return replace(self, flags={**self.flags, **counts})

"""Privacy of an update by DP-SGD: clipping and noise, and the epsilon that they guarantee."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ulk_tf.errors import UserError

# Ends of the names of flags, the owner's and the adversary's.
_SETTINGS = ("dp_clip", "dp_delta")
_SWITCHES = ("dp_noise_multiplier", "dp_epsilon")


@dataclass(frozen=True)
class Privacy:
    """Settings of DP-SGD (Abadi et al. 2016, algorithm 1), without subsampling.

    Attributes:
        clip: largest L2 norm of one sample's gradient, over all weights.
        noise_multiplier: standard deviation of the noise on a batch's sum of gradients, over
            `clip`.
        epochs: epochs of the update; each sample is in one batch of each.
        delta: delta of the guarantee.
    """

    clip: float
    noise_multiplier: float
    epochs: int
    delta: float

    @classmethod
    def of(
        cls,
        noise_multiplier: float | None,
        epsilon: float | None,
        clip: float,
        delta: float,
        epochs: int,
    ) -> "Privacy | None":
        """Make the settings from flags.

        Args:
            noise_multiplier: value of --dp_noise_multiplier.
            epsilon: value of --dp_epsilon, for which the noise is computed.
            clip: value of --dp_clip.
            delta: value of --dp_delta.
            epochs: epochs of the update.

        Returns:
            None where neither noise nor epsilon is given.

        Raises:
            UserError: dp-accounting, which computes noise for an epsilon, is not installed.
        """
        if epsilon is not None:
            noise_multiplier = _accountant().get_sigma_gaussian(epsilon, delta) * epochs**0.5
        if noise_multiplier is None:
            return None
        return cls(clip, noise_multiplier, epochs, delta)

    @property
    def epsilon(self) -> float:
        """Epsilon for one sample of the updating set, whose gradients are left out or not.

        Leaving them out moves no other sample into another batch. The batches are fixed, so nothing
        is gained by subsampling; k Gaussian mechanisms of noise multiplier z are one of z / sqrt(k)
        (Dong, Roth and Su 2022, corollary 3.3).

        Raises:
            UserError: dp-accounting is not installed.
        """
        if not self.noise_multiplier:
            return float("inf")
        together = self.noise_multiplier / self.epochs**0.5
        return float(_accountant().get_epsilon_gaussian(together, self.delta))

    @property
    def sentence(self) -> str:
        """Sentence on what an update guarantees."""
        return (
            f"It is DP-SGD: each sample's gradient is clipped to norm {self.clip:g}, with a noise "
            f"multiplier of {self.noise_multiplier:.4g}, so that for one of its samples epsilon is "
            f"{self.epsilon:.3g} at delta {self.delta:g}. What samples have in common, such as the "
            "distribution of their labels, is not covered."
        )


def refuse_idle(given: Mapping[str, Any], named: Collection[str]) -> None:
    """Refuse settings of DP-SGD for updates without it, which would not read them.

    Args:
        given: flags that were given, by name.
        named: names of all flags that have a value in this run, those that a sweep sets included.

    Raises:
        UserError: a setting of DP-SGD is given, and neither noise nor epsilon.
    """
    idle = [name for name in given if name.endswith(_SETTINGS) and given[name] is not None]
    if idle and not any(name.endswith(_SWITCHES) for name in named):
        raise UserError(
            f"--dp_noise_multiplier or --dp_epsilon beside --{idle[0]}: an update without DP-SGD "
            "does not read it",
            f"--{idle[0]}={given[idle[0]]} alone",
            "For clipping without noise, give --dp_noise_multiplier=0.",
        )


def _accountant() -> Any:
    try:
        import dp_accounting  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError(
            "dp-accounting, which computes epsilon",
            "it is not installed",
            "pip install 'ulk_tf[dp]'",
        ) from error
    return dp_accounting

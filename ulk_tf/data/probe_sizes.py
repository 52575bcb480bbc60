"""Sizes of probing sets, and of the blocks of candidates from which they are chosen."""

from ulk_tf.errors import UserError
from ulk_tf.settings.config import CHOSEN, ProbingConfig

# Samples of neither side, reserved for a probing set of the usual size.
RESERVED = 100
# A larger probing set takes samples of the adversary. On large data it always takes this many,
# so that all probing sets up to this size leave both sides the same samples.
LARGE_PROBING_SET, LARGE_DATA = 1000, 10_000


def candidates(config: ProbingConfig, samples: int, reserved: int) -> int:
    """Return the size of the probing set, or of the block from which it is chosen.

    Args:
        config: settings of the probing set.
        samples: number of samples that there are.
        reserved: those that are reserved for probes.

    Raises:
        UserError: as many probes would be chosen as there are candidates, or more.
    """
    probes = config.n_probes or reserved
    if config.probes != CHOSEN:
        return probes
    block = LARGE_PROBING_SET if samples >= LARGE_DATA else reserved
    if probes >= block:
        raise UserError(
            f"--n_probes below the {block} candidates of --probes={CHOSEN}",
            probes,
            "Lower --n_probes.",
        )
    return block

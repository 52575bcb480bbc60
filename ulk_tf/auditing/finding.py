"""A finding: what one attack answers to two versions of a target."""

from collections.abc import Mapping
from dataclasses import dataclass

from ulk_tf.files import Array
from ulk_tf.serving.loading import LoadedAttack


@dataclass(frozen=True)
class Finding:
    """Answer of one attack.

    Attributes:
        attack: which one.
        outputs: by name, without the batch.
    """

    attack: LoadedAttack
    outputs: Mapping[str, Array]

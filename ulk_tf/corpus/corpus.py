"""Corpus: base models, updates and posteriors of both sides, the input of attacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ulk_tf.classifiers.training import BaseModel
from ulk_tf.corpus.base_id import BaseId
from ulk_tf.corpus.updates import Updates
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import Role, Splits
from ulk_tf.files import Array


@dataclass(frozen=True)
class Corpus:
    """Corpora of both sides: an attack is trained on the adversary's and scored on the owner's.

    Attributes:
        key: identifier of its content, part of the keys of everything trained on it.
        dataset: the owner's data set; indices of target updates point into it.
        shadow_dataset: the adversary's data set; all other indices point into it. Mostly the
            same as `dataset`.
        splits: the samples of each side.
        probing_set: samples [probes, ...] with which every version was queried.
        bases: all base models by identity.
        updates: updates by role.
        warnings: sentences that readers of a result must see.
        reused: parts that were on disk already, as a phrase; empty if there were none.
        procedures: sentences by side: how it trains and updates its classifiers.
        seconds: seconds of training base models and of computing updates, where there were any.
        prior: class prior of the owner's updating sets, float64 [classes]; None if it is that of
            the samples.
        home: folder of all corpora and runs of the adversary's data set; None if it has none.
    """

    key: str
    dataset: Dataset
    shadow_dataset: Dataset
    splits: Splits
    probing_set: Array
    bases: dict[BaseId, BaseModel]
    updates: dict[Role, Updates]
    warnings: tuple[str, ...] = ()
    reused: str = ""
    procedures: Mapping[str, str] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    prior: Array | None = None
    home: Path | None = None

    def of_target(self, number: int) -> "Corpus":
        """Return the corpus with the updates of one target base model alone.

        Args:
            number: number of the target base model.
        """
        target = self.updates["target"]
        own = target.take(np.flatnonzero(target.base == number))
        return replace(self, updates={**self.updates, "target": own})

    @property
    def insider(self) -> bool:
        """True if the adversary has the owner's very base model."""
        return self._weights("target") == self._weights("shadow") != ""

    @property
    def one_shadow(self) -> bool:
        """True if all updates of the adversary are of one base model, from a file."""
        return self._weights("validation") == self._weights("shadow") != ""

    def _weights(self, role: Role) -> str:
        first = self.bases.get(BaseId(role, 0))
        return first.digest if first else ""


def added(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Add up seconds by the names of what they were spent on.

    Args:
        parts: seconds by name.
    """
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: round(sum(part.get(name, 0.0) for part in parts), 2) for name in names}

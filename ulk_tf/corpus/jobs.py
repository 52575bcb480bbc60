"""What a worker computes: a base model, or the posteriors of a range of planned updates."""

from dataclasses import dataclass
from functools import lru_cache

from ulk_tf.classifiers import zoo
from ulk_tf.classifiers.training import BaseModel, train_base
from ulk_tf.classifiers.updates import UpdateEngine
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import BaseSplit
from ulk_tf.files import Array
from ulk_tf.settings.config import TargetConfig, UpdateConfig


@dataclass(frozen=True)
class TrainingJob:
    """Train one base model.

    Attributes:
        base: its name.
        target: as `zoo.build` takes it.
        config: how it is trained.
        split: the samples that it may see.
        seed: of initial weights, order and dropout.
    """

    base: str
    target: str
    config: TargetConfig
    split: BaseSplit
    seed: int

    @property
    def what(self) -> str:
        """What the job does, for messages."""
        return f"training base model {self.base}"

    def run(self, dataset: Dataset) -> BaseModel:
        """The trained base model."""
        return train_base(self.target, self.config, dataset, self.split, self.seed)


@dataclass(frozen=True)
class UpdateJob:
    """Compute one shard: consecutive planned updates of one base model.

    Attributes:
        base: name of the base model.
        target: as `zoo.build` takes it.
        config: how an update goes.
        weights: of the base model.
        probes: int32 [n_probes], the probing set.
        indices: int32 [updates, set_size].
        seeds: int32 [updates, 2].
        first: number of the first of these updates in the plan of its base model.
        chunk_size: updates in one call of the graph.
    """

    base: str
    target: str
    config: UpdateConfig
    weights: tuple[Array, ...]
    probes: Array
    indices: Array
    seeds: Array
    first: int
    chunk_size: int

    @property
    def what(self) -> str:
        """What the job does, for messages."""
        last = self.first + len(self.indices) - 1
        return f"computing updates {self.first} to {last} of base model {self.base}"

    def run(self, dataset: Dataset) -> dict[str, Array]:
        """Posteriors by the same kernels in the same process.

        Returns:
            before: of the base model, float32 [probes, classes].
            after: after each update, float32 [updates, probes, classes].
        """
        engine = _engine(self.target, self.config, _Probes(dataset, self.probes))
        return {
            "before": engine.before(self.weights),
            "after": engine.after(
                self.weights,
                dataset.samples[self.indices],
                dataset.labels[self.indices],
                self.seeds,
                chunk_size=self.chunk_size,
                first=self.first,
            ),
        }


Job = TrainingJob | UpdateJob


class _Probes:
    """A probing set as a key: equal where indices and data are, in whatever copy."""

    def __init__(self, dataset: Dataset, indices: Array) -> None:
        self.dataset, self.indices = dataset, indices
        self._key = (dataset.fingerprint, indices.tobytes())

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Probes) and self._key == other._key


@lru_cache(maxsize=2)
def _engine(target: str, config: UpdateConfig, probes: _Probes) -> UpdateEngine:
    """One traced graph for all the shards of a worker."""
    dataset = probes.dataset
    model = zoo.build(target, dataset.sample_shape, dataset.classes, dataset.moments)
    return UpdateEngine(model, config, dataset.samples[probes.indices])

"""What a worker computes: a base model, or the posteriors of a range of planned updates."""

from dataclasses import dataclass
from functools import lru_cache

from ulk_tf.config import TargetConfig, UpdateConfig
from ulk_tf.data.datasets import Dataset
from ulk_tf.data.splits import BaseSplit
from ulk_tf.files import Array
from ulk_tf.target import zoo
from ulk_tf.target.training import BaseModel, train_base
from ulk_tf.target.updates import UpdateEngine


@dataclass(frozen=True)
class TrainingJob:
    """Train one base model."""

    target: str
    config: TargetConfig
    split: BaseSplit
    seed: int

    def run(self, dataset: Dataset) -> BaseModel:
        """The trained base model."""
        return train_base(self.target, self.config, dataset, self.split, self.seed)


@dataclass(frozen=True)
class UpdateJob:
    """Compute one shard: planned updates of one base model.

    Attributes:
        target: as `zoo.build` takes it.
        config: how an update goes.
        weights: of the base model.
        probes: int32 [n_probes], the probing set.
        indices: int32 [updates, set_size].
        seeds: int32 [updates, 2].
        chunk_size: updates in one call of the graph.
        first: number of the first of these updates in the plan of its base model.
    """

    target: str
    config: UpdateConfig
    weights: tuple[Array, ...]
    probes: Array
    indices: Array
    seeds: Array
    chunk_size: int
    first: int

    def run(self, dataset: Dataset) -> Array:
        """Posteriors after each update, float32 [updates, probes, classes]."""
        engine = _engine(
            self.target,
            self.config,
            dataset.sample_shape,
            dataset.classes,
            _Key(dataset, self.probes),
        )
        return engine.after(
            self.weights,
            dataset.samples[self.indices],
            dataset.labels[self.indices],
            self.seeds,
            self.chunk_size,
            self.first,
        )


Job = TrainingJob | UpdateJob


class _Key:
    """A probing set that can be a cache key: by its indices, and the data set they point into."""

    def __init__(self, dataset: Dataset, probes: Array) -> None:
        self.dataset, self.probes = dataset, probes

    def __hash__(self) -> int:
        return hash((id(self.dataset), self.probes.tobytes()))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and self.dataset is other.dataset
            and self.probes.tobytes() == other.probes.tobytes()
        )


@lru_cache(maxsize=2)
def _engine(
    target: str, config: UpdateConfig, shape: tuple[int, ...], classes: int, key: _Key
) -> UpdateEngine:
    """One traced graph for all the shards of a worker."""
    return UpdateEngine(zoo.build(target, shape, classes), config, key.dataset.samples[key.probes])

"""Configs of an experiment but for its attack: frozen dataclasses, checked when they are made.

Every field is a flag of the same name. `presets.py` fills them by attack, data set and preset.
"""

from dataclasses import dataclass
from typing import Literal

from ulk_tf import defences
from ulk_tf.errors import UserError
from ulk_tf.settings.validated import Validated, flag

Optimizer = Literal["sgd", "adam"]
ExecutorName = Literal["processes", "inline", "ray"]


def _check_classes(text: str) -> None:
    known_classes(text)


def known_classes(text: str) -> tuple[int, ...]:
    """Labels that a text such as `0-4` or `0,2,7` lists, ascending.

    Args:
        text: whole numbers and ranges, separated by commas.

    Raises:
        UserError: it is no such list.
    """
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UserError("--classes as labels and ranges, such as 0-4 or 0,2,7", repr(text))
        found.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(found))


@dataclass(frozen=True)
class DataConfig(Validated):
    """Data of one side: where its samples come from, and how it draws updating sets."""

    dataset: str = flag(
        "digits", "digits, any image-classification name of TFDS (mnist, cifar10), or a .npz file"
    )
    classes: str | None = flag(
        None, "labels of which it has samples, such as 0-4; all when none", check=_check_classes
    )
    samples: int | None = flag(
        None,
        "samples that it has, base set and pool; the owner 2/5 of all, at most 20000, the "
        "adversary (--shadow_samples) all the rest",
        2,
    )
    base_size: int | None = flag(
        None, "samples that one base model is trained on; half of the owner's samples", 1
    )
    label_skew: float | None = flag(
        None,
        "Dirichlet concentration of the labels in a set (0.5: skewed); independent when none",
        1e-3,
    )


@dataclass(frozen=True)
class ModelConfig(Validated):
    """Architecture of the classifiers."""

    target: str = flag(
        "auto",
        "auto, a name of the zoo (mnist_cnn, lenet, cnn32, digits_cnn, mlp) or module:function",
    )


@dataclass(frozen=True)
class TrainingConfig(Validated):
    """Base training: how a classifier is trained before any update."""

    base_optimizer: Optimizer = flag("sgd", "optimizer of the base training")
    base_learning_rate: float = flag(0.001, "learning rate of the base training", 0)
    base_momentum: float = flag(0.9, "momentum of the base training (sgd)", 0, 1)
    base_batch: int = flag(64, "samples in a batch of the base training", 1)
    base_epochs: int = flag(25, "epochs of the base training", 0)


@dataclass(frozen=True)
class UpdateConfig(Validated):
    """One update: a fresh optimizer, a few steps on the updating set, dropout active."""

    set_size: int = flag(1, "samples in an updating set", 1)
    update_optimizer: Optimizer = flag("sgd", "optimizer of the update")
    update_learning_rate: float = flag(0.001, "learning rate of the update", 0)
    update_momentum: float = flag(0.9, "momentum of the update (sgd)", 0, 1)
    update_batch: int = flag(64, "samples in a batch of the update", 1)
    update_epochs: int = flag(1, "epochs of the update", 1)
    compiled: bool = flag(
        True,
        "update a compiled model with its own optimizer and loss; false where a flag for the "
        "update's optimizer, learning rate or momentum is given",
    )


@dataclass(frozen=True)
class DefenceConfig(Validated):
    """Defence: what stands between the classifier and its clients."""

    defence: str | None = flag(
        None,
        "steps separated by commas, such as temperature:2,top_k:3,round:4; noise:0.01, "
        "sticky_noise:0.01, label; none: clients see every digit",
        check=defences.check,
    )


@dataclass(frozen=True)
class ProbingConfig(Validated):
    """Probing set: the samples that every classifier is asked about."""

    n_probes: int | None = flag(
        None, "samples in the probing set; 100 when none, a tenth of small data", 1
    )


@dataclass(frozen=True)
class CountsConfig(Validated):
    """Counts of base models and updates; more of them extend a corpus."""

    training_bases: int = flag(
        8, "base models of the adversary's that attacks are trained on; more beats more updates", 1
    )
    training_updates: int = flag(1000, "updates of each of them", 1)
    validation_bases: int = flag(1, "held-out base models of the adversary's, to stop early", 1)
    validation_updates: int = flag(200, "updates of each of them", 1)
    validation_samples: int | None = flag(
        None, "samples in the pool of the held-out base models; 1/12 of all, at most 4000", 1
    )
    target_bases: int = flag(3, "base models of the owner's; intervals are taken over them", 1)
    target_updates: int = flag(100, "updates of each of them, for testing", 2)


@dataclass(frozen=True)
class ExecutionConfig(Validated):
    """Execution: who computes a corpus; nothing here changes an update's bytes."""

    executor: ExecutorName = flag(
        "processes", "processes on this machine, inline (this process) or ray"
    )
    workers: int | None = flag(None, "worker processes; one for each core when none", 1)
    chunk_size: int = flag(50, "updates computed in one call of the graph", 1)
    ray_address: str | None = flag(None, "address of a Ray cluster; a local one when none")


@dataclass(frozen=True)
class FoldersConfig(Validated):
    """Folders: where data is, and where results go."""

    data_dir: str | None = flag(None, "where TFDS data is prepared; TFDS_DATA_DIR when not given")
    runs_dir: str = flag("runs", "folder of runs, corpora and base models")
    export_dir: str = flag("exported", "folder of exported attacks")

"""Configs of an experiment, except the attack's: frozen dataclasses, validated on construction.

Every field is a flag of the same name. `presets.py` fills them by attack, data set and preset.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

from ulk_tf import defences
from ulk_tf.errors import UserError
from ulk_tf.settings.class_labels import parse_classes
from ulk_tf.settings.update_config import Optimizer
from ulk_tf.settings.validated import Validated, flag

# Values of --probes for a probing set of random values, and for one that the adversary chooses.
NOISE, CHOSEN = "noise", "chosen"
ExecutorName = Literal["processes", "inline", "ray"]


@dataclass(frozen=True)
class DataConfig(Validated):
    """Data: the samples of a side, and how its updating sets are drawn from them."""

    dataset: str = flag(
        "digits",
        "digits, an image-classification data set of TFDS by name (mnist, cifar10), or a .npz file",
    )
    classes: str | None = flag(
        None,
        "labels of the classes that the side has samples of, such as 0-4 or 0,2,7; all when none",
        check=parse_classes,
    )
    new_classes: str | None = flag(
        None,
        "labels of classes that base models have never seen, such as 9; updating sets have them",
        check=partial(parse_classes, flag="--new_classes"),
    )
    samples: int | None = flag(
        None,
        "samples of the side, base sets and updating sets together; when none, the owner has 2/5 "
        "of all, at most 20000, and the adversary (--shadow_samples) the rest",
        2,
    )
    base_size: int | None = flag(
        None, "samples in the training set of a base model; half of the owner's when none", 1
    )
    label_skew: float | None = flag(
        None,
        "Dirichlet concentration of the labels in an updating set (0.5: few classes each); when "
        "none, samples are drawn uniformly",
        1e-3,
    )
    label_prior: float | None = flag(
        None,
        "Dirichlet concentration of the class prior that updating sets follow, drawn once from the "
        "seed (1: any prior is alike); when none, the prior of the samples",
        1e-3,
    )


def _check_procedure(text: str) -> None:
    module, colon, name = text.partition(":")
    if not (module and colon and name):
        raise UserError("--procedure=module:Class", repr(text))


@dataclass(frozen=True)
class ModelConfig(Validated):
    """Classifiers: their architecture, or what trains and updates them, and a trained one."""

    target: str = flag(
        "auto",
        "auto (by the shape of the samples), a built-in classifier (mnist_cnn, lenet, cnn32, "
        "digits_cnn, mlp), or module:function that builds yours",
    )
    procedure: str | None = flag(
        None,
        "module:Class with fit, update and predict_proba over arrays, in any framework (see "
        "docs/PROCEDURES.md); the built-in Keras training and update when none",
        check=_check_procedure,
    )
    base_model: str | None = flag(
        None,
        "trained classifier that is the base model, instead of base models trained here: a .keras "
        "file, which brings its architecture, or a .npz file with the weights of --target. "
        "--shadow_base_model=<the same file> makes the adversary an insider",
    )
    base_samples: str | None = flag(
        None,
        "samples that --base_model was trained on, as positions in the data set: a .npy, .npz or "
        ".txt file; when none, the array 'seen' of a .npz data set",
    )
    target_dropout: float | None = flag(
        None, "rate of all dropout layers of --target; their own rates when none", 0, 0.95
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.target_dropout is not None and self.procedure is not None:
            raise UserError("no --target_dropout with --procedure", self.target_dropout)


@dataclass(frozen=True)
class TrainingConfig(Validated):
    """Base training: the training of a classifier before any update."""

    base_optimizer: Optimizer = flag("sgd", "optimizer of the base training")
    base_learning_rate: float = flag(0.001, "learning rate of the base training", 0)
    base_momentum: float = flag(0.9, "momentum of the base training (sgd)", 0, 1)
    base_batch: int = flag(64, "batch size of the base training, in samples", 1)
    base_epochs: int = flag(25, "epochs of the base training", 0)
    base_compiled: bool = flag(
        True,
        "if --target gives a compiled model, train base models with that optimizer and loss; false "
        "when --base_optimizer, --base_learning_rate or --base_momentum is given",
    )


@dataclass(frozen=True)
class DefenceConfig(Validated):
    """Defence: changes to the posteriors before clients receive them."""

    defence: str | None = flag(
        None,
        f"steps from left to right, separated by commas, such as top_k:3,round:4, of "
        f"{defences.listed()}; none: clients receive the exact posteriors",
        check=defences.check,
    )


@dataclass(frozen=True)
class ProbingConfig(Validated):
    """Probing: the samples with which every classifier is queried, and how often."""

    n_probes: int | None = flag(
        None,
        "samples in the probing set; when none, 100, or a tenth of a data set of under 1000",
        1,
    )
    probes: str | None = flag(
        None,
        "samples of the probing set: noise; chosen, those of 1000 candidates (small data: of the "
        "reserved samples) that tell most of her own simulated updates; or samples of another "
        "data set (a TFDS name or a .npz file); reserved samples of --dataset when none",
    )
    probe_noise: float = flag(
        0.0,
        "changes each probe by Gaussian noise with this standard deviation, as a share of the "
        "range of the data's values",
        0,
        1,
    )
    probe_shift: int = flag(
        0, "shifts each probe, an image, at random by up to this many pixels", 0, 1000
    )
    probe_copies: int = flag(
        1,
        "copies of each probe that are changed by --probe_noise or --probe_shift, each in another "
        "way; --n_probes counts all copies",
        1,
    )
    repeat: int = flag(
        1,
        "times that each version is asked; answers are averaged, which only noise of --defence "
        "makes differ",
        1,
        100,
    )
    extraction_queries: int | None = flag(
        None,
        "samples that the adversary asks the target about before any update, to train all her "
        "shadow base models on its answers (model extraction); each of several target base models "
        "is attacked by itself; when none, they are trained on true labels",
        2,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.probe_copies > 1 and not self.changed:
            raise UserError("--probe_noise or --probe_shift with --probe_copies", "neither")
        if self.probe_copies > 1 and self.probes == CHOSEN:
            raise UserError(f"no --probe_copies with --probes={CHOSEN}", self.probe_copies)

    @property
    def changed(self) -> bool:
        """True if probes are changed before they are asked."""
        return self.probe_noise > 0 or self.probe_shift > 0


@dataclass(frozen=True)
class CountsConfig(Validated):
    """Counts of base models and updates; raising one extends the corpus on disk."""

    training_bases: int = flag(
        8,
        "shadow base models that attacks are trained on; more of them help more than more updates",
        1,
    )
    training_updates: int = flag(1000, "updates of each shadow base model", 1)
    validation_bases: int = flag(1, "held-out shadow base models, for early stopping", 1)
    validation_updates: int = flag(200, "updates of each held-out shadow base model", 1)
    validation_samples: int | None = flag(
        None,
        "samples for updates of the held-out shadow base models; 1/12 of all, at most 4000, when "
        "none",
        1,
    )
    target_bases: int = flag(
        3, "target base models, on which attacks are tested; confidence intervals are over them", 1
    )
    target_updates: int = flag(100, "updates of each target base model", 2)


@dataclass(frozen=True)
class ExecutionConfig(Validated):
    """Execution of a corpus' computation; it changes speed and memory, never a result."""

    executor: ExecutorName = flag(
        "processes", "executor: worker processes on this machine, inline (this process), or ray"
    )
    workers: int | None = flag(None, "worker processes; one for each core when none", 1)
    chunk_size: int = flag(50, "updates computed in one call of the TensorFlow graph", 1)
    ray_address: str | None = flag(
        None, "address of a running Ray cluster; when none, one is started on this machine"
    )


@dataclass(frozen=True)
class FoldersConfig(Validated):
    """Folders of input data and of results."""

    data_dir: str | None = flag(
        None, "folder of prepared TFDS data; TFDS_DATA_DIR or the default of TFDS when none"
    )
    runs_dir: str = flag("runs", "folder of runs, corpora and base models")
    export_dir: str = flag("exported", "folder of exported attacks")

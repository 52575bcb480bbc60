"""Everything that can be configured: frozen dataclasses, validated, one per thing.

Every field is a flag of the same name. `presets.py` fills them by attack, data set and preset.
"""

from dataclasses import dataclass
from typing import Literal

from ulk_tf.errors import UserError
from ulk_tf.settings.validated import Validated, flag

AttackName = Literal["li", "ssr", "lde", "msr"]
FeatureMap = Literal[
    "difference",
    "log_difference",
    "centred",
    "normalised",
    "pair",
    "by_class",
    "class_pairs",
    "published",
]
Optimizer = Literal["sgd", "adam"]
SetLossName = Literal["energy", "best_match"]
ClusteringName = Literal["matched", "kmeans"]


@dataclass(frozen=True)
class DataConfig(Validated):
    """Which samples there are, and who owns how many (paper: experimental setup)."""

    dataset: str = flag(
        "digits", "digits, any image-classification name of TFDS (mnist, cifar10), or a .npz file"
    )
    data_dir: str | None = flag(None, "where TFDS data is prepared; TFDS_DATA_DIR when not given")
    n_probes: int = flag(100, "samples in the probing set", 1)
    target_size: int | None = flag(
        None, "samples on the target's side, base set and pool; 2/5 of all, at most 20000", 2
    )
    validation_size: int | None = flag(
        None, "samples in the pool of the held-out shadow bases; 1/12 of all, at most 4000", 1
    )
    shadow_size: int | None = flag(None, "samples on the adversary's side; all the rest", 2)
    base_size: int | None = flag(
        None, "samples that one base model is trained on; half the target's side", 1
    )


@dataclass(frozen=True)
class TargetConfig(Validated):
    """The classifiers: architecture, base training, how many on each side."""

    target: str = flag(
        "auto",
        "auto, a name of the zoo (mnist_cnn, lenet, cnn32, digits_cnn, mlp) or module:function",
    )
    base_optimizer: Optimizer = flag("sgd", "optimizer of the base training")
    base_learning_rate: float = flag(0.001, "learning rate of the base training", 0)
    base_momentum: float = flag(0.9, "momentum of the base training (sgd)", 0, 1)
    base_batch: int = flag(64, "samples in a batch of the base training", 1)
    base_epochs: int = flag(25, "epochs of the base training", 0)
    shadow_bases: int = flag(8, "the adversary's own base models; more beats more updates", 1)
    validation_bases: int = flag(1, "held-out shadow bases, for early stopping", 1)
    target_bases: int = flag(3, "target base models; intervals are taken over them", 1)


@dataclass(frozen=True)
class UpdateConfig(Validated):
    """One update: a fresh optimizer, a few steps on the updating set, dropout active."""

    set_size: int = flag(1, "samples in an updating set", 1)
    label_skew: float | None = flag(
        None,
        "Dirichlet concentration of the labels in a set (0.5: skewed); independent when none",
        1e-3,
    )
    update_optimizer: Optimizer = flag("sgd", "optimizer of the update")
    update_learning_rate: float = flag(0.001, "learning rate of the update", 0)
    update_momentum: float = flag(0.9, "momentum of the update (sgd)", 0, 1)
    update_batch: int = flag(64, "samples in a batch of the update", 1)
    update_epochs: int = flag(1, "epochs of the update", 1)


@dataclass(frozen=True)
class CorpusConfig(Validated):
    """How many updates, and who computes them; none of it changes an update's bytes."""

    shadow_updates: int = flag(1000, "updates of each shadow base", 1)
    validation_updates: int = flag(200, "updates of each held-out shadow base", 1)
    target_updates: int = flag(100, "updates of each target base, for testing", 2)
    executor: Literal["processes", "inline", "ray"] = flag(
        "processes", "who computes: processes on this machine, inline (this process) or ray"
    )
    workers: int | None = flag(None, "worker processes; one for each core when none", 1)
    chunk_size: int = flag(50, "updates computed in one call of the graph", 1)
    ray_address: str | None = flag(None, "address of a Ray cluster; a local one when none")


@dataclass(frozen=True)
class LabelConfig(Validated):
    """A_LI and A_LDE: shared encoder, dense decoder, softmax (paper: sections on A_LI, A_LDE)."""

    feature_map: FeatureMap = flag("class_pairs", "how posteriors before and after become features")
    hidden: int = flag(256, "width of the encoder's first layer", 4)
    dropout: float = flag(0.4, "dropout rate in encoder and decoder", 0, 0.95)
    epochs: int = flag(30, "most epochs over the shadow corpus", 1)
    patience: int = flag(6, "epochs without a better validation loss before stopping", 1)
    batch: int = flag(128, "updates in a batch", 1)
    learning_rate: float = flag(2e-3, "Adam learning rate", 0)
    weight_decay: float = flag(1e-4, "Adam weight decay", 0)
    ensemble: int = flag(1, "attack models whose answers are averaged", 1)


@dataclass(frozen=True)
class SsrConfig(LabelConfig):
    """A_SSR: an autoencoder's decoder behind the shared encoder (paper: section on A_SSR)."""

    feature_map: FeatureMap = flag("by_class", "how posteriors before and after become features")
    dropout: float = flag(0.2, "dropout rate in the encoder", 0, 0.95)
    code_dim: int = flag(64, "width of the autoencoder's code", 2)
    autoencoder_epochs: int = flag(30, "epochs of the autoencoder", 1)


@dataclass(frozen=True)
class MsrConfig(Validated):
    """A_MSR: BM-GAN, then clustering (paper: section on A_MSR)."""

    feature_map: FeatureMap = flag("class_pairs", "how posteriors before and after become features")
    hidden: int = flag(256, "width of the encoder's first layer", 4)
    dropout: float = flag(0.2, "dropout rate in the encoder", 0, 0.95)
    noise_dim: int = flag(50, "width of the generator's noise", 1)
    transfer: bool = flag(
        True, "begin from an autoencoder's decoder and shadow samples' codes, not from noise"
    )
    autoencoder_epochs: int = flag(15, "epochs of the autoencoder, with --transfer", 1)
    code_dim: int = flag(50, "width of the code that the encoder gives the generator", 1)
    generator: Literal["auto", "dense", "conv"] = flag(
        "auto", "dense, conv (colour), or by data set"
    )
    generator_width: int = flag(512, "width of the generator; the paper's is 2048", 8)
    labels: bool = flag(True, "estimate the label distribution and give each sample a label")
    label_epochs: int = flag(20, "epochs of the label distribution estimator, with --labels", 1)
    label_dropout: float = flag(0.4, "dropout rate of that estimator", 0, 0.95)
    samples_per_set: int | None = flag(
        None, "samples generated for a set in one training step; its size when none", 1
    )
    set_loss: SetLossName = flag(
        "energy", "what a generated set is judged by: energy (distance) or best_match (the paper's)"
    )
    adversarial_weight: float = flag(1e-5, "weight of the adversarial loss beside that", 0)
    sets_per_step: int | None = flag(
        None, "updating sets in one training step; as many as hold 400 samples when none", 1, 64
    )
    epochs: int = flag(12, "most epochs; each ends with a look at held-out shadow bases", 1)
    epoch_steps: int | None = flag(
        None, "training steps in an epoch; as many as all shadow updates make when none", 1
    )
    patience: int = flag(3, "epochs without a better validation score before stopping", 1)
    learning_rate: float = flag(1e-4, "Adam learning rate of generator and encoder", 0)
    discriminator_learning_rate: float = flag(2e-4, "Adam learning rate of the discriminator", 0)
    precision: Literal["float32", "mixed_bfloat16"] = flag("float32", "precision of the training")
    clustering: ClusteringName = flag(
        "matched",
        "centres matched with sets of samples one for one (matched), or kmeans (the paper's)",
    )
    cluster_samples: int = flag(4000, "samples generated for clustering; the paper's is 20000", 1)


@dataclass(frozen=True)
class OutputConfig(Validated):
    """Where things go."""

    runs_dir: str = flag("runs", "folder of runs, corpora and base models")
    export_dir: str = flag("exported", "folder of exported attacks")


AttackConfig = LabelConfig | SsrConfig | MsrConfig
ATTACK_CONFIGS: dict[str, type[LabelConfig] | type[SsrConfig] | type[MsrConfig]] = {
    "li": LabelConfig,
    "ssr": SsrConfig,
    "lde": LabelConfig,
    "msr": MsrConfig,
}


@dataclass(frozen=True)
class Experiment:
    """One run of one attack: all of its configs.

    Attributes:
        attack_name: li, ssr, lde or msr.
        preset: the preset that flags were laid over.
        seed: the seed from which all randomness is drawn.
    """

    attack_name: AttackName
    preset: str
    seed: int
    data: DataConfig
    target: TargetConfig
    update: UpdateConfig
    corpus: CorpusConfig
    attack: AttackConfig
    output: OutputConfig

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**31:
            raise UserError("--seed from 0 to 2147483647", self.seed)
        if self.attack_name in ("li", "ssr") and self.update.set_size != 1:
            raise UserError(
                f"--set_size=1 for the single-sample attack {self.attack_name}",
                self.update.set_size,
                "lde and msr take larger sets.",
            )
        if (
            isinstance(self.attack, MsrConfig)
            and self.attack.cluster_samples < self.update.set_size
        ):
            raise UserError(
                f"--cluster_samples to be at least --set_size={self.update.set_size}",
                self.attack.cluster_samples,
            )

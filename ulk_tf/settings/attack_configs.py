"""Configs of the attacks: what decides how one is trained."""

from dataclasses import dataclass
from typing import Literal

from ulk_tf.errors import UserError
from ulk_tf.settings.validated import Validated, flag

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
SetLossName = Literal["energy", "best_match"]
ClusteringName = Literal["matched", "kmeans"]


class AttackConfig(Validated):
    """A config of an attack."""

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """Raise `UserError` where the attack cannot do with these sizes of updating sets.

        Args:
            attack: its name.
            owner_size: samples in an updating set of the owner's.
            adversary_size: samples in one of the adversary's.
        """


def check_single(attack: str, owner_size: int, adversary_size: int) -> None:
    """Raise `UserError` unless both sides update with single samples."""
    for flag_name, size in (("set_size", owner_size), ("shadow_set_size", adversary_size)):
        if size != 1:
            raise UserError(
                f"--{flag_name}=1 for the single-sample attack {attack}",
                size,
                "lde and msr take larger sets.",
            )


@dataclass(frozen=True)
class LabelConfig(AttackConfig):
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

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """A_LI is of single samples; A_LDE takes sets of any size."""
        if attack == "li":
            check_single(attack, owner_size, adversary_size)


@dataclass(frozen=True)
class SsrConfig(LabelConfig):
    """A_SSR: an autoencoder's decoder behind the shared encoder (paper: section on A_SSR)."""

    feature_map: FeatureMap = flag("by_class", "how posteriors before and after become features")
    dropout: float = flag(0.2, "dropout rate in the encoder", 0, 0.95)
    code_dim: int = flag(64, "width of the autoencoder's code", 2)
    autoencoder_epochs: int = flag(30, "epochs of the autoencoder", 1)

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """A_SSR is of single samples."""
        check_single(attack, owner_size, adversary_size)


@dataclass(frozen=True)
class MsrConfig(AttackConfig):
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

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """A_MSR needs as many samples to cluster as a set has, and knows the size of a set."""
        if self.cluster_samples < owner_size:
            raise UserError(
                f"--cluster_samples to be at least --set_size={owner_size}", self.cluster_samples
            )
        if owner_size != adversary_size:
            raise UserError(
                f"--shadow_set_size={owner_size}, the owner's, for {attack}",
                adversary_size,
                "It reconstructs as many samples as it was trained for.",
            )

"""Attack configs: networks, losses and training of each attack."""

from dataclasses import dataclass
from typing import ClassVar, Literal

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
    """Config of an attack.

    Attributes:
        mixtures: True if the attack takes updating sets of several sizes.
        priors: True if the attack's baselines know the class prior of updating sets.
    """

    mixtures: ClassVar[bool] = False
    priors: ClassVar[bool] = False

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """Raise `UserError` if the attack does not support these sizes of updating sets.

        Args:
            attack: name of the attack.
            owner_size: samples in an updating set of the owner.
            adversary_size: samples in an updating set of the adversary.
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

    mixtures: ClassVar[bool] = True
    priors: ClassVar[bool] = True

    feature_map: FeatureMap = flag(
        "class_pairs",
        "features that the attack computes from the posteriors before and after an update",
    )
    hidden: int = flag(256, "units in the encoder's first layer", 4)
    dropout: float = flag(0.4, "dropout rate in encoder and decoder", 0, 0.95)
    epochs: int = flag(30, "epochs over the shadow updates, at most", 1)
    patience: int = flag(6, "epochs without a lower validation loss after which training stops", 1)
    batch: int = flag(128, "updates in a training batch", 1)
    learning_rate: float = flag(2e-3, "learning rate of Adam", 0)
    weight_decay: float = flag(1e-4, "weight decay of Adam", 0)
    ensemble: int = flag(1, "attack models in the ensemble; their outputs are averaged", 1)

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """Require sets of one sample for A_LI; A_LDE takes sets of any size."""
        if attack == "li":
            check_single(attack, owner_size, adversary_size)


@dataclass(frozen=True)
class SsrConfig(LabelConfig):
    """A_SSR: shared encoder, then the decoder of an autoencoder (paper: section on A_SSR)."""

    priors: ClassVar[bool] = False

    feature_map: FeatureMap = flag(
        "by_class",
        "features that the attack computes from the posteriors before and after an update",
    )
    dropout: float = flag(0.2, "dropout rate in the encoder", 0, 0.95)
    code_dim: int = flag(64, "dimensions of the autoencoder's code", 2)
    autoencoder_epochs: int = flag(30, "training epochs of the autoencoder", 1)

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """Require sets of one sample on both sides."""
        check_single(attack, owner_size, adversary_size)


@dataclass(frozen=True)
class MsrConfig(AttackConfig):
    """A_MSR: BM-GAN, then clustering (paper: section on A_MSR)."""

    feature_map: FeatureMap = flag(
        "class_pairs",
        "features that the attack computes from the posteriors before and after an update",
    )
    hidden: int = flag(256, "units in the encoder's first layer", 4)
    dropout: float = flag(0.2, "dropout rate in the encoder", 0, 0.95)
    noise_dim: int = flag(50, "dimensions of the generator's noise input", 1)
    transfer: bool = flag(
        True,
        "start the generator from an autoencoder's decoder, fed with codes of shadow samples; "
        "false: train it from random weights on noise, as in the paper",
    )
    autoencoder_epochs: int = flag(15, "training epochs of the autoencoder, with --transfer", 1)
    code_dim: int = flag(50, "dimensions of the encoder's output, an input of the generator", 1)
    generator: Literal["auto", "dense", "conv"] = flag(
        "auto", "layers of the generator; auto: conv for colour images, else dense"
    )
    generator_width: int = flag(512, "units in a layer of the generator; 2048 in the paper", 8)
    labels: bool = flag(True, "estimate the label distribution too, and label each sample")
    label_epochs: int = flag(
        20, "training epochs of the label distribution estimator, with --labels", 1
    )
    label_dropout: float = flag(
        0.4, "dropout rate of the label distribution estimator, with --labels", 0, 0.95
    )
    samples_per_set: int | None = flag(
        None, "samples generated for each set in a training step; --set_size when none", 1
    )
    set_loss: SetLossName = flag(
        "energy",
        "loss between a generated and a real set: energy distance, or best_match as in the paper",
    )
    adversarial_weight: float = flag(
        1e-5, "weight of the discriminator's loss, relative to --set_loss", 0
    )
    sets_per_step: int | None = flag(
        None, "updating sets in a training step; when none, as many as hold 400 samples", 1, 64
    )
    epochs: int = flag(12, "training epochs, at most; each ends with a validation", 1)
    epoch_steps: int | None = flag(
        None, "training steps in an epoch; when none, one pass over all shadow updates", 1
    )
    patience: int = flag(
        3, "epochs without a better validation score after which training stops", 1
    )
    learning_rate: float = flag(1e-4, "learning rate of Adam for generator and encoder", 0)
    discriminator_learning_rate: float = flag(
        2e-4, "learning rate of Adam for the discriminator", 0
    )
    precision: Literal["auto", "float32", "mixed_bfloat16"] = flag(
        "auto",
        "number format of the training's arithmetic; auto: mixed_bfloat16 on processors with AMX, "
        "else float32",
    )
    clustering: ClusteringName = flag(
        "matched",
        "clustering of generated samples: matched (each set assigns one sample to each centre), "
        "or kmeans as in the paper",
    )
    cluster_samples: int = flag(
        4000, "samples generated for the clustering of a set; 20000 in the paper", 1
    )

    def check(self, attack: str, owner_size: int, adversary_size: int) -> None:
        """Require equal set sizes on both sides, and at least as many samples to cluster."""
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

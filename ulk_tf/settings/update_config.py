"""Config of an update: what it does to a classifier, and by which steps."""

from dataclasses import dataclass, fields
from typing import Literal

from ulk_tf.errors import UserError
from ulk_tf.settings.privacy import Privacy
from ulk_tf.settings.validated import Validated, flag

Optimizer = Literal["sgd", "adam"]
UpdateMethod = Literal[
    "fine_tuning",
    "retraining",
    "unlearning_by_retraining",
    "unlearning_by_fine_tuning",
    "unlearning_by_ascent",
]


def _check_sizes(text: str) -> None:
    sizes_of(text)


# Sizes in one mixture, at most: a worker has a graph of each.
MOST_SIZES = 4


def sizes_of(text: str) -> tuple[int, ...]:
    """Parse a list of set sizes such as `10,50,100`.

    Args:
        text: whole numbers, separated by commas.

    Raises:
        UserError: the text is not such a list, or one does not divide the largest.
    """
    parts = [part.strip() for part in text.split(",")]
    sizes = tuple(int(part) for part in parts if part.isdecimal())
    whole = len(sizes) == len(parts) <= MOST_SIZES and min(sizes) > 0
    if not whole or any(max(sizes) % size for size in sizes):
        raise UserError(
            f"--set_sizes of at most {MOST_SIZES} whole numbers that divide the largest, such as "
            "10,50,100",
            repr(text),
        )
    return sizes


FROM_SCRATCH: tuple[UpdateMethod, ...] = ("retraining", "unlearning_by_retraining")


def refused_beside(method: UpdateMethod) -> tuple[str, ...]:
    """Names of the settings that have no meaning for an update method.

    Args:
        method: the update method.

    Example:
        >>> refused_beside("unlearning_by_ascent")
        ('old_samples', 'updates_between')
    """
    if method == "fine_tuning":
        return ()
    trains = ("trained_layers", "dp_noise_multiplier", "dp_epsilon") * (method in FROM_SCRATCH)
    names = ("old_samples", "updates_between", *trains)
    return names[1:] if method == "unlearning_by_fine_tuning" else names


@dataclass(frozen=True)
class UpdateConfig(Validated):
    """Update: a new optimizer takes a few steps on the updating set, with dropout active."""

    set_size: int = flag(1, "samples in an updating set", 1)
    set_sizes: str | None = flag(
        None,
        "sizes of updating sets that a base model's updates take in turn, such as 10,50,100; each "
        "divides the largest, which is --set_size; only for lde",
        check=_check_sizes,
    )
    update_method: UpdateMethod = flag(
        "fine_tuning",
        "what an update does: fine_tuning of the base model on the updating set; retraining from "
        "scratch on it and the old samples; or unlearning of an updating set that is drawn from "
        "the old samples, by retraining without it, by fine_tuning on other old samples, or by "
        "gradient ascent on it",
    )
    old_samples: int = flag(
        0,
        "old samples, on which the base model was trained, that are mixed into each updating set, "
        "drawn anew; unlearning_by_fine_tuning takes so many, and all others when 0",
        0,
    )
    updates_between: int = flag(
        1,
        "updates one after the other between the two looks, each with an updating set and an "
        "optimizer of its own; attacks infer the last",
        1,
    )
    trained_layers: int | None = flag(
        None,
        "layers with weights that an update trains, counted from the last; the others are frozen; "
        "all when none",
        1,
    )
    update_optimizer: Optimizer = flag("sgd", "optimizer of the update")
    update_learning_rate: float = flag(0.001, "learning rate of the update", 0)
    update_momentum: float = flag(0.9, "momentum of the update (sgd)", 0, 1)
    update_batch: int = flag(64, "batch size of the update, in samples", 1)
    update_epochs: int = flag(1, "epochs of the update over its updating set", 1)
    compiled: bool = flag(
        True,
        "if --target gives a compiled model, update it with that optimizer and loss; false when "
        "--update_optimizer, --update_learning_rate or --update_momentum is given",
    )
    dp_noise_multiplier: float | None = flag(
        None,
        "update by DP-SGD with this noise multiplier (noise on a batch's sum of gradients over "
        "--dp_clip); 0 only clips; none: an update without DP-SGD",
        0,
    )
    dp_epsilon: float | None = flag(
        None,
        "update by DP-SGD with the noise multiplier that gives this epsilon for one sample of an "
        "updating set",
        1e-3,
    )
    dp_clip: float = flag(1.0, "largest L2 norm of one sample's gradient, for DP-SGD", 1e-6)
    dp_delta: float = flag(1e-5, "delta of DP-SGD", 1e-12, 0.5)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dp_noise_multiplier is not None and self.dp_epsilon is not None:
            raise UserError("--dp_noise_multiplier or --dp_epsilon", "both")
        if max(self.sizes) != self.set_size:
            raise UserError(f"--set_sizes up to --set_size={self.set_size}", self.set_sizes)
        self._refuse_beside(self.update_method)

    def _refuse_beside(self, method: UpdateMethod) -> None:
        """Raise `UserError` for settings that have no meaning for an update method."""
        for item in fields(self):
            if item.name in refused_beside(method):
                value = getattr(self, item.name)
                if value != item.default:
                    raise UserError(
                        f"no --{item.name} with --update_method={method}", f"--{item.name}={value}"
                    )

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of updating sets, which the updates of a base model take in turn."""
        return (self.set_size,) if self.set_sizes is None else sizes_of(self.set_sizes)

    @property
    def from_scratch(self) -> bool:
        """True if an update trains a new classifier instead of the base model."""
        return self.update_method in FROM_SCRATCH

    @property
    def removes(self) -> bool:
        """True if an update removes its updating set, which is one of old samples."""
        return self.update_method.startswith("unlearning")

    @property
    def reads_old(self) -> bool:
        """True if an update reads samples on which the base model was trained."""
        return self.removes or self.from_scratch or self.old_samples > 0

    @property
    def privacy(self) -> Privacy | None:
        """Settings of DP-SGD; None for an update without it."""
        return Privacy.of(
            self.dp_noise_multiplier,
            self.dp_epsilon,
            self.dp_clip,
            self.dp_delta,
            self.update_epochs,
        )

"""Keys: the settings that decide a file's name, in one table.

| what | is found by |
|---|---|
| a base model | data set, its own samples, architecture, `TRAINING`, its seed |
| a corpus of one side | data set, the side's samples, architecture, `TRAINING`, `UPDATE`, probes |
| a run's folder | every setting that is not its default |

The fields listed here always count. A field that is added later counts only where it is not its
default, so that a new field changes no name.
"""

from dataclasses import asdict, fields
from typing import Any

from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.experiment import Experiment, Party

TRAINING = ("base_optimizer", "base_learning_rate", "base_momentum", "base_batch", "base_epochs")
UPDATE = (
    "set_size",
    "update_optimizer",
    "update_learning_rate",
    "update_momentum",
    "update_batch",
    "update_epochs",
)


def training_key(config: TrainingConfig) -> dict[str, Any]:
    """The settings of base training that decide a base model's weights."""
    return _counting(config, TRAINING)


def update_key(party: Party) -> dict[str, Any]:
    """The settings of a side's updates that decide its updating sets and posteriors."""
    values = _counting(party.update, UPDATE) | {"label_skew": party.data.label_skew}
    # The engine's version, which is part of every corpus' key, tells whose optimizer was taken.
    values.pop("compiled", None)
    return values


def run_key(experiment: Experiment) -> dict[str, Any]:
    """Every setting of a run that is not its default, nested as in `Experiment`."""
    parts = {
        name: getattr(experiment, name)
        for name in ("probing", "counts", "execution", "attack", "folders")
    }
    for side in ("owner", "adversary"):
        party = getattr(experiment, side)
        parts |= {f"{side}.{item.name}": getattr(party, item.name) for item in fields(party)}
    changed = {name: _counting(part, ()) for name, part in parts.items()}
    return changed | {"attack_name": experiment.attack_name, "seed": experiment.seed}


def _counting(config: Any, always: tuple[str, ...]) -> dict[str, Any]:
    defaults = {item.name: item.default for item in fields(config)}
    values = asdict(config)
    return {
        name: value for name, value in values.items() if name in always or value != defaults[name]
    }

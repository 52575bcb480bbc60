"""Keys: the settings that decide a file's name, in one table.

| file | key |
|---|---|
| a base model | data set, training samples, architecture, `TRAINING`, training loop, seed |
| a base model from a file | its weights, and nothing else |
| a corpus of one side | a base model's, for all of them; `UPDATE`, engine, probes |
| a run's folder | every setting that differs from its default |

Architecture, training loop and engine are digests or versions that a procedure names; a user's has
one for all three, of its source, and only the settings that it reads are part of a key. Defences of
answers are part of no corpus' key, since they are applied when it is read.

The fields of `TRAINING` and `UPDATE` are always part of a key. Any other field is part of it only
if it differs from its default, so that a new field leaves existing names unchanged.
"""

from dataclasses import asdict, fields
from typing import Any

from ulk_tf.settings.config import TrainingConfig
from ulk_tf.settings.experiment import Experiment, Party

# Parts of an experiment that do not affect the figures of a result.
SILENT = ("folders", "execution")
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
    """Return the settings of base training that decide a base model's weights, by name."""
    values = _counting(config, TRAINING)
    # The version of the training loop, part of every key of a base model, depends on it already.
    values.pop("base_compiled", None)
    return values


def update_key(party: Party) -> dict[str, Any]:
    """Return the settings that decide a side's updating sets and posteriors, by name."""
    values = _counting(party.update, UPDATE) | {"label_skew": party.data.label_skew}
    if party.data.label_prior is not None:
        values["label_prior"] = party.data.label_prior
    # The engine's version, part of every corpus' key, already depends on this setting.
    values.pop("compiled", None)
    return values


def run_key(experiment: Experiment) -> dict[str, Any]:
    """Return every setting of a run that differs from its default, nested as in `Experiment`."""
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

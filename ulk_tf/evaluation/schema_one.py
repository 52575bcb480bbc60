"""Results and exports of schema 1, as they are read today.

| schema 1 | schema 2 |
|---|---|
| metrics `gain_over_<baseline>` and `gain_over_<baseline>_samples` | gains `<metric>:<baseline>` |
| config parts `data`, `target`, `update`, `corpus`, `output` | see `Experiment` |
| flags of earlier names | see `settings.cli.RENAMED` |
| timing `<stage>_seconds` | `<stage>`: `seconds` |
"""

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ulk_tf.evaluation.compared import key_of
from ulk_tf.settings import presets
from ulk_tf.settings.attack_table import ATTACKS, attack_row
from ulk_tf.settings.cli import RENAMED

_GAIN, _SAMPLES = "gain_over_", "_samples"
# The number of probes that was the default then, and the same as none today.
_PROBES = 100


def upgraded(results: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a results.json of schema 1 in the shape of schema 2.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: it is none.
    """
    attack = results["attack"]
    metrics, gains = split_gains(attack, results["metrics"])
    return {
        "attack": attack,
        "dataset": results["dataset"],
        "config": config_of(results["config"]),
        "environment": results["environment"],
        "timing": {
            name.removesuffix("_seconds"): {"seconds": value}
            for name, value in results["timing"].items()
        },
        "procedures": {},
        "export": "",
        "held_out": {},
        "warnings": [],
        "metrics": metrics,
        "baselines": results["baselines"],
        "gains": gains,
        "published": results["published"],
    }


def upgraded_export(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a ulk.json of schema 1 in the shape of schema 2.

    An export may come from a stranger: a part that cannot be read is left as it is.
    """
    new = dict(metadata)
    row = ATTACKS.get(str(metadata.get("attack")))
    new |= {"gains": {}, "warnings": []}
    if row is not None:
        new |= {"output": row.output, "unit": row.unit}
    if row is not None and isinstance(metadata.get("metrics"), Mapping):
        new["metrics"], new["gains"] = split_gains(row.name, metadata["metrics"])
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        new["config"] = config_of(metadata["config"])
    return new


def split_gains(attack: str, metrics: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metrics without gains, and the gains by `<metric>:<baseline>`.

    Args:
        attack: its name; a gain was one of its headline metric, or of samples.
        metrics: metrics of schema 1.
    """
    first = attack_row(attack).headline
    own, gains = {}, {}
    for name, value in metrics.items():
        if not name.startswith(_GAIN):
            own[name] = value
            continue
        other = name.removeprefix(_GAIN)
        of = first
        if other.endswith(_SAMPLES) and "matched_mse_samples" in metrics:
            other, of = other.removesuffix(_SAMPLES), "matched_mse_samples"
        gains[key_of(of, other)] = value
    return own, gains


def config_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a schema 1 results.json, as `dataclasses.asdict` of an `Experiment`.

    Every field goes to the part that has it today. Values that no field takes are refused.

    Raises:
        TypeError: a field that is none, or a value that does not fit.
    """
    attack = config["attack_name"]
    flags: dict[str, Any] = {}
    for values in config.values():
        if isinstance(values, Mapping):
            flags |= {(RENAMED.get(name) or name): value for name, value in values.items()}
    if flags["n_probes"] == _PROBES and not flags["dataset"].endswith(".npz"):
        flags["n_probes"] = None
    # All that was set then counted for both sides, but for how many samples each had.
    experiment = presets.experiment(attack, config["preset"], seed=config["seed"], **flags)
    found = dataclasses.asdict(experiment)
    # Every field was written down then; only one that the preset does not set was a flag.
    given = presets.flags_of(found)
    for side in ("owner", "adversary"):
        for part, switch in (("update", "compiled"), ("training", "base_compiled")):
            names = presets.OF_COMPILING[switch]
            found[side][part][switch] = not any(name in given for name in names)
    return found

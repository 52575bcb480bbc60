"""Export: write a trained attack as a SavedModel that TF Serving runs.

Files of an export:

    <export_dir>/<dataset>_<attack>/<version>/
        saved_model.pb  variables/  fingerprint.pb
        assets.extra/      description, probing set, warm-up; see `serving.assets`
        assets.extra/seal  marks an export as made by this user; see `serving.seal`

A version appears complete or not at all: it is built in a folder beside its final place whose
name is not an integer, so that a server ignores it, then checked, synced to disk and renamed.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from ulk_tf.attacks.signature import TrainedAttack
from ulk_tf.data.datasets import short_name
from ulk_tf.errors import UserError
from ulk_tf.files import Array, check_folder
from ulk_tf.serving import assets, conformance, seal

ATTEMPTS = 100


def export_attack(
    attack: TrainedAttack,
    *,
    export_dir: Path,
    dataset: str,
    probing_set: Array,
    metadata: Mapping[str, Any],
) -> Path:
    """Export `attack` as the next free version.

    Args:
        attack: its signatures become those of the SavedModel; one is `serving_default`.
        export_dir: the folder of all exports.
        dataset: name of the data set, or the path of a .npz file; part of the folder's name.
        probing_set: [probes, ...], the samples with which both versions are queried, as stored.
        metadata: JSON-able; `output`, `class_names`, `metrics`, `baselines`, `gains` and
            `config` go into the model card; other entries are stored in ulk.json.

    Returns:
        The version folder.

    Raises:
        UserError: `export_dir` cannot be written to, or TF Serving would not run the result.
    """
    check_folder(export_dir, "--export_dir")
    name = short_name(dataset)
    home = export_dir / f"{name}_{attack.name}"
    home.mkdir(parents=True, exist_ok=True)
    # Not `tempfile`, whose folders only their owner can read: the user's umask must apply.
    building = home / f".building-{secrets.token_hex(4)}"
    building.mkdir()
    try:
        endpoints = _save(attack, building)
        assets.write(
            building,
            attack.name,
            endpoints,
            dataset=name,
            probing_set=probing_set,
            metadata=metadata,
        )
        conformance.require(building, name="1")
        seal.seal(building)
        _sync(building)
        return _rename_to_next(building, home)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def versions(home: Path) -> list[int]:
    """List the version numbers of a model on disk, ascending.

    Args:
        home: the model's folder; it need not exist.
    """
    if not home.is_dir():
        return []
    names = (path.name for path in home.iterdir() if path.is_dir())
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def _save(attack: TrainedAttack, folder: Path) -> dict[str, Callable[..., dict[str, tf.Tensor]]]:
    """Write saved_model.pb and variables/; return the graphs of the signatures, by name."""
    endpoints = {}
    for name, signature in attack.signatures.items():
        specs = {
            label: tf.TensorSpec(spec.shape, spec.dtype, name=label)
            for label, spec in signature.inputs.items()
        }
        endpoints[name] = tf.function(signature.function, autograph=False).get_concrete_function(
            **specs
        )
    # Save only the variables that the signatures read: no optimizer, no metric.
    module = tf.Module()
    read = [variable for endpoint in endpoints.values() for variable in endpoint.graph.variables]
    module.state = list({id(variable): variable for variable in read}.values())
    tf.saved_model.save(module, str(folder), signatures=endpoints)
    return endpoints


def _sync(folder: Path) -> None:
    """Sync every file and folder under `folder` to disk."""
    for path in (*folder.rglob("*"), folder):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _rename_to_next(building: Path, home: Path) -> Path:
    """Rename a finished folder to the next free version; safe against concurrent exports."""
    for _ in range(ATTEMPTS):
        target = home / str(max(versions(home), default=0) + 1)
        try:
            # Renaming onto a folder that is not empty fails, so no version is overwritten.
            building.rename(target)
        except OSError as error:
            if not target.exists():
                raise UserError(
                    "--export_dir to be a folder that can be written to", f"{home} ({error})"
                ) from error
            continue
        return target
    raise UserError(
        "a free version number",
        f"{home}, where other processes took {ATTEMPTS} of them meanwhile",
        "Run again when they have finished.",
    )

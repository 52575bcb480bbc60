"""Assets: the files beside the graph of an export, in its `assets.extra`.

ulk.json                    description: attack, output, classes, metrics, config, versions
README.md                   the model card
probing_set.npz             `samples`, with which both versions of a target are queried
expected.npz                Keras's outputs for made-up inputs, for the conformance check
tf_serving_warmup_requests  replayed by the server while it loads
"""

import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ulk_tf import __version__
from ulk_tf.errors import UserError
from ulk_tf.evaluation.schema_one import upgraded_export
from ulk_tf.files import Array, digest, load_npz, read_json, save_npz, write_json, write_text
from ulk_tf.serving import card, numerics, warmup
from ulk_tf.serving.graph import Graph

Endpoint = Callable[..., Mapping[str, tf.Tensor]]
SCHEMA_VERSION = 2
MAX_METADATA = 16 * 2**20  # bytes
METADATA = Path("assets.extra") / "ulk.json"
CARD = Path("assets.extra") / "README.md"
# Restricted, since names of attacks become parts of file names.
NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
PROBING_SET = Path("assets.extra") / "probing_set.npz"


@dataclass(frozen=True)
class Extras:
    """Description of an export.

    Attributes:
        metadata: the content of ulk.json in schema 2; schema 1 is upgraded when it is read.
        probing_set: samples [probes, ...], as stored.
    """

    metadata: Mapping[str, Any]
    probing_set: Array


def write(
    folder: Path,
    name: str,
    endpoints: Mapping[str, Endpoint],
    *,
    dataset: str,
    probing_set: Array,
    metadata: Mapping[str, Any],
) -> None:
    """Write `assets.extra` into a folder that holds a SavedModel.

    Args:
        folder: holds the SavedModel of the attack.
        name: name of the attack.
        endpoints: the graphs of its signatures as they were saved, by name; each is run once on
            made-up inputs to record the outputs that are expected.
        dataset: name of the data set.
        probing_set: [probes, ...], as stored.
        metadata: JSON-able; see `serving.export.export_attack`.
    """
    (folder / "assets.extra").mkdir()
    signatures = Graph(folder).signatures
    made = {name: numerics.example_inputs(one, 2) for name, one in signatures.items()}
    pairs = {name: inputs for name, inputs in made.items() if inputs is not None}
    known = {
        "schema_version": SCHEMA_VERSION,
        "attack": name,
        "dataset": dataset,
        "probing_set": {
            "sha256": digest(probing_set),
            "dtype": probing_set.dtype.name,
            "shape": list(probing_set.shape),
        },
        "signatures": {
            name: {
                side: {
                    label: {"dtype": tensor.dtype, "shape": tensor.shape}
                    for label, tensor in tensors.items()
                }
                for side, tensors in (("inputs", one.inputs), ("outputs", one.outputs))
            }
            for name, one in sorted(signatures.items())
        },
        "warm_up": {"file": warmup.FILE.name, "records": len(pairs)},
        "versions": package_versions(),
    }
    content = known | {key: value for key, value in metadata.items() if key not in known}
    write_json(folder / METADATA, content)
    write_text(folder / CARD, card.render(content))
    save_npz(folder / PROBING_SET, {"samples": probing_set})
    save_npz(folder / numerics.EXPECTED, _expected(endpoints, pairs))
    model = f"{dataset}_{name}"
    requests = [
        warmup.Request(name, {label: value[:1] for label, value in inputs.items()}, model)
        for name, inputs in pairs.items()
    ]
    warmup.write(folder / warmup.FILE, requests)


def read(folder: Path) -> Extras:
    """Read and check the description of an export.

    Args:
        folder: the version folder of the export.

    Raises:
        UserError: a file is missing, damaged, or of a later schema.
    """
    wanted = "an attack exported by ulk_tf"
    if not (folder / METADATA).is_file():
        raise UserError(wanted, f"{folder}, which has no {METADATA}")
    metadata = read_json(folder / METADATA, MAX_METADATA)
    version = metadata.get("schema_version") if isinstance(metadata, dict) else None
    if version not in (1, SCHEMA_VERSION):
        raise UserError(
            f"{METADATA} of schema version 1 or {SCHEMA_VERSION}",
            f"{version} in {folder}",
            "Export the attack again.",
        )
    name = metadata.get("attack")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise UserError(
            f"{METADATA} that names an attack in letters, digits and _", f"another one in {folder}"
        )
    if version == 1:
        metadata = upgraded_export(metadata) | {"schema_version": SCHEMA_VERSION}
    samples = load_npz(folder / PROBING_SET, ("samples",))["samples"]
    described = metadata.get("probing_set")
    if not isinstance(described, dict) or digest(samples) != described.get("sha256"):
        raise UserError(
            f"a probing set that matches the sha256 in {METADATA}",
            f"another one in {folder}",
            "Export the attack again.",
        )
    return Extras(metadata, samples)


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that an export depends on, by name."""
    versions = {"ulk_tf": __version__, "python": platform.python_version()}
    for name in ("tensorflow", "keras", "numpy"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "unknown"
    return versions


def _expected(
    endpoints: Mapping[str, Endpoint], pairs: Mapping[str, Mapping[str, Array]]
) -> dict[str, Array]:
    """Run the attack in Keras on `pairs`; return thinned outputs by "signature/output"."""
    outputs = {}
    for name, inputs in pairs.items():
        tensors = {label: tf.constant(value) for label, value in inputs.items()}
        # A graph, as in a server: eager calls round differently, and clustering amplifies that.
        for label, value in endpoints[name](**tensors).items():
            outputs[f"{name}/{label}"] = numerics.thinned(np.asarray(value))
    return outputs

"""Small attacks for the serving tests: real Keras models, trained on nothing."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from ulk_tf import __main__ as commands
from ulk_tf.attacks.signature import Signature, TrainedAttack
from ulk_tf.serving.export import export_attack
from ulk_tf.serving.seal import seal
from ulk_tf.settings import cli

PROBES, CLASSES = 6, 3
PAIR = {
    "before": tf.TensorSpec([None, PROBES, CLASSES], tf.float32),
    "after": tf.TensorSpec([None, PROBES, CLASSES], tf.float32),
}
SEEDED = {**PAIR, "seeds": tf.TensorSpec([None, 2], tf.int32)}
PROBING_SET = np.arange(PROBES * 4 * 4, dtype=np.uint8).reshape(PROBES, 4, 4, 1)
METADATA = {
    "class_names": ["ant", "bee", "cat"],
    "metrics": {"accuracy": {"mean": 0.5, "low": 0.4, "high": 0.6, "n": 20}},
    "config": {"dataset": "toy", "set_size": 1},
}


def dense_model(seed: int = 0) -> keras.Model:
    before = keras.Input([PROBES, CLASSES], name="before")
    after = keras.Input([PROBES, CLASSES], name="after")
    moved = keras.layers.Flatten()(keras.layers.Subtract()([before, after]))
    hidden = keras.layers.Dense(
        8, "relu", kernel_initializer=keras.initializers.GlorotUniform(seed)
    )(moved)
    hidden = keras.layers.Dropout(0.5, seed=seed)(keras.layers.BatchNormalization()(hidden))
    output = keras.layers.Dense(
        CLASSES, "softmax", kernel_initializer=keras.initializers.GlorotUniform(seed + 1)
    )(hidden)
    return keras.Model([before, after], output)


def label_attack(name: str = "li", output: str = "label_probabilities") -> TrainedAttack:
    model = dense_model()

    def infer(before: tf.Tensor, after: tf.Tensor) -> dict[str, tf.Tensor]:
        return {output: model([before, after], training=False)}

    return TrainedAttack(name, (model,), {"serving_default": Signature(infer, PAIR)})


def sample_attack() -> TrainedAttack:
    def one(before: tf.Tensor, after: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"sample": (before - after)[:, :4, :3, None] * 0.5 + 0.5}

    return TrainedAttack("ssr", (), {"serving_default": Signature(one, PAIR)})


def seeded_attack() -> TrainedAttack:
    """Two signatures and chance: the shape of a multi-sample reconstruction."""
    model = dense_model(3)

    def raw(before: tf.Tensor, after: tf.Tensor, seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        code = model([before, after], training=False)
        noise = tf.map_fn(
            lambda seed: tf.random.stateless_uniform([10, 4, 4, 1], seed),
            seeds,
            fn_output_signature=tf.float32,
        )
        return {"samples": noise * code[:, :1, None, None, None]}

    def reconstruct(before: tf.Tensor, after: tf.Tensor, seeds: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"samples": raw(before, after, seeds)["samples"][:, :2]}

    signatures = {
        "serving_default": Signature(reconstruct, SEEDED),
        "raw_samples": Signature(raw, SEEDED),
    }
    return TrainedAttack("msr", (model,), signatures)


def exported(folder: Path, attack: TrainedAttack | None = None) -> Path:
    return export_attack(
        attack or label_attack(),
        export_dir=folder,
        dataset="toy",
        probing_set=PROBING_SET,
        metadata=METADATA,
    )


def exported_as(export: Path, home: Path, **metadata: object) -> Path:
    """A further version of an export, with other metadata; to trace its graph again takes seconds.

    Args:
        export: version folder of an export; is left alone.
        home: folder of the versions.
        **metadata: keys of ulk.json that differ.
    """
    number = 1 + max((int(one.name) for one in home.glob("[0-9]*")), default=0)
    folder = shutil.copytree(export, home / str(number))
    path = folder / "assets.extra" / "ulk.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | metadata))
    seal(folder)
    return folder


def run(*arguments: object) -> object:
    """The exit code of `python -m ulk_tf` with these arguments."""
    with pytest.raises(SystemExit) as ended:
        cli.run(commands.COMMANDS, list(map(str, arguments)))
    return ended.value.code

"""Trains A_MSR on two virtual devices and prints what a test wants to know, as JSON."""

import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

DEVICES = 2


def main(folder: Path, precision: str) -> None:
    """Train on a tiny corpus and compare what the devices hold."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * DEVICES
    )
    virtual = tf.config.list_logical_devices("CPU")
    tf.config.list_logical_devices = lambda kind: virtual if kind == "GPU" else []

    from tests.conftest import small_corpus
    from ulk_tf.attacks.msr import train_msr
    from ulk_tf.settings import presets

    small = {"set_size": 10, "training_updates": 60, "validation_updates": 40, "target_updates": 4}
    corpus = small_corpus("msr", folder, label_skew=0.5, base_epochs=1, **small)
    config = presets.experiment(
        "msr", "quick", epochs=2, label_epochs=1, autoencoder_epochs=1, precision=precision
    ).attack
    trained = train_msr(config, corpus, 0, folder / "logs")
    (gan,) = trained.attack.models
    copies = [
        [np.array(copy) for copy in variable.value.values]
        for variable in gan.generator.trainable_variables + gan.discriminator.trainable_variables
    ]
    target = corpus.updates["target"]
    signature = trained.attack.signatures["serving_default"]
    seeds = tf.constant([[1, 2]])
    answer = signature.function(target.before[:1], target.after[:1], seeds)
    told = {
        "replicas": gan.distribute_strategy.num_replicas_in_sync,
        "same": all(np.array_equal(first, second) for first, second in copies),
        "finite": bool(np.isfinite(answer["samples"]).all()),
        "loss": trained.curves["loss"],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""Training on several devices in step."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest
import tensorflow as tf

from ulk_tf.attacks import devices
from ulk_tf.attacks.devices import (
    answer_in_float32,
    plain_keras,
    policy_of,
    precision,
    strategy,
)


def test_one_device_needs_no_strategy_and_sets_are_shared_evenly() -> None:
    plain = tf.distribute.get_strategy()
    assert strategy(4) is plain
    assert strategy(4, ["CPU:0"]) is plain
    assert strategy(1, ["CPU:0", "CPU:1"]) is plain
    assert strategy(3, ["CPU:0", "CPU:1"]) is plain


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_two_devices_train_one_attack(tmp_path: Path, precision: str) -> None:
    command = [sys.executable, "-m", "tests.attacks.on_two_devices", str(tmp_path), precision]
    done = subprocess.run(
        command,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["replicas"] == 2
    assert told["same"]
    assert told["finite"]
    assert told["loss"][1] < told["loss"][0]


@pytest.mark.parametrize(("units", "policy"), [(True, "mixed_bfloat16"), (False, "float32")])
def test_precision_goes_by_what_the_processor_has(
    monkeypatch: pytest.MonkeyPatch, units: bool, policy: str
) -> None:
    monkeypatch.setattr(devices, "processor_has", {"amx_bf16": units}.__getitem__)
    assert policy_of("auto") == policy
    assert {policy_of(name) for name in ("float32", "mixed_bfloat16")} == {
        "float32",
        "mixed_bfloat16",
    }


def test_what_was_trained_in_bfloat16_answers_in_float32() -> None:
    def built(policy: str) -> keras.Model:
        with precision(policy):
            inner = keras.Sequential(
                [keras.Input((4,)), keras.layers.Dense(5), keras.layers.BatchNormalization()]
            )
            source = keras.Input((4,))
            return keras.Model(source, keras.layers.Dense(2)(inner(source)))

    rough, exact = built("mixed_bfloat16"), built("float32")
    exact.set_weights(rough.get_weights())
    inputs = tf.random.stateless_normal((3, 4), (0, 1))
    assert rough(inputs).dtype == tf.bfloat16
    answer_in_float32(rough)
    tf.debugging.assert_equal(rough(inputs), exact(inputs))


def test_a_user_s_keras_settings_reach_no_attack_and_are_left_as_they_were() -> None:
    config = keras.config
    before = config.floatx(), config.image_data_format(), config.dtype_policy().name
    try:
        config.set_floatx("float16")
        config.set_image_data_format("channels_first")
        config.set_dtype_policy("mixed_float16")
        with pytest.raises(KeyError), plain_keras():
            layer = keras.layers.Dense(2)
            assert (layer.compute_dtype, layer.variable_dtype) == ("float32", "float32")
            assert config.image_data_format() == "channels_last"
            assert config.floatx() == "float32"
            raise KeyError
        assert config.dtype_policy().name == "mixed_float16"
        assert (config.floatx(), config.image_data_format()) == ("float16", "channels_first")
    finally:
        config.set_floatx(before[0])
        config.set_image_data_format(before[1])
        config.set_dtype_policy(before[2])

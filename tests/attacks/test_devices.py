"""Training on several devices in step."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from ulk_tf.attacks.devices import strategy


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

"""A user's global settings stay the target's: the attack is as without them."""

import itertools
import locale
import warnings
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.config import is_op_determinism_enabled

from ulk_tf.classifiers import keras_state, zoo
from ulk_tf.classifiers.chain import as_chain
from ulk_tf.classifiers.updates import UpdateEngine, engine_version
from ulk_tf.errors import UserError
from ulk_tf.settings.update_config import UpdateConfig

SHAPE = (6, 6, 1)
BUILDER = """
import keras, random
import numpy as np
import tensorflow as tf
from keras import layers
from tensorflow.python.framework.config import is_op_determinism_enabled
{at_import}

def build(shape, classes):
    {at_call}
    assert {holds}, "the builder runs under the settings of its module"
    inputs = keras.Input(shape)
    x = {first}(inputs)
    x = layers.Flatten()(layers.Conv2D(2, 3, data_format="channels_last")(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x))
"""
# Settings of a module -> the settings that hold in its builder.
SETTINGS = {
    "keras.config.set_floatx('float64')": "layers.Dense(1).dtype == 'float64'",
    "keras.config.set_floatx('float16')": "layers.Dense(1).dtype == 'float16'",
    "keras.config.set_dtype_policy('mixed_float16')": "layers.Dense(1).compute_dtype == 'float16'",
    "keras.mixed_precision.set_dtype_policy('mixed_bfloat16')": (
        "layers.Dense(1).compute_dtype == 'bfloat16'"
    ),
    "keras.config.set_image_data_format('channels_first')": (
        "layers.Conv2D(1, 1).data_format == 'channels_first'"
    ),
    "keras.config.set_epsilon(1e-2)": "keras.config.epsilon() == 1e-2",
    "keras.config.disable_traceback_filtering()": (
        "not keras.config.is_traceback_filtering_enabled()"
    ),
    "keras.config.disable_interactive_logging()": (
        "not keras.config.is_interactive_logging_enabled()"
    ),
    "keras.config.disable_flash_attention()": (
        "keras.config.is_flash_attention_enabled() is False"
    ),
    "keras.config.enable_unsafe_deserialization()": "True",
    "keras.config.set_max_epochs(1)": "keras.config.max_epochs() == 1",
    "keras.config.set_max_steps_per_epoch(1)": "keras.config.max_steps_per_epoch() == 1",
    "tf.config.run_functions_eagerly(True)": "tf.config.functions_run_eagerly()",
    "tf.config.set_soft_device_placement(False)": "not tf.config.get_soft_device_placement()",
    "tf.config.experimental.enable_tensor_float_32_execution(False)": (
        "not tf.config.experimental.tensor_float_32_execution_enabled()"
    ),
    "tf.config.optimizer.set_jit(True)": "tf.config.optimizer.get_jit() == 'autoclustering'",
    "tf.config.optimizer.set_experimental_options({'constant_folding': False})": (
        "not tf.config.optimizer.get_experimental_options()['constant_folding']"
    ),
    "tf.config.experimental.enable_op_determinism()": "is_op_determinism_enabled()",
    "tf.config.threading.set_intra_op_parallelism_threads(7)": "True",
    "tf.config.threading.set_inter_op_parallelism_threads(7)": "True",
    "keras.utils.set_random_seed(5)": "True",
    "tf.random.set_seed(6)": "True",
    "np.random.seed(7); random.seed(7)": "True",
    "keras.utils.clear_session(free_memory=False)": "True",
    "np.seterr(all='raise')": "True",
    "import warnings; warnings.simplefilter('error')": "True",
    "import os; os.chdir('/')": "True",
    "import locale; locale.setlocale(locale.LC_ALL, 'C')": "True",
}
NAMES = itertools.count()
Written = Callable[..., str]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Writes a user's module, and says how it is named as a target."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(
        at_import: str = "",
        at_call: str = "",
        holds: str = "True",
        first: str = "layers.Rescaling(1 / 255)",
    ) -> str:
        name = f"user_module_{next(NAMES)}"
        parts = {"at_import": at_import, "at_call": at_call, "holds": holds, "first": first}
        text = BUILDER.format(**parts)
        (tmp_path / f"{name}.py").write_text(text)
        return f"{name}:build"

    return write


def state() -> list[object]:
    """All that an attack's layers, losses and graphs are made by."""
    layer, image = layers.Dense(1), layers.Conv2D(1, 1)
    found: list[object] = [layer.dtype, layer.compute_dtype, layer.variable_dtype]
    found += [image.data_format, keras.config.floatx(), keras.config.epsilon()]
    found += [keras.config.is_traceback_filtering_enabled(), keras.config.max_epochs()]
    found += [keras.config.is_interactive_logging_enabled(), keras.config.max_steps_per_epoch()]
    found += [keras.config.is_flash_attention_enabled(), tf.config.functions_run_eagerly()]
    found += [tf.config.get_soft_device_placement(), tf.config.optimizer.get_jit()]
    found += [np.geterr(), list(warnings.filters), Path.cwd(), locale.setlocale(locale.LC_ALL)]
    found += [tf.config.optimizer.get_experimental_options()]
    found += [tf.config.experimental.tensor_float_32_execution_enabled()]
    found += [is_op_determinism_enabled(), tf.config.threading.get_intra_op_parallelism_threads()]
    found += [tf.config.threading.get_inter_op_parallelism_threads()]
    return found


def numbers() -> list[float]:
    """Draw once from each of the process' own generators."""
    keras_draw = float(keras.random.uniform(()))
    return [keras_draw, float(tf.random.uniform(())), np.random.random(), zoo_weight()]


def zoo_weight() -> float:
    return float(zoo.build("mlp", (3,), 2).get_weights()[0][0, 0])


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_a_module_stay_in_it(setting: str, written: Written) -> None:
    before = state()
    keras.utils.set_random_seed(1)
    expected = numbers()
    keras.utils.set_random_seed(1)
    target = written(setting, holds=SETTINGS[setting])
    zoo.find(target)
    assert numbers() == expected
    for _ in range(2):
        zoo.build(target, SHAPE, 3)
        assert state() == before


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_a_builder_stay_in_it(setting: str, written: Written) -> None:
    before = state()
    target = written("", at_call=setting, holds=SETTINGS[setting])
    zoo.build(target, SHAPE, 3)
    assert state() == before


def test_what_the_first_call_imports_holds_for_the_second(written: Written, tmp_path: Path) -> None:
    late = f"late_module_{next(NAMES)}"
    (tmp_path / f"{late}.py").write_text("import keras\nkeras.config.set_epsilon(0.5)\n")
    target = written("", f"import {late}", "keras.config.epsilon() == 0.5")
    for _ in range(2):
        model = zoo.build(target, SHAPE, 3)
        settings = keras_state.of(model)
        assert settings is not None and settings["epsilon"] == 0.5
        assert keras.config.epsilon() == 1e-7


def test_a_builder_that_seeds_seeds_nothing_else(written: Written) -> None:
    keras.utils.set_random_seed(1)
    expected = numbers()
    keras.utils.set_random_seed(1)
    zoo.build(written("", "keras.utils.set_random_seed(5)"), SHAPE, 3)
    assert numbers() == expected


def test_a_module_that_seeds_leaves_first_weights_to_the_seed_of_a_base(written: Written) -> None:
    target = written("keras.utils.set_random_seed(5)")
    drawn = []
    for seed in (1, 2, 1):
        keras.utils.set_random_seed(seed)
        drawn.append(zoo.build(target, SHAPE, 3).get_weights()[0])
    assert np.array_equal(drawn[0], drawn[2]) and not np.array_equal(drawn[0], drawn[1])


def test_a_module_that_fails_leaves_nothing_either(written: Written) -> None:
    before = state()
    with pytest.raises(UserError, match=r"can be imported.*OSError"):
        zoo.build(written("keras.config.set_floatx('float64'); raise OSError"), SHAPE, 3)
    with pytest.raises(UserError, match="takes samples of shape"):
        target = written("", "keras.config.set_floatx('float16'); raise ValueError('no')")
        zoo.build(target, SHAPE, 3)
    assert state() == before


@pytest.mark.parametrize(
    "setting",
    [
        "keras.config.set_dtype_policy('mixed_float16')",
        "keras.config.set_dtype_policy('mixed_bfloat16')",
        "keras.config.set_floatx('float64')",
    ],
)
def test_answers_of_any_precision_are_float32(setting: str, written: Written) -> None:
    target = written(setting)
    keras.utils.set_random_seed(1)
    model = zoo.build(target, SHAPE, 3)
    assert as_chain(model) is None and engine_version(model).startswith("fit-")
    rng = np.random.default_rng(0)
    samples = rng.integers(0, 256, (3, 4, *SHAPE), dtype=np.uint8)
    labels, seeds = np.zeros((3, 4), np.int32), np.zeros((3, 2), np.int32)
    config = UpdateConfig(set_size=4, update_learning_rate=0.1)
    engine = UpdateEngine(model, config, samples[0])
    before, after = (
        engine.before(model.get_weights()),
        engine.after(model.get_weights(), samples, labels, seeds),
    )
    assert before.dtype == after.dtype == np.float32
    np.testing.assert_allclose(after.sum(-1), 1, atol=1e-6)
    assert after[..., 0].mean() > before[..., 0].mean() + 0.01
    assert layers.Dense(1).compute_dtype == "float32"


def test_a_model_looks_up_the_settings_of_its_module(written: Written) -> None:
    target = written(
        "class Own(layers.Layer):\n"
        "    def call(self, x):\n"
        "        return x * keras.config.epsilon()\n"
        "keras.config.set_epsilon(0.5)",
        first="Own()",
    )
    model = zoo.build(target, SHAPE, 3)
    settings = keras_state.of(model)
    assert settings is not None and settings["epsilon"] == 0.5
    probes = np.random.default_rng(0).uniform(size=(4, *SHAPE)).astype(np.float32)
    answers = UpdateEngine(model, UpdateConfig(), probes).before(model.get_weights())
    with keras_state.as_made(model):
        np.testing.assert_allclose(answers, model(probes), atol=1e-6)
    assert np.abs(answers - model(probes)).max() > 1e-3
    # Layers that look nothing up, but a loss that may: no chain, whose loss is traced elsewhere.
    assert as_chain(zoo.build(written("keras.config.set_epsilon(0.5)"), SHAPE, 3)) is None
    assert as_chain(zoo.build(written(), SHAPE, 3)) is not None

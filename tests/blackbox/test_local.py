"""Models and functions as people have them, and sentences that say what to do."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.blackbox import misbehaving as bad
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import open_target
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (10, 4, 4, 1)).astype(np.uint8)
WANTED = bad.posteriors(SAMPLES).astype(np.float32)


class Tensor:
    """A PyTorch tensor: refuses to be an array while it records gradients or is elsewhere."""

    def __init__(self, values, dtype="torch.float32", state=()):
        self._values, self.dtype, self._state = np.asarray(values, np.float32), dtype, state

    def _after(self, step, dtype=None):
        return Tensor(self._values, dtype or self.dtype, (*self._state, step))

    def detach(self):
        return self._after("detach")

    def cpu(self):
        return self._after("cpu")

    def float(self):
        return self._after("float", "torch.float32")

    def numpy(self):
        assert {"detach", "cpu"} <= {*self._state}
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self._values

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


class Sparse:
    def __init__(self, values):
        self._values = values

    def toarray(self):
        return self._values


ANSWERS = {
    "torch": Tensor,
    "torch in a mapping": lambda p: {"loss": 3.0, "probabilities": Tensor(p)},
    "list of torch rows": lambda p: [Tensor(row) for row in p],
    "torch bfloat16": lambda p: Tensor(p, "torch.bfloat16"),
    "tensorflow": tf.constant,
    "sparse": Sparse,
    "lists": lambda p: p.tolist(),
}


@pytest.mark.parametrize("form", ANSWERS)
def test_arrays_of_other_libraries(form):
    found = open_target(lambda samples: ANSWERS[form](WANTED[: len(samples)])).posteriors(SAMPLES)
    np.testing.assert_array_equal(found, WANTED)


def test_a_function_that_changes_what_it_is_given_and_numpy_s_settings():
    def answer(samples):
        np.seterr(all="raise")
        samples += 1
        return WANTED

    given, errors = SAMPLES.copy(), np.geterr()
    open_target(answer).posteriors(given)
    np.testing.assert_array_equal(given, SAMPLES)
    assert np.geterr() == errors


def test_what_is_no_array_is_named():
    for answer, kind in ((None, "a NoneType"), (iter(WANTED), "a \\w*iterator")):
        with pytest.raises(UserError, match=f"Received {kind}. Return an array"):
            open_target(lambda _, answer=answer: answer).posteriors(SAMPLES)


def test_bfloat16_answers_have_their_step():
    target = open_target(lambda _: tf.cast(WANTED, tf.bfloat16))
    np.testing.assert_array_equal(
        target.posteriors(SAMPLES), tf.cast(tf.cast(WANTED, tf.bfloat16), tf.float32).numpy()
    )
    assert "bfloat16" in target.notes[0]


def dense(shape, **options):
    inputs = keras.Input(shape, **options)
    return keras.Model(inputs, keras.layers.Dense(4, "softmax")(keras.layers.Flatten()(inputs)))


@pytest.mark.parametrize("shape", [(16,), (4, 4), (1, 4, 4)])
def test_a_model_of_another_shape(shape, tmp_path):
    model = dense(shape)
    model.jit_compile = False
    wanted = model.predict(SAMPLES.reshape(-1, *shape).astype("f4"), verbose=0)
    model.save(tmp_path / "m.keras")
    model.export(tmp_path / "m", verbose=False)
    for target in (model, tmp_path / "m.keras", tmp_path / "m"):
        opened = open_target(target if target is model else str(target))
        np.testing.assert_allclose(opened.posteriors(SAMPLES), wanted, atol=1e-6)
        assert "reshaped" in " ".join(opened.notes)


def test_a_model_of_other_samples_is_refused_in_one_line():
    with pytest.raises(UserError) as caught:
        open_target(dense((8, 8, 1))).posteriors(SAMPLES)
    assert "shape [4, 4, 1]" in str(caught.value)
    assert "takes [8, 8, 1]" in str(caught.value)
    keras_error = open_target(lambda s: keras.layers.Dense(2, name="d")(s.reshape(-1)))
    with pytest.raises(UserError) as caught:
        keras_error.posteriors(SAMPLES)
    assert len(str(caught.value)) < 700
    assert "\x1b" not in str(caught.value)
    assert "Arguments received" not in str(caught.value)


@pytest.mark.parametrize("size", [4, 32])
def test_a_fixed_batch(size):
    model = dense((4, 4, 1), batch_size=size)
    target = open_target(model)
    whole = np.resize(SAMPLES, (32, 4, 4, 1))
    wanted = np.concatenate([np.asarray(model(whole[i : i + size])) for i in range(0, 32, size)])
    np.testing.assert_allclose(target.posteriors(SAMPLES), wanted[:10], atol=1e-6)


def test_two_inputs_are_named(tmp_path):
    first, second = keras.Input((4, 4, 1), name="image"), keras.Input((3,), name="mask")
    merged = keras.layers.Concatenate()([keras.layers.Flatten()(first), second])
    model = keras.Model([first, second], keras.layers.Dense(4, "softmax")(merged))
    model.export(tmp_path / "m", verbose=False)
    for target in (model, str(tmp_path / "m")):
        with pytest.raises(UserError, match=r"one input.* 2: image, mask.*module:function"):
            open_target(target)


def signatures(folder, names):
    call = tf.function(
        lambda x: {"p": tf.nn.softmax(x[:, :4])},
        input_signature=[tf.TensorSpec([None, 16], tf.float32, name="x")],
    )
    made = {name: call.get_concrete_function() for name in names}
    tf.saved_model.save(tf.Module(), str(folder), made)
    return str(folder)


def test_signatures_of_a_saved_model(tmp_path):
    only = open_target(signatures(tmp_path / "one", ["predict"]))
    flat = SAMPLES.reshape(10, 16).astype(np.float32)
    wanted = tf.nn.softmax(flat[:, :4]).numpy()
    np.testing.assert_allclose(only.posteriors(SAMPLES), wanted, atol=1e-6)
    assert "predict was asked" in " ".join(only.notes)
    two = signatures(tmp_path / "two", ["a", "b"])
    with pytest.raises(UserError, match="--signature to be one of a, b"):
        open_target(two)
    found = open_target(two, Asking(signature="b")).posteriors(SAMPLES)
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    with pytest.raises(UserError, match="Leave --signature out"):
        open_target(dense((16,)), Asking(signature="b"))


@keras.saving.register_keras_serializable("elsewhere")
class Own(keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.dense = keras.layers.Dense(4, "softmax")

    def call(self, inputs):
        return self.dense(keras.ops.reshape(inputs, (-1, 16)))


def test_a_class_of_one_s_own(tmp_path):
    model = Own()
    wanted = np.asarray(model(SAMPLES.astype("f4")))
    np.testing.assert_allclose(open_target(model).posteriors(SAMPLES), wanted, atol=1e-6)
    model.save(tmp_path / "m.keras")
    registered = keras.saving.get_custom_objects()
    key = next(name for name, value in registered.items() if value is Own)
    del registered[key]
    try:
        with pytest.raises(UserError, match=r"custom layer or class.*Own.*model.export"):
            open_target(str(tmp_path / "m.keras"))
    finally:
        registered[key] = Own


def test_a_file_of_a_later_keras(tmp_path):
    dense((16,)).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    told = json.loads(parts["metadata.json"]) | {"keras_version": "99.1.0"}
    parts["metadata.json"] = json.dumps(told).encode()
    parts["config.json"] = parts["config.json"].replace(b'"Dense"', b'"Denser"')
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    with pytest.raises(UserError, match=r"Keras 3.*Received .*of Keras 99.1.0.*keras>=99.1.0"):
        open_target(str(tmp_path / "m.keras"))


MODEL = dense((16,))


def test_a_model_in_a_module():
    found = open_target(f"{__name__}:MODEL").posteriors(SAMPLES)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)


def test_the_home_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    MODEL.save(tmp_path / "m.keras")
    open_target("~/m.keras").posteriors(SAMPLES)

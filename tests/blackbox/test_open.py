"""Every kind of target, through the one way of opening them."""

import json
import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.blackbox import misbehaving
from ulk_tf.blackbox.asking import Asking
from ulk_tf.blackbox.open import open_target
from ulk_tf.blackbox.recording import Recording
from ulk_tf.errors import UserError

SAMPLES = np.random.default_rng(0).integers(0, 256, (300, 3, 3, 1)).astype(np.uint8)


def classifier(activation="softmax", seed=0):
    inputs = keras.Input((3, 3, 1))
    x = keras.layers.Flatten()(keras.layers.Rescaling(1 / 255)(inputs))
    x = keras.layers.Dropout(0.5, seed=1)(x)
    kernel = keras.initializers.RandomNormal(stddev=2, seed=seed)
    return keras.Model(inputs, keras.layers.Dense(4, activation, kernel_initializer=kernel)(x))


def function(samples):
    return misbehaving.posteriors(samples)


def broken(samples):
    raise KeyError("weights")


@pytest.fixture(scope="module")
def model():
    return classifier()


@pytest.fixture(scope="module")
def wanted(model):
    model.jit_compile = False
    return model.predict(SAMPLES, verbose=0)


def test_keras_model(model, wanted):
    target = open_target(model)
    np.testing.assert_allclose(target.posteriors(SAMPLES), wanted, atol=1e-6)
    assert target.queries == 300
    assert target.version != open_target(classifier(seed=1)).version


def test_keras_file(model, wanted, tmp_path):
    model.save(tmp_path / "m.keras")
    target = open_target(str(tmp_path / "m.keras"))
    np.testing.assert_allclose(target.posteriors(SAMPLES), wanted, atol=1e-6)
    assert target.name == str(tmp_path / "m.keras")
    assert target.version.startswith("file ")


@pytest.mark.parametrize("activation", ["softmax", "linear"])
def test_saved_model_posteriors_and_logits(activation, tmp_path, wanted, capsys):
    classifier(activation).export(tmp_path / "7", verbose=False)
    target = open_target(str(tmp_path / "7"))
    assert "A SavedModel is a program" in capsys.readouterr().err
    np.testing.assert_allclose(target.posteriors(SAMPLES), wanted, atol=1e-6)
    assert ("logits" in " ".join(target.notes)) == (activation == "linear")
    assert target.version.startswith("7 (")


def test_saved_model_above_its_versions(tmp_path):
    for version in (2, 10):
        classifier(seed=version).export(tmp_path / str(version), verbose=False)
    target = open_target(str(tmp_path))
    target.posteriors(SAMPLES)
    assert target.version.startswith("10 (")


def test_saved_model_that_does_not_take_the_samples(tmp_path):
    classifier().export(tmp_path / "1", verbose=False)
    with pytest.raises(UserError, match=r"to answer samples of shape \[2\]"):
        open_target(str(tmp_path / "1")).posteriors(np.zeros((5, 2), np.float32))


def test_function_and_module_function():
    for target in (function, f"{__name__}:function"):
        opened = open_target(target)
        np.testing.assert_allclose(opened.posteriors(SAMPLES), function(SAMPLES), rtol=1e-6)
        assert opened.version == ""


def test_a_function_of_several_outputs():
    def both(samples):
        return {"logits": np.log(function(samples)), "probabilities": function(samples)}

    np.testing.assert_allclose(open_target(both).posteriors(SAMPLES), function(SAMPLES), rtol=1e-6)


@pytest.mark.parametrize("name", ["posteriors", "answers", "whatever"])
def test_recorded_npz(name, tmp_path):
    np.savez(tmp_path / "r.npz", **{name: function(SAMPLES)})
    target = open_target(str(tmp_path / "r.npz"))
    np.testing.assert_allclose(target.posteriors(SAMPLES), function(SAMPLES), rtol=1e-6)
    assert target.queries == 0
    with pytest.raises(UserError, match="answers to all 299 samples"):
        target.posteriors(SAMPLES[1:])


@pytest.mark.parametrize("header", [[], ["ant,bee,cat,dog"]])
def test_recorded_csv(header, tmp_path):
    rows = [",".join(map(repr, row)) for row in function(SAMPLES).tolist()]
    (tmp_path / "r.csv").write_text("\n".join([*header, *rows, ""]))
    target = open_target(str(tmp_path / "r.csv"))
    np.testing.assert_allclose(target.posteriors(SAMPLES), function(SAMPLES), rtol=1e-6)


def test_recording_keeps_everything(tmp_path):
    recording = Recording(
        np.log(function(SAMPLES)), "http://host/v1/models/m", "ab", ("3",), 332, "then", "now"
    )
    recording.save(tmp_path / "r.npz")
    found = Recording.load(tmp_path / "r.npz")
    np.testing.assert_array_equal(found.answers, recording.answers)
    assert (found.target, found.versions, found.queries) == (recording.target, ("3",), 332)
    target = open_target(str(tmp_path / "r.npz"))
    target.posteriors(SAMPLES)
    assert target.version == "3"
    assert "logits" in target.notes[0]


def text_file(path):
    path.write_text("no archive")


def pickled(path):
    np.savez(path, answers=np.array([{}], dtype=object))


def two_arrays(path):
    np.savez(path, a=np.eye(2), b=np.eye(2))


def labels(path):
    np.savez(path, answers=np.arange(5))


def single_number(path):
    np.savez(path, answers=np.float32(3))


def other_schema(path):
    np.savez(path, answers=np.eye(2), recording=np.array(json.dumps({"schema_version": 99})))


def endless_queries(path):
    told = json.dumps(Recording(np.eye(2)).as_told() | {"queries": float("inf")})
    np.savez(path, answers=np.eye(2), recording=np.array(told))


def deep(path):
    np.savez(path, answers=np.eye(2), recording=np.array("[" * 100_000))


@pytest.mark.parametrize(
    ("make", "name", "message"),
    [
        (text_file, "r.npz", "no pickles"),
        (pickled, "r.npz", "no pickles"),
        (two_arrays, "r.npz", "named answers"),
        (labels, "r.npz", "labels only"),
        (single_number, "r.npz", "shape"),
        (other_schema, "r.npz", "schema version 1 to 3"),
        (text_file, "r.csv", "labels only|shape|numbers"),
        (text_file, "m.keras", "a .keras file"),
        (text_file, "m.h5", "cannot hold code"),
        (text_file, "m.pkl", "cannot hold code"),
        (text_file, "m.txt", "of no such kind"),
        (endless_queries, "r.npz", "schema version 1 to 3"),
        (deep, "r.npz", "schema version 1 to 3"),
    ],
)
def test_files_that_cannot_be_used(make, name, message, tmp_path):
    make(tmp_path / name)
    with pytest.raises(UserError, match=message):
        open_target(str(tmp_path / name))


def test_ragged_csv(tmp_path):
    (tmp_path / "r.csv").write_text("0.5,0.5\n1\n")
    with pytest.raises(UserError, match="2 numbers in every row"):
        open_target(str(tmp_path / "r.csv"))


@pytest.mark.parametrize("member", ["../evil", "/etc/evil", "a/../../evil", "..\\evil", "C:evil"])
def test_a_keras_file_that_reaches_outside_itself(member, model, tmp_path):
    path = tmp_path / "m.keras"
    model.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(member, b"x")
    with pytest.raises(UserError, match="stay inside it"):
        open_target(str(path))


def test_a_keras_file_with_code_in_it(tmp_path):
    inputs = keras.Input((3, 3, 1))
    outputs = keras.layers.Lambda(lambda x: tf.reshape(x, [-1, 9]), output_shape=(9,))(inputs)
    keras.Model(inputs, outputs).save(tmp_path / "m.keras")
    with pytest.raises(UserError, match="without code of its own"):
        open_target(str(tmp_path / "m.keras"))


@pytest.mark.parametrize(
    "target", ["", "nowhere", "no.such.module:f", f"{__name__}:missing", f"{__name__}:SAMPLES"]
)
def test_no_target(target):
    with pytest.raises(UserError, match="Expected"):
        open_target(target)


def test_an_empty_folder(tmp_path):
    with pytest.raises(UserError, match="folder with saved_model"):
        open_target(str(tmp_path))


def test_a_function_that_fails():
    with pytest.raises(UserError, match="KeyError: 'weights'"):
        open_target(broken).posteriors(SAMPLES)


def test_budget():
    target = open_target(function, Asking(max_queries=299))
    with pytest.raises(UserError, match="at least 300 queries"):
        target.posteriors(SAMPLES)
    assert target.queries == 256
    open_target(function, Asking(max_queries=300)).posteriors(SAMPLES)
